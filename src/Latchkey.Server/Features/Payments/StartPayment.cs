using System.Security.Cryptography;
using Dapper;
using Latchkey.Domain;
using Latchkey.Domain.Leases;
using Latchkey.Server.Features.Leases;
using Latchkey.Server.Features.Payments.Providers;
using Latchkey.Server.Features.Places;
using Latchkey.Server.Hosting;
using Latchkey.Server.Hosting.Limits;
using Latchkey.Server.Journal;
using Latchkey.Server.Storage;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Latchkey.Server.Features.Payments;

/// <summary>
/// A customer wants to pay for the locker they hold, by card or at the desk: a checkout is opened for the price that was frozen at the hold and its deposit.
/// </summary>
public static class StartPayment
{

    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapPost("/leases/{id:guid}/payments", Handle).WithName("StartPayment").TakesKey().SignedIn().Produces<PaymentView>(201).LimitedAs(RateKind.Money);
        routes.MapGet("/payments/{id:guid}", Show).WithName("ShowPayment").SignedIn();
    }

    private static async Task<Results<JsonHttpResult<PaymentView>, ProblemHttpResult>> Handle(
        Guid id, HttpContext http, Idempotency idempotency, Db db, Checkouts checkouts, PaymentArrivals arrivals, PaymentProviders providers, MoneyOrders orders, PlaceBook places,
        TimeProvider time, CancellationToken cancel, string at = "card")
    {
        Guid person = http.Caller().Id;
        if (new Check().That(at is "card" or "desk", "at", "One pays by card, or at the desk where the site's staff take money.").Problem is { } invalid)
            return invalid;
        var answer = await idempotency.Once<PaymentView>(
            http, person, at == "card" ? null : at, StatusCodes.Status201Created,
            tx => Begin(tx, id, person, at == "desk" ? "desk" : providers.ForCards.Name, arrivals, places, time.GetUtcNow()), cancel);
        if (answer.Result is not JsonHttpResult<PaymentView> { Value: { } payment })
            return answer;
        // Another checkout may have to be closed, which nobody waits for.
        orders.Wake();
        if (await checkouts.Open(payment.Id, cancel) is { } away)
            return away;
        return TypedResults.Json((await Load(db, payment.Id, person, cancel))!, Json.Options, statusCode: StatusCodes.Status201Created);
    }

    private static async Task<Decision<PaymentView>> Begin(
        Transaction tx, Guid lease, Guid person, string provider, PaymentArrivals arrivals, PlaceBook places, DateTimeOffset now)
    {
        if (await LeaseRow.LockPaid(tx, lease, person) is not { } row)
            return Refusal.NotFound("rental");
        Decision<Rental> paid = row.Rental().Pay(now);
        if (paid.Refusal is { } refused)
            return refused;
        if (provider == "desk" && !places.Site(row.SiteId)!.Desk)
            return Refusal.NoDesk;
        // One open checkout is enough: who comes back to pay gets the one they left. Who pays another way now leaves it.
        if (row.PaymentState is "pending" or "processing" or "declined")
        {
            if (row.PaymentProvider == provider || row.PaymentState == "processing")
                return PaymentViews.Of(row)!;
            await MoneyOrders.CloseCheckouts(tx, [lease], now);
        }
        Money amount = row.Rental().ToAuthorise;
        await tx.Execute(
            """
            insert into payment (id, lease_id, state, provider, minor, currency, desk_code, created_at)
            values (@payment, @lease, @state, @provider, @Minor, @Currency, @code, @now)
            """,
            new
            {
                payment = Guid.CreateVersion7(now), lease, amount.Minor, amount.Currency, now,
                provider = amount.Minor == 0 ? "none" : provider,
                state = amount.Minor == 0 ? "authorised" : "pending",
                code = provider == "desk" ? RandomNumberGenerator.GetString("ABCDEFGHJKLMNPQRSTUVWXYZ23456789", 6) : null, // told aloud: no letters that sound or look alike; found with a lease's rights only
            });
        LeaseRow after = (await LeaseRow.LockPaid(tx, lease, person))!;
        if (amount.Minor == 0)
        {
            // Nothing to reserve, nobody to ask.
            await arrivals.Activate(tx, after, now);
            tx.Journal(after.Entry(now, JournalKinds.PaymentAuthorised, JournalEntry.ByServer));
            tx.Journal(after.Entry(now, JournalKinds.LeaseActive, JournalEntry.ByPerson(person)));
            after = (await LeaseRow.LockPaid(tx, lease, person))!;
        }
        return PaymentViews.Of(after)!;
    }

    private static async Task<Results<Ok<PaymentView>, ProblemHttpResult>> Show(Guid id, HttpContext http, Db db, CancellationToken cancel) =>
        await Load(db, id, http.Caller().Id, cancel) is { } payment ? TypedResults.Ok(payment) : Problems.Of(Refusal.NotFound("payment"));

    private static async Task<PaymentView?> Load(Db db, Guid id, Guid person, CancellationToken cancel) => await db.Read(
        c => c.QueryFirstOrDefaultAsync<LeaseRow>(LeaseRow.SelectWithPayment("p.id = @id") + "\nwhere p.id = @id and l.person_id = @person", new { id, person }), cancel) is { } row
        ? PaymentViews.Of(row)
        : null;
}
