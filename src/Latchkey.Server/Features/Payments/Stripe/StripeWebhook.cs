using System.Text.Json;
using System.Text.Json.Nodes;
using Latchkey.Server.Hosting;
using Latchkey.Server.Hosting.Face;
using Latchkey.Server.Hosting.Limits;
using Latchkey.Server.Storage;

namespace Latchkey.Server.Features.Payments.Stripe;

/// <summary>
/// Stripe calls: something has happened to a payment. The call is no more than a doorbell, whatever it says: the payment is asked for at Stripe. So a call that
/// comes twice, late, in another order or never has the same effect as one that comes in time. It is answered when it is written down that somebody has to ask.
/// </summary>
public static class StripeWebhook
{
    // Their largest events of these kinds have some 10 kB.
    private const int MostBytes = 64 * 1024;

    public static void Map(IEndpointRouteBuilder routes)
    {
        // Without Stripe there is nobody who could call.
        if (routes.ServiceProvider.GetService<StripeSettings>() is { } settings)
        {
            // Calls come in crowds after an outage of theirs or ours: counted as reading, by address.
            routes.MapPost("/webhooks/stripe", (HttpContext http, Db db, MoneyOrders orders, TimeProvider time, CancellationToken cancel) => Handle(http, settings, db, orders, time, cancel))
                .TakesNoToken().TakesBody(MostBytes).LimitedAs(RateKind.Reads).ExcludeFromDescription();
        }
    }

    private static async Task<IResult> Handle(HttpContext http, StripeSettings settings, Db db, MoneyOrders orders, TimeProvider time, CancellationToken cancel)
    {
        using var buffer = new MemoryStream();
        await http.Request.Body.CopyToAsync(buffer, cancel);
        byte[] body = buffer.ToArray();
        DateTimeOffset now = time.GetUtcNow();
        if (!StripeSignature.IsGood(http.Request.Headers[StripeSignature.Header].ToString(), body, settings.WebhookSecret, now))
            return Problems.Of(StatusCodes.Status400BadRequest, "bad-signature", "This call is not signed by whom it should be, or is too old.");
        (Guid? payment, Guid? refund) = Named(body);
        if (payment is not null)
        {
            await db.Change(tx => tx.Execute("update payment set ask_at = @now where id = @payment and provider = 'stripe' and state in ('pending', 'processing', 'declined')", new { payment, now }), cancel);
            orders.Wake();
        }
        if (refund is { } order)
        {
            await db.Change(tx => ReturnedRefunds.Rung(tx, order, "stripe", now), cancel);
            orders.Wake();
        }
        return Results.Ok();
    }

    /// <summary>The payment, or the order to give back, that an event names in its metadata; nulls for what is none of ours.</summary>
    private static (Guid? Payment, Guid? Refund) Named(byte[] body)
    {
        try
        {
            JsonNode? named = JsonNode.Parse(body)?["data"]?["object"]?["metadata"];
            return (Id(named?["payment"]), Id(named?["order"]));
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            return (null, null);
        }

        static Guid? Id(JsonNode? name) => Guid.TryParse((string?)name, out Guid id) ? id : null;
    }
}
