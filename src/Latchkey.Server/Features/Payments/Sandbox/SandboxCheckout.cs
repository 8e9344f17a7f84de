using Dapper;
using Latchkey.Domain;
using Latchkey.Domain.Payments;
using Latchkey.Server.Features.Payments.Providers;
using Latchkey.Server.Hosting;
using Latchkey.Server.Hosting.Limits;
using Latchkey.Server.Storage;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Latchkey.Server.Features.Payments.Sandbox;

/// <summary>The sandbox provider's hosted page: a person chooses a test card, and answers when its bank asks.</summary>
public static class SandboxCheckout
{
    public sealed record Card(string Number, string Label, string Effect);

    /// <param name="State"><c>open</c>, <c>challenge</c> (the bank asks), <c>processing</c>, <c>done</c> or <c>expired</c>.</param>
    public sealed record View(
        Guid PaymentId, string Merchant, string Description, Money Amount, string State, string? DeclineReason, DateTimeOffset ExpiresAt, IReadOnlyList<Card> Cards, string ReturnUrl);

    public sealed record PayRequest(string Card);

    /// <param name="Approve">Whether it is really them.</param>
    public sealed record ChallengeRequest(bool Approve);

    /// <param name="State"><c>authorised</c>, <c>declined</c>, <c>challenge</c>, <c>processing</c>, or <c>unknown</c>: the answer was lost.</param>
    public sealed record PayAnswer(string State, string? Reason, string ReturnUrl);

    private static readonly Refusal NoSuchCard = new("invalid-request", RefusalKind.Invalid, "The sandbox knows only the cards it lists.");

    private static readonly Refusal Expired = new("checkout-expired", RefusalKind.Conflict, "This checkout has run out. Nothing was taken.");

