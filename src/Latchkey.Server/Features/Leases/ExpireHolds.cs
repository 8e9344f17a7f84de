using Latchkey.Server.Features.Payments;
using Latchkey.Server.Hosting;
using Latchkey.Server.Journal;
using Latchkey.Server.Storage;

namespace Latchkey.Server.Features.Leases;

/// <summary>
/// Holds that nobody paid for end: by a sweep every second, or by whoever meets a dead hold first, in their own transaction.
/// </summary>
public sealed class ExpireHolds(Db db, TimeProvider time, ILogger<ExpireHolds> log) : BackgroundService
{
    private static readonly TimeSpan Every = TimeSpan.FromSeconds(1);

    // One sweep takes at most so many, so that its transaction stays short; the next one is a second away.
    private const int MostAtOnce = 500;

    /// <summary>Ends the site's holds whose deadline has passed; rows that somebody else is moving right now are theirs to end.</summary>
    public static Task<int> AtSite(Transaction tx, Guid site, DateTimeOffset now) => Expire(tx, site, now);

    /// <summary>Ends one hold that its caller has locked.</summary>
    public static async Task One(Transaction tx, LeaseRow lease, DateTimeOffset now)
    {
        await tx.Execute("update lease set state = 'expired', ended_at = @now where id = @Id and state = 'held'", new { lease.Id, now });
        tx.Journal(lease.Entry(now, JournalKinds.LeaseExpired, JournalEntry.ByServer));
    }

    protected override Task ExecuteAsync(CancellationToken stoppingToken) => Periodic.Run(Every, time, log, "sweep of holds", Sweep, stoppingToken);

    public async Task Sweep(CancellationToken cancel) => await db.Change(
        tx => Expire(tx, null, time.GetUtcNow()), cancel);

    private static async Task<int> Expire(Transaction tx, Guid? site, DateTimeOffset now)
    {
        List<Moved> moved =
        [
            .. await tx.Query<Moved>(
                """
                update lease set state = 'expired', ended_at = @now where id in (
                  select id from lease where state = 'held' and kind <> 'keypad' and hold_until <= @now and (@site::uuid is null or site_id = @site)
                  order by hold_until limit @MostAtOnce for no key update skip locked)
                returning id, person_id, site_id, bank_id, locker_id
                """,
                new { site, now, MostAtOnce }),
        ];
        // A checkout that is still open should take no money for a locker that is gone.
        if (moved.Count > 0)
            await MoneyOrders.CloseCheckouts(tx, [.. moved.Select(m => m.Id)], now);
        return Record(tx, moved, JournalKinds.LeaseExpired, now);
    }

    private static int Record(Transaction tx, List<Moved> moved, string kind, DateTimeOffset now)
    {
        foreach (Moved m in moved)
            tx.Journal(new JournalEntry(now, kind, JournalEntry.ByServer, m.PersonId, m.SiteId, m.BankId, m.LockerId, m.Id));
        return moved.Count;
    }

    private sealed class Moved
    {
        public Guid Id { get; init; }
        public Guid PersonId { get; init; }
        public Guid SiteId { get; init; }
        public Guid BankId { get; init; }
        public Guid LockerId { get; init; }
    }
}
