using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Latchkey.Server.Storage;

namespace Latchkey.Server.Devices.Broker;

/// <summary>
/// The private authority that vouches for devices, server nodes and the broker. Only ECDSA on P-256. What a certificate says is
/// decided here; of a device's request nothing is taken but its public key. Pure: time and keys are arguments.
/// </summary>
public static class DeviceAuthority
{
    /// <summary>A P-256 request is about 500 characters.</summary>
    private const int LargestRequest = 4096;

    private const string P256 = "1.2.840.10045.3.1.7";
    private const string ServerAuth = "1.3.6.1.5.5.7.3.1";
    private const string ClientAuth = "1.3.6.1.5.5.7.3.2";

    /// <summary>Clocks differ, and a certificate that is not valid yet is refused.</summary>
    private static readonly TimeSpan Backdated = TimeSpan.FromMinutes(5);
    private const int AuthorityYears = 10;

    /// <summary>A lock in a wall is not visited every year.</summary>
    private const int DeviceYears = 5;

    /// <summary>The broker's and the nodes' are made anew whenever the server starts.</summary>
    public const int OwnYears = 1;

    /// <summary>This installation's, made on first use and kept with its other keys. The caller disposes the key.</summary>
    public static async Task<(X509Certificate2 Certificate, ECDsa Key)> Of(ServerKeys keys, DateTimeOffset now, CancellationToken cancel)
    {
        var key = ECDsa.Create();
        key.ImportPkcs8PrivateKey(await keys.PrivateKey(ServerKeys.DeviceAuthority, cancel), out _);
        byte[] certificate = await keys.Get($"{ServerKeys.DeviceAuthority}-certificate", () => Make(key, now).RawData, cancel);
        return (X509CertificateLoader.LoadCertificate(certificate), key);
    }

