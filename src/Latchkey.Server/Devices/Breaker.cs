using System.Collections.Concurrent;
using Latchkey.Domain;
using Latchkey.Server.Features.Places;
using Latchkey.Server.Hosting.Limits;
using Latchkey.Server.Journal;
using Latchkey.Server.Storage;

namespace Latchkey.Server.Devices;

/// <summary>
/// The breaker against mass opening: however many accounts somebody has taken over, only so many doors of a bank, and of all banks, are opened by
/// remote order in a short time. It counts doors and not orders, and nothing that was presented at a bank.
/// </summary>
public sealed class Breaker(RateLimits limits, PlaceBook places, Db db, TimeProvider time, ILogger<Breaker> log)
{
    private readonly ConcurrentDictionary<Guid, DateTimeOffset> _told = new();

    /// <summary>Asked in the order's own transaction. Two that ask at the same moment may both pass: the controller's own breaker counts again.</summary>
    public async Task<Refusal?> Refuses(Transaction tx, LockerPlace locker, DateTimeOffset now)
    {
        Rate bank = limits[RateKind.BankDoors], fleet = limits[RateKind.FleetDoors];
        int most = places.Bank(locker.BankId)!.Lockers.Count;
        // Where a bank has no more doors than may be opened there is nothing to count.
        if (most > bank.Permits && await tx.Scalar<long>(
                """
                select count(distinct c.locker_id) from command c join locker k on k.id = c.locker_id
                where not c.presented and c.created_at > @since and k.bank_id = @BankId and c.locker_id <> @Id and c.state <> 'refused'
                """,
                new { since = now - bank.Window, locker.BankId, locker.Id }) >= bank.Permits)
            return Refusal.Breaker;
        int all = places.Sites.Sum(s => s.BanksAndLocks.Sum(b => b.Lockers.Count));
        int permits = Math.Max(fleet.Permits, all / 100);
        return all > permits && await tx.Scalar<long>(
                """
                select count(*) from (
                  select distinct locker_id from command where not presented and created_at > @since and locker_id <> @Id and state <> 'refused' limit @permits) doors
                """,
                new { since = now - fleet.Window, locker.Id, permits }) >= permits
            ? Refusal.Breaker : null;
    }

    /// <summary>It has refused: journalled once for each bank and window, in a transaction of its own, because the order's is rolled back.</summary>
    public async Task Tell(Guid lockerId, CancellationToken cancel)
    {
        DateTimeOffset now = time.GetUtcNow();
        LockerPlace locker = places.Locker(lockerId)!;
        if (_told.TryGetValue(locker.BankId, out DateTimeOffset told) && now - told < limits[RateKind.BankDoors].Window)
            return;
        _told[locker.BankId] = now;
        log.LogWarning("The breaker refuses orders for bank {Bank}: too many doors were opened from afar.", locker.BankId);
        await db.Change(
            tx =>
            {
                tx.Journal(new JournalEntry(now, JournalKinds.BreakerTripped, JournalEntry.ByServer, SiteId: locker.SiteId, BankId: locker.BankId, LockerId: locker.Id));
                return Task.FromResult(true);
            },
            cancel);
    }
}
