using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Latchkey.Tests.Support;

/// <summary>A self-signed certificate for localhost in a folder of its own.</summary>
public sealed class TestCertificate : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("lk-cert-");

    public TestCertificate() => Renew();

    public string CertFile => Path.Combine(_folder.FullName, "cert.pem");

    public string KeyFile => Path.Combine(_folder.FullName, "key.pem");

    /// <summary>Another pair under the same names; its thumbprint.</summary>
    public string Renew()
    {
        (string cert, string key, string thumbprint) = Make();
        File.WriteAllText(CertFile, cert);
        File.WriteAllText(KeyFile, key);
        return thumbprint;
    }

    public static (string Cert, string Key, string Thumbprint) Make()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=localhost", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName("localhost");
        names.AddDnsName("lockers.example");
        names.AddIpAddress(IPAddress.Loopback);
        request.CertificateExtensions.Add(names.Build());
        DateTimeOffset now = TimeProvider.System.GetUtcNow();
        using X509Certificate2 made = request.CreateSelfSigned(now.AddDays(-1), now.AddDays(30));
        return (made.ExportCertificatePem(), key.ExportPkcs8PrivateKeyPem(), made.Thumbprint);
    }

    /// <summary>A client that takes any certificate, remembers the last one, follows no redirect and keeps no connection.</summary>
    public static (HttpClient Client, Func<string?> LastSeen) Client(Uri address)
    {
        string? seen = null;
        var handler = new SocketsHttpHandler { AllowAutoRedirect = false, PooledConnectionLifetime = TimeSpan.Zero };
        handler.SslOptions.RemoteCertificateValidationCallback = (_, certificate, _, _) =>
        {
            seen = ((X509Certificate2?)certificate)?.Thumbprint;
            return seen is not null;
        };
        return (new HttpClient(handler) { BaseAddress = address }, () => seen);
    }

    public void Dispose() => _folder.Delete(recursive: true);
}
