using System.Text.Json;
using Latchkey.Server.Hosting;

namespace Latchkey.Server.Features.Accounts;

/// <summary>A service whose ID tokens (OpenID Connect Core 1.0) are believed.</summary>
/// <param name="Issuer">As its tokens say it, letter for letter.</param>
/// <param name="Audience">Whom its tokens are for: the client id that it has given us; of Firebase the project's id.</param>
/// <param name="Keys">Where its key set (RFC 7517) is.</param>
public sealed record OidcIssuer(string Issuer, string Audience, Uri Keys);

public static class OidcSettings
{
    /// <summary>Tokens of nobody else are believed, so an empty list believes none.</summary>
    /// <param name="text">A JSON array: <c>[{"issuer": "...", "audience": "...", "keys": "https://..."}]</c>; null for none.</param>
    /// <exception cref="StartUpException">It is not of that form.</exception>
    public static IReadOnlyList<OidcIssuer> Parse(string? text)
    {
        if (text is null)
            return [];
        try
        {
            OidcIssuer[]? issuers = JsonSerializer.Deserialize<OidcIssuer[]>(text, Json.Options);
            // Keys that come in the clear are anybody's keys; on this machine there is nobody between.
            if (issuers is { Length: > 0 } && issuers.All(i => i is { Issuer.Length: > 0, Audience.Length: > 0, Keys.IsAbsoluteUri: true } && (i.Keys.Scheme == "https" || i.Keys is { Scheme: "http", IsLoopback: true })))
                return issuers;
        }
        catch (JsonException)
        {
            // Said below.
        }
        throw new StartUpException("LATCHKEY_OIDC looks like [{\"issuer\": \"https://securetoken.google.com/PROJECT\", \"audience\": \"PROJECT\", \"keys\": \"https://...\"}], with https.");
    }
}
