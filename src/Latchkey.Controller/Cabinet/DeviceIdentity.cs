using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Latchkey.Link.Messages;

namespace Latchkey.Controller.Cabinet;

/// <summary>
/// Who a device is: one P-256 key pair of its own, made on it and never leaving it. It proves the device to the broker (as the key of its
/// TLS certificate) and makes the key of its commands (by ECDH with the server's).
/// </summary>
/// <param name="Commands">Shared with one server.</param>
/// <param name="Certificate">With its private key; null on a link without TLS.</param>
/// <param name="Key">Signs the challenge of a link that is not MQTT.</param>
public sealed record DeviceIdentity(Guid Device, CommandKey Commands, X509Certificate2? Certificate, ECDsa Key)
{
    /// <param name="device">The device's id.</param>
    /// <param name="keyPem">The device's private key, PKCS#8 in PEM.</param>
    /// <param name="certificatePem">What the server's authority made of the device's request; null on a link without TLS.</param>
    /// <param name="serverKey">The server's public key for commands, SubjectPublicKeyInfo in DER.</param>
    /// <exception cref="CryptographicException">One of them cannot be read, is not on P-256, or the certificate belongs to another key.</exception>
    public static DeviceIdentity Read(Guid device, string keyPem, string? certificatePem, ReadOnlySpan<byte> serverKey)
    {
        try
        {
            using var own = ECDiffieHellman.Create();
            own.ImportFromPem(keyPem);
            using var server = ECDiffieHellman.Create();
            server.ImportSubjectPublicKeyInfo(serverKey, out _);
            CommandKey commands = CommandKey.Derive(own, server.PublicKey, device);
            var key = ECDsa.Create();
            key.ImportFromPem(keyPem);
            return new DeviceIdentity(device, commands, certificatePem is null ? null : X509Certificate2.CreateFromPem(certificatePem, keyPem), key);
        }
        catch (ArgumentException e)
        {
            throw new CryptographicException("The text holds no key or certificate in PEM.", e);
        }
    }

    /// <summary>A new private key, PKCS#8 in PEM.</summary>
    public static string NewKey()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        return key.ExportPkcs8PrivateKeyPem();
    }

    /// <summary>SubjectPublicKeyInfo in DER.</summary>
    public static byte[] PublicKeyOf(string keyPem)
    {
        using var key = ECDsa.Create();
        key.ImportFromPem(keyPem);
        return key.ExportSubjectPublicKeyInfo();
    }

    /// <summary>The request that the server's authority turns into a certificate, PKCS#10 in PEM. It proves that its sender holds the key.</summary>
    /// <param name="name">Its common name, which the server ignores.</param>
    public static string CertificateRequest(string name, string keyPem)
    {
        using var key = ECDsa.Create();
        key.ImportFromPem(keyPem);
        return new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256).CreateSigningRequestPem();
    }
}
