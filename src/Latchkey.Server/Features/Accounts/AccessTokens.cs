using System.Buffers.Text;
using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace Latchkey.Server.Features.Accounts;

/// <summary>Who calls.</summary>
/// <param name="Session">The sign-in behind it; null for a program's key.</param>
/// <param name="Scopes">What a program's key may do; null for a person, who may do all that their role may.</param>
public sealed record Caller(Guid Id, string Role, Guid? Session = null, IReadOnlyList<string>? Scopes = null);

/// <summary>
/// Access tokens: JWT (RFC 7519) in compact form, ES256 and nothing else. The algorithm belongs to the key, never to the token's header,
/// so no header can talk the server into a weaker one.
/// </summary>
public sealed class AccessTokens
{
    public static readonly TimeSpan Lifetime = TimeSpan.FromMinutes(15);

    private const string Issuer = "latchkey";

    // A token in use is verified once, not at each request (261 us measured). Cleared when full: attackers' tokens are not kept at all.
    private const int MostRemembered = 10_000;

    private readonly ConcurrentDictionary<string, (Caller Caller, DateTimeOffset Expires)> _verified = new(StringComparer.Ordinal);
    private readonly TokenKeys _keys;

    public AccessTokens(TokenKeys keys)
    {
        _keys = keys;
        keys.Withdrawn += _verified.Clear;
    }

    public (string Token, DateTimeOffset Expires) Issue(Caller caller, DateTimeOffset now)
    {
        TokenKey key = _keys.Signing(now);
        DateTimeOffset expires = DateTimeOffset.FromUnixTimeSeconds((now + Lifetime).ToUnixTimeSeconds());
        string signed = key.Header + "." + Encode(new Claims(Issuer, caller.Id, caller.Role, caller.Session, now.ToUnixTimeSeconds(), expires.ToUnixTimeSeconds()));
        byte[] signature = key.Key.SignData(Encoding.ASCII.GetBytes(signed), HashAlgorithmName.SHA256);
        return (signed + "." + Base64Url.EncodeToString(signature), expires);
    }

    /// <summary>The caller, or null and whether the token was genuine but too old.</summary>
    public Caller? Verify(string token, DateTimeOffset now, out bool expired)
    {
        expired = false;
        if (_verified.TryGetValue(token, out var known) || TryVerify(token, out known))
        {
            expired = now >= known.Expires;
            return expired ? null : known.Caller;
        }
        return null;
    }

    private bool TryVerify(string token, out (Caller Caller, DateTimeOffset Expires) verified)
    {
        verified = default;
        if (token.Length > 1000 || token.Split('.') is not [var header, var payload, var signature] || _keys.ByHeader(header) is not { } key)
            return false;
        try
        {
            if (!key.Key.VerifyData(Encoding.ASCII.GetBytes($"{header}.{payload}"), Base64Url.DecodeFromChars(signature), HashAlgorithmName.SHA256))
                return false;
            Claims claims = JsonSerializer.Deserialize<Claims>(Base64Url.DecodeFromChars(payload))!;
            if (claims.iss != Issuer)
                return false;
            verified = (new Caller(claims.sub, claims.role, claims.sid), DateTimeOffset.FromUnixTimeSeconds(claims.exp));
        }
        catch (Exception e) when (e is FormatException or JsonException or CryptographicException)
        {
            return false;
        }
        if (_verified.Count >= MostRemembered)
            _verified.Clear();
        _verified[token] = verified;
        return true;
    }

    private static string Encode<T>(T value) => Base64Url.EncodeToString(JsonSerializer.SerializeToUtf8Bytes(value));

#pragma warning disable IDE1006 // The names of RFC 7519's claims; sid is OpenID Connect's.
    private sealed record Claims(string iss, Guid sub, string role, Guid? sid, long iat, long exp);
#pragma warning restore IDE1006
}
