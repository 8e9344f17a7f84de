using System.Text.Json;
using Latchkey.Domain;
using Latchkey.Domain.Leases;
using Latchkey.Domain.Payments;
using Latchkey.Server.Features.Payments;
using Latchkey.Server.Features.Payments.Desk;
using Latchkey.Server.Features.Places;
using Latchkey.Server.Hosting;
using Latchkey.Server.Hosting.Limits;
using Latchkey.Server.Journal;
using Latchkey.Server.Storage;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Latchkey.Server.Features.Visits;

/// <summary>
/// A visitor without an account pays at the desk: the gate has shown the amount and stays shut until staff say that they took it. Then the same card goes out within half an hour; whoever stays
/// longer pays what has come to it since.
/// </summary>
public static class PayVisit
{
    /// <param name="By"><c>cash</c> or <c>card</c>, on a terminal of the desk's own.</param>
    /// <param name="Minor">What was taken, in minor units: all that is due, as the list of visits says it.</param>
    public sealed record Request(string By, long Minor);

    /// <param name="Until">Until then the card goes out without another payment.</param>
    public sealed record Paid(Guid Id, Money Amount, DateTimeOffset Until);

    private static readonly Refusal NothingDue = new("already-paid", RefusalKind.Conflict, "Nothing is due: the card goes out at the gate.");

    public static void Map(IEndpointRouteBuilder routes) =>
        routes.MapPost("/staff/visits/{id:guid}/payment", Handle).WithName("PayVisit").TakesKey().SignedIn().Produces<Paid>().LimitedAs(RateKind.Money);

    private static async Task<Results<JsonHttpResult<Paid>, ProblemHttpResult>> Handle(
        Guid id, Request request, HttpContext http, Idempotency idempotency, Db db, PlaceBook places, TimeProvider time, CancellationToken cancel)
    {
        if (TakeAtDesk.TakenBy(request.By).That(request.Minor > 0, "minor", "Say how much was taken.").Problem is { } invalid)
            return invalid;
        if (await SiteStaff.Refuses(http, db, await ReleaseVisit.SiteOf(db, id, cancel), cancel) is { } forbidden)
            return forbidden;
        Guid staff = http.Caller().Id;
        return await idempotency.Once<Paid>(
            http, staff, request, StatusCodes.Status200OK,
            async tx =>
            {
                DateTimeOffset now = time.GetUtcNow();
                if (await ReleaseVisit.Lock(tx, id) is not { State: "active" } row)
                    return Refusal.VisitOver;
                if (!places.Site(row.SiteId)!.Desk)
                    return Refusal.NoDesk;
                Money due = row.Visit().Due(now);
                if (due.Minor == 0)
                    return NothingDue;
                // Between the look and the press an hour may have begun: nobody takes less than what is due, or more.
                if (due.Minor != request.Minor)
                    return new Refusal("amount-changed", RefusalKind.Conflict, $"{Currencies.Text(due)} is due now. Take that.");
                var payment = Guid.CreateVersion7(now);
                await tx.Execute(
                    """
                    insert into payment (id, lease_id, part, state, provider, reference, minor, captured_minor, currency, method, created_at)
                      select @payment, @id, coalesce(max(part) + 1, 0), 'captured', 'desk', @reference, @Minor, @Minor, @Currency, @method, @now from payment where lease_id = @id;
                    update lease set called_at = null, called_for = null where id = @id;
                    """,
                    new { payment, id, now, reference = $"desk:{payment:N}", due.Minor, due.Currency, method = TakeAtDesk.MethodOf(request.By) });
                await Books.Enter(tx, id, payment, Settlement.Taken(id, "desk", due), now);
                tx.Journal(row.Entry(now, JournalKinds.DeskTook, JournalEntry.ByPerson(staff), data: JsonSerializer.Serialize(new { payment, by = request.By, minor = due.Minor }, Json.Options)));
                return new Paid(id, due, now + Visit.PaidFor);
            },
            cancel);
    }
}
