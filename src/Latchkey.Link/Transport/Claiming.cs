using System.Buffers.Binary;
using System.Buffers.Text;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Latchkey.Link.Transport;

/// <summary>How a device comes to its certificate, and to the next one: the requests of docs/protocol.md.</summary>
public static class Claiming
{
    /// <summary>Of a request: a P-256 certificate request is about 500 characters, and PEM's line ends are two each in JSON.</summary>
    public const int LargestRequest = 4096;

    /// <summary>Of an answer: two certificates of about 800 characters, and what is around them.</summary>
    public const int LargestAnswer = 16 * 1024;

    /// <param name="Code">As it was typed.</param>
    /// <param name="Request">PKCS#10 in PEM, signed with the new key. Of it nothing is taken but the key.</param>
    /// <param name="Model">At most 32 characters; shown to the admin who confirms.</param>
    public sealed record Asking(string Code, string Request, string Model);

    /// <param name="Ticket">The bearer token with which the device asks whether it was confirmed.</param>
    public sealed record Asked(string Ticket);

    /// <summary>A device changes its key: the present one signs for the next one.</summary>
    /// <param name="Nonce">Of <c>/device/v1/challenge</c>.</param>
    /// <param name="Request">PKCS#10 in PEM, signed with the next key.</param>
    /// <param name="Proof"><see cref="SignChange"/>.</param>
    public sealed record Change(Guid Device, string Nonce, string Request, string Proof);

    /// <summary>What a device needs to be one. Nothing in it is secret.</summary>
    /// <param name="Certificate">PEM.</param>
    /// <param name="Authority">What vouches for the broker, PEM.</param>
    /// <param name="Server">The server's public key for commands: SubjectPublicKeyInfo in base64.</param>
    /// <param name="Broker"><c>mqtts://host:port</c></param>
    public sealed record Granted(Guid Device, string Certificate, string Authority, string Server, Uri Broker);

    /// <summary>
    /// What the device shows and the admin compares: twelve digits, about 40 bits. Whoever would slip in a key of his own has to hit them before he has seen
    /// the device's key.
    /// </summary>
    /// <param name="publicKey">SubjectPublicKeyInfo in DER.</param>
    public static string Fingerprint(ReadOnlySpan<byte> publicKey)
    {
        byte[] hash = SHA256.HashData([.. "LK-CLM-1|"u8, .. publicKey]);
        string digits = (BinaryPrimitives.ReadUInt64BigEndian(hash) % 1_000_000_000_000).ToString("D12", CultureInfo.InvariantCulture);
        return $"{digits[..3]} {digits[3..6]} {digits[6..9]} {digits[9..]}";
    }

    public static string SignChange(ECDsa present, string nonce, Guid device, ReadOnlySpan<byte> nextPublicKey) =>
        Base64Url.EncodeToString(present.SignData(Text(nonce, device, nextPublicKey), HashAlgorithmName.SHA256));

    /// <param name="publicKey">The present key: SubjectPublicKeyInfo in DER.</param>
    public static bool IsGenuineChange(ReadOnlySpan<byte> publicKey, string nonce, Guid device, ReadOnlySpan<byte> nextPublicKey, string proof) =>
        LinkProof.Verifies(publicKey, Text(nonce, device, nextPublicKey), proof);

    // The nonce is made by the server in base64url, so no field can hold the separator.
    private static byte[] Text(string nonce, Guid device, ReadOnlySpan<byte> nextPublicKey) =>
        Encoding.UTF8.GetBytes($"LK-KEY-1|{nonce}|{device:D}|{Base64Url.EncodeToString(SHA256.HashData(nextPublicKey))}");
}
