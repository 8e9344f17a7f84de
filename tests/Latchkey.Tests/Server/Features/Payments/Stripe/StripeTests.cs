using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using Latchkey.Domain;
using Latchkey.Domain.Lockers;
using Latchkey.Domain.Pricing;
using Latchkey.Server.Features.Payments.Stripe;
using Latchkey.Tests.Support;

namespace Latchkey.Tests.Server.Features.Payments.Stripe;

/// <summary>StripeProvider, StripeApi and StripeWebhook over the wire, against a fake that follows Stripe's pages to the letter.</summary>
public sealed class StripeTests(TestDatabase databases)
{
    private static async Task<JsonNode> Paying(LatchkeyApp app, TestPerson person, FakeStripe stripe)
    {
        JsonNode lease = await person.Hold(app.Places.Sites[0]);
        (int status, JsonNode? payment) = await person.Post($"leases/{lease.Id()}/payments");
        status.ShouldBe(201, payment?.ToJsonString());
        payment.Text("checkoutUrl").ShouldBe($"https://checkout.stripe.com/c/pay/{stripe.NewestSession}");
        return lease;
    }

    internal static async Task<int> Call(LatchkeyApp app, string body, string? secret = FakeStripe.Secret, DateTimeOffset? at = null, string? header = null)
    {
        string time = (at ?? app.Time.GetUtcNow()).ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture);
        using var request = new HttpRequestMessage(HttpMethod.Post, "webhooks/stripe") { Content = new StringContent(body, Encoding.UTF8, "application/json") };
        header ??= secret is null ? null : $"t={time},v1={Convert.ToHexStringLower(StripeSignature.Of(time, Encoding.UTF8.GetBytes(body), secret))},v0=6ffbb59b2300aae63f272406069a9788598b792a944a07aba816edb039989a39";
        if (header is not null)
            request.Headers.TryAddWithoutValidation(StripeSignature.Header, header);
        using HttpResponseMessage answer = await app.Http.SendAsync(request);
        return (int)answer.StatusCode;
    }

    internal static Task Becomes(LatchkeyApp app, string what, string sql, string state, int seconds = 30) => Driving.Until(
        async () =>
        {
            if (await app.Sql<string>(sql) == state)
                return true;
            app.Time.Advance(TimeSpan.FromSeconds(1));
            return false;
        },
        what, seconds);

    private const string Lease = "select state from lease order by id limit 1", Payment = "select state from payment order by id limit 1";

    [Fact]
    public async Task A_card_is_reserved_at_their_page_and_what_was_used_is_captured_at_the_end()
    {
        await using FakeStripe stripe = await FakeStripe.Start();
        await using LatchkeyApp app = await LatchkeyApp.Start(databases, stripe: stripe.Settings);
        TestPerson asha = await app.GivenCustomer();
        JsonNode lease = await Paying(app, asha, stripe);
        string session = stripe.NewestSession;
        stripe.Pay(session);
        (await Call(app, stripe.Event(session))).ShouldBe(200);
        await Driving.Until(async () => await app.Sql<string>(Lease) == "active", "the webhook rings");
        (await asha.Lease(lease))["payment"].Text("method").ShouldBe("Visa ...4242");
        stripe.Received(session).ShouldBe(0);
        await app.Use(asha, lease);
        app.Time.Advance(TimeSpan.FromMinutes(50));
        (await asha.Post($"leases/{lease.Id()}/finish")).Status.ShouldBe(200);
        await app.MoneySettles();
        stripe.IntentState(session).ShouldBe("succeeded");
        stripe.Received(session).ShouldBe(5000);
        (await app.Sql<long>("select minor from ledger_entry where debit = 'provider:stripe'")).ShouldBe(5000);
        stripe.Wrong.ShouldBeEmpty();
    }

    [Fact]
    public async Task Without_any_webhook_the_payment_is_asked_for_and_a_decline_is_told_and_tried_again()
    {
        await using FakeStripe stripe = await FakeStripe.Start();
        await using LatchkeyApp app = await LatchkeyApp.Start(databases, stripe: stripe.Settings);
        TestPerson asha = await app.GivenCustomer();
        JsonNode lease = await Paying(app, asha, stripe);
        stripe.Decline(stripe.NewestSession, "insufficient_funds");
        await Becomes(app, "asked for", Payment, "declined");
        (await asha.Lease(lease))["payment"].Text("declineReason").ShouldBe("insufficient-funds");
        (await asha.Lease(lease))["payment"].Text("checkoutUrl").ShouldContain("stripe.com");
        stripe.Pay(stripe.NewestSession);
        await Becomes(app, "asked for", Payment, "authorised");
        // Never opened: nothing is taken, and what was reserved is let go.
        (await asha.Post($"leases/{lease.Id()}/finish")).Status.ShouldBe(200);
        await app.MoneySettles();
        stripe.IntentState(stripe.NewestSession).ShouldBe("canceled");
        stripe.Wrong.ShouldBeEmpty();
    }

    [Fact]
    public async Task Forged_stale_duplicate_or_reordered_webhook_has_one_effect()
    {
        await using FakeStripe stripe = await FakeStripe.Start();
        await using LatchkeyApp app = await LatchkeyApp.Start(databases, stripe: stripe.Settings);
        await Paying(app, await app.Quick(), stripe);
        string session = stripe.NewestSession, open = stripe.Event(session, "checkout.session.completed");
        // Whoever says that it is paid, it is asked for: nothing happens while nobody has paid.
        int looks = stripe.Looks;
        (await Call(app, open)).ShouldBe(200);
        await Driving.Until(() => Task.FromResult(stripe.Looks > looks), "the call is a reason to look");
        stripe.Pay(session);
        string paid = stripe.Event(session);
        (await Call(app, paid, secret: "whsec_somebody")).ShouldBe(400);
        (await Call(app, paid, secret: null)).ShouldBe(400);
        (await Call(app, paid, at: app.Time.GetUtcNow().AddSeconds(-301))).ShouldBe(400);
        (await Call(app, paid, at: app.Time.GetUtcNow().AddSeconds(301))).ShouldBe(400);
        (await Call(app, paid + " ", header: $"t={app.Time.GetUtcNow().ToUnixTimeSeconds()},v1={new string('a', 64)}")).ShouldBe(400);
        foreach (string garbage in (string[])["", "t=", "v1=", "t=1,v1=zz", "t=x,v1=" + new string('a', 64), new string('t', 5000)])
            (await Call(app, paid, header: garbage)).ShouldBe(400, garbage[..Math.Min(20, garbage.Length)]);
        (await app.Sql<string>(Lease)).ShouldBe("held");
        (await Call(app, "{\"data\":{\"object\":{\"metadata\":{\"payment\":\"0190a3c1-0000-7000-8000-000000000000\"}}}}")).ShouldBe(200);
        (await Call(app, "not json")).ShouldBe(200);
        await Task.WhenAll(Enumerable.Range(0, 10).Select(i => Call(app, i % 3 == 0 ? open : paid)));
        await Driving.Until(async () => await app.Sql<string>(Lease) == "active", "the webhooks ring");
        (await Call(app, stripe.Event(session, "checkout.session.expired"))).ShouldBe(200);
        app.Time.Advance(TimeSpan.FromSeconds(5));
        (await app.Sql<string>(Payment)).ShouldBe("authorised");
        (await app.Sql<long>("select count(*) from journal where kind in ('payment-authorised', 'lease-active')")).ShouldBe(2);
    }

    [Fact]
    public async Task A_secret_that_is_being_changed_signs_twice_and_one_of_them_is_enough()
    {
        await using FakeStripe stripe = await FakeStripe.Start();
        await using LatchkeyApp app = await LatchkeyApp.Start(databases, stripe: stripe.Settings);
        const string Body = "{}";
        string time = app.Time.GetUtcNow().ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture);
        string Signed(string secret) => Convert.ToHexStringLower(StripeSignature.Of(time, Encoding.UTF8.GetBytes(Body), secret));
        (await Call(app, Body, header: $"t={time},v1={Signed("whsec_next")},v1={Signed(FakeStripe.Secret)}")).ShouldBe(200);
        (await Call(app, Body, header: $"t={time},v1={Signed("whsec_next")}")).ShouldBe(400);
    }

    [Theory]
    [InlineData("500")]
    [InlineData("500-after")]
    [InlineData("cut")]
    [InlineData("hang")]
    [InlineData("429")]
    public async Task A_checkout_that_is_opened_through_failures_is_opened_once(string fault)
    {
        await using FakeStripe stripe = await FakeStripe.Start();
        await using LatchkeyApp app = await LatchkeyApp.Start(databases, stripe: stripe.Settings);
        TestPerson asha = await app.GivenCustomer();
        JsonNode lease = await asha.Hold(app.Places.Sites[0]);
        stripe.Faults.Enqueue(fault);
        Task<(int Status, JsonNode? Body)> asking = asha.Post($"leases/{lease.Id()}/payments", null, "one-and-the-same");
        await Driving.Until(
            () =>
            {
                // Only a provider that says nothing is waited for until time is up.
                if (fault == "hang" && stripe.Posts > 0)
                    app.Time.Advance(TimeSpan.FromSeconds(1));
                return Task.FromResult(asking.IsCompleted);
            },
            "an answer", 30);
        (int Status, JsonNode? Body) first = await asking;
        if (first.Status != 201)
            first.ShouldBeRefused(503, "payment-provider-away");
        (int status, JsonNode? payment) = await asha.Post($"leases/{lease.Id()}/payments", null, "one-and-the-same");
        status.ShouldBe(201, payment?.ToJsonString());
        payment.Text("checkoutUrl").ShouldContain("stripe.com");
        // A 500 after the effect is all one knows: a session that nobody was sent to is left behind, and nobody can pay there.
        stripe.Sessions.ShouldBe(fault == "500-after" ? 2 : 1);
        stripe.Wrong.ShouldBeEmpty();
    }

    [Theory]
    [InlineData("500")]
    [InlineData("500-after")]
    [InlineData("cut")]
    [InlineData("hang")]
    [InlineData("429")]
    public async Task Payment_timeout_and_retry_charges_once(string fault)
    {
        await using FakeStripe stripe = await FakeStripe.Start();
        await using LatchkeyApp app = await LatchkeyApp.Start(databases, stripe: stripe.Settings);
        (string session, _) = await Finished(app, stripe, fault, prepaid: false);
        await Becomes(app, "captured after all", Payment, "captured", seconds: 60);
        stripe.Received(session).ShouldBe(5000);
        (await app.Sql<long>("select sum(minor)::bigint from ledger_entry where kind = 'payment'")).ShouldBe(5000);
        stripe.Wrong.ShouldBeEmpty();
    }

    [Theory]
    [InlineData("500")]
    [InlineData("500-after")]
    [InlineData("cut")]
    [InlineData("429")]
    public async Task A_deposit_through_failures_goes_back_once(string fault)
    {
        await using FakeStripe stripe = await FakeStripe.Start();
        await using LatchkeyApp app = await LatchkeyApp.Start(databases, stripe: stripe.Settings);
        await Finished(app, stripe, fault, prepaid: true);
        await Becomes(app, "given back after all", "select state from payment_order where kind = 'refund'", "done", seconds: 60);
        (stripe.Refunds, stripe.Refunded).ShouldBe((1, 3000));
        (await app.Sql<long>("select sum(minor)::bigint from ledger_entry where kind = 'refund'")).ShouldBe(3000);
        stripe.Wrong.ShouldBeEmpty();
    }

    [Theory]
    [InlineData("succeeded", "done", 3000, "payment-refunded")]
    [InlineData("failed", "refused", 0, "payment-failed")]
    public async Task A_refund_that_the_bank_takes_its_time_for_is_said_when_it_has_ended_and_as_it_has_ended(string bank, string order, long entered, string told)
    {
        await using FakeStripe stripe = await FakeStripe.Start();
        await using LatchkeyApp app = await LatchkeyApp.Start(databases, stripe: stripe.Settings);
        stripe.RefundsBecome = "pending";
        await Finished(app, stripe, null, prepaid: true);
        await Becomes(app, "asked for more than once", "select (tries >= 3)::text from payment_order where kind = 'refund'", "true", seconds: 60);
        (await app.Sql<string>("select state from payment_order where kind = 'refund'")).ShouldBe("waiting");
        (await app.Sql<long>("select count(*) from journal where kind in ('payment-refunded', 'payment-failed')")).ShouldBe(0);
        stripe.SettleRefunds(bank);
        await Becomes(app, "as the bank says", "select state from payment_order where kind = 'refund'", order, seconds: 60);
        stripe.Refunds.ShouldBe(1);
        (await app.Sql<long>("select coalesce(sum(minor), 0)::bigint from ledger_entry where kind = 'refund'")).ShouldBe(entered);
        (await app.Sql<string>("select kind from journal where kind in ('payment-refunded', 'payment-failed')")).ShouldBe(told);
        stripe.Wrong.ShouldBeEmpty();
    }

    [Fact]
    public async Task An_authorisation_that_has_run_out_is_told_to_staff_and_stays_due()
    {
        await using FakeStripe stripe = await FakeStripe.Start();
        await using LatchkeyApp app = await LatchkeyApp.Start(databases, stripe: stripe.Settings);
        (string session, TestPerson asha) = await Finished(app, stripe, null, prepaid: false, lost: true);
        await Becomes(app, "refused", "select state from payment_order where kind = 'capture'", "refused");
        stripe.IntentState(session).ShouldBe("canceled");
        (await app.Sql<long>("select count(*) from journal where kind = 'payment-failed'")).ShouldBe(1);
        Guid lease = await app.Sql<Guid>("select id from lease");
        ((long)(await asha.Get($"leases/{lease}/receipt")).Body!["due"]!["minor"]!).ShouldBe(5000);
    }

    [Fact]
    public async Task Who_pays_there_when_the_hold_has_run_out_gets_the_locker_after_all_or_their_money()
    {
        await using FakeStripe stripe = await FakeStripe.Start();
        await using LatchkeyApp app = await LatchkeyApp.Start(databases, [Driving.Site("One", "M")], stripe: stripe.Settings);
        await Paying(app, await app.GivenCustomer(), stripe);
        string session = stripe.NewestSession;
        // The checkout is about to be closed, and nobody answers; meanwhile the person pays.
        stripe.Faults.Enqueue("cut");
        app.Time.Jump(TimeSpan.FromMinutes(15));
        stripe.Pay(session);
        await Becomes(app, "placed", "select state from lease order by id desc limit 1", "active");
        (await app.Sql<long>("select count(*) from lease")).ShouldBe(2);
        stripe.IntentState(session).ShouldBe("requires_capture");
        stripe.Wrong.ShouldBeEmpty();
    }

    [Fact]
    public async Task A_checkout_for_more_time_is_closed_there_after_its_quarter_of_an_hour()
    {
        await using FakeStripe stripe = await FakeStripe.Start();
        await using LatchkeyApp app = await LatchkeyApp.Start(databases, stripe: stripe.Settings);
        TestPerson asha = await app.GivenCustomer();
        JsonNode lease = await Paying(app, asha, stripe);
        stripe.Pay(stripe.NewestSession);
        await Becomes(app, "paid", Lease, "active");
        (await asha.Post($"leases/{lease.Id()}/extensions", new { hours = 3 })).Status.ShouldBe(201);
        string session = stripe.NewestSession;
        // Theirs lives for two hours more, and what it says is fifteen minutes old.
        app.Time.Jump(TimeSpan.FromMinutes(15));
        await Becomes(app, "over", "select state from payment where change_id is not null", "voided");
        stripe.SessionState(session).ShouldBe("expired");
        (await app.Sql<string>("select state from lease_change")).ShouldBe("gone");
        stripe.Wrong.ShouldBeEmpty();
    }

    [Theory]
    [InlineData(5000, "INR", 5000)]
    [InlineData(120, "JPY", 120)]
    [InlineData(120, "ISK", 12000)]
    [InlineData(120, "UGX", 12000)]
    [InlineData(1250, "KWD", 1250)]
    [InlineData(5000, "MGA", 50)]
    public void Amounts_are_told_as_stripe_counts_them_and_come_back_as_they_were(long minor, string currency, long told)
    {
        StripeAmounts.ToStripe(new Money(minor, currency)).ShouldBe(told);
        StripeAmounts.FromStripe(told, currency.ToLowerInvariant()).ShouldBe(new Money(minor, currency));
    }

    [Theory]
    [InlineData(1251, "KWD")]
    [InlineData(5001, "MGA")]
    public void What_stripe_cannot_take_exactly_is_not_rounded(long minor, string currency) => Should.Throw<InvalidOperationException>(() => StripeAmounts.ToStripe(new Money(minor, currency)));

    [Fact]
    public void A_tariff_that_no_card_network_could_settle_is_refused() => TariffBook.Faults(
        new Tariff("KWD", new Dictionary<LockerSize, Rate> { [LockerSize.M] = new(1251, 0, 0, 0) }, 0, 0)).Keys.ShouldBe(["rates"]);

    /// <summary>A rental that was used for fifty minutes and is finished; the fault hits the order that follows.</summary>
    internal static async Task<(string Session, TestPerson Person)> Finished(LatchkeyApp app, FakeStripe stripe, string? fault, bool prepaid, bool lost = false)
    {
        if (prepaid)
            await app.GivenTariff(app.Places.Sites[0], t => t with { Billing = Billing.Prepaid, Rates = t.Rates.ToDictionary(r => r.Key, r => r.Value with { Deposit = 3000 }) });
        TestPerson asha = await app.GivenCustomer();
        JsonNode lease = await Paying(app, asha, stripe);
        string session = stripe.NewestSession;
        stripe.Pay(session);
        await Becomes(app, "asked for", Payment, "authorised");
        await app.Use(asha, lease);
        if (prepaid)
            await Becomes(app, "captured on proof", Payment, "captured");
        app.Time.Advance(TimeSpan.FromMinutes(50));
        if (lost)
            stripe.Lose(session);
        if (fault is not null)
            stripe.Faults.Enqueue(fault);
        (await asha.Post($"leases/{lease.Id()}/finish")).Status.ShouldBe(200);
        return (session, asha);
    }
}