    private static readonly Refusal NoChallenge = new("no-challenge", RefusalKind.Conflict, "No bank asks anything about this payment.");

    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet("/sandbox/checkouts/{token}", Show).WithName("ShowSandboxCheckout");
        routes.MapPost("/sandbox/checkouts/{token}", Pay).WithName("PaySandboxCheckout").LimitedAs(RateKind.Money);
        routes.MapPost("/sandbox/checkouts/{token}/challenge", Challenge).WithName("AnswerSandboxChallenge").LimitedAs(RateKind.Money);
    }

    private static async Task<Results<Ok<View>, ProblemHttpResult>> Show(string token, Db db, TimeProvider time, CancellationToken cancel)
    {
        SandboxPayment? row = await db.Read(c => c.QueryFirstOrDefaultAsync<SandboxPayment>(SandboxPayment.Select, new { token }), cancel);
        if (row is null)
            return Problems.Of(Refusal.NotFound("checkout"));
        ProviderWord word = row.Standing(time.GetUtcNow()).Word;
        string state = word switch
        {
            ProviderWord.Open when row.State == "challenge" => "challenge",
            ProviderWord.Open or ProviderWord.Declined => "open",
            ProviderWord.Processing => "processing",
            ProviderWord.Closed => "expired",
            _ => "done",
        };
        return TypedResults.Ok(new View(
            row.MerchantKey, "Latchkey sandbox", row.Description, row.Amount, state, row.DeclineReason, row.ExpiresAt,
            [.. SandboxCard.All.Select(c => new Card(c.Number, c.Label, c.Effect == CardEffect.Decline ? c.Reason! : c.Effect == CardEffect.Authorise ? "authorised" : c.Effect.Text()))], row.ReturnUrl));
    }

    private static async Task<Results<Ok<PayAnswer>, ProblemHttpResult>> Pay(
        string token, PayRequest request, Db db, PaymentArrivals arrivals, TimeProvider time, ILogger<SandboxPayment> log, CancellationToken cancel)
    {
        if (SandboxCard.All.FirstOrDefault(c => c.Number == request.Card) is not { } card)
            return Problems.Of(NoSuchCard);
        return await Answer(token, row => Outcome(row, card, time.GetUtcNow()), db, arrivals, time, log, cancel);
    }

    private static async Task<Results<Ok<PayAnswer>, ProblemHttpResult>> Challenge(
        string token, ChallengeRequest request, Db db, PaymentArrivals arrivals, TimeProvider time, ILogger<SandboxPayment> log, CancellationToken cancel) =>
        await Answer(
            token,
            row => row.State != "challenge" ? NoChallenge : request.Approve ? new Next("authorised", row.Card) : new Next("declined", row.Card, "challenge-failed"),
            db, arrivals, time, log, cancel);

    private static Decision<Next> Outcome(SandboxPayment row, SandboxCard card, DateTimeOffset now)
    {
        string last = card.Number[^4..];
        return card.Effect switch
        {
            CardEffect.Decline => new Next("declined", last, card.Reason),
            CardEffect.Challenge => new Next("challenge", last),
            CardEffect.Slow => new Next("processing", last, OutcomeAt: now + SandboxCard.Thinks),
            CardEffect.TooLate => new Next("processing", last, OutcomeAt: row.ExpiresAt + SandboxCard.LateBy),
            CardEffect.LoseAnswer => new Next("authorised", last, TellsNobody: true),
            _ => new Next("authorised", last),
        };
    }

    /// <summary>The sandbox writes what it decides into its own books; then it calls the merchant, as a webhook does, and tells the person.</summary>
    private static async Task<Results<Ok<PayAnswer>, ProblemHttpResult>> Answer(
        string token, Func<SandboxPayment, Decision<Next>> decide, Db db, PaymentArrivals arrivals, TimeProvider time, ILogger log, CancellationToken cancel)
    {
        DateTimeOffset now = time.GetUtcNow();
        Decision<(Next Next, SandboxPayment Row)> decision = await db.Decide<(Next, SandboxPayment)>(
            async tx =>
            {
                if (await tx.First<SandboxPayment>(SandboxPayment.Select + " for update", new { token }) is not { } row)
                    return Refusal.NotFound("checkout");
                ProviderWord word = row.Standing(now).Word;
                if (word == ProviderWord.Closed)
                    return Expired;
                // Pressing "Pay" twice, or an answer that got lost: the first success stands.
                if (word is not (ProviderWord.Open or ProviderWord.Declined))
                    return (new Next(word == ProviderWord.Processing ? "processing" : "authorised", row.Card), row);
                Decision<Next> next = decide(row);
                if (next.Refusal is { } refused)
                    return refused;
                await tx.Execute(
                    "update sandbox_payment set state = @State, card = @Card, decline_reason = @Reason, outcome_at = @OutcomeAt where token = @token",
                    new { token, next.Value.State, next.Value.Card, next.Value.Reason, next.Value.OutcomeAt });
                return (next.Value, row);
            },
            cancel);
        if (decision.Refusal is { } no)
            return Problems.Of(no);
        (Next answer, SandboxPayment payment) = decision.Value;
        KillPoint.At(KillPoint.PaidAtProvider);
        if (answer.TellsNobody)
            return TypedResults.Ok(new PayAnswer("unknown", null, payment.ReturnUrl));
        if (answer.State == "challenge")
            return TypedResults.Ok(new PayAnswer("challenge", null, payment.ReturnUrl));
        bool kept = true;
        try
        {
            kept = await arrivals.Ask(payment.MerchantKey, TimeSpan.FromSeconds(8), cancel);
        }
        catch (ProviderAwayException e)
        {
            log.LogWarning("The sandbox could not tell the merchant ({Reason}).", e.Message);
        }
        return kept || answer.State != "authorised" ? TypedResults.Ok(new PayAnswer(answer.State, answer.Reason, payment.ReturnUrl)) : Problems.Of(Expired);
    }

    private sealed record Next(string State, string? Card, string? Reason = null, DateTimeOffset? OutcomeAt = null, bool TellsNobody = false);
}
