using System.Text.Json.Nodes;
using Latchkey.Link.Messages;
using Latchkey.Tests.Server.Features.Changes;
using Latchkey.Tests.Server.Features.Devices;
using Latchkey.Tests.Support;

namespace Latchkey.Tests.Server.Features.Tickets;

/// <summary>ReportProblem and ListTickets: a locker that fails costs its customer nothing but a moment, and staff know.</summary>
public sealed class ReportProblemTests(TestDatabase databases)
{
    [Fact]
    public async Task A_stuck_door_is_tried_again_then_another_locker_is_given_and_staff_have_a_ticket()
    {
        await using LatchkeyApp app = await LatchkeyApp.Start(databases, [Driving.Site("One", "M", "M")]);
        TestPerson asha = await app.GivenCustomer(), admin = await app.GivenAdmin();
        JsonNode lease = await asha.Rent(app.Places.Sites[0], "M");
        for (int pulse = 0; pulse < 2; pulse++)
        {
            Guid order = (await asha.Post($"leases/{lease.Id()}/open")).Body!.Id();
            await app.Result(app.BankOf(lease), order, app.LockerOf(lease).Number, Outcomes.NotOpened);
        }
        (int status, JsonNode? told) = await asha.Post($"leases/{lease.Id()}/problems", new { what = "stuck", want = "another" });
        status.ShouldBe(201, told?.ToJsonString());
        JsonNode moved = told!["lease"]!;
        moved["locker"]!.Id().ShouldNotBe(lease["locker"]!.Id());
        (moved.Text("sizePriced"), moved.Text("state")).ShouldBe(("M", "active"));
        moved["command"].ShouldBeNull("nobody has tried to open this one yet");
        (await app.Sql<bool>("select in_service from locker where id = @id", new { id = lease["locker"]!.Id() })).ShouldBeFalse();
        await app.Use(asha, moved);
        JsonNode ticket = (await admin.Get("staff/tickets")).Body!["items"]![0]!;
        (ticket.Text("number"), ticket.Text("what"), ticket["outOfService"]!.GetValue<bool>()).ShouldBe((told.Text("ticket"), "stuck", true));
        (await admin.Send(HttpMethod.Post, $"staff/tickets/{ticket.Id()}/close", new { inService = true })).Status.ShouldBe(204);
        (await admin.Send(HttpMethod.Post, $"staff/tickets/{ticket.Id()}/close", new { inService = false })).Status.ShouldBe(204, "twice is no error and changes nothing");
        (await app.Sql<bool>("select in_service from locker where id = @id", new { id = lease["locker"]!.Id() })).ShouldBeTrue();
        (await admin.Get("staff/tickets?closed=true")).Body!["items"]!.AsArray().Count.ShouldBe(1);
        (await app.Sql<long>("select count(*) from journal where kind in ('ticket-opened', 'ticket-closed', 'lease-left', 'lease-moved', 'locker-out', 'locker-in')")).ShouldBe(6);
        await app.Adds();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Where_no_other_is_free_all_money_goes_back_also_when_it_was_used(bool used)
    {
        await using LatchkeyApp app = await LatchkeyApp.Start(databases, [Driving.Site("One", "M", "S")]);
        TestPerson asha = await app.GivenCustomer();
        JsonNode lease = await asha.Rent(app.Places.Sites[0], "M", 3);
        if (used)
            await app.Use(asha, lease);
        app.Time.Advance(TimeSpan.FromMinutes(90));
        (await asha.Post($"leases/{lease.Id()}/problems", new { what = "broken", want = "another" })).ShouldBeRefused(409, "no-free-locker");
        (await app.Sql<bool>("select in_service from locker where id = @id", new { id = lease["locker"]!.Id() })).ShouldBeTrue("what was refused changed nothing");
        (int status, JsonNode? told) = await asha.Post($"leases/{lease.Id()}/problems", new { what = "broken", want = "money" });
        status.ShouldBe(201, told?.ToJsonString());
        told!["lease"].Text("state").ShouldBe("ended");
        await app.MoneySettles();
        JsonNode receipt = (await asha.Get($"leases/{lease.Id()}/receipt")).Body!;
        ((long)receipt["total"]!["minor"]!, (long)receipt["paid"]!["minor"]!, receipt["lines"]![0].Text("kind")).ShouldBe((0, 0, "waived"));
        (await app.Sql<string>("select state from payment")).ShouldBe("voided");
        await app.Adds();
    }

    [Fact]
    public async Task What_was_charged_in_advance_is_taken_back_with_its_tax()
    {
        await using LatchkeyApp app = await LatchkeyApp.Start(
            databases, [Driving.Site("One", "M") with { Tariff = Driving.Rupees with { Billing = Latchkey.Domain.Pricing.Billing.Prepaid, TaxBasisPoints = 1800 } }]);
        TestPerson asha = await app.GivenCustomer();
        JsonNode lease = await asha.Rent(app.Places.Sites[0], "M");
        await app.Use(asha, lease);
        app.Time.Advance(TimeSpan.FromSeconds(2));
        await Driving.Until(async () => await app.Sql<long>("select count(*) from ledger_entry where kind = 'charge'") == 1, "the hours are charged");
        await app.MoneySettles();
        (await asha.Post($"leases/{lease.Id()}/problems", new { what = "dirty", want = "money" })).Status.ShouldBe(201);
        await app.MoneySettles();
        (await app.Sql<string>("select state from payment")).ShouldBe("refunded");
        foreach (string account in (string[])["lease", "revenue", "tax", "provider"])
            (await app.Sql<long>("select coalesce(sum(case when debit like @a then minor else 0 end) - sum(case when credit like @a then minor else 0 end), 0)::bigint from ledger_entry", new { a = account + "%" })).ShouldBe(0, account);
        await app.Adds();
    }

    [Fact]
    public async Task With_things_inside_only_staff_are_called_and_the_locker_stays_the_customers()
    {
        await using LatchkeyApp app = await LatchkeyApp.Start(databases, [Driving.Site("One", "M", "M", "M", "M")]);
        TestPerson asha = await app.GivenCustomer(), ravi = await app.GivenCustomer("Ravi");
        JsonNode lease = await asha.Rent(app.Places.Sites[0], "M");
        await app.Use(asha, lease);
        (await asha.Post($"leases/{lease.Id()}/problems", new { what = "stuck", want = "staff", inside = true })).Status.ShouldBe(201);
        (await asha.Lease(lease))["locker"]!.Id().ShouldBe(lease["locker"]!.Id());
        (await asha.Post($"leases/{lease.Id()}/problems", new { what = "stuck", want = "another", inside = true })).Status.ShouldBe(400);
        (await asha.Post($"leases/{lease.Id()}/problems", new { what = "gone", want = "another" })).Status.ShouldBe(400);
        (await asha.Post($"leases/{lease.Id()}/problems", new { what = "dirty", want = "money" })).ShouldBeRefused(409, "locker-free");
        (await ravi.Post($"leases/{lease.Id()}/problems", new { what = "stuck", want = "staff" })).Status.ShouldBe(404);
        for (int i = 0; i < 2; i++)
            (await asha.Post($"leases/{lease.Id()}/problems", new { what = "dirty", want = "another" })).Status.ShouldBe(201);
        (await asha.Post($"leases/{lease.Id()}/problems", new { what = "dirty", want = "another" })).ShouldBeRefused(409, "substitute-limit");
        (await app.Sql<long>("select count(*) from locker where not in_service")).ShouldBe(2);
        await app.Adds();
    }
}
