using System.Globalization;
using System.Text.Json.Nodes;
using Latchkey.Domain;
using Latchkey.Domain.Payments;
using Latchkey.Server.Features.Payments.Providers;

namespace Latchkey.Server.Features.Payments.Stripe;

/// <summary>
/// Cards through Stripe's hosted checkout, so that no card number ever comes near this server: a Checkout Session whose PaymentIntent is captured by us
/// (docs.stripe.com/payments/place-a-hold-on-a-payment-method). What is told more than once is looked up before it is told again.
/// </summary>
public sealed class StripeProvider(StripeApi api, StripeSettings settings) : IPaymentProvider
{
    // A session lives from 30 minutes to a day after it was made (docs.stripe.com/api/checkout/sessions/create, expires_at); ours is closed at the hold's end. A time of
    // its own and not one counted from now, because the same request again must be the same request.
    private static readonly TimeSpan SessionOutlivesHold = TimeSpan.FromHours(2);

    private const string RefundFailed = "refund-failed";

    public string Name => "stripe";

    public async Task<Checkout> Open(CheckoutRequest request, CancellationToken cancel)
    {
        string home = new Uri(settings.Public, request.ReturnPath).ToString();
        StripeApi.Answer answer = await api.Post(
            "/v1/checkout/sessions",
            $"open-{request.Payment:N}",
            [
                new("mode", "payment"),
                new("payment_method_types[0]", "card"),
                new("line_items[0][quantity]", "1"),
                new("line_items[0][price_data][currency]", request.Amount.Currency.ToLowerInvariant()),
                new("line_items[0][price_data][unit_amount]", Text(StripeAmounts.ToStripe(request.Amount))),
                new("line_items[0][price_data][product_data][name]", request.Description),
                new("payment_intent_data[capture_method]", "manual"),
                new("payment_intent_data[description]", request.Description),
                new("payment_intent_data[metadata][payment]", request.Payment.ToString("D")),
                new("client_reference_id", request.Payment.ToString("D")),
                new("metadata[payment]", request.Payment.ToString("D")),
                new("success_url", home),
                new("cancel_url", home),
                new("expires_at", Text((request.Expires + SessionOutlivesHold).ToUnixTimeSeconds())),
            ],
            cancel);
        return answer.Body is { } session
            ? new Checkout(Required(session, "id"), (string?)session["url"])
            : throw new ProviderAwayException($"Stripe opens no checkout ({answer.Error}).");
    }

    public async Task<ProviderStanding> Ask(string reference, CancellationToken cancel) => StandingOf(await Session(reference, cancel));

    public async Task<ProviderStanding> Close(string reference, Guid key, CancellationToken cancel)
    {
        ProviderStanding standing = StandingOf(await Session(reference, cancel));
        if (standing.Word is not (ProviderWord.Open or ProviderWord.Declined))
            return standing;
        await api.Post($"/v1/checkout/sessions/{reference}/expire", $"close-{key:N}", [], cancel);
        // Closed now, or paid at the same moment: either way it says so itself.
        standing = StandingOf(await Session(reference, cancel));
        return standing.Word is ProviderWord.Open or ProviderWord.Declined ? throw new ProviderAwayException("Stripe does not close a checkout yet.") : standing;
    }

    public async Task<string?> Capture(string reference, Guid key, Money amount, CancellationToken cancel)
    {
        JsonNode intent = await Intent(reference, cancel);
        switch ((string?)intent["status"])
        {
            case "succeeded":
                return Received(intent) == amount ? null : "another-sum-was-taken";
            case "requires_capture":
                StripeApi.Answer answer = await api.Post($"/v1/payment_intents/{Required(intent, "id")}/capture", $"capture-{key:N}", [new("amount_to_capture", Text(StripeAmounts.ToStripe(amount)))], cancel);
                return answer.Body is null ? answer.Error : (string?)answer.Body["status"] == "succeeded" ? null : throw new ProviderAwayException("Stripe has not captured yet.");
            default:
                return $"intent-{(string?)intent["status"]}";
        }
    }

    public async Task<string?> Void(string reference, Guid key, CancellationToken cancel)
    {
        JsonNode session = await Session(reference, cancel);
        if ((string?)session["status"] == "expired")
            return null;
        if ((string?)session["status"] == "open")
        {
            await api.Post($"/v1/checkout/sessions/{reference}/expire", $"close-{key:N}", [], cancel);
            throw new ProviderAwayException("The checkout was open; it is looked at again.");
        }
        JsonNode intent = session["payment_intent"] ?? throw new ProviderAwayException("A checkout that is complete has no intent.");
        switch ((string?)intent["status"])
        {
            case "canceled":
                return null;
            case "succeeded":
                return "already-captured";
            default:
                StripeApi.Answer answer = await api.Post($"/v1/payment_intents/{Required(intent, "id")}/cancel", $"void-{key:N}", [new("cancellation_reason", "abandoned")], cancel);
                return answer.Body is null ? answer.Error : null;
        }
    }

