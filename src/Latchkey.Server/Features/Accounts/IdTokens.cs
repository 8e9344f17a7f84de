using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace Latchkey.Server.Features.Accounts;

/// <summary>Who somebody is, by the word of another service.</summary>
/// <param name="Email">Only when the service says that it is theirs.</param>
/// <param name="Phone">In E.164, as Firebase tells it: it proves every number with a code.</param>
public sealed record Identity(string Issuer, string Subject, string? Email, string? Phone, string? Name);

/// <summary>ID tokens of the services that are believed (OpenID Connect Core 1.0, 3.1.3.7): issuer, audience, signature and time, and nothing from the header but the key's name.</summary>
public sealed class IdTokens(IReadOnlyList<OidcIssuer> issuers, OidcKeys keys, TimeProvider time)
{
    /// <summary>Clocks of two services differ.</summary>
    private static readonly TimeSpan Skew = TimeSpan.FromMinutes(1);

    private const int Longest = 3500;

    public async Task<Identity?> Verify(string token, CancellationToken cancel)
    {
        if (token.Length > Longest || token.Split('.') is not [var header, var payload, var signature])
            return null;
        try
        {
            using JsonDocument head = JsonDocument.Parse(Base64Url.DecodeFromChars(header)), body = JsonDocument.Parse(Base64Url.DecodeFromChars(payload));
            string said = Text(body.RootElement, "iss");
            if (issuers.FirstOrDefault(i => i.Issuer == said && IsFor(body.RootElement, i.Audience)) is not { } issuer)
                return null;
            if (await keys.Find(issuer.Keys, Text(head.RootElement, "kid"), cancel) is not { } key || Text(head.RootElement, "alg") != key.Algorithm)
                return null;
            if (!key.Verifies(Encoding.ASCII.GetBytes($"{header}.{payload}"), Base64Url.DecodeFromChars(signature)))
                return null;
            DateTimeOffset now = time.GetUtcNow();
            string subject = Text(body.RootElement, "sub");
            if (At(body.RootElement, "exp") is not { } expires || expires <= now - Skew || At(body.RootElement, "iat") is not { } issued || issued > now + Skew || subject.Length is 0 or > 255)
                return null;
            bool proven = body.RootElement.TryGetProperty("email_verified", out JsonElement verified) && verified.ValueKind == JsonValueKind.True;
            return new Identity(said, subject, proven ? Text(body.RootElement, "email") : null, Text(body.RootElement, "phone_number"), Text(body.RootElement, "name"));
        }
        catch (Exception e) when (e is FormatException or JsonException or CryptographicException or InvalidOperationException)
        {
            return null;
        }
    }

    private static bool IsFor(JsonElement body, string audience) => body.TryGetProperty("aud", out JsonElement aud) && aud.ValueKind switch
    {
        JsonValueKind.String => aud.GetString() == audience,
        // More than one reader: then it has to say that it was made for us.
        JsonValueKind.Array => aud.EnumerateArray().Any(a => a.ValueKind == JsonValueKind.String && a.GetString() == audience) && (aud.GetArrayLength() == 1 || Text(body, "azp") == audience),
        _ => false,
    };

    private static string Text(JsonElement body, string name) => body.TryGetProperty(name, out JsonElement value) && value.ValueKind == JsonValueKind.String ? value.GetString()! : "";

    private static DateTimeOffset? At(JsonElement body, string name) =>
        body.TryGetProperty(name, out JsonElement value) && value.TryGetInt64(out long seconds) && seconds is > 0 and < 253402300800 ? DateTimeOffset.FromUnixTimeSeconds(seconds) : null;
}
