using System.Collections.Concurrent;
using Dapper;
using Latchkey.Server.Features.Leases;
using Latchkey.Server.Journal;
using Latchkey.Server.Live;
using Latchkey.Server.Storage;

namespace Latchkey.Server.Features.Places;

/// <summary>
/// What is free where, kept for each site until the journal says that something there has changed: on this node at the commit itself,
/// elsewhere a few milliseconds later. Whole answers are kept with it, so that a crowd looking at one site costs one query.
/// </summary>
public sealed class SiteBoards
{
    private readonly ConcurrentDictionary<Guid, Board> _boards = new();
    private readonly Db _db;
    private readonly TimeProvider _time;

    public SiteBoards(Db db, JournalBell bell, JournalTail tail, TimeProvider time)
    {
        (_db, _time) = (db, time);
        bell.Rung += (_, entries) => Forget(entries);
        tail.Read += batch => Forget(batch.Select(r => r.Entry));
    }

    // Opening hours and "last seen" change without a journal entry; nobody minds if they are this old.
    private static readonly TimeSpan Freshness = TimeSpan.FromSeconds(5);

    /// <summary>An answer of this site, made at most once for each state of it.</summary>
    public async Task<T> Answer<T>(SitePlace site, Func<SiteOccupancy, DateTimeOffset, T> make, CancellationToken cancel)
        where T : class
    {
        Board board = _boards.GetOrAdd(site.Id, _ => new Board());
        Snapshot snapshot = await board.Current(_time.GetUtcNow(), Freshness, async () => await Load(site.Id, cancel));
        return (T)snapshot.Answers.GetOrAdd(typeof(T), static (_, s) => s.make(s.snapshot.Occupancy, s.snapshot.At), (make, snapshot));
    }

    /// <summary>How the site stands, at most seconds old.</summary>
    public async Task<Moment> Now(SitePlace site, CancellationToken cancel) => await Answer(site, (occupancy, at) => new Moment(occupancy, at), cancel);

    private Task<SiteOccupancy> Load(Guid site, CancellationToken cancel) => _db.Read(
        async c => new SiteOccupancy(
            (await c.QueryAsync<Guid>($"select locker_id from lease where site_id = @site and state in {LeaseRow.Live}", new { site })).ToHashSet(),
            (await c.QueryAsync<(Guid Id, bool? Online, DateTime? LastSeen)>(
                "select d.id, d.online, d.last_seen from device d join bank b on b.device_id = d.id where b.site_id = @site", new { site }))
            .ToDictionary(d => d.Id, d => new DeviceSighting(d.Online, d.LastSeen))),
        cancel);

    private void Forget(IEnumerable<JournalEntry> entries)
    {
        foreach (JournalEntry entry in entries)
        {
            if (entry.SiteId is { } site && LiveEvents.ChangesSite(entry.Kind) && _boards.TryGetValue(site, out Board? board))
                board.Forget();
        }
    }

    private sealed record Snapshot(SiteOccupancy Occupancy, DateTimeOffset At)
    {
        public readonly ConcurrentDictionary<Type, object> Answers = new();
    }

#pragma warning disable CA1001 // See _loading.
    private sealed class Board
#pragma warning restore CA1001
    {
        // Never disposed: a board lives as long as the program, and a semaphore without a wait handle holds nothing.
        private readonly SemaphoreSlim _loading = new(1);
        private volatile Snapshot? _current;
        private int _generation;

        public void Forget()
        {
            Interlocked.Increment(ref _generation);
            _current = null;
        }

        public async Task<Snapshot> Current(DateTimeOffset now, TimeSpan freshness, Func<Task<SiteOccupancy>> load)
        {
            if (_current is { } known && now - known.At < freshness)
                return known;
            await _loading.WaitAsync();
            try
            {
                if (_current is { } justLoaded && now - justLoaded.At < freshness)
                    return justLoaded;
                int generation = Volatile.Read(ref _generation);
                var snapshot = new Snapshot(await load(), now);
                // What changed while this was read may be missing from it: then it answers the question that was asked, and no other.
                if (generation == Volatile.Read(ref _generation))
                {
                    _current = snapshot;
                    if (generation != Volatile.Read(ref _generation))
                        _current = null;
                }
                return snapshot;
            }
            finally
            {
                _loading.Release();
            }
        }
    }
}

/// <param name="Now">Which lockers are taken and which banks were seen.</param>
/// <param name="At">When that was read.</param>
public sealed record Moment(SiteOccupancy Now, DateTimeOffset At);