    public async Task<string?> Refund(string reference, Guid key, Money amount, CancellationToken cancel)
    {
        string intent = Required(await Intent(reference, cancel), "id");
        if (await Known(intent, key, cancel) is { } before)
            return Outcome(before);
        StripeApi.Answer answer = await api.Post(
            "/v1/refunds",
            $"refund-{key:N}",
            [new("payment_intent", intent), new("amount", Text(StripeAmounts.ToStripe(amount))), new("metadata[order]", key.ToString("D"))],
            cancel);
        return answer.Body is null ? answer.Error : Outcome(answer.Body);

        // The states of docs.stripe.com/refunds: one that is pending may still fail, and nobody is told that their money is back before it is.
        static string? Outcome(JsonNode refund) => (string?)refund["status"] switch
        {
            "succeeded" => null,
            "failed" or "canceled" => RefundFailed,
            var under => throw new ProviderAwayException($"Stripe's refund is {(under is "pending" or "requires_action" ? under : "in a state that is not known")}.") { IsPending = true },
        };
    }

    public async Task<string?> AskRefund(string reference, Guid key, CancellationToken cancel)
    {
        JsonNode refund = await Known(Required(await Intent(reference, cancel), "id"), key, cancel) ?? throw new ProviderAwayException("Stripe does not know a refund that it has made.");
        return (string?)refund["status"] is "failed" or "canceled" ? RefundFailed : null;
    }

    /// <summary>The refund that was made under this name; null when there is none yet.</summary>
    private async Task<JsonNode?> Known(string intent, Guid key, CancellationToken cancel)
    {
        StripeApi.Answer known = await api.Get($"/v1/refunds?payment_intent={intent}&limit=100", cancel);
        return known.Body?["data"]?.AsArray().FirstOrDefault(refund => (string?)refund?["metadata"]?["order"] == key.ToString("D"));
    }

    private async Task<JsonNode> Session(string reference, CancellationToken cancel)
    {
        StripeApi.Answer answer = await api.Get($"/v1/checkout/sessions/{reference}?expand[]=payment_intent.latest_charge", cancel);
        return answer.Body ?? throw new ProviderAwayException($"Stripe shows no checkout ({answer.Error}).");
    }

    private async Task<JsonNode> Intent(string reference, CancellationToken cancel) =>
        (await Session(reference, cancel))["payment_intent"] ?? throw new ProviderAwayException("The checkout has no intent yet.");

    /// <summary>Session and intent in one word; the intent's states are on docs.stripe.com/payments/paymentintents/lifecycle.</summary>
    private static ProviderStanding StandingOf(JsonNode session)
    {
        JsonNode? intent = session["payment_intent"];
        string? status = (string?)intent?["status"];
        string? method = (string?)intent?["latest_charge"]?["payment_method_details"]?["card"]?["last4"] is { Length: 4 } last4
            ? $"{Brand((string?)intent["latest_charge"]!["payment_method_details"]!["card"]!["brand"])} ...{last4}"
            : null;
        return ((string?)session["status"], status) switch
        {
            (_, "requires_capture") => new ProviderStanding(ProviderWord.Authorised, StripeAmounts.FromStripe((long)intent!["amount"]!, Required(intent, "currency")), Method: method),
            (_, "succeeded") => new ProviderStanding(ProviderWord.Captured, Received(intent!), Method: method),
            (_, "canceled") => new ProviderStanding(ProviderWord.Closed),
            ("expired", _) => new ProviderStanding(ProviderWord.Closed),
            (_, "processing") => new ProviderStanding(ProviderWord.Processing),
            ("complete", _) => new ProviderStanding(ProviderWord.Processing),
            (_, "requires_payment_method") when intent!["last_payment_error"] is { } error =>
                new ProviderStanding(ProviderWord.Declined, Reason: ((string?)error["decline_code"] ?? (string?)error["code"] ?? "card-declined").Replace('_', '-')),
            _ => new ProviderStanding(ProviderWord.Open),
        };
    }

    private static string Brand(string? brand) => brand is { Length: > 0 and < 20 } ? $"{char.ToUpperInvariant(brand[0])}{brand[1..]}" : "Card";

    private static Money Received(JsonNode intent) => StripeAmounts.FromStripe((long)intent["amount_received"]!, Required(intent, "currency"));

    private static string Required(JsonNode node, string field) =>
        (string?)node[field] is { Length: > 0 and <= 200 } text && text.All(c => char.IsAsciiLetterOrDigit(c) || c is '_' or '-') ? text : throw new ProviderAwayException($"Stripe's answer lacks its {field}.");

    private static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);
}
