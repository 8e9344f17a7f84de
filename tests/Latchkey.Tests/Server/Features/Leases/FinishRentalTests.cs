using System.Text.Json.Nodes;
using Latchkey.Link.Messages;
using Latchkey.Server.Features.Places;
using Latchkey.Tests.Support;

namespace Latchkey.Tests.Server.Features.Leases;

/// <summary>FinishRental and ShowReceipt: what was used is charged once, and the locker is free for the next one.</summary>
public sealed class FinishRentalTests(TestDatabase databases)
{
    private static Task<decimal> Ledger(LatchkeyApp app, string kind) => app.Sql<decimal>("select coalesce(sum(minor), 0) from ledger_entry where kind = @kind", new { kind });

    [Fact]
    public async Task A_door_that_was_never_seen_open_costs_nothing_and_its_reservation_is_let_go()
    {
        await using LatchkeyApp app = await LatchkeyApp.Start(databases);
        TestPerson asha = await app.Quick();
        JsonNode lease = await asha.Rent(app.Places.Sites[0]);
        (int status, JsonNode? ended) = await asha.Post($"leases/{lease.Id()}/finish");
        status.ShouldBe(200);
        ended.Text("state").ShouldBe("ended");
        await app.MoneySettles();
        (await asha.Lease(lease))["payment"].Text("state").ShouldBe("voided");
        (await app.Sql<long>("select count(*) from ledger_entry")).ShouldBe(0);
        JsonNode receipt = (await asha.Get($"leases/{lease.Id()}/receipt")).Body!;
        ((long)receipt["total"]!["minor"]!).ShouldBe(0);
        receipt["lines"]![0].Text("kind").ShouldBe("not-opened");
    }

    [Fact]
    public async Task A_late_word_that_the_door_opened_changes_no_settled_receipt_and_proves_no_other_lease()
    {
        await using LatchkeyApp app = await LatchkeyApp.Start(databases, [Driving.Site("One", "S")]);
        TestPerson[] people = await app.GivenCustomers(2);
        SitePlace site = app.Places.Sites[0];
        JsonNode lease = await people[0].Rent(site, "S");
        Guid command = (await people[0].Post($"leases/{lease.Id()}/open")).Body!.Id();
        await app.Sql<int>("update command set state = 'unconfirmed'");
        app.Time.Advance(TimeSpan.FromMinutes(5)); // used, it would cost an hour
        (await people[0].Post($"leases/{lease.Id()}/finish")).Status.ShouldBe(200);
        JsonNode next = await people[1].Rent(site, "S");
        BankPlace bank = app.BankOf(lease);
        await app.Event(bank, EventKinds.DoorOpened, 1, command);
        await app.Result(bank, command, 1, Outcomes.Opened);
        ((long)(await people[0].Get($"leases/{lease.Id()}/receipt")).Body!["total"]!["minor"]!).ShouldBe(0);
        ((bool)(await people[1].Lease(next))["openedEver"]!).ShouldBeFalse();
    }

