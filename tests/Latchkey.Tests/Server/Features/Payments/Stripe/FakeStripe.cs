using System.Collections.Concurrent;
using System.Globalization;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Latchkey.Server.Features.Payments.Stripe;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Latchkey.Tests.Server.Features.Payments.Stripe;

/// <summary>
/// Stripe on a port of this machine, as far as we use it, strict where the pages are: unknown and missing parameters are refused, keys are kept with their first
/// result, also a 500, and states move as published. Pages: docs.stripe.com/api/checkout/sessions/create and /retrieve and /expire, /api/payment_intents/capture and
/// /cancel, /api/refunds/create and /list, /api/idempotent_requests, /api/errors, /api/authentication, /currencies.
/// </summary>
internal sealed class FakeStripe : IAsyncDisposable
{
    public const string Key = "sk_test_latchkey", Secret = "whsec_latchkey";

    private readonly WebApplication _app;
    private readonly Lock _gate = new();
    private readonly Dictionary<string, (string Request, int Status, string Body)> _keys = [];
    private readonly Dictionary<string, JsonObject> _sessions = [];
    private readonly List<JsonObject> _refunds = [];
    private int _ids;

    private FakeStripe(WebApplication app) => _app = app;

    public StripeSettings Settings => new(Key, Secret, Address, new Uri("https://lockers.example"));

    /// <summary>What goes wrong with the next POSTs: <c>500</c> before any effect, <c>500-after</c> it, <c>cut</c> after it, <c>hang</c> after it, <c>429</c>.</summary>
    public ConcurrentQueue<string> Faults { get; } = new();

    /// <summary>Every request that was refused for its form, so that a test can ask for none.</summary>
    public ConcurrentQueue<string> Wrong { get; } = new();

    /// <summary>The state in which a refund begins; one of those on docs.stripe.com/refunds.</summary>
    public string RefundsBecome { get; set; } = "succeeded";

    /// <summary>The bank has answered: what was pending is <c>succeeded</c> or <c>failed</c>.</summary>
    public void SettleRefunds(string state) => Locked(() =>
    {
        foreach (JsonObject refund in _refunds.Where(r => (string?)r["status"] == "pending"))
            refund["status"] = state;
        return 0;
    });

    /// <summary>A bank sends a refund back that had succeeded, and they call with what docs.stripe.com/api/events/types names <c>refund.failed</c>.</summary>
    public string SendBack() => Locked(() =>
    {
        JsonObject refund = _refunds.Single(r => (string?)r["status"] == "succeeded");
        refund["status"] = "failed";
        refund["failure_reason"] = "expired_or_canceled_card";
        return new JsonObject
        {
            ["id"] = $"evt_{Interlocked.Increment(ref _ids)}", ["object"] = "event", ["type"] = "refund.failed", ["data"] = new JsonObject { ["object"] = refund.DeepClone() },
        }.ToJsonString();
    });

    public int Posts { get; private set; }

    /// <summary>How often somebody has looked at a session.</summary>
    public int Looks { get; private set; }

    public int Sessions => Locked(() => _sessions.Count);

    private Uri Address => new(_app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First());

