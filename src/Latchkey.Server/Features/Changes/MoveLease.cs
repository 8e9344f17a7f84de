using System.Text.Json;
using Latchkey.Domain;
using Latchkey.Domain.Leases;
using Latchkey.Domain.Lockers;
using Latchkey.Server.Devices;
using Latchkey.Server.Features.Leases;
using Latchkey.Server.Features.Places;
using Latchkey.Server.Features.Shares;
using Latchkey.Server.Hosting;
using Latchkey.Server.Journal;
using Latchkey.Server.Storage;

namespace Latchkey.Server.Features.Changes;

/// <summary>
/// A rental goes on in another locker of its site: a larger one, or one that works. It stays the same lease, so that what was shared, paid and recorded stays with it; its cards, its PIN (within a bank)
/// and its shares follow, and whatever was shown for the locker it has left opens nothing.
/// </summary>
internal static class MoveLease
{
    /// <summary>The door's row is locked, so that a report comes before or after.</summary>
    public static async Task<Refusal?> MayLeave(Transaction tx, LeaseRow lease, LockerPlace locker)
    {
        (string door, bool? occupied) = await tx.First<(string, bool?)>("select door, occupied from locker where id = @LockerId for no key update", new { lease.LockerId });
        return Rental.MayLeave(EnumText.Parse<DoorState>(door), occupied, lease.CommandUnderWay, locker.Label);
    }

    /// <summary>Free lockers of this size or larger, best first: smallest that fits, at the same bank if there is one there; who could reach theirs may need to reach the next.</summary>
    public static async Task<IReadOnlyList<Guid>> Candidates(Transaction tx, LeaseRow lease, LockerSize size, PlaceBook places, DateTimeOffset now)
    {
        SitePlace site = places.Site(lease.SiteId)!;
        await ExpireHolds.AtSite(tx, site.Id, now);
        LockerClaim.Situation state = await LockerClaim.Situation.Of(tx, site.Id, lease.PersonId, now);
        return InOrder(lease, size, places, [.. state.Taken], [.. state.Hindered]);
    }

    public static IReadOnlyList<Guid> InOrder(LeaseRow lease, LockerSize size, PlaceBook places, HashSet<Guid> taken, HashSet<Guid> hindered)
    {
        LockerPlace left = places.Locker(lease.LockerId)!;
        return
        [
            .. LockerClaim.Candidates(places.Site(lease.SiteId)!, size, false, taken, hindered).Select(c => places.Locker(c)!).Where(c => c.Id != left.Id)
                .OrderBy(c => hindered.Contains(c.Id)).ThenBy(c => c.Size).ThenByDescending(c => left.Reachable && c.Reachable).ThenByDescending(c => c.BankId == left.BankId)
                .Select(c => c.Id),
        ];
    }

    /// <summary>Takes the first of these that is still free; false when none is. First without waiting for lockers that somebody touches at this moment; then, before saying so, with waiting.</summary>
    /// <param name="lease">Locked, and as it was before.</param>
    public static async Task<bool> To(Transaction tx, LeaseRow lease, IReadOnlyList<Guid> candidates, string authority, PlaceBook places, Grants grants, DateTimeOffset now)
    {
        foreach ((string wait, Guid candidate) in from wait in (string[])["skip locked", ""] from candidate in candidates select (wait, candidate))
        {
            // Locked first and looked at in the next statement: whoever held it meanwhile is seen. The index stands behind it.
            if (await tx.First<Guid?>($"select id from locker where id = @candidate and in_service for no key update {wait}", new { candidate }) is null
                || await LockerService.IsTaken(tx, candidate))
                continue;
            (LockerPlace from, LockerPlace to) = (places.Locker(lease.LockerId)!, places.Locker(candidate)!);
            await tx.Execute("update lease set locker_id = @Id, bank_id = @BankId where id = @lease", new { to.Id, to.BankId, lease = lease.Id });
            bool hadPin = lease.PinSetAt is not null;
            bool pinFollows = await grants.Move(tx, lease.Id, from, to, JsonSerializer.Deserialize<Link.Messages.GrantedCard[]>(lease.Cards, Json.Options)!, now);
            string data = JsonSerializer.Serialize(new { from = from.Id, to = to.Id }, Json.Options);
            tx.Journal(lease.Entry(now, JournalKinds.LeaseLeft, authority, data));
            JournalEntry there = lease.Entry(now, JournalKinds.LeaseMoved, authority, data) with { BankId = to.BankId, LockerId = to.Id };
            tx.Journal(there);
            if (hadPin && !pinFollows)
            {
                await tx.Execute("update lease set pin_set_at = null where id = @Id", new { lease.Id });
                tx.Journal(there with { Kind = JournalKinds.PinVoid, Authority = JournalEntry.ByServer, Data = null });
            }
            await ShareLocker.Follow(tx, lease.Id, from, to, places, now);
            return true;
        }
        return false;
    }
}