    /// <summary>The root, without its key. It vouches for certificates and revocation lists and nothing else.</summary>
    public static X509Certificate2 Make(ECDsa key, DateTimeOffset now)
    {
        var request = new CertificateRequest(Named("Latchkey device authority"), key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, true, 0, true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign | X509KeyUsageFlags.CrlSign, true));
        request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, false));
        using X509Certificate2 withKey = request.CreateSelfSigned(now - Backdated, now.AddYears(AuthorityYears));
        return X509CertificateLoader.LoadCertificate(withKey.RawData);
    }

    /// <summary>For the private broker, which is reached on the loopback address, and under these names if it listens elsewhere as well.</summary>
    public static X509Certificate2 SignBroker(X509Certificate2 authority, ECDsa authorityKey, ECDsa brokerKey, DateTimeOffset now, params ReadOnlySpan<string> alsoNamed)
    {
        var names = new SubjectAlternativeNameBuilder();
        names.AddIpAddress(IPAddress.Loopback);
        names.AddDnsName("localhost");
        foreach (string name in alsoNamed)
        {
            if (IPAddress.TryParse(name, out IPAddress? address))
                names.AddIpAddress(address);
            else
                names.AddDnsName(name);
        }
        return Sign(authority, authorityKey, new PublicKey(brokerKey), "localhost", ServerAuth, now.AddYears(OwnYears), now, names.Build());
    }

    /// <param name="node">Each server node has a name of its own; it is its user and client id at the broker.</param>
    public static X509Certificate2 SignNode(X509Certificate2 authority, ECDsa authorityKey, ECDsa nodeKey, string node, DateTimeOffset now) =>
        Sign(authority, authorityKey, new PublicKey(nodeKey), node, ClientAuth, now.AddYears(OwnYears), now);

    /// <summary>For a node that speaks to the broker in the name of a device that it knows; made anew for each connection.</summary>
    public static X509Certificate2 SignStandIn(X509Certificate2 authority, ECDsa authorityKey, ECDsa nodeKey, Guid device, DateTimeOffset now) =>
        Sign(authority, authorityKey, new PublicKey(nodeKey), $"{device:D}", ClientAuth, now.AddDays(1), now);

    /// <summary>Signs a device's request (PKCS#10). The subject is the device's id, whatever the request says.</summary>
    /// <exception cref="CryptographicException">As for <see cref="KeyOf"/>.</exception>
    public static X509Certificate2 SignDevice(X509Certificate2 authority, ECDsa authorityKey, string requestPem, Guid device, DateTimeOffset now) =>
        SignDevice(authority, authorityKey, KeyOf(requestPem), device, now);

    /// <param name="key">A key whose possession was proven, see <see cref="KeyOf"/>.</param>
    public static X509Certificate2 SignDevice(X509Certificate2 authority, ECDsa authorityKey, PublicKey key, Guid device, DateTimeOffset now) =>
        Sign(authority, authorityKey, key, $"{device:D}", ClientAuth, now.AddYears(DeviceYears), now);

    /// <summary>The key in a request (PKCS#10), of which nothing else is taken.</summary>
    /// <exception cref="CryptographicException">
    /// The request is malformed, does not prove that its sender holds the key, or the key is not on P-256. Nothing else is thrown.
    /// </exception>
    public static PublicKey KeyOf(string requestPem)
    {
        if (requestPem.Length > LargestRequest)
            throw new CryptographicException("The request is too large.");
        PublicKey key;
        try
        {
            // Loading checks the signature that the request carries over itself: proof of possession. Extensions are not loaded.
            key = CertificateRequest.LoadSigningRequestPem(requestPem, HashAlgorithmName.SHA256).PublicKey;
        }
        catch (Exception e) when (e is ArgumentException or NotSupportedException)
        {
            throw new CryptographicException("The request is malformed.", e);
        }
        if (!IsP256(key))
            throw new CryptographicException("The device's key is not on P-256.");
        return key;
    }

    /// <summary>The list of revoked certificates, PEM. It never runs out before the authority does: an expired one locks everybody out.</summary>
    /// <param name="number">Rises with every list.</param>
    public static string Revoke(X509Certificate2 authority, ECDsa authorityKey, IEnumerable<string> serialNumbers, long number, DateTimeOffset now)
    {
        var list = new CertificateRevocationListBuilder();
        foreach (string serial in serialNumbers)
            list.AddEntry(Convert.FromHexString(serial), now);
        byte[] signed = list.Build(
            authority.SubjectName, X509SignatureGenerator.CreateForECDsa(authorityKey), number, new DateTimeOffset(authority.NotAfter),
            HashAlgorithmName.SHA256, X509AuthorityKeyIdentifierExtension.CreateFromCertificate(authority, true, false), now - Backdated);
        return PemEncoding.WriteString("X509 CRL", signed) + "\n";
    }

    private static bool IsP256(PublicKey key)
    {
        using ECDsa? ec = key.GetECDsaPublicKey();
        return ec?.ExportParameters(false).Curve.Oid.Value == P256;
    }

    private static X509Certificate2 Sign(
        X509Certificate2 authority, ECDsa authorityKey, PublicKey key, string name, string usage, DateTimeOffset end, DateTimeOffset now,
        X509Extension? names = null)
    {
        var request = new CertificateRequest(Named(name), key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(false, false, 0, true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.DigitalSignature, true));
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid(usage)], true));
        request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(key, false));
        request.CertificateExtensions.Add(X509AuthorityKeyIdentifierExtension.CreateFromCertificate(authority, true, false));
        if (names is not null)
            request.CertificateExtensions.Add(names);
        DateTimeOffset last = new(authority.NotAfter);
        return request.Create(
            authority.SubjectName, X509SignatureGenerator.CreateForECDsa(authorityKey), now - Backdated, end < last ? end : last, RandomSerial());
    }

    /// <summary>At most 20 bytes and positive (RFC 5280, 4.1.2.2); random, so that nothing is learnt from it.</summary>
    private static byte[] RandomSerial()
    {
        byte[] serial = RandomNumberGenerator.GetBytes(16);
        serial[0] = (byte)((serial[0] & 0x7F) | 0x40);
        return serial;
    }

    private static X500DistinguishedName Named(string name)
    {
        var builder = new X500DistinguishedNameBuilder();
        builder.AddCommonName(name);
        return builder.Build();
    }
}
