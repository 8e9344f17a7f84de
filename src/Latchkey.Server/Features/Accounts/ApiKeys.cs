using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using Latchkey.Server.Journal;
using Latchkey.Server.Storage;
using Microsoft.Extensions.Caching.Memory;

namespace Latchkey.Server.Features.Accounts;

/// <summary>What a program's key may do. A route that names no scope is not for programs.</summary>
public static class Scopes
{
    public const string LeasesRead = "leases:read";
    public const string LeasesWrite = "leases:write";
    public const string DevicesRead = "devices:read";
    public const string DevicesWrite = "devices:write";

    public static readonly IReadOnlyList<string> All = [LeasesRead, LeasesWrite, DevicesRead, DevicesWrite];
}

/// <summary>
/// Keys of programs: <c>lk_</c> and 256 random bits, of which only the hash is stored. What was found is remembered for ten seconds, so that a busy program costs a query now and then; a key that is
/// revoked is forgotten at once, on every node that reads the journal.
/// </summary>
public sealed class ApiKeys(Db db, TimeProvider time) : IDisposable
{
    public const string Prefix = "lk_";

    private static readonly TimeSpan Remembered = TimeSpan.FromSeconds(10);

    /// <summary>"Last used" need not be more exact, and a busy key is not written at each request.</summary>
    private static readonly TimeSpan NotedEvery = TimeSpan.FromMinutes(1);

    // 200 bytes each; also what is no key is remembered, so that a program with an old one costs a query in ten seconds.
    private readonly MemoryCache _known = new(new MemoryCacheOptions { SizeLimit = 10_000 });

    public void Follow(JournalTail tail) => tail.Read += batch =>
    {
        // Also who has lost a role: their key has it no longer.
        if (batch.Any(r => r.Entry.Kind is JournalKinds.ApiKeyRevoked or JournalKinds.RoleChanged or JournalKinds.PersonErased))
            _known.Clear();
    };

    public static (string Key, string Shown, byte[] Hash) Make()
    {
        string key = Prefix + Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(32));
        return (key, key[..10], HashOf(key));
    }

    /// <summary>Finding whose it is costs nothing: it has no key's form, or somebody has just looked.</summary>
    public bool IsRemembered(string key) => !HasForm(key) || (_known.TryGetValue(NameOf(key), out Known? known) && time.GetUtcNow() < known!.Until);

    /// <summary>Whose key it is; null for none, and for one that is revoked or over.</summary>
    public async Task<Caller?> Find(string key, CancellationToken cancel)
    {
        if (!HasForm(key))
            return null;
        string name = NameOf(key);
        DateTimeOffset now = time.GetUtcNow();
        if (_known.TryGetValue(name, out Known? known) && now < known!.Until)
            return known.Caller;
        Row? row = await db.Change(
            async tx =>
            {
                Row? found = await tx.First<Row>(
                    """
                    select k.id, k.person_id, k.scopes, k.last_used_at, k.expires_at, p.role from api_key k join person p on p.id = k.person_id
                    where k.hash = @hash and k.revoked_at is null and (k.expires_at is null or k.expires_at > @now) and p.erased_at is null and p.role in ('operator', 'admin')
                    """,
                    new { hash = HashOf(key), now });
                if (found is not null && (found.LastUsedAt is null || now - found.LastUsedAt >= NotedEvery))
                    await tx.Execute("update api_key set last_used_at = @now where id = @Id", new { found.Id, now });
                return found;
            },
            cancel);
        Caller? caller = row is null ? null : new Caller(row.PersonId, row.Role, Scopes: row.Scopes);
        DateTimeOffset until = row?.ExpiresAt is { } expires && expires < now + Remembered ? expires : now + Remembered;
        _known.Set(name, new Known(caller, until), new MemoryCacheEntryOptions { Size = 1, AbsoluteExpirationRelativeToNow = Remembered });
        return caller;
    }

    public void Dispose() => _known.Dispose();

    private static bool HasForm(string key) => key.Length == Prefix.Length + 43;

    private static string NameOf(string key) => Convert.ToHexString(HashOf(key));

    private static byte[] HashOf(string key) => SHA256.HashData(Encoding.ASCII.GetBytes(key));

    private sealed record Known(Caller? Caller, DateTimeOffset Until);

    private sealed class Row
    {
        public DateTimeOffset? ExpiresAt { get; init; }
        public Guid Id { get; init; }
        public Guid PersonId { get; init; }
        public string[] Scopes { get; init; } = [];
        public DateTimeOffset? LastUsedAt { get; init; }
        public string Role { get; init; } = "";
    }
}
