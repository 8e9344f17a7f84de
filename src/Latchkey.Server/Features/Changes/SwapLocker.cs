using Dapper;
using Latchkey.Domain;
using Latchkey.Domain.Leases;
using Latchkey.Domain.Lockers;
using Latchkey.Server.Devices;
using Latchkey.Server.Features.Accounts;
using Latchkey.Server.Features.Leases;
using Latchkey.Server.Features.Payments.Providers;
using Latchkey.Server.Features.Places;
using Latchkey.Server.Hosting;
using Latchkey.Server.Hosting.Limits;
using Latchkey.Server.Storage;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Latchkey.Server.Features.Changes;

/// <summary>
/// A customer's things do not fit: they see which larger lockers are free and what each costs, empty theirs and shut it, and have the smallest that fits instead. What is over keeps its price.
/// </summary>
public static class SwapLocker
{
    /// <param name="Size">The larger size that is wanted; a larger one still is given for its price where none is free.</param>
    public sealed record Request(LockerSize Size);

    /// <param name="Locker">The label of the locker that it would be now.</param>
    /// <param name="Price">What it adds to the price of the whole rental, if all its hours are used.</param>
    /// <param name="Amount">What is reserved for it now: price and deposit.</param>
    public sealed record Option(LockerSize Size, string Locker, string Bank, Money Price, Money Amount);

    /// <param name="Wait">Why it cannot be done at this moment, as a code: <c>door-open</c>, <c>not-empty</c>, <c>door-stuck</c>, <c>command-pending</c>; or null.</param>
    /// <param name="Waiting">What was asked for and is not paid yet.</param>
    public sealed record Options(string? Wait, IReadOnlyList<Option> Items, LeaseChange.View? Waiting);

    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet("/leases/{id:guid}/swap", Show).WithName("ShowSwaps").SignedIn(Scopes.LeasesRead);
        routes.MapPost("/leases/{id:guid}/swap", Handle).WithName("SwapLocker").TakesKey().SignedIn().Produces<LeaseChange.View>(201).LimitedAs(RateKind.Money);
    }

    private static async Task<Results<Ok<Options>, ProblemHttpResult>> Show(Guid id, HttpContext http, Db db, PlaceBook places, TimeProvider time, CancellationToken cancel)
    {
        Guid person = http.Caller().Id;
        DateTimeOffset now = time.GetUtcNow();
        (LeaseRow? row, LeaseChange? waiting) = await db.Read(
            async c => (
                await c.QueryFirstOrDefaultAsync<LeaseRow>(LeaseRow.Select + "\nwhere l.id = @id and l.person_id = @person and l.kind = 'rental'", new { id, person }),
                await c.QueryFirstOrDefaultAsync<LeaseChange>(LeaseChange.Select + " where c.lease_id = @id and c.state = 'waiting' and c.kind = 'swap' and c.expires_at > @now", new { id, now })),
            cancel);
        if (row is null)
            return Problems.Of(Refusal.NotFound("rental"));
        (Guid[] taken, Guid[] hindered) = await db.Read(
            c => c.QuerySingleAsync<(Guid[], Guid[])>(
                $$"""
                select (select coalesce(array_agg(l.locker_id), '{}') from lease l where l.site_id = @site and {{LeaseRow.IsCurrent}}),
                  {{LockerClaim.HinderedAt}}
                """,
                new { site = row.SiteId, now }),
            cancel);
        LockerPlace left = places.Locker(row.LockerId)!;
        Rental rental = row.Rental();
        List<Option> options = [];
        foreach (LockerSize size in Enum.GetValues<LockerSize>())
        {
            if (rental.Swap(size, left.Size, now) is not { Refusal: null } larger || MoveLease.InOrder(row, size, places, [.. taken], [.. hindered]) is not [var first, ..])
                continue;
            LockerPlace locker = places.Locker(first)!;
            // None of this size is free and the next larger one is offered for itself.
            if (locker.Size == size)
                options.Add(new Option(size, locker.Label, places.Bank(locker.BankId)!.Name, larger.Value.Quote - rental.Quote, larger.Value.More(rental)));
        }
        return TypedResults.Ok(new Options(Rental.MayLeave(row.DoorState(), row.Occupied, row.CommandUnderWay, left.Label)?.Code, options, waiting?.ToView()));
    }

    private static async Task<Results<JsonHttpResult<LeaseChange.View>, ProblemHttpResult>> Handle(
        Guid id, Request request, HttpContext http, Idempotency idempotency, ChangeDesk desk, PlaceBook places, Grants grants, PaymentProviders providers, TimeProvider time, CancellationToken cancel)
    {
        Guid person = http.Caller().Id;
        var answer = await idempotency.Once<LeaseChange.View>(
            http, person, request, StatusCodes.Status201Created,
            async tx =>
            {
                DateTimeOffset now = time.GetUtcNow();
                if (await LeaseRow.Lock(tx, id, person) is not { } row)
                    return Refusal.NotFound("rental");
                LockerPlace left = places.Locker(row.LockerId)!;
                Decision<Rental> larger = row.Rental().Swap(request.Size, left.Size, now);
                if ((larger.Refusal ?? await MoveLease.MayLeave(tx, row, left)) is { } refused)
                    return refused;
                // Nobody pays for what is not there.
                if (await MoveLease.Candidates(tx, row, request.Size, places, now) is [])
                    return Refusal.NoFreeLocker;
                Decision<LeaseChange> begun = await LeaseChange.Begin(tx, row, LeaseChange.Swap, null, request.Size, larger.Value.More(row.Rental()), providers.ForCards.Name, places, grants, now);
                return begun.Refusal is { } no ? no : begun.Value.ToView();
            },
            cancel);
        return await desk.OpenCheckout(answer, cancel);
    }
}