    [Theory]
    [InlineData(60, 5000, 5000, 0)]
    [InlineData(61, 10000, 10000, 0)]
    [InlineData(134, 10000, 10000, 0)] // 2 h paid, within the grace
    [InlineData(136, 15000, 10000, 5000)] // one hour overdue; what was not reserved is still due
    public async Task Started_hours_are_charged_and_captured_from_what_was_reserved(int minutes, long total, long paid, long due)
    {
        await using LatchkeyApp app = await LatchkeyApp.Start(databases);
        TestPerson asha = await app.GivenCustomer();
        JsonNode lease = await asha.Rent(app.Places.Sites[0], hours: 2);
        await app.Use(asha, lease);
        app.Time.Advance(TimeSpan.FromMinutes(minutes));
        (await asha.Post($"leases/{lease.Id()}/finish")).Status.ShouldBe(200);
        await app.MoneySettles();
        JsonNode receipt = (await asha.Get($"leases/{lease.Id()}/receipt")).Body!;
        ((long)receipt["total"]!["minor"]!).ShouldBe(total);
        ((long)receipt["paid"]!["minor"]!).ShouldBe(paid);
        ((long)receipt["due"]!["minor"]!).ShouldBe(due);
        receipt["lines"]!.AsArray().Sum(l => (long)l!["amount"]!["minor"]!).ShouldBe(total);
        ((long)receipt["released"]!["minor"]!).ShouldBe(10000 - paid);
        (await Ledger(app, "charge") + await Ledger(app, "overdue")).ShouldBe(total);
        (await Ledger(app, "tax")).ShouldBe((long)receipt["tax"]!["minor"]!);
        (await Ledger(app, "payment")).ShouldBe(paid);
        receipt.Text("number").ShouldStartWith("LK-");
        receipt["events"]!.AsArray().Select(e => e.Text("kind")).ShouldContain("door-opened");
    }

    [Fact]
    public async Task A_rental_past_its_time_is_overdue_still_opens_and_is_finished()
    {
        await using LatchkeyApp app = await LatchkeyApp.Start(databases);
        TestPerson asha = await app.GivenCustomer();
        JsonNode lease = await asha.Rent(app.Places.Sites[0], hours: 1);
        app.Time.Advance(TimeSpan.FromHours(1));
        await Driving.Until(async () => (await asha.Lease(lease)).Text("state") == "overdue", "the sweep");
        await app.Use(asha, lease);
        (await asha.Post($"leases/{lease.Id()}/finish")).Body.Text("state").ShouldBe("ended");
    }

    [Fact]
    public async Task Finishing_twice_or_ten_times_at_once_charges_once_and_frees_the_locker_for_the_next()
    {
        await using LatchkeyApp app = await LatchkeyApp.Start(databases, [Driving.Site("One", "S")]);
        TestPerson[] people = await app.GivenCustomers(2);
        SitePlace site = app.Places.Sites[0];
        JsonNode lease = await people[0].Rent(site, "S");
        await app.Use(people[0], lease);
        (await people[1].Post($"sites/{site.Id}/holds", new { size = "S", hours = 1 })).ShouldBeRefused(409, "no-free-locker");
        app.Time.Advance(TimeSpan.FromMinutes(5));
        (int Status, JsonNode? Body)[] same = await Task.WhenAll(Enumerable.Range(0, 10).Select(_ => people[0].Post($"leases/{lease.Id()}/finish", null, "finish-once")));
        same.ShouldAllBe(a => a.Status == 200);
        same.Select(a => a.Body!.ToJsonString()).Distinct().Count().ShouldBe(1);
        (await people[0].Post($"leases/{lease.Id()}/finish")).ShouldBeRefused(409, "lease-not-active");
        await app.MoneySettles();
        (await Ledger(app, "charge")).ShouldBe(3000);
        (await Ledger(app, "payment")).ShouldBe(3000);
        (await people[1].Rent(site, "S")).Text("state").ShouldBe("active");
        // The door of somebody else's rental is none of the former holder's business.
        (await people[0].Lease(lease))["door"].Text("state").ShouldBe("unknown");
    }

    [Fact]
    public async Task There_is_a_receipt_only_for_what_has_ended_and_only_for_its_owner()
    {
        await using LatchkeyApp app = await LatchkeyApp.Start(databases);
        TestPerson[] people = await app.GivenCustomers(2);
        JsonNode lease = await people[0].Rent(app.Places.Sites[0]);
        (await people[0].Get($"leases/{lease.Id()}/receipt")).ShouldBeRefused(404, "not-found");
        await people[0].Post($"leases/{lease.Id()}/finish");
        (await people[0].Get($"leases/{lease.Id()}/receipt")).Status.ShouldBe(200);
        (await people[1].Get($"leases/{lease.Id()}/receipt")).ShouldBeRefused(404, "not-found");
    }
}
