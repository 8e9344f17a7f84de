using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;

namespace Latchkey.Link.Transport;

/// <summary>
/// How a device proves itself where there is no client certificate: it signs what the server has just made up, with the P-256 key that also
/// makes its commands' key (ECDSA with SHA-256, the 64 bytes of IEEE P1363 in base64url).
/// </summary>
public static class LinkProof
{
    /// <summary>What the signature is for, so that one made for one way cannot be used for the other.</summary>
    public const string Socket = "ws", Polling = "poll";

    /// <summary>Characters of a signature; anything longer is not looked at.</summary>
    public const int Length = 86;

    public static string Sign(ECDsa key, string purpose, string nonce, Guid device) =>
        Base64Url.EncodeToString(key.SignData(Text(purpose, nonce, device), HashAlgorithmName.SHA256));

    /// <param name="publicKey">SubjectPublicKeyInfo in DER.</param>
    public static bool IsGenuine(ReadOnlySpan<byte> publicKey, string purpose, string nonce, Guid device, string? proof) =>
        Verifies(publicKey, Text(purpose, nonce, device), proof);

    internal static bool Verifies(ReadOnlySpan<byte> publicKey, byte[] text, string? proof)
    {
        if (proof is not { Length: Length } || !Base64Url.IsValid(proof))
            return false;
        using var key = ECDsa.Create();
        try
        {
            key.ImportSubjectPublicKeyInfo(publicKey, out _);
        }
        catch (CryptographicException)
        {
            return false; // a device that was never enrolled has none
        }
        return key.VerifyData(text, Base64Url.DecodeFromChars(proof), HashAlgorithmName.SHA256);
    }

    // The nonce is made by the server in base64url, so no field can hold the separator.
    private static byte[] Text(string purpose, string nonce, Guid device) => Encoding.UTF8.GetBytes($"LK-LINK-1|{purpose}|{nonce}|{device:D}");
}
