using System.Buffers.Text;
using System.Security.Cryptography;
using Dapper;
using Latchkey.Domain;
using Latchkey.Domain.Leases;
using Latchkey.Server.Features.Leases;
using Latchkey.Server.Hosting;
using Latchkey.Server.Hosting.Limits;
using Latchkey.Server.Storage;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Latchkey.Server.Features.Payments;

/// <summary>A customer wants to pay for the locker they hold: a checkout is opened for the price that was frozen at the hold.</summary>
public static class StartPayment
{
    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapPost("/leases/{id:guid}/payments", Handle).WithName("StartPayment").SignedIn().Produces<PaymentView>(201).LimitedAs(RateKind.Money);
        routes.MapGet("/payments/{id:guid}", Show).WithName("ShowPayment").SignedIn();
    }

    private static async Task<Results<JsonHttpResult<PaymentView>, ProblemHttpResult>> Handle(
        Guid id, HttpContext http, Idempotency idempotency, TimeProvider time, CancellationToken cancel)
    {
        Guid person = http.Caller().Id;
        return await idempotency.Once<PaymentView>(http, person, null, StatusCodes.Status201Created, tx => Open(tx, id, person, time.GetUtcNow()), cancel);
    }

    private static async Task<Decision<PaymentView>> Open(Transaction tx, Guid lease, Guid person, DateTimeOffset now)
    {
        if (await LeaseRow.Lock(tx, lease, person) is not { } row)
            return Refusal.NotFound("rental");
        Decision<Rental> paid = row.Rental().Pay(now);
        if (paid.Refusal is { } refused)
            return refused;
        // One open checkout is enough: who comes back to pay gets the one they left.
        if (row.PaymentState is "pending" or "declined")
            return PaymentViews.Of(row)!;
        Money amount = row.Rental().Quote;
        await tx.Execute(
            """
            insert into payment (id, lease_id, state, minor, currency, checkout_token, created_at)
            values (@payment, @lease, 'pending', @Minor, @Currency, @token, @now)
            """,
            new
            {
                payment = Guid.CreateVersion7(now), lease, amount.Minor, amount.Currency, now,
                token = Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(24)),
            });
        return PaymentViews.Of((await LeaseRow.Lock(tx, lease, person))!)!;
    }

    private static async Task<Results<Ok<PaymentView>, ProblemHttpResult>> Show(Guid id, HttpContext http, Db db, CancellationToken cancel)
    {
        LeaseRow? row = await db.Read(
            c => c.QueryFirstOrDefaultAsync<LeaseRow>(
                LeaseRow.Select + "\nwhere p.id = @id and l.person_id = @person", new { id, person = http.Caller().Id }),
            cancel);
        return row is null ? Problems.Of(Refusal.NotFound("payment")) : TypedResults.Ok(PaymentViews.Of(row)!);
    }
}
