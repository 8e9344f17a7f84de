using Dapper;
using Latchkey.Domain;
using Latchkey.Domain.Leases;
using Latchkey.Domain.Pricing;
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
/// A customer keeps the locker longer: sees what so many hours more cost, pays for them, and all that opens the locker goes on opening it, at a bank that is off line too, since a grant ends with
/// its lease and not at a time.
/// </summary>
public static class ExtendRental
{
    /// <param name="Hours">How many more, 1 to 72.</param>
    public sealed record Request(int Hours);

    /// <param name="Price">What these hours add to the price of the whole rental, if all are used.</param>
    /// <param name="Amount">What is reserved for them now.</param>
    public sealed record Option(int Hours, DateTimeOffset Until, Money Price, Money Amount);

    /// <param name="Possible">Until when; null when not any more.</param>
    /// <param name="Waiting">What was asked for and is not paid yet.</param>
    public sealed record Options(DateTimeOffset? Possible, IReadOnlyList<Option> Items, LeaseChange.View? Waiting);

    /// <summary>An hour, an afternoon, a day: what people need who are late.</summary>
    private static readonly int[] Usual = [1, 2, 3, 6, 12, 24, 48, 72];

    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet("/leases/{id:guid}/extensions", Show).WithName("ShowExtensions").SignedIn(Scopes.LeasesRead);
        routes.MapPost("/leases/{id:guid}/extensions", Handle).WithName("ExtendRental").TakesKey().SignedIn().Produces<LeaseChange.View>(201).LimitedAs(RateKind.Money);
    }

    private static async Task<Results<Ok<Options>, ProblemHttpResult>> Show(Guid id, HttpContext http, Db db, TimeProvider time, CancellationToken cancel)
    {
        Guid person = http.Caller().Id;
        (LeaseRow? row, LeaseChange? waiting) = await db.Read(
            async c => (
                await c.QueryFirstOrDefaultAsync<LeaseRow>(LeaseRow.Select + "\nwhere l.id = @id and l.person_id = @person and l.kind = 'rental'", new { id, person }),
                await c.QueryFirstOrDefaultAsync<LeaseChange>(LeaseChange.Select + " where c.lease_id = @id and c.state = 'waiting' and c.kind = 'extend' and c.expires_at > @now", new { id, now = time.GetUtcNow() })),
            cancel);
        if (row is null)
            return Problems.Of(Refusal.NotFound("rental"));
        (Rental rental, DateTimeOffset now) = (row.Rental(), time.GetUtcNow());
        List<Option> options = [];
        foreach (int hours in Usual)
        {
            if (rental.Extend(hours, now) is { Refusal: null } longer)
                options.Add(new Option(hours, longer.Value.PaidUntil!.Value, longer.Value.Quote - rental.Quote, longer.Value.More(rental)));
        }
        return TypedResults.Ok(new Options(options.Count > 0 ? rental.ExtendUntil : null, options, waiting?.ToView()));
    }

    private static async Task<Results<JsonHttpResult<LeaseChange.View>, ProblemHttpResult>> Handle(
        Guid id, Request request, HttpContext http, Idempotency idempotency, ChangeDesk desk, PlaceBook places, Grants grants, PaymentProviders providers, TimeProvider time, CancellationToken cancel)
    {
        if (new Check().That(request.Hours is >= 1 and <= Pricing.LongestHours, "hours", $"A rental is extended by 1 to {Pricing.LongestHours} hours at once.").Problem is { } invalid)
            return invalid;
        Guid person = http.Caller().Id;
        var answer = await idempotency.Once<LeaseChange.View>(
            http, person, request, StatusCodes.Status201Created,
            async tx =>
            {
                DateTimeOffset now = time.GetUtcNow();
                if (await LeaseRow.Lock(tx, id, person) is not { } row)
                    return Refusal.NotFound("rental");
                Decision<Rental> longer = row.Rental().Extend(request.Hours, now);
                if (longer.Refusal is { } refused)
                    return refused;
                Decision<LeaseChange> begun = await LeaseChange.Begin(tx, row, LeaseChange.Extend, request.Hours, null, longer.Value.More(row.Rental()), providers.ForCards.Name, places, grants, now);
                return begun.Refusal is { } no ? no : begun.Value.ToView();
            },
            cancel);
        return await desk.OpenCheckout(answer, cancel);
    }
}
