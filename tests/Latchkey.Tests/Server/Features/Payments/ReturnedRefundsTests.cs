using System.Text.Json.Nodes;
using Latchkey.Server.Invariants;
using Latchkey.Server.Messages;
using Latchkey.Tests.Server.Features.Payments.Stripe;
using Latchkey.Tests.Support;

namespace Latchkey.Tests.Server.Features.Payments;

/// <summary>ReturnedRefunds: money that had gone back to a card whose bank does not take it is still its owner's.</summary>
public sealed class ReturnedRefundsTests(TestDatabase databases)
{
    private const string Order = "select state from payment_order where kind = 'refund'";

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task What_a_bank_sends_back_is_entered_once_told_and_handed_out_by_people(bool rung)
    {
        await using FakeStripe stripe = await FakeStripe.Start();
        await using LatchkeyApp app = await LatchkeyApp.Start(databases, stripe: stripe.Settings);
        (_, TestPerson asha) = await StripeTests.Finished(app, stripe, null, prepaid: true);
        await StripeTests.Becomes(app, "given back", Order, "done");
        Guid site = app.Places.Sites[0].Id;
        (await (await app.GivenStaff("admin")).Get($"staff/sites/{site}/desk/refunds")).Body!["items"]!.AsArray().ShouldBeEmpty();

        string call = stripe.SendBack();
        if (rung)
        {
            (await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => StripeTests.Call(app, call)))).ShouldAllBe(status => status == 200);
        }
        else
        {
            app.Time.Jump(TimeSpan.FromDays(6));
            app.Time.Advance(TimeSpan.FromSeconds(30));
            (await app.Sql<string>(Order)).ShouldBe("done", "nobody has called, and a week is not over");
            app.Time.Jump(TimeSpan.FromDays(1));
        }
        await StripeTests.Becomes(app, "come back", Order, "refused", seconds: 60);
        (await StripeTests.Call(app, call)).ShouldBe(200);
        app.Time.Advance(TimeSpan.FromSeconds(10));
        (await app.Sql<string>("select state || ' ' || captured_minor || ' ' || refunded_minor from payment")).ShouldBe("captured 13000 0");
        (await app.Sql<long>("select sum(minor)::bigint from ledger_entry where kind = 'refund-returned' and debit = 'provider:stripe'")).ShouldBe(3000);
        (await app.Sql<string>("select data ->> 'reason' from journal where kind = 'payment-failed'")).ShouldBe("refund-failed");
        await Driving.Until(async () => await app.Sql<long>("select count(*) from message where person_id = @Id and kind = @kind", new { asha.Id, kind = MessageKinds.RefundFailed }) > 0, "she is told");
        await Adds(app);

        // Who was signed in a week ago is not any more.
        TestPerson admin = await app.GivenStaff("admin");
        JsonNode back = (await admin.Get($"staff/sites/{site}/desk/refunds")).Body!["items"]!.AsArray().Single()!;
        (back.Text("provider"), back.Text("reason"), back.Text("method"), (long)back["amount"]!["minor"]!).ShouldBe(("stripe", "refund-failed", "Visa ...4242", 3000));
        (await (await app.GivenCustomer()).Post($"staff/desk/refunds/{back.Text("orderId")}")).ShouldBeRefused(403, "forbidden");
        (int Status, JsonNode? Body)[] handed = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => admin.Post($"staff/desk/refunds/{back.Text("orderId")}")));
        handed.Select(h => h.Status).Order().ShouldBe([200, 409, 409, 409]);
        handed.Where(h => h.Status == 409).ShouldAllBe(h => h.Body.Text("code") == "already-handed-out");
        (await app.Sql<long>("select sum(minor)::bigint from ledger_entry where kind = 'refund' and credit = 'provider:desk'")).ShouldBe(3000);
        (await app.Sql<string>("select state || ' ' || refunded_minor from payment")).ShouldBe("captured 3000");
        await Driving.Until(async () => await app.Sql<long>("select count(*) from message where person_id = @Id and kind = @kind", new { asha.Id, kind = MessageKinds.HandedOut }) == 1, "she is told that she has it");
        (await admin.Get($"staff/sites/{site}/desk/refunds")).Body!["items"]!.AsArray().ShouldBeEmpty();
        if (rung)
        {
            JsonNode receipt = (await asha.Get($"leases/{await app.Sql<Guid>("select id from lease")}/receipt")).Body!;
            ((long)receipt["refunded"]!["minor"]!, (long)receipt["due"]!["minor"]!).ShouldBe((3000, 0));
        }
        await Adds(app);
        stripe.Wrong.ShouldBeEmpty();
    }

    [Fact]
    public async Task A_refund_that_stands_is_asked_after_twice_and_then_no_more()
    {
        await using FakeStripe stripe = await FakeStripe.Start();
        await using LatchkeyApp app = await LatchkeyApp.Start(databases, stripe: stripe.Settings);
        await StripeTests.Finished(app, stripe, null, prepaid: true);
        await StripeTests.Becomes(app, "given back", Order, "done");
        int looks = stripe.Looks;
        app.Time.Jump(TimeSpan.FromDays(7));
        await StripeTests.Becomes(app, "asked after a week", "select (ask_at > answered_at + interval '30 days')::text from payment_order where kind = 'refund'", "true");
        stripe.Looks.ShouldBeGreaterThan(looks);
        app.Time.Jump(TimeSpan.FromDays(24));
        await StripeTests.Becomes(app, "asked for the last time", "select (ask_at is null)::text from payment_order where kind = 'refund'", "true");
        (await app.Sql<string>(Order)).ShouldBe("done");
        (await app.Sql<string>("select state || ' ' || refunded_minor from payment")).ShouldBe("captured 3000");
    }

    private static async Task Adds(LatchkeyApp app)
    {
        foreach (Invariant invariant in AllInvariants.List.Where(i => i.Promise == 4))
            (await app.Db.Read(c => invariant.Offenders(c, app.Time.GetUtcNow(), CancellationToken.None), CancellationToken.None)).ShouldBeEmpty(invariant.Statement);
    }
}
