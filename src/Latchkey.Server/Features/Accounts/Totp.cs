using System.Buffers.Binary;
using System.Security.Cryptography;

namespace Latchkey.Server.Features.Accounts;

/// <summary>
/// Time-based one-time passwords, as every authenticator app makes them: RFC 6238 with its usual numbers, HMAC-SHA-1, 30 s, six digits. The keyed hash is the
/// base library's; the tests hold the rest to the RFC's own vectors.
/// </summary>
public static class Totp
{
    /// <summary>160 bits, as RFC 4226, 4 asks for.</summary>
    public const int SecretBytes = 20;

    private const int StepSeconds = 30;

    /// <summary>RFC 6238, 5.2: one step back and one forward, for clocks that are a little off and people who type slowly.</summary>
    private const int Drift = 1;

    private const string Base32 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

    /// <summary>The step whose code it is, or null. A step that was used, and all before it, are not taken again.</summary>
    public static long? StepOf(ReadOnlySpan<byte> secret, int code, DateTimeOffset now, long? lastUsed)
    {
        long present = now.ToUnixTimeSeconds() / StepSeconds;
        long? found = null;
        for (long step = present - Drift; step <= present + Drift; step++)
        {
            if (Code(secret, step) == code && step > (lastUsed ?? -1))
                found = step;
        }
        return found;
    }

    /// <summary>Six digits as a number.</summary>
    public static int Code(ReadOnlySpan<byte> secret, long step)
    {
        Span<byte> counter = stackalloc byte[8];
        BinaryPrimitives.WriteInt64BigEndian(counter, step);
        Span<byte> hash = stackalloc byte[20];
#pragma warning disable CA5350 // What the apps speak; HMAC-SHA-1 is not touched by the collisions of SHA-1.
        HMACSHA1.HashData(secret, counter, hash);
#pragma warning restore CA5350
        int at = hash[^1] & 15;
        return (BinaryPrimitives.ReadInt32BigEndian(hash[at..]) & int.MaxValue) % 1_000_000;
    }

    /// <summary>For typing: RFC 4648, without padding.</summary>
    public static string Shown(ReadOnlySpan<byte> secret)
    {
        var text = new System.Text.StringBuilder();
        int bits = 0, held = 0;
        foreach (byte b in secret)
        {
            held = (held << 8) | b;
            for (bits += 8; bits >= 5; bits -= 5)
                text.Append(Base32[(held >> (bits - 5)) & 31]);
            held &= (1 << bits) - 1;
        }
        if (bits > 0)
            text.Append(Base32[(held << (5 - bits)) & 31]);
        return text.ToString();
    }

    /// <summary>For a QR code.</summary>
    public static string Uri(ReadOnlySpan<byte> secret, string account) =>
        $"otpauth://totp/Latchkey:{System.Uri.EscapeDataString(account)}?secret={Shown(secret)}&issuer=Latchkey";
}
