using System.Text.Json;
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
        LockerClaim.Situation state = await LockerClaim.Situation.Of(tx, site.Id, person, now);
        // Their access token may live a moment longer than their account.
        if (state.Erased)
            return Refusal.NotFound("account");
        if (state.Holds >= Rental.MostHolds)
            return Refusal.TooManyHolds;

        LockerPlace? chosen = request.LockerId is { } pick ? places.Locker(pick) : null;
        if (chosen is { InService: false })
            return Refusal.LockerTaken;
        IReadOnlyList<Guid> candidates = chosen is not null ? [chosen.Id] : LockerClaim.Candidates(site, request.Size, request.IsReachable, [.. state.Taken], [.. state.Hindered], request.Features);
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
        if (!await LockerClaim.Hold(tx, parameters, candidates.Count))
            return chosen is null ? Refusal.NoFreeLocker : Refusal.LockerTaken;
        LeaseRow held = (await LeaseRow.Lock(tx, lease, person))!;
        tx.Journal(held.Entry(now, JournalKinds.LeaseHeld, JournalEntry.ByPerson(person)));
        return LeaseViews.Of(held, places, now);
    }
}
