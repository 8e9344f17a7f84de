using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Latchkey.Server.Devices.Broker;

namespace Latchkey.Tests.Server.Devices;

public sealed class DeviceAuthorityTests : IDisposable
{
    private static readonly DateTimeOffset Now = new(2026, 11, 21, 9, 0, 0, TimeSpan.Zero);
    private static readonly Guid Device = Guid.Parse("0192f000-0000-7000-8000-00000000000a");
    private readonly ECDsa _key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
    private readonly X509Certificate2 _authority;

    public DeviceAuthorityTests() => _authority = DeviceAuthority.Make(_key, Now);

    public void Dispose()
    {
        _authority.Dispose();
        _key.Dispose();
    }

    [Fact]
    public void The_name_is_the_device_s_id_whatever_the_request_says()
    {
        using ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=node-1, O=Somebody", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true)); // it would like to be an authority
        using X509Certificate2 signed = Sign(request, Now);
        signed.Subject.ShouldBe($"CN={Device:D}");
        signed.NotBefore.ToUniversalTime().ShouldBe(Now.UtcDateTime.AddMinutes(-5));
        signed.NotAfter.ToUniversalTime().ShouldBe(Now.UtcDateTime.AddYears(5));
        signed.Extensions.OfType<X509BasicConstraintsExtension>().Single().CertificateAuthority.ShouldBeFalse();
        signed.Extensions.OfType<X509EnhancedKeyUsageExtension>().Single().EnhancedKeyUsages.Cast<Oid>().Single().Value.ShouldBe("1.3.6.1.5.5.7.3.2");
        signed.PublicKey.EncodedKeyValue.RawData.ShouldBe(request.PublicKey.EncodedKeyValue.RawData);
        using var chain = new X509Chain();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.CustomTrustStore.Add(_authority);
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        chain.ChainPolicy.VerificationTime = Now.UtcDateTime;
        chain.Build(signed).ShouldBeTrue();
    }

    [Fact]
    public void A_request_that_was_changed_anywhere_is_refused()
    {
        using ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        byte[] good = new CertificateRequest("CN=x", key, HashAlgorithmName.SHA256).CreateSigningRequest();
        for (int at = 0; at < good.Length; at++)
        {
            byte[] changed = [.. good];
            changed[at] ^= 1;
            string pem = PemEncoding.WriteString("CERTIFICATE REQUEST", changed);
            Should.Throw<CryptographicException>(() => DeviceAuthority.SignDevice(_authority, _key, pem, Device, Now), $"byte {at}");
        }
    }

    [Theory]
    [InlineData("")]
    [InlineData("no PEM")]
    [InlineData("-----BEGIN CERTIFICATE REQUEST-----\nAAAA\n-----END CERTIFICATE REQUEST-----")]
    public void What_is_no_request_is_refused(string text) =>
        Should.Throw<CryptographicException>(() => DeviceAuthority.SignDevice(_authority, _key, text, Device, Now));

    [Fact]
    public void Another_curve_and_another_algorithm_are_refused()
    {
        using ECDsa p384 = ECDsa.Create(ECCurve.NamedCurves.nistP384);
        Should.Throw<CryptographicException>(() => Sign(new CertificateRequest("CN=x", p384, HashAlgorithmName.SHA256), Now)).Message.ShouldContain("P-256");
        using RSA rsa = RSA.Create(2048);
        Should.Throw<CryptographicException>(() => Sign(new CertificateRequest("CN=x", rsa, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1), Now))
            .Message.ShouldContain("P-256");
    }

    [Fact]
    public void Nothing_outlives_its_authority_and_no_serial_is_used_twice()
    {
        using ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=x", key, HashAlgorithmName.SHA256);
        using X509Certificate2 first = Sign(request, Now.AddYears(9));
        using X509Certificate2 second = Sign(request, Now.AddYears(9));
        first.NotAfter.ShouldBe(_authority.NotAfter);
        first.SerialNumber.ShouldNotBe(second.SerialNumber);
    }

    [Fact]
    public async Task The_broker_s_files_can_be_read_by_their_owner_only()
    {
        string folder = Path.Combine(Path.GetTempPath(), $"lk-broker-{Environment.ProcessId}-{Path.GetRandomFileName()}");
        try
        {
            await BrokerFolder.Write(folder, new Dictionary<string, string> { ["a.key"] = "one" }, default);
            await BrokerFolder.Write(folder, new Dictionary<string, string> { ["a.key"] = "two" }, default);
            File.GetUnixFileMode(folder).ShouldBe(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
            Directory.GetFiles(folder).Select(Path.GetFileName).ShouldBe(["a.key"]);
            File.GetUnixFileMode(Path.Combine(folder, "a.key")).ShouldBe(UnixFileMode.UserRead | UnixFileMode.UserWrite);
            (await File.ReadAllTextAsync(Path.Combine(folder, "a.key"))).ShouldBe("two");
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private X509Certificate2 Sign(CertificateRequest request, DateTimeOffset now) =>
        DeviceAuthority.SignDevice(_authority, _key, request.CreateSigningRequestPem(), Device, now);
}
