using System.Diagnostics.CodeAnalysis;

namespace Latchkey.Link.Passes;

/// <summary>RFC 9285: bytes in the letters that a QR code packs tightest (its alphanumeric mode). There is one spelling for any bytes.</summary>
public static class Base45
{
    private const string Letters = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:";

    public static string Encode(ReadOnlySpan<byte> bytes)
    {
        char[] text = new char[(bytes.Length / 2 * 3) + (bytes.Length % 2 * 2)];
        int at = 0;
        for (int i = 0; i < bytes.Length; i += 2)
        {
            bool pair = i + 1 < bytes.Length;
            int value = pair ? (bytes[i] << 8) | bytes[i + 1] : bytes[i];
            text[at++] = Letters[value % 45];
            text[at++] = Letters[value / 45 % 45];
            if (pair)
                text[at++] = Letters[value / (45 * 45)];
        }
        return new string(text);
    }

    /// <summary>False for any text that <see cref="Encode"/> does not make.</summary>
    public static bool TryDecode(ReadOnlySpan<char> text, [NotNullWhen(true)] out byte[]? bytes)
    {
        bytes = null;
        if (text.Length % 3 == 1)
            return false;
        byte[] decoded = new byte[(text.Length / 3 * 2) + (text.Length % 3 / 2)];
        int at = 0;
        for (int i = 0; i < text.Length; i += 3)
        {
            bool pair = i + 2 < text.Length;
            int low = Letters.IndexOf(text[i], StringComparison.Ordinal), middle = Letters.IndexOf(text[i + 1], StringComparison.Ordinal);
            int high = pair ? Letters.IndexOf(text[i + 2], StringComparison.Ordinal) : 0;
            int value = low + (middle * 45) + (high * 45 * 45);
            if (low < 0 || middle < 0 || high < 0 || value > (pair ? ushort.MaxValue : byte.MaxValue))
                return false;
            if (pair)
                decoded[at++] = (byte)(value >> 8);
            decoded[at++] = (byte)value;
        }
        bytes = decoded;
        return true;
    }
}
