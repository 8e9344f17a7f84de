using System.Collections.Concurrent;
using System.Text.Json;
using Dapper;
using Latchkey.Server.Hosting;
using Latchkey.Server.Journal;
using Latchkey.Server.Storage;

namespace Latchkey.Server.Features.Accounts;

/// <summary>
/// Sessions that ended within the life of an access token, so that signing out takes effect at once and not fifteen minutes later. Each node hears of them
/// through the journal, within a second. There are as many as people sign out in a quarter of an hour.
/// </summary>
public sealed class EndedSessions(Db db, TimeProvider time, ILogger<EndedSessions> log) : BackgroundService
{
    private static readonly TimeSpan ForgetEvery = TimeSpan.FromMinutes(1);

    private readonly ConcurrentDictionary<Guid, DateTimeOffset> _ended = new();

    public bool Contains(Guid session) => _ended.ContainsKey(session);

    public void Follow(JournalTail tail) => tail.Read += batch =>
    {
        foreach (JournalEntry entry in batch.Select(r => r.Entry).Where(e => e.Kind == JournalKinds.SessionEnded && e.Data is not null))
            _ended[JsonSerializer.Deserialize<Sessions.EndedSession>(entry.Data!, Json.Options)!.Session] = entry.At;
    };

    /// <summary>Those from before this node started to read the journal.</summary>
    public override async Task StartAsync(CancellationToken cancellationToken)
    {
        await Load(cancellationToken);
        await base.StartAsync(cancellationToken);
    }

    protected override Task ExecuteAsync(CancellationToken stoppingToken) => Periodic.Run(ForgetEvery, time, log, "look for ended sessions", Load, stoppingToken);

    private async Task Load(CancellationToken cancel)
    {
        DateTimeOffset since = time.GetUtcNow() - AccessTokens.Lifetime - ForgetEvery;
        foreach (Guid old in _ended.Where(e => e.Value < since).Select(e => e.Key))
            _ended.TryRemove(old, out _);
        foreach ((Guid id, DateTime at) in await db.Read(c => c.QueryAsync<(Guid, DateTime)>("select id, ended_at from session where ended_at > @since", new { since }), cancel))
            _ended.TryAdd(id, new DateTimeOffset(at, TimeSpan.Zero));
    }
}
