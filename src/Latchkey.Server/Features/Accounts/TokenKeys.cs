using System.Buffers.Text;
using System.Collections.Frozen;
using System.Security.Cryptography;
using System.Text.Json;
using Latchkey.Server.Hosting;
using Latchkey.Server.Journal;
using Latchkey.Server.Storage;
using Microsoft.Extensions.Logging.Abstractions;

namespace Latchkey.Server.Features.Accounts;

/// <summary>One key that signs access tokens, or did, or will.</summary>
/// <param name="Id">The tokens' <c>kid</c>: the first 64 bits of the SHA-256 of the public key.</param>
/// <param name="Header">The header of every token that it signs, letter for letter.</param>
public sealed record TokenKey(string Id, string Header, ECDsa Key, DateTimeOffset SignsFrom);

/// <summary>
/// The keys of access tokens, the same on all nodes. A new one is made every 30 days, and is published an hour before it signs, so that whoever keeps the key set
/// knows it by then; the one before is known until its last token is too old. Each node looks once a minute, and at once when the journal says that a key was withdrawn.
/// </summary>
public sealed class TokenKeys : BackgroundService
{
    /// <summary>A key that leaks unseen is of use for so long.</summary>
    public static readonly TimeSpan RotateEvery = TimeSpan.FromDays(30);

    /// <summary>Much longer than <see cref="LookEvery"/> and than <see cref="ShowTokenKeys.KeptFor"/>.</summary>
    public static readonly TimeSpan PublishedBefore = TimeSpan.FromHours(1);

    private static readonly TimeSpan LookEvery = TimeSpan.FromMinutes(1);

    private readonly Db _db;
    private readonly TimeProvider _time;
    private ILogger _log = NullLogger.Instance;
    private readonly Wake _soon = new();
    private volatile FrozenDictionary<string, TokenKey> _byHeader = FrozenDictionary<string, TokenKey>.Empty;

    private TokenKeys(Db db, TimeProvider time) => (_db, _time) = (db, time);

    /// <summary>Raised when a key is not known any more. Handlers are short and do not throw.</summary>
    public event Action? Withdrawn;

    public IEnumerable<TokenKey> All => _byHeader.Values.OrderBy(k => k.SignsFrom);

    /// <summary>Reads them from the database; the very first one is made, or taken over from before keys changed.</summary>
    public static async Task<TokenKeys> Load(Db db, ServerKeys keys, TimeProvider time, CancellationToken cancel)
    {
        var loaded = new TokenKeys(db, time);
        byte[] first = await keys.PrivateKey(ServerKeys.AccessToken, cancel);
        DateTimeOffset now = time.GetUtcNow();
        await db.Change(
            tx => tx.Execute(
                "insert into signing_key (id, private_key, created_at, signs_from) select @id, @first, @now, @now where not exists (select 1 from signing_key) on conflict do nothing",
                new { id = IdOf(first), first, now }),
            cancel);
        await loaded.Look(cancel);
        return loaded;
    }

    /// <summary>Follows the journal: keys are also withdrawn on another node.</summary>
    public void Follow(JournalTail tail, ILogger log)
    {
        _log = log;
        tail.Read += batch =>
        {
            if (batch.Any(r => r.Entry.Kind == JournalKinds.TokenKeysChanged))
                _soon.Call();
        };
    }

    /// <summary>The key that signs now.</summary>
    public TokenKey Signing(DateTimeOffset now) => _byHeader.Values.Where(k => k.SignsFrom <= now).MaxBy(k => k.SignsFrom) ?? _byHeader.Values.MinBy(k => k.SignsFrom)!;

    public TokenKey? ByHeader(string header) => _byHeader.GetValueOrDefault(header);

    /// <summary>Another key.</summary>
    /// <param name="compromised">All others are worth nothing from now on, and everybody needs a new token; else they run out.</param>
    public static async Task<string> Rotate(Transaction tx, bool compromised, string authority, DateTimeOffset now)
    {
        // One at a time, on all nodes.
        await tx.Execute("lock table signing_key in exclusive mode");
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        byte[] made = key.ExportPkcs8PrivateKey();
        DateTimeOffset from = compromised ? now : now + PublishedBefore;
        DateTimeOffset until = compromised ? now : from + AccessTokens.Lifetime + LookEvery;
        await tx.Execute("update signing_key set known_until = @until where known_until is null or known_until > @until", new { until });
        await tx.Execute("insert into signing_key (id, private_key, created_at, signs_from) values (@id, @made, @now, @from)", new { id = IdOf(made), made, now, from });
        tx.Journal(new JournalEntry(
            now, JournalKinds.TokenKeysChanged, authority, Data: JsonSerializer.Serialize(new Dictionary<string, object> { ["key"] = IdOf(made), ["compromised"] = compromised }, Json.Options)));
        return IdOf(made);
    }

    public override void Dispose()
    {
        foreach (TokenKey key in _byHeader.Values)
            key.Key.Dispose();
        base.Dispose();
    }

    protected override Task ExecuteAsync(CancellationToken stoppingToken) => Periodic.Run(LookEvery, _time, _log, "look for token keys", Round, stoppingToken, _soon);

    private async Task Round(CancellationToken cancel)
    {
        DateTimeOffset now = _time.GetUtcNow();
        await _db.Change(
            async tx =>
            {
                if (!await tx.Scalar<bool>("select exists (select 1 from signing_key where created_at > @since)", new { since = now - RotateEvery }))
                {
                    await tx.Execute("lock table signing_key in exclusive mode");
                    if (!await tx.Scalar<bool>("select exists (select 1 from signing_key where created_at > @since)", new { since = now - RotateEvery }))
                        await Rotate(tx, compromised: false, JournalEntry.ByServer, now);
                }
                return await tx.Execute("delete from signing_key where known_until < @now", new { now });
            },
            cancel);
        await Look(cancel);
    }

    private async Task Look(CancellationToken cancel)
    {
        DateTimeOffset now = _time.GetUtcNow();
        IEnumerable<(string Id, byte[] PrivateKey, DateTime SignsFrom)> rows = await _db.Read(
            c => Dapper.SqlMapper.QueryAsync<(string, byte[], DateTime)>(c, "select id, private_key, signs_from from signing_key where known_until is null or known_until > @now", new { now }), cancel);
        FrozenDictionary<string, TokenKey> before = _byHeader;
        _byHeader = rows.Select(r => before.GetValueOrDefault(HeaderOf(r.Id)) ?? KeyOf(r.Id, r.PrivateKey, new DateTimeOffset(r.SignsFrom, TimeSpan.Zero)))
            .ToFrozenDictionary(k => k.Header, StringComparer.Ordinal);
        // Not disposed: a request may be in the middle of using it. The collector takes it.
        if (before.Keys.Any(h => !_byHeader.ContainsKey(h)))
            Withdrawn?.Invoke();
    }

    private static TokenKey KeyOf(string id, byte[] privateKey, DateTimeOffset from)
    {
        var key = ECDsa.Create();
        key.ImportPkcs8PrivateKey(privateKey, out _);
        return new TokenKey(id, HeaderOf(id), key, from);
    }

    private static string HeaderOf(string id) => Base64Url.EncodeToString(JsonSerializer.SerializeToUtf8Bytes(new { alg = "ES256", typ = "JWT", kid = id }));

    private static string IdOf(byte[] privateKey)
    {
        using var key = ECDsa.Create();
        key.ImportPkcs8PrivateKey(privateKey, out _);
        return Base64Url.EncodeToString(SHA256.HashData(key.ExportSubjectPublicKeyInfo()).AsSpan(0, 8));
    }
}
