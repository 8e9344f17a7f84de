using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text.Json;

namespace Latchkey.Server.Features.Accounts;

/// <summary>
/// The keys of other services, fetched when they are needed and kept. A key set is asked for again after ten minutes, or when a token names a key that is not in it, and never
/// more often than once a minute: strangers' tokens must not make us call somebody.
/// </summary>
public sealed class OidcKeys(HttpClient http, TimeProvider time, ILogger<OidcKeys> log) : IDisposable
{
    private static readonly TimeSpan KeptFor = TimeSpan.FromMinutes(10);
    private static readonly TimeSpan AtMostEvery = TimeSpan.FromMinutes(1);

    /// <summary>While the service is away its keys go on being good; for as long, because a key that it has withdrawn must not be.</summary>
    private static readonly TimeSpan Longest = TimeSpan.FromHours(24);

    /// <summary>Ten RSA keys with room.</summary>
    private const int LargestSet = 64 * 1024;

    private readonly SemaphoreSlim _fetching = new(1);
    private readonly Dictionary<Uri, Set> _sets = [];

    private sealed record Set(IReadOnlyDictionary<string, OidcKey> Keys, DateTimeOffset FetchedAt, DateTimeOffset TriedAt);

    /// <summary>Null when there is no such key, or the service could not be asked.</summary>
    public async Task<OidcKey?> Find(Uri address, string id, CancellationToken cancel)
    {
        await _fetching.WaitAsync(cancel);
        try
        {
            DateTimeOffset now = time.GetUtcNow();
            Set? known = _sets.GetValueOrDefault(address);
            bool stale = known is null || now - known.FetchedAt >= KeptFor || !known.Keys.ContainsKey(id);
            if (stale && (known is null || now - known.TriedAt >= AtMostEvery))
                _sets[address] = known = await Fetch(address, known, now, cancel);
            return known is not null && now - known.FetchedAt < Longest ? known.Keys.GetValueOrDefault(id) : null;
        }
        finally
        {
            _fetching.Release();
        }
    }

    public void Dispose()
    {
        _fetching.Dispose();
        http.Dispose();
    }

    private async Task<Set> Fetch(Uri address, Set? known, DateTimeOffset now, CancellationToken cancel)
    {
        try
        {
            byte[] body = await http.GetByteArrayAsync(address, cancel);
            using JsonDocument set = JsonDocument.Parse(body);
            var keys = new Dictionary<string, OidcKey>(StringComparer.Ordinal);
            foreach (JsonElement key in set.RootElement.GetProperty("keys").EnumerateArray())
            {
                if (OidcKey.Read(key) is { } read)
                    keys[read.Id] = read;
            }
            return new Set(keys, now, now);
        }
        catch (Exception e) when (e is HttpRequestException or JsonException or KeyNotFoundException or InvalidOperationException or TaskCanceledException && !cancel.IsCancellationRequested)
        {
            log.LogWarning("The keys at {Address} could not be read ({Reason}).", address.GetLeftPart(UriPartial.Path), e.Message);
            return known is null ? new Set(new Dictionary<string, OidcKey>(), DateTimeOffset.MinValue, now) : known with { TriedAt = now };
        }
    }

    public static HttpClient Client() => new(new SocketsHttpHandler { ConnectTimeout = TimeSpan.FromSeconds(3), AllowAutoRedirect = false }, disposeHandler: true)
    {
        Timeout = TimeSpan.FromSeconds(5),
        MaxResponseContentBufferSize = LargestSet,
    };
}

/// <summary>One public key and the one algorithm that it is for: a token's header does not choose.</summary>
public sealed record OidcKey(string Id, string Algorithm, Func<byte[], byte[], bool> Verifies)
{
    /// <summary>Null for a key that is not for signatures, or of a kind that is not read.</summary>
    public static OidcKey? Read(JsonElement key)
    {
        try
        {
            string id = Text(key, "kid"), kind = Text(key, "kty");
            if (id.Length is 0 or > 200 || (key.TryGetProperty("use", out JsonElement use) && use.GetString() != "sig"))
                return null;
            if (kind == "RSA")
            {
                var p = new RSAParameters { Modulus = Bytes(key, "n"), Exponent = Bytes(key, "e") };
                // RFC 7518, 3.3.
                return p.Modulus.Length < 256 ? null : new OidcKey(id, "RS256", (signed, signature) =>
                {
                    using RSA rsa = RSA.Create(p);
                    return rsa.VerifyData(signed, signature, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
                });
            }
            if (kind == "EC" && Text(key, "crv") == "P-256")
            {
                var p = new ECParameters { Curve = ECCurve.NamedCurves.nistP256, Q = new ECPoint { X = Bytes(key, "x"), Y = Bytes(key, "y") } };
                return new OidcKey(id, "ES256", (signed, signature) =>
                {
                    using ECDsa ec = ECDsa.Create(p);
                    return ec.VerifyData(signed, signature, HashAlgorithmName.SHA256);
                });
            }
        }
        catch (Exception e) when (e is FormatException or CryptographicException or InvalidOperationException or KeyNotFoundException)
        {
            // One broken key does not spoil the set.
        }
        return null;
    }

    private static string Text(JsonElement key, string name) => key.TryGetProperty(name, out JsonElement value) ? value.GetString() ?? "" : "";

    private static byte[] Bytes(JsonElement key, string name) => Base64Url.DecodeFromChars(key.GetProperty(name).GetString());
}
