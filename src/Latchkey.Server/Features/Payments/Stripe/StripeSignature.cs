using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Latchkey.Server.Features.Payments.Stripe;

/// <summary>
/// Whether a call is Stripe's own and fresh (docs.stripe.com/webhooks, "Verify webhook signatures"): HMAC-SHA256 under the endpoint's secret over
/// <c>timestamp.body</c>, in the header <c>Stripe-Signature: t=...,v1=...</c>. There may be several v1 while a secret is changed; other schemes are ignored.
/// </summary>
public static class StripeSignature
{
    public const string Header = "Stripe-Signature";

    /// <summary>Stripe's own libraries allow five minutes either way.</summary>
    public static readonly TimeSpan Tolerance = TimeSpan.FromMinutes(5);

    // A header of theirs has some 150 bytes; a few secrets at once make it longer.
    private const int LongestHeader = 2000;

    public static bool IsGood(string header, ReadOnlySpan<byte> body, string secret, DateTimeOffset now)
    {
        if (header.Length is 0 or > LongestHeader)
            return false;
        string? time = null;
        var signatures = new List<byte[]>();
        foreach (string part in header.Split(','))
        {
            int at = part.IndexOf('=', StringComparison.Ordinal);
            (string name, string value) = at < 0 ? ("", "") : (part[..at].Trim(), part[(at + 1)..].Trim());
            if (name == "t")
                time ??= value;
            else if (name == "v1" && value.Length == 64 && value.All(char.IsAsciiHexDigit))
                signatures.Add(Convert.FromHexString(value));
        }
        if (time is null || !long.TryParse(time, NumberStyles.None, CultureInfo.InvariantCulture, out long seconds) || Math.Abs(now.ToUnixTimeSeconds() - seconds) > Tolerance.TotalSeconds)
            return false;
        byte[] expected = Of(time, body, secret);
        bool good = false;
        foreach (byte[] signature in signatures)
            good |= CryptographicOperations.FixedTimeEquals(signature, expected);
        return good;
    }

    public static byte[] Of(string time, ReadOnlySpan<byte> body, string secret) =>
        HMACSHA256.HashData(Encoding.UTF8.GetBytes(secret), (byte[])[.. Encoding.UTF8.GetBytes(time + "."), .. body]);
}
