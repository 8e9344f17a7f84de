using Dapper;
using Latchkey.Domain;
using Latchkey.Domain.Leases;
using Latchkey.Server.Devices;
using Latchkey.Server.Features.Leases;
using Latchkey.Server.Features.Places;
using Latchkey.Server.Hosting;
using Latchkey.Server.Hosting.Limits;
using Latchkey.Server.Journal;
using Latchkey.Server.Storage;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Latchkey.Server.Features.Payments.Sandbox;

/// <summary>
/// The built-in payment provider's hosted page: it plays the other party, so that the whole product works on a fresh machine. The token in
/// its address is the right to it, as with any hosted checkout.
/// </summary>
public static class SandboxCheckout
{
    public sealed record Card(string Number, string Label, string Effect);

    public sealed record View(
        Guid PaymentId, string Merchant, string Description, Money Amount, string State, string? DeclineReason, DateTimeOffset ExpiresAt, IReadOnlyList<Card> Cards, string ReturnUrl);

    public sealed record PayRequest(string Card);

    public sealed record PayAnswer(string State, string? Reason, string ReturnUrl);

    private static readonly IReadOnlyList<Card> Cards =
    [
        new("4242424242424242", "Works", "authorised"),
        new("4000000000000002", "Declined by the bank", "card-declined"),
        new("4000000000009995", "Not enough money", "insufficient-funds"),
    ];

    private static readonly Refusal NoSuchCard = new("invalid-request", RefusalKind.Invalid, "The sandbox knows only the cards it lists.");

    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet("/sandbox/checkouts/{token}", Show).WithName("ShowSandboxCheckout");
        routes.MapPost("/sandbox/checkouts/{token}", Pay).WithName("PaySandboxCheckout").LimitedAs(RateKind.Money);
    }

    private static async Task<Results<Ok<View>, ProblemHttpResult>> Show(string token, Db db, PlaceBook places, TimeProvider time, CancellationToken cancel)
    {
        LeaseRow? row = await db.Read(
            c => c.QueryFirstOrDefaultAsync<LeaseRow>(LeaseRow.Select + "\nwhere l.id = (select lease_id from payment where checkout_token = @token) and p.checkout_token = @token", new { token }), cancel);
        if (row is null)
            return Problems.Of(Refusal.NotFound("checkout"));
        string state = row.PaymentState switch
        {
            "pending" or "declined" => row.Rental().State == LeaseState.Held && !row.Rental().HoldHasRunOut(time.GetUtcNow()) ? "open" : "expired",
            "voided" => "expired",
            _ => "done",
        };
        PaymentView payment = PaymentViews.Of(row)!;
        LockerPlace locker = places.Locker(row.LockerId)!;
        return TypedResults.Ok(new View(
            payment.Id, "Latchkey sandbox", $"Locker {locker.Label}, {places.Site(row.SiteId)!.Name}, {row.Hours} h", payment.Amount, state, payment.DeclineReason,
            row.HoldUntil, Cards, $"/lease/{row.Id:D}"));
    }

    private static async Task<Results<Ok<PayAnswer>, ProblemHttpResult>> Pay(string token, PayRequest request, Db db, Grants grants, PlaceBook places, TimeProvider time, CancellationToken cancel)
    {
        if (Cards.FirstOrDefault(c => c.Number == request.Card) is not { } card)
            return Problems.Of(NoSuchCard);
        Decision<PayAnswer> decision = await db.Decide<PayAnswer>(
            async tx =>
            {
                var found = await tx.First<(Guid Lease, Guid Person)>(
                    "select l.id, l.person_id from payment p join lease l on l.id = p.lease_id where p.checkout_token = @token", new { token });
                if (found.Lease == Guid.Empty || await LeaseRow.Lock(tx, found.Lease, found.Person) is not { } row || row.PaymentToken != token)
                    return Refusal.NotFound("checkout");
                return await Charge(tx, row, card, grants, places, time.GetUtcNow());
            },
            cancel);
        return decision.Refusal is { } refused ? Problems.Of(refused) : TypedResults.Ok(decision.Value);
    }

    private static async Task<Decision<PayAnswer>> Charge(Transaction tx, LeaseRow row, Card card, Grants grants, PlaceBook places, DateTimeOffset now)
    {
        string returnUrl = $"/lease/{row.Id:D}";
        // Pressing "Pay" twice, or an answer that got lost: the first success stands.
        if (row.PaymentState is "authorised" or "captured")
            return new PayAnswer("authorised", null, returnUrl);
        Decision<Rental> paid = row.Rental().Pay(now);
        if (paid.Refusal is { } refused)
            return refused;
        string method = $"Sandbox card ...{card.Number[^4..]}";
        if (card.Effect != "authorised")
        {
            await tx.Execute(
                "update payment set state = 'declined', decline_reason = @Effect, method = @method where id = @PaymentId", new { card.Effect, method, row.PaymentId });
            tx.Journal(row.Entry(now, JournalKinds.PaymentDeclined, "provider:sandbox"));
            return new PayAnswer("declined", card.Effect, returnUrl);
        }
        await tx.Execute("update payment set state = 'authorised', decline_reason = null, method = @method where id = @PaymentId", new { method, row.PaymentId });
        await tx.Execute(
            "update lease set state = @state, paid_from = @PaidFrom, paid_until = @PaidUntil where id = @Id",
            new { row.Id, state = paid.Value.State.Text(), paid.Value.PaidFrom, paid.Value.PaidUntil });
        await grants.Begin(tx, row.Id, places.Locker(row.LockerId)!, places.Bank(row.BankId)!, now);
        tx.Journal(row.Entry(now, JournalKinds.PaymentAuthorised, "provider:sandbox"));
        tx.Journal(row.Entry(now, JournalKinds.LeaseActive, JournalEntry.ByPerson(row.PersonId)));
        return new PayAnswer("authorised", null, returnUrl);
    }
}
