using System.Buffers.Binary;
using System.Buffers.Text;
using System.Globalization;
using System.Security.Cryptography;

namespace Latchkey.Server.Features.Shares;

/// <summary>
/// What the link of a share carries: 128 random bits, of which only a hash is kept. The PIN follows from them, so that whoever has the link sees it each time they
/// look, and nobody else can: not even whoever reads the database.
/// </summary>
public static class ShareSecret
{
    private const int Bytes = 16;

    /// <summary>Its length as text, in base64url.</summary>
    public const int Length = 22;

    public static string New() => Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(Bytes));

    /// <summary>What is kept of it; null where the text cannot be one.</summary>
    public static byte[]? Hash(string text) => Read(text) is { } secret ? SHA256.HashData(secret) : null;

    /// <summary>Six digits. Of 64 bits, so that no digit is likelier than another by more than one in 10^13.</summary>
    public static string Pin(string text)
    {
        byte[] bits = HKDF.DeriveKey(HashAlgorithmName.SHA256, Read(text)!, sizeof(ulong), info: "LK-SHARE-PIN-1"u8.ToArray());
        return (BinaryPrimitives.ReadUInt64BigEndian(bits) % 1_000_000).ToString("D6", CultureInfo.InvariantCulture);
    }

    private static byte[]? Read(string text)
    {
        Span<byte> secret = stackalloc byte[Bytes];
        return text.Length == Length && Base64Url.IsValid(text, out int length) && length == Bytes && Base64Url.TryDecodeFromChars(text, secret, out _) ? secret.ToArray() : null;
    }
}
