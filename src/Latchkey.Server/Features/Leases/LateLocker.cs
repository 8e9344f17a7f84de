using Latchkey.Domain.Lockers;
using Latchkey.Domain.Places;
using Latchkey.Server.Features.Places;
using Latchkey.Server.Storage;

namespace Latchkey.Server.Features.Leases;

/// <summary>Another locker for somebody whose payment came when theirs was gone: at the same site, of the same or a larger size, for the price they were promised.</summary>
public static class LateLocker
{
    /// <summary>The new lease, held and locked; null when nothing that fits is free, or the site is closed.</summary>
    public static async Task<LeaseRow?> Claim(Transaction tx, LeaseRow before, PlaceBook places, DateTimeOffset now)
    {
        SitePlace site = places.Site(before.SiteId)!;
        if (!OpeningHours.IsOpen(site.OpeningHours, site.Zone, now))
            return null;
        await ExpireHolds.AtSite(tx, site.Id, now);
        LockerClaim.Situation state = await LockerClaim.Situation.Of(tx, site.Id, before.PersonId, now);
        LockerPlace first = places.Locker(before.LockerId)!;
        // Best of all the very locker they had chosen, if it is still there; who could reach that one may need to reach this one.
        IReadOnlyList<Guid> candidates =
        [
            .. LockerClaim.Candidates(site, EnumText.Parse<LockerSize>(before.SizePriced), false, [.. state.Taken], [.. state.Hindered])
                .OrderByDescending(c => c == first.Id).ThenByDescending(c => first.Reachable && places.Locker(c)!.Reachable),
        ];
        var lease = Guid.CreateVersion7(now);
        bool won = await LockerClaim.Hold(
            tx,
            new
            {
                lease, candidates, person = before.PersonId, site = site.Id, before.Hours, priced = before.SizePriced, HoldUntil = now + Domain.Leases.Rental.LongestHold, now, tariff = before.Tariff,
            },
            candidates.Count);
        return won ? await LeaseRow.Lock(tx, lease, before.PersonId) : null;
    }
}
