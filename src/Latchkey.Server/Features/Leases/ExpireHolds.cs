using Latchkey.Server.Hosting;
using Latchkey.Server.Journal;
using Latchkey.Server.Storage;

namespace Latchkey.Server.Features.Leases;

/// <summary>
/// Holds that nobody paid for end, and rentals past their paid time fall overdue: by a sweep every second, or by whoever meets a dead
/// hold first, in their own transaction.
/// </summary>
public sealed class ExpireHolds(Db db, TimeProvider time, ILogger<ExpireHolds> log) : BackgroundService
{
    private static readonly TimeSpan Every = TimeSpan.FromSeconds(1);

    // One sweep takes at most so many, so that its transaction stays short; the next one is a second away.
    private const int MostAtOnce = 500;

    /// <summary>Ends the site's holds whose deadline has passed; rows that somebody else is moving right now are theirs to end.</summary>
    public static Task<int> AtSite(Transaction tx, Guid site, DateTimeOffset now) => Expire(tx, site, now);

    protected override Task ExecuteAsync(CancellationToken stoppingToken) => Periodic.Run(Every, time, log, "sweep of holds", Sweep, stoppingToken);

    public async Task Sweep(CancellationToken cancel) => await db.Change(
        async tx =>
        {
            DateTimeOffset now = time.GetUtcNow();
            return await Expire(tx, null, now) + await FallOverdue(tx, now);
        },
        cancel);

    private static async Task<int> Expire(Transaction tx, Guid? site, DateTimeOffset now)
    {
        List<Moved> moved =
        [
            .. await tx.Query<Moved>(
                """
                update lease set state = 'expired', ended_at = @now where id in (
                  select id from lease where state = 'held' and hold_until <= @now and (@site::uuid is null or site_id = @site)
                  order by hold_until limit @MostAtOnce for update skip locked)
                returning id, person_id, site_id, bank_id, locker_id
                """,
                new { site, now, MostAtOnce }),
        ];
        if (moved.Count > 0)
        {
            // A checkout that is still open must not take money for a locker that is gone.
            await tx.Execute(
                "update payment set state = 'voided' where lease_id = any(@leases) and state in ('pending', 'declined')", new { leases = moved.Select(m => m.Id).ToArray() });
        }
        return Record(tx, moved, JournalKinds.LeaseExpired, now);
    }

    private static async Task<int> FallOverdue(Transaction tx, DateTimeOffset now) => Record(
        tx,
        [
            .. await tx.Query<Moved>(
                """
                update lease set state = 'overdue' where id in (
                  select id from lease where state = 'active' and paid_until <= @now order by paid_until limit @MostAtOnce for update skip locked)
                returning id, person_id, site_id, bank_id, locker_id
                """,
                new { now, MostAtOnce }),
        ],
        JournalKinds.LeaseOverdue,
        now);

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
