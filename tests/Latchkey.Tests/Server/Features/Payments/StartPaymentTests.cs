using System.Text.Json.Nodes;
using Latchkey.Tests.Support;

namespace Latchkey.Tests.Server.Features.Payments;

/// <summary>StartPayment, ShowPayment and SandboxCheckout: money is reserved once, in time, or not at all.</summary>
public sealed class StartPaymentTests(TestDatabase databases)
{
    private const string Good = "4242424242424242";
    private const string Declined = "4000000000000002";

    private static async Task<(JsonNode Lease, Guid Payment, string Checkout)> Started(LatchkeyApp app, TestPerson person)
    {
        JsonNode lease = await person.Hold(app.Places.Sites[0]);
        (int status, JsonNode? payment) = await person.Post($"leases/{lease.Id()}/payments");
        status.ShouldBe(201);
        return (lease, payment!.Id(), "sandbox/checkouts/" + payment.Text("checkoutUrl").Split('/', '?')[2]);
    }

    private static Task<(int Status, JsonNode? Body)> Pay(LatchkeyApp app, string checkout, string card) => app.Ask(HttpMethod.Post, checkout, new { card });

    [Fact]
    public async Task A_declined_card_leaves_the_hold_to_be_tried_again_and_a_good_one_makes_it_active()
    {
        await using LatchkeyApp app = await LatchkeyApp.Start(databases);
        TestPerson asha = await app.Quick();
        var (lease, payment, checkout) = await Started(app, asha);
        (await Pay(app, checkout, Declined)).Body.Text("reason").ShouldBe("card-declined");
        JsonNode held = await asha.Lease(lease);
        held.Text("state").ShouldBe("held");
        held["payment"].Text("state").ShouldBe("declined");
        held["may"]!.AsArray().Select(m => (string?)m).ShouldContain("pay");
        // Coming back gets the same checkout; then pressing "Pay" twice has one effect.
        (await asha.Post($"leases/{lease.Id()}/payments")).Body!.Id().ShouldBe(payment);
        for (int i = 0; i < 2; i++)
            (await Pay(app, checkout, Good)).Body.Text("state").ShouldBe("authorised");
        JsonNode active = await asha.Lease(lease);
        active.Text("state").ShouldBe("active");
        DateTimeOffset.Parse(active.Text("paidUntil")).ShouldBe(app.Time.GetUtcNow().AddHours(2));
        (await app.Sql<long>("select count(*) from journal where kind = 'lease-active'")).ShouldBe(1);
        (await asha.Post($"leases/{lease.Id()}/payments")).ShouldBeRefused(409, "already-paid");
        (await asha.Get($"payments/{payment}")).Body.Text("state").ShouldBe("authorised");
        (await app.Ask(HttpMethod.Get, checkout)).Body.Text("state").ShouldBe("done");
    }

    [Fact]
    public async Task After_the_deadline_nothing_is_charged()
    {
        await using LatchkeyApp app = await LatchkeyApp.Start(databases);
        TestPerson asha = await app.GivenCustomer();
        var (lease, payment, checkout) = await Started(app, asha);
        app.Time.Advance(TimeSpan.FromMinutes(15));
        (await Pay(app, checkout, Good)).ShouldBeRefused(409, "checkout-expired");
        (await asha.Post($"leases/{lease.Id()}/payments")).ShouldBeRefused(409, "hold-expired");
        (await app.Ask(HttpMethod.Get, checkout)).Body.Text("state").ShouldBe("expired");
        (await app.Sql<long>("select count(*) from payment where state in ('authorised', 'captured')")).ShouldBe(0);
        // And also once the sweep has written so.
        app.Time.Advance(TimeSpan.FromSeconds(1));
        await Driving.Until(async () => await app.Sql<string>("select state from lease") == "expired", "the sweep");
        await app.MoneySettles();
        (await Pay(app, checkout, Good)).ShouldBeRefused(409, "checkout-expired");
        (await asha.Get($"payments/{payment}")).Body.Text("state").ShouldBe("voided");
    }

    [Fact]
    public async Task A_cancelled_hold_takes_no_money()
    {
        await using LatchkeyApp app = await LatchkeyApp.Start(databases);
        TestPerson asha = await app.Quick();
        var (lease, _, checkout) = await Started(app, asha);
        await asha.Post($"leases/{lease.Id()}/cancel");
        (await Pay(app, checkout, Good)).ShouldBeRefused(409, "checkout-expired");
        await app.MoneySettles();
        (await app.Sql<string>("select state from payment")).ShouldBe("voided");
    }

    [Fact]
    public async Task Two_windows_share_one_checkout_and_twenty_payments_at_once_have_one_effect()
    {
        await using LatchkeyApp app = await LatchkeyApp.Start(databases);
        TestPerson asha = await app.Quick();
        JsonNode lease = await asha.Hold(app.Places.Sites[0]);
        (int Status, JsonNode? Body)[] started = await Task.WhenAll(Enumerable.Range(0, 5).Select(_ => asha.Post($"leases/{lease.Id()}/payments")));
        started.ShouldAllBe(s => s.Status == 201);
        string checkout = "sandbox/checkouts/" + started.Select(s => s.Body.Text("checkoutUrl")).Distinct().Single().Split('/', '?')[2];
        (int Status, JsonNode? Body)[] paid = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => Pay(app, checkout, Good)));
        paid.ShouldAllBe(p => p.Status == 200);
        (await app.Sql<long>("select count(*) from payment")).ShouldBe(1);
        (await app.Sql<long>("select count(*) from journal where kind = 'payment-authorised'")).ShouldBe(1);
    }

    [Fact]
    public async Task Paying_and_cancelling_at_once_ends_in_one_of_the_two_and_never_in_both()
    {
        await using LatchkeyApp app = await LatchkeyApp.Start(databases);
        foreach (TestPerson person in await app.GivenCustomers(10))
        {
            var (lease, _, checkout) = await Started(app, person);
            var paying = Pay(app, checkout, Good);
            var cancelling = person.Post($"leases/{lease.Id()}/cancel");
            bool paid = (await paying).Status == 200;
            ((await cancelling).Status == 200).ShouldBe(!paid);
            (await person.Lease(lease)).Text("state").ShouldBe(paid ? "active" : "cancelled");
        }
        // What was reserved for one that was cancelled at the same moment is let go again, also in the provider's books.
        await app.MoneySettles();
        (await app.Sql<long>("select count(*) from sandbox_payment s join payment p on p.reference = s.token join lease l on l.id = p.lease_id where (s.state = 'authorised') <> (l.state = 'active')")).ShouldBe(0);
    }

    [Fact]
    public async Task Anothers_payment_an_unknown_checkout_and_an_unknown_card_are_refused()
    {
        await using LatchkeyApp app = await LatchkeyApp.Start(databases);
        TestPerson[] people = await app.GivenCustomers(2);
        var (lease, payment, checkout) = await Started(app, people[0]);
        (await people[1].Get($"payments/{payment}")).ShouldBeRefused(404, "not-found");
        (await people[1].Post($"leases/{lease.Id()}/payments")).ShouldBeRefused(404, "not-found");
        (await app.Ask(HttpMethod.Get, "sandbox/checkouts/guess")).ShouldBeRefused(404, "not-found");
        (await Pay(app, "sandbox/checkouts/guess", Good)).ShouldBeRefused(404, "not-found");
        (await Pay(app, checkout, "1234")).ShouldBeRefused(400, "invalid-request");
    }
}
