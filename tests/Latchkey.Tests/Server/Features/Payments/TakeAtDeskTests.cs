using System.Text.Json.Nodes;
using Latchkey.Server.Features.Places;
using Latchkey.Tests.Support;

namespace Latchkey.Tests.Server.Features.Payments;

/// <summary>TakeAtDesk and DeskProvider: money in a drawer is in the same books.</summary>
public sealed class TakeAtDeskTests(TestDatabase databases)
{
    private static async Task<(JsonNode Lease, string Code)> Waiting(TestPerson person, SitePlace site)
    {
        JsonNode lease = await person.Hold(site);
        (int status, JsonNode? payment) = await person.Post($"leases/{lease.Id()}/payments?at=desk");
        status.ShouldBe(201, payment?.ToJsonString());
        payment!["checkoutUrl"].ShouldBeNull();
        return (lease, payment.Text("deskCode"));
    }

    [Fact]
    public async Task Staff_find_the_payment_by_its_code_take_the_money_and_hand_out_what_was_not_used()
    {
        await using LatchkeyApp app = await LatchkeyApp.Start(databases);
        SitePlace site = app.Places.Sites[0];
        TestPerson asha = await app.GivenCustomer(), staff = await app.GivenStaff("operator", site);
        (JsonNode lease, string code) = await Waiting(asha, site);
        code.Length.ShouldBe(6);
        JsonNode shown = (await staff.Get($"staff/desk/payments/{code.ToLowerInvariant()}")).Body!;
        ((long)shown["amount"]!["minor"]!).ShouldBe(10000);
        for (int i = 0; i < 2; i++)
            (await staff.Post("staff/desk/payments", new { code, by = "cash" }, "taken-once")).Status.ShouldBe(200);
        (await staff.Post("staff/desk/payments", new { code, by = "cash" })).ShouldBeRefused(409, "already-paid");
        JsonNode active = await asha.Lease(lease);
        active.Text("state").ShouldBe("active");
        active["payment"].Text("method").ShouldBe("Cash at the desk");
        (await app.Sql<long>("select minor from ledger_entry where kind = 'payment' and debit = 'provider:desk'")).ShouldBe(10000);

        await app.Use(asha, lease);
        app.Time.Advance(TimeSpan.FromMinutes(10));
        (await asha.Post($"leases/{lease.Id()}/finish")).Status.ShouldBe(200);
        JsonNode refund = (await staff.Get($"staff/sites/{site.Id}/desk/refunds")).Body!["items"]!.AsArray().Single()!;
        ((long)refund["amount"]!["minor"]!).ShouldBe(5000);
        string order = refund.Text("orderId");
        (await staff.Post($"staff/desk/refunds/{order}", null, "handed-out")).Status.ShouldBe(200);
        (await staff.Post($"staff/desk/refunds/{order}", null, "handed-out")).Status.ShouldBe(200);
        (await staff.Post($"staff/desk/refunds/{order}")).ShouldBeRefused(409, "already-handed-out");
        JsonNode receipt = (await asha.Get($"leases/{lease.Id()}/receipt")).Body!;
        ((long)receipt["paid"]!["minor"]!).ShouldBe(5000);
        ((long)receipt["due"]!["minor"]!).ShouldBe(0);
        (await staff.Get($"staff/sites/{site.Id}/desk/refunds")).Body!["items"]!.AsArray().ShouldBeEmpty();
        (await app.Sql<long>("select count(*) from journal where kind in ('desk-took', 'desk-gave-back') and authority = @who", new { who = $"person:{staff.Id}" })).ShouldBe(2);
    }

