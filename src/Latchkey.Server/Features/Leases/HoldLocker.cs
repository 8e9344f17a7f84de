using System.Text.Json;
using Dapper;
using Latchkey.Domain;
using Latchkey.Domain.Leases;
using Latchkey.Domain.Lockers;
using Latchkey.Domain.Places;
using Latchkey.Domain.Pricing;
using Latchkey.Server.Features.Accounts;
using Latchkey.Server.Features.Places;
using Latchkey.Server.Hosting;
using Latchkey.Server.Hosting.Limits;
using Latchkey.Server.Journal;
using Latchkey.Server.Storage;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Latchkey.Server.Features.Leases;

/// <summary>A customer holds a locker for 15 minutes while they pay: one they point at, or the smallest that fits.</summary>
public static class HoldLocker
{
    /// <param name="Hours">How long they want it, 1 to 72.</param>
    /// <param name="Reachable">Only a locker within reach from a wheelchair will do; the same as that feature.</param>
    /// <param name="LockerId">This locker and no other.</param>
    /// <param name="Features">Only a locker that has all of them will do: <c>reachable</c>, <c>power</c>, <c>cooled</c>.</param>
    public sealed record Request(LockerSize Size, int Hours, bool Reachable = false, Guid? LockerId = null, IReadOnlyList<string>? Features = null)
    {
        internal bool IsReachable => Reachable || Features?.Contains(LockerFeatures.Reachable) == true;
    }

    public static void Map(IEndpointRouteBuilder routes) => routes.MapPost("/sites/{id:guid}/holds", Handle).WithName("HoldLocker").TakesKey().SignedIn(Scopes.LeasesWrite).LimitedAs(RateKind.Holds).Produces<LeaseView>(201);

    private static async Task<Results<JsonHttpResult<LeaseView>, ProblemHttpResult>> Handle(
        Guid id, Request request, HttpContext http, Idempotency idempotency, PlaceBook places, TimeProvider time, CancellationToken cancel)
    {
        if (new Check()
            .That(request.Hours is >= 1 and <= Pricing.LongestHours, "hours", $"A rental is for 1 to {Pricing.LongestHours} hours.")
            .That(request.Features is null || (request.Features.Count <= LockerFeatures.All.Count && request.Features.All(LockerFeatures.All.Contains)), "features", ListSites.FeaturesAre).Problem is { } invalid)
            return invalid;
        if (places.Site(id) is not { } site)
            return Problems.Of(Refusal.NotFound("site"));
        if (request.LockerId is { } pick && site.Lockers.All(l => l.Id != pick))
            return Problems.Of(Refusal.NotFound("locker"));
        return await idempotency.Once<LeaseView>(
            http, http.Caller().Id, request, StatusCodes.Status201Created, tx => Hold(tx, site, request, http.Caller().Id, places, time.GetUtcNow()), cancel);
    }

    private static async Task<Decision<LeaseView>> Hold(Transaction tx, SitePlace site, Request request, Guid person, PlaceBook places, DateTimeOffset now)
    {
        if (!OpeningHours.IsOpen(site.OpeningHours, site.Zone, now))
            return Refusal.SiteClosed;
        // Whoever meets a hold that has run out ends it: the index cannot see time.
        await ExpireHolds.AtSite(tx, site.Id, now);
        Situation state = await Situation.Of(tx, site.Id, person, now);
        // Their access token may live a moment longer than their account.
        if (state.Erased)
            return Refusal.NotFound("account");
        if (state.Holds >= Rental.MostHolds)
            return Refusal.TooManyHolds;

        LockerPlace? chosen = request.LockerId is { } pick ? places.Locker(pick) : null;
        if (chosen is { InService: false })
            return Refusal.LockerTaken;
        IReadOnlyList<Guid> candidates = chosen is not null ? [chosen.Id] : Candidates(site, request.Size, request.IsReachable, [.. state.Taken], [.. state.Hindered], request.Features);
        LockerSize priced = chosen?.Size ?? request.Size;
        Tariff tariff = site.TariffAt(now);
        if (!tariff.Rates.ContainsKey(priced))
            return Refusal.NoFreeLocker;

        Rental rental = Rental.Hold(tariff, priced, request.Hours, now);
        var lease = Guid.CreateVersion7(now);
        var parameters = new
        {
            lease, candidates, person, site = site.Id, rental.Hours, priced = priced.Text(), rental.HoldUntil, now,
            tariff = JsonSerializer.Serialize(tariff, Json.Options),
        };
        if (!await Claim(tx, parameters, candidates.Count))
            return chosen is null ? Refusal.NoFreeLocker : Refusal.LockerTaken;
        LeaseRow held = (await LeaseRow.Lock(tx, lease, person))!;
        tx.Journal(held.Entry(now, JournalKinds.LeaseHeld, JournalEntry.ByPerson(person)));
        return LeaseViews.Of(held, places, now);
    }

    /// <summary>
    /// Two people who want the same locker meet at the unique index: one gets it, the other tries the next candidate. First without waiting for
    /// lockers that somebody touches at this moment; then, before saying that none is free, with waiting.
    /// </summary>
    /// <param name="kind">Of the lease.</param>
    public static async Task<bool> Claim(Transaction tx, object parameters, int candidates, string kind = "rental")
    {
        bool skipLocked = true;
        // A round that finds a locker and loses it means that somebody else has won it: there cannot be more losses than candidates.
        for (int round = 0; round <= candidates + 1; round++)
        {
            var claim = await tx.First<ClaimRow>(ClaimSql(skipLocked, kind), parameters);
            if (claim!.Won)
                return true;
            if (!claim.Found && !skipLocked)
                return false;
            skipLocked = claim.Found;
        }
        return false;
    }

    private static string ClaimSql(bool skipLocked, string kind) =>
        $"""
        with claim as (
          select k.id, k.bank_id from unnest(@candidates) with ordinality as wanted (id, place) join locker k on k.id = wanted.id
          where k.in_service and not exists (select 1 from lease l where l.locker_id = k.id and l.state in {LeaseRow.Live})
          order by wanted.place limit 1 for update of k {(skipLocked ? "skip locked" : "")}),
        won as (
          insert into lease (id, kind, state, person_id, site_id, bank_id, locker_id, hours, size_priced, tariff, hold_until, created_at)
          select @lease, '{kind}', 'held', @person, @site, claim.bank_id, claim.id, @Hours, @priced, @tariff::jsonb, @HoldUntil, @now from claim
          on conflict do nothing
          returning 1)
        select exists (select 1 from claim) as found, exists (select 1 from won) as won
        """;

    /// <summary>Found and not won: somebody else was faster with the one that was found.</summary>
    private sealed class ClaimRow
    {
        public bool Found { get; init; }
        public bool Won { get; init; }
    }

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
        /// <summary>See <see cref="FreeLocker"/>; of a locker k and its device d. A door that was freed by hand and has not moved since still counts: the first who opens it clears it.</summary>
        public const string IsHindered = "(d.online is false or k.door = 'jammed')";

        public const string HinderedAt =
            $$"""
            (select coalesce(array_agg(k.id), '{}') from locker k join bank b on b.id = k.bank_id left join device d on d.id = b.device_id where b.site_id = @site and {{IsHindered}})
            """;

        public static async Task<Situation> Of(Transaction tx, Guid site, Guid person, DateTimeOffset now)
        {
            // One hold of a person at a time: the limit counts rows that are there.
            await using SqlMapper.GridReader rows = await tx.Several(
                $$"""
                select 1 from person where id = @person for update;
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
