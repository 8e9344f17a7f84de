using Latchkey.Server.Features.Leases;
using Latchkey.Server.Storage;

namespace Latchkey.Server.Features.Visits;

/// <summary>Somebody who has just held a card to a reader gets a locker, in one statement: a crowd of them meets at the same few.</summary>
internal static class VisitClaim
{
    /// <param name="Lockers">As they are wanted. A bank that nobody hears comes last, since its locker cannot be promised to open.</param>
    /// <param name="Tariff">JSON, as it is frozen into the lease.</param>
    /// <param name="From">When the visit begins to cost.</param>
    /// <param name="Cards">JSON, as the bank is told.</param>
    public sealed record Wish(Guid Lease, Guid Site, Guid[] Lockers, string Tariff, DateTimeOffset From, string Card, string Cards, DateTimeOffset Now);

    /// <param name="Generation">Of the locker, as the grant says it.</param>
    /// <param name="Introduced">Its bank was told before what it is.</param>
    public sealed record Won(Guid Locker, int Generation, bool Introduced);

    /// <returns>Null when none is free.</returns>
    public static async Task<Won?> Begin(Transaction tx, FreeLockers free, Wish wish)
    {
        Guid[] few = free.First(wish.Lockers, wish.Now);
        Won? won = null;
        if (few != wish.Lockers)
        {
            won = await LockerClaim.Rounds(few.Length, wait => Try(tx, wish, few, wait, last: false), patient: false);
            if (won is null)
                free.Taken(few, wish.Now);
        }
        won ??= await LockerClaim.Rounds(wish.Lockers.Length, wait => Try(tx, wish, wish.Lockers, wait, last: true));
        if (won is not null)
            free.Taken([won.Locker], wish.Now);
        return won;
    }

    private static async Task<(bool Found, bool Won, Won? Answer)> Try(Transaction tx, Wish wish, Guid[] candidates, string wait, bool last)
    {
        (bool found, Guid? locker, int generation, bool introduced) = await tx.First<(bool, Guid?, int, bool)>(
            $"""
            with claim as (
              select k.id, k.bank_id, k.size from unnest(@candidates) with ordinality as wanted (id, place) join locker k on k.id = wanted.id
                join bank b on b.id = k.bank_id join device d on d.id = b.device_id
              where {LockerClaim.IsFree} and {LockerClaim.IsShutAndEmpty} and (@last or d.online is not false)
              order by {LockerClaim.IsHindered}, wanted.place limit 1 for no key update of k {wait}),
            won as (
              insert into lease (id, kind, state, site_id, bank_id, locker_id, size_priced, tariff, paid_from, card, cards, created_at)
              select @Lease, 'visit', 'active', @Site, claim.bank_id, claim.id, claim.size, @Tariff::jsonb, @From, @Card, @Cards::jsonb, @Now from claim
              on conflict do nothing
              returning locker_id, bank_id),
            generation as (update locker k set generation = (k.generation + 1) & 65535 from won where k.id = won.locker_id returning k.generation)
            select exists (select 1 from claim), (select locker_id from won), coalesce((select generation from generation), 0),
              exists (select 1 from won join bank b on b.id = won.bank_id join device_grant g on g.device_id = b.device_id and g.kind = 'bank')
            """,
            new { candidates, last, wish.Lease, wish.Site, wish.Tariff, wish.From, wish.Card, wish.Cards, wish.Now });
        return (found, locker is not null, locker is { } id ? new Won(id, generation, introduced) : null);
    }
}