    public static async Task<FakeStripe> Start()
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder(["--hostBuilder:reloadConfigOnChange=false"]);
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        WebApplication app = builder.Build();
        var fake = new FakeStripe(app);
        app.Run(fake.Answer);
        await app.StartAsync();
        return fake;
    }

    /// <summary>The person at the hosted page pays.</summary>
    public void Pay(string session) => Locked(() =>
    {
        JsonObject s = _sessions[session];
        ((string?)s["status"]).ShouldBe("open", "a person cannot pay in a session that is not open");
        s["status"] = "complete";
        s["payment_intent"] = Intent(s, "requires_capture");
        return 0;
    });

    /// <summary>The person's card is refused; the session stays open.</summary>
    public void Decline(string session, string code) => Locked(() =>
    {
        JsonObject intent = Intent(_sessions[session], "requires_payment_method");
        intent["last_payment_error"] = new JsonObject { ["type"] = "card_error", ["code"] = "card_declined", ["decline_code"] = code };
        _sessions[session]["payment_intent"] = intent;
        return 0;
    });

    /// <summary>Stripe lets an authorisation go by itself after some days (docs.stripe.com/payments/place-a-hold-on-a-payment-method).</summary>
    public void Lose(string session) => Locked(() =>
    {
        JsonNode intent = _sessions[session]["payment_intent"]!;
        (intent["status"], intent["amount_capturable"], intent["cancellation_reason"]) = ("canceled", 0L, "automatic");
        return 0;
    });

    public JsonObject Session(string id) => Locked(() => (JsonObject)_sessions[id].DeepClone());

    public string SessionState(string session) => (string)Session(session)["status"]!;

    public string IntentState(string session) => (string)Session(session)["payment_intent"]!["status"]!;

    public long Received(string session) => (long)Session(session)["payment_intent"]!["amount_received"]!;

    public long Refunded => Locked(() => _refunds.Sum(r => (long)r["amount"]!));

    public int Refunds => Locked(() => _refunds.Count);

    public string NewestSession => Locked(() => _sessions.Keys.Last());

    /// <summary>An event of docs.stripe.com/api/events/types about a session, as the webhook carries it.</summary>
    public string Event(string session, string type = "checkout.session.completed") => new JsonObject
    {
        ["id"] = $"evt_{Interlocked.Increment(ref _ids)}", ["object"] = "event", ["api_version"] = StripeApi.Version, ["type"] = type, ["livemode"] = false,
        ["data"] = new JsonObject { ["object"] = Session(session) },
    }.ToJsonString();

    public async ValueTask DisposeAsync()
    {
        Faults.Clear();
        await _app.DisposeAsync();
    }

    private T Locked<T>(Func<T> work)
    {
        lock (_gate)
            return work();
    }

    private async Task Answer(HttpContext http)
    {
        if (http.Request.Headers.Authorization != $"Bearer {Key}")
        {
            await Say(http, 401, Error("invalid_request_error", "Invalid API Key provided"));
            return;
        }
        string path = http.Request.Path.Value!;
        if (http.Request.Headers["Stripe-Version"] != StripeApi.Version)
        {
            await Refuse(http, "no pinned Stripe-Version");
            return;
        }
        if (HttpMethods.IsGet(http.Request.Method))
        {
            (int status, JsonNode body) = Locked(() => Read(path, http.Request.Query));
            await Say(http, status, body);
            return;
        }
        Posts++;
        string key = http.Request.Headers["Idempotency-Key"].ToString();
        if (key.Length is 0 or > 255)
        {
            await Refuse(http, "a POST without an idempotency key");
            return;
        }
        Dictionary<string, string> form = http.Request.HasFormContentType ? (await http.Request.ReadFormAsync()).ToDictionary(f => f.Key, f => f.Value.ToString()) : [];
        Faults.TryDequeue(out string? fault);
        if (fault == "429")
        {
            await Say(http, 429, Error("invalid_request_error", "Too many requests", "rate_limit"));
            return;
        }
        string request = path + "?" + string.Join('&', form.OrderBy(f => f.Key, StringComparer.Ordinal).Select(f => $"{f.Key}={f.Value}"));
        (int code, string said, bool replayed) = Locked(() => Once(key, request, () => fault == "500" ? (500, Error("api_error", "down")) : Write(path, form), fault));
        if (replayed)
            http.Response.Headers["Idempotent-Replayed"] = "true";
        switch (fault)
        {
            case "cut":
                http.Abort();
                return;
            case "hang":
                await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, http.RequestAborted).ContinueWith(_ => { }, TaskScheduler.Default);
                return;
        }
        if (code == 400)
            Wrong.Enqueue($"{path}: {said}");
        await Say(http, code, JsonNode.Parse(said)!);
    }

    private (int Status, string Body, bool Replayed) Once(string key, string request, Func<(int, JsonNode)> work, string? fault)
    {
        if (_keys.TryGetValue(key, out var first))
        {
            return first.Request == request
                ? (first.Status, first.Body, true)
                : (400, Error("idempotency_error", "Keys for idempotent requests can only be used with the same parameters they were first used with.").ToJsonString(), false);
        }
        (int status, JsonNode body) = work();
        if (fault == "500-after")
            (status, body) = (500, Error("api_error", "down"));
        // What failed validation is not kept.
        if (status != 400)
            _keys[key] = (request, status, body.ToJsonString());
        return (status, body.ToJsonString(), false);
    }

    private (int, JsonNode) Read(string path, IQueryCollection query)
    {
        const string SessionPath = "/v1/checkout/sessions/";
        if (path.StartsWith(SessionPath, StringComparison.Ordinal))
        {
            if (query.Keys.Except(["expand[]"]).Any())
                return Unknown(query.Keys.First());
            Looks++;
            return _sessions.TryGetValue(path[SessionPath.Length..], out JsonObject? found) ? (200, found.DeepClone()) : (404, Error("invalid_request_error", "No such checkout.session", "resource_missing"));
        }
        if (path == "/v1/refunds")
        {
            if (query.Keys.Except(["payment_intent", "limit"]).FirstOrDefault() is { } extra)
                return Unknown(extra);
            return (200, new JsonObject { ["object"] = "list", ["has_more"] = false, ["data"] = new JsonArray([.. _refunds.Where(r => (string?)r["payment_intent"] == query["payment_intent"]).Select(r => r.DeepClone())]) });
        }
        return (404, Error("invalid_request_error", $"Unrecognized request URL (GET: {path})"));
    }

    private (int, JsonNode) Write(string path, Dictionary<string, string> form)
    {
        string[] parts = path.Split('/', StringSplitOptions.RemoveEmptyEntries);
        return parts switch
        {
            ["v1", "checkout", "sessions"] => CreateSession(form),
            ["v1", "checkout", "sessions", var id, "expire"] => Form(form, [], []) ?? Expire(id),
            ["v1", "payment_intents", var id, "capture"] => Form(form, ["amount_to_capture"], []) ?? Capture(id, form),
            ["v1", "payment_intents", var id, "cancel"] => Form(form, ["cancellation_reason"], []) ?? Cancel(id, form),
            ["v1", "refunds"] => Form(form, ["payment_intent", "amount", "metadata\\[\\w+\\]", "reason"], ["payment_intent"]) ?? Refund(form),
            _ => (404, Error("invalid_request_error", $"Unrecognized request URL (POST: {path})")),
        };
    }

    private (int, JsonNode) CreateSession(Dictionary<string, string> form)
    {
        if (Form(
                form,
                [
                    "mode", "payment_method_types\\[0\\]", "line_items\\[0\\]\\[(quantity|price_data\\]\\[(currency|unit_amount|product_data\\]\\[name))\\]", "client_reference_id", "metadata\\[\\w+\\]",
                    "payment_intent_data\\[(capture_method|description|metadata\\]\\[\\w+)\\]", "success_url", "cancel_url", "expires_at",
                ],
                ["mode", "line_items[0][quantity]", "line_items[0][price_data][currency]", "line_items[0][price_data][unit_amount]", "line_items[0][price_data][product_data][name]", "success_url"]) is { } wrong)
            return wrong;
        if (form["mode"] != "payment" || form.GetValueOrDefault("payment_intent_data[capture_method]") != "manual")
            return (400, Error("invalid_request_error", "this fake knows payments that are captured by hand only", "parameter_invalid"));
        string currency = form["line_items[0][price_data][currency]"];
        if (currency.Any(char.IsUpper) || currency.Length != 3)
            return (400, Error("invalid_request_error", "Currencies are lower case", "parameter_invalid"));
        if (!long.TryParse(form["line_items[0][price_data][unit_amount]"], NumberStyles.None, CultureInfo.InvariantCulture, out long amount) || amount is < 1 or > 99_999_999)
            return (400, Error("invalid_request_error", "Invalid integer", "parameter_invalid_integer"));
        if (currency is "kwd" or "bhd" or "omr" or "jod" or "tnd" && amount % 10 != 0)
            return (400, Error("invalid_request_error", "The last digit must be 0", "invalid_amount"));
        if (!Uri.TryCreate(form["success_url"], UriKind.Absolute, out _))
            return (400, Error("invalid_request_error", "Not a valid URL", "url_invalid"));
        string id = $"cs_test_{Interlocked.Increment(ref _ids)}";
        _sessions[id] = new JsonObject
        {
            ["id"] = id, ["object"] = "checkout.session", ["amount_total"] = amount, ["currency"] = currency, ["status"] = "open", ["payment_status"] = "unpaid", ["payment_intent"] = null,
            ["client_reference_id"] = form.GetValueOrDefault("client_reference_id"), ["metadata"] = new JsonObject { ["payment"] = form.GetValueOrDefault("metadata[payment]") },
            ["expires_at"] = long.Parse(form["expires_at"], CultureInfo.InvariantCulture), ["url"] = $"https://checkout.stripe.com/c/pay/{id}",
        };
        return (200, _sessions[id].DeepClone());
    }

    private (int, JsonNode) Expire(string id)
    {
        if (!_sessions.TryGetValue(id, out JsonObject? session) || (string?)session["status"] != "open")
            return (400, Error("invalid_request_error", "Only Checkout Sessions with a status in [\"open\"] can be expired."));
        session["status"] = "expired";
        return (200, session.DeepClone());
    }

    private (int, JsonNode) Capture(string id, Dictionary<string, string> form)
    {
        if (Of(id) is not { } intent)
            return (404, Error("invalid_request_error", "No such payment_intent", "resource_missing"));
        long amount = form.TryGetValue("amount_to_capture", out string? asked) ? long.Parse(asked, CultureInfo.InvariantCulture) : (long)intent["amount"]!;
        if ((string?)intent["status"] != "requires_capture")
            return (400, Error("invalid_request_error", "This PaymentIntent could not be captured.", "payment_intent_unexpected_state"));
        if (amount > (long)intent["amount_capturable"]!)
            return (400, Error("invalid_request_error", "The amount is too large", "amount_too_large"));
        (intent["status"], intent["amount_received"], intent["amount_capturable"]) = ("succeeded", amount, 0L);
        return (200, intent.DeepClone());
    }

    private (int, JsonNode) Cancel(string id, Dictionary<string, string> form)
    {
        if (form.TryGetValue("cancellation_reason", out string? reason) && reason is not ("duplicate" or "fraudulent" or "requested_by_customer" or "abandoned"))
            return (400, Error("invalid_request_error", "Invalid cancellation_reason", "parameter_invalid"));
        // Of a session's intent only where it waits for its capture.
        if (Of(id) is not { } intent || (string?)intent["status"] != "requires_capture")
            return (400, Error("invalid_request_error", "You cannot cancel this PaymentIntent.", "payment_intent_unexpected_state"));
        (intent["status"], intent["amount_capturable"], intent["cancellation_reason"]) = ("canceled", 0L, reason);
        return (200, intent.DeepClone());
    }

    private (int, JsonNode) Refund(Dictionary<string, string> form)
    {
        if (Of(form["payment_intent"]) is not { } intent || (string?)intent["status"] != "succeeded")
            return (400, Error("invalid_request_error", "This PaymentIntent does not have a successful charge to refund.", "charge_not_refundable"));
        long amount = form.TryGetValue("amount", out string? asked) ? long.Parse(asked, CultureInfo.InvariantCulture) : (long)intent["amount_received"]!;
        if (amount + _refunds.Where(r => (string?)r["payment_intent"] == (string?)intent["id"]).Sum(r => (long)r["amount"]!) > (long)intent["amount_received"]!)
            return (400, Error("invalid_request_error", "Refund amount is greater than unrefunded amount on charge", "amount_too_large"));
        var refund = new JsonObject
        {
            ["id"] = $"re_{Interlocked.Increment(ref _ids)}", ["object"] = "refund", ["amount"] = amount, ["payment_intent"] = form["payment_intent"], ["status"] = RefundsBecome,
            ["metadata"] = new JsonObject { ["order"] = form.GetValueOrDefault("metadata[order]") },
        };
        _refunds.Add(refund);
        return (200, refund.DeepClone());
    }

    private JsonObject? Of(string intent) => _sessions.Values.Select(s => s["payment_intent"] as JsonObject).FirstOrDefault(i => (string?)i?["id"] == intent);

    private JsonObject Intent(JsonObject session, string status) => new()
    {
        ["id"] = $"pi_{Interlocked.Increment(ref _ids)}", ["object"] = "payment_intent", ["amount"] = (long)session["amount_total"]!, ["amount_received"] = 0L, ["currency"] = (string?)session["currency"],
        ["amount_capturable"] = status == "requires_capture" ? (long)session["amount_total"]! : 0L, ["status"] = status, ["metadata"] = session["metadata"]!.DeepClone(),
        ["latest_charge"] = new JsonObject { ["payment_method_details"] = new JsonObject { ["card"] = new JsonObject { ["brand"] = "visa", ["last4"] = "4242" } } },
    };

    private static (int, JsonNode)? Form(Dictionary<string, string> form, string[] known, string[] required)
    {
        foreach (string name in form.Keys)
        {
            if (!known.Any(k => Regex.IsMatch(name, $"^{k}$", RegexOptions.None, TimeSpan.FromSeconds(1))))
                return Unknown(name);
        }
        return required.FirstOrDefault(r => !form.ContainsKey(r)) is { } missing ? (400, Error("invalid_request_error", $"Missing required param: {missing}.", "parameter_missing")) : null;
    }

    private static (int, JsonNode) Unknown(string name) => (400, Error("invalid_request_error", $"Received unknown parameter: {name}", "parameter_unknown"));

    private static JsonObject Error(string type, string message, string? code = null) => new() { ["error"] = new JsonObject { ["type"] = type, ["code"] = code, ["message"] = message } };

    private async Task Refuse(HttpContext http, string why)
    {
        Wrong.Enqueue(why);
        await Say(http, 400, Error("invalid_request_error", why));
    }

    private static async Task Say(HttpContext http, int status, JsonNode body)
    {
        http.Response.StatusCode = status;
        http.Response.ContentType = "application/json";
        await http.Response.WriteAsync(body.ToJsonString());
    }
}
