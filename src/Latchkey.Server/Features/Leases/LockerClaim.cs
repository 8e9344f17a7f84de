using Dapper;
using Latchkey.Domain.Lockers;
using Latchkey.Server.Features.Places;
using Latchkey.Server.Storage;

namespace Latchkey.Server.Features.Leases;

/// <summary>
/// Which lockers may be given to somebody, which of them first, and that two people never get the same one: those who want the same meet at the index of live leases. Who asks differs (a
/// hold, a deposit, a card at a gate, a phone number, a move, a payment that came late), what is free does not.
/// </summary>
public static class LockerClaim
{
    /// <summary>Of a locker k: somebody has it, or holds it.</summary>
    public const string IsTaken = $"exists (select 1 from lease l where l.locker_id = k.id and l.state in {LeaseRow.Live})";

    /// <summary>Of a locker k: it is given to people, and nobody has it.</summary>
    public const string IsFree = $"k.in_service and not {IsTaken}";

    /// <summary>
    /// Of a locker k: nothing says that it is in use all the same. Asked where a door is given at once to whoever stands there; whoever holds one for later is told of an open door when they come.
    /// </summary>
    public const string IsShutAndEmpty = "k.door <> 'open' and k.occupied is not true";

    /// <summary>See <see cref="FreeLocker"/>; of a locker k and its device d. A door that was freed by hand and has not moved since still counts: the first who opens it clears it.</summary>
    public const string IsHindered = "(d.online is false or k.door = 'jammed')";

    public const string HinderedAt =
        $$"""
        (select coalesce(array_agg(k.id), '{}') from locker k join bank b on b.id = k.bank_id left join device d on d.id = b.device_id where b.site_id = @site and {{IsHindered}})
        """;

    /// <summary>
    /// Goes round until a locker is won or none is left: first without waiting for lockers that somebody touches at this moment; then, before saying that none is free, with waiting.
    /// </summary>
    /// <param name="candidates">How many there are. A round that finds one and loses it means that somebody else has won it: there cannot be more losses than candidates.</param>
    /// <param name="round">One statement, with what stands behind <c>for no key update of k</c>. Found and not won: somebody else was faster with the one that was found.</param>
    /// <param name="patient">Whether it waits in the end; who has others to look at does not.</param>
    /// <returns>The last round's answer.</returns>
    public static async Task<T> Rounds<T>(int candidates, Func<string, Task<(bool Found, bool Won, T Answer)>> round, bool patient = true)
    {
        bool waits = false;
        for (int left = candidates + 1; ; left--)
        {
            (bool found, bool won, T answer) = await round(waits ? "" : "skip locked");
            if (won || left == 0 || (!found && (waits || !patient)))
                return answer;
            waits = !found;
        }
    }

    /// <summary>Begins a lease that is held until it is paid, in the first of the candidates that is free.</summary>
    /// <param name="parameters">lease, candidates, person, site, Hours, priced, tariff, HoldUntil, now.</param>
    /// <param name="kind">Of the lease.</param>
    /// <returns>Whether one was free.</returns>
    public static Task<bool> Hold(Transaction tx, object parameters, int candidates, string kind = "rental") =>
        Rounds(candidates, async wait =>
        {
            (bool found, bool won) = await tx.First<(bool, bool)>(
                $"""
                with claim as (
                  select k.id, k.bank_id from unnest(@candidates) with ordinality as wanted (id, place) join locker k on k.id = wanted.id
                  where {IsFree} order by wanted.place limit 1 for no key update of k {wait}),
                won as (
                  insert into lease (id, kind, state, person_id, site_id, bank_id, locker_id, hours, size_priced, tariff, hold_until, created_at)
                  select @lease, '{kind}', 'held', @person, @site, claim.bank_id, claim.id, @Hours, @priced, @tariff::jsonb, @HoldUntil, @now from claim
                  on conflict do nothing
                  returning 1)
                select exists (select 1 from claim), exists (select 1 from won)
                """,
                parameters);
            return (found, won, won);
        });

    /// <summary>Free lockers of this size or larger, in the order in which they fit (<see cref="Allocation.InOrderOfFit"/>).</summary>
    public static List<Guid> Candidates(SitePlace site, LockerSize size, bool reachable, HashSet<Guid> taken, HashSet<Guid> hindered, IReadOnlyList<string>? features = null)
    {
        IEnumerable<FreeLocker> free = site.Lockers
            .Where(l => l.InService && !taken.Contains(l.Id) && l.Has(features ?? []))
            .Select((l, position) => new FreeLocker(l.Id, l.Size, l.Reachable, hindered.Contains(l.Id), position));
        return [.. Allocation.InOrderOfFit(free, size, reachable).Select(l => l.Id)];
    }

    /// <summary>What stands in a claim's way at a site.</summary>
    public sealed class Situation
    {
        public static async Task<Situation> Of(Transaction tx, Guid site, Guid person, DateTimeOffset now)
        {
            // One hold of a person at a time: the limit counts rows that are there.
            await using SqlMapper.GridReader rows = await tx.Several(
                $$"""
                select 1 from person where id = @person for no key update;
                select
                  (select erased_at is not null from person where id = @person) as erased,
                  (select count(*) from lease where person_id = @person and state = 'held' and hold_until > @now) as holds,
                  (select coalesce(array_agg(locker_id), '{}') from lease where site_id = @site and state in {{LeaseRow.Live}}) as taken,
                  {{HinderedAt}} as hindered
                """,
                new { person, site, now });
            await rows.ReadAsync<int>();
            return await rows.ReadSingleAsync<Situation>();
        }

        public bool Erased { get; init; }
        public long Holds { get; init; }
        public Guid[] Taken { get; init; } = [];
        public Guid[] Hindered { get; init; } = [];
    }
}