    [Fact]
    public async Task Nothing_is_taken_for_a_hold_that_is_over_or_cancelled_or_by_people_who_do_not_work_there()
    {
        await using LatchkeyApp app = await LatchkeyApp.Start(databases);
        SitePlace site = app.Places.Sites[0];
        TestPerson asha = await app.Quick();
        (JsonNode lease, string code) = await Waiting(asha, site);
        (await asha.Post("staff/desk/payments", new { code, by = "cash" })).ShouldBeRefused(403, "forbidden");
        TestPerson elsewhere = await app.GivenStaff("operator", app.Places.Sites[1]);
        (await elsewhere.Post("staff/desk/payments", new { code, by = "cash" })).ShouldBeRefused(404, "not-found");
        (await elsewhere.Get($"staff/desk/payments/{code}")).ShouldBeRefused(404, "not-found");
        (await elsewhere.Get($"staff/sites/{site.Id}/desk/refunds")).ShouldBeRefused(404, "not-found");
        await asha.Post($"leases/{lease.Id()}/cancel");
        TestPerson admin = await app.GivenStaff("admin");
        (await admin.Post("staff/desk/payments", new { code, by = "cash" })).ShouldBeRefused(409, "lease-not-held");
        (await admin.Post("staff/desk/payments", new { code, by = "cheque" })).ShouldBeRefused(400, "invalid-request");
    }

    [Fact]
    public async Task Who_goes_from_the_card_to_the_desk_leaves_the_first_checkout_and_pays_once()
    {
        await using LatchkeyApp app = await LatchkeyApp.Start(databases);
        SitePlace site = app.Places.Sites[0];
        TestPerson asha = await app.Quick();
        JsonNode lease = await asha.Hold(site);
        JsonNode card = (await asha.Post($"leases/{lease.Id()}/payments")).Body!;
        string code = (await asha.Post($"leases/{lease.Id()}/payments?at=desk")).Body.Text("deskCode");
        await Driving.Until(async () => await app.Sql<string>("select state from sandbox_payment") == "closed", "the checkout is closed");
        (await app.Ask(HttpMethod.Post, "sandbox/checkouts/" + card.Text("checkoutUrl").Split('/', '?')[2], new { card = "4242424242424242" })).ShouldBeRefused(409, "checkout-expired");
        (await (await app.GivenStaff("admin")).Post("staff/desk/payments", new { code, by = "card" })).Status.ShouldBe(200);
        (await asha.Lease(lease)).Text("state").ShouldBe("active");
    }

    [Fact]
    public async Task A_place_without_a_desk_takes_no_money_at_one()
    {
        await using LatchkeyApp app = await LatchkeyApp.Start(databases);
        await app.Sql<int>("update site set desk = false");
        await app.Places.Reload(CancellationToken.None);
        TestPerson asha = await app.Quick();
        JsonNode lease = await asha.Hold(app.Places.Sites[0]);
        (await asha.Post($"leases/{lease.Id()}/payments?at=desk")).ShouldBeRefused(409, "no-desk");
        (await asha.Post($"leases/{lease.Id()}/payments?at=shells")).ShouldBeRefused(400, "invalid-request");
    }

    [Fact]
    public async Task A_code_that_another_site_has_used_before_is_found_where_somebody_waits_with_it()
    {
        await using LatchkeyApp app = await LatchkeyApp.Start(databases);
        (SitePlace here, SitePlace there) = (app.Places.Sites[0], app.Places.Sites[1]);
        TestPerson asha = await app.Quick(), ravi = await app.Quick(), staff = await app.GivenStaff("operator", here), elsewhere = await app.GivenStaff("operator", there);
        (JsonNode lease, string code) = await Waiting(asha, here);
        (_, string other) = await Waiting(ravi, there);
        (await elsewhere.Post("staff/desk/payments", new { code = other, by = "cash" })).Status.ShouldBe(200);
        // Six characters are drawn again one day; the older payment waits, the newer one is over.
        await app.Sql<int>("update payment set desk_code = @code where desk_code = @other", new { code, other });
        ((Guid)(await staff.Get($"staff/desk/payments/{code}")).Body!["leaseId"]!).ShouldBe(lease.Id());
        (await elsewhere.Post("staff/desk/payments", new { code, by = "cash" })).ShouldBeRefused(404, "not-found");
        (await staff.Post("staff/desk/payments", new { code, by = "cash" })).Status.ShouldBe(200);
        (await asha.Lease(lease)).Text("state").ShouldBe("active");
    }
}
