using System.Text.Json.Nodes;
using Latchkey.Server.Features.Places;
using Latchkey.Tests.Support;

namespace Latchkey.Tests.Server.Features.Leases;

/// <summary>ForceEnd: staff end what nobody ends, and it is billed.</summary>
public sealed class ForceEndTests(TestDatabase databases)
{
    private static object Because(string reason = "overdue") => new { reason };

    [Fact]
    public async Task A_rental_that_staff_end_is_billed_with_its_overstaying_even_while_its_door_stands_open()
    {
        await using LatchkeyApp app = await LatchkeyApp.Start(databases);
        SitePlace site = app.Places.Sites[0];
        TestPerson asha = await app.GivenCustomer();
        JsonNode lease = await asha.Rent(site, "M", 1);
        await app.Use(asha, lease);
        await app.Event(app.BankOf(lease), "door-forced", app.LockerOf(lease).Number);
        app.Time.Jump(TimeSpan.FromHours(3));
        TestPerson staff = await app.GivenStaff("operator", site);
        (int status, JsonNode? ended) = await staff.Post($"staff/leases/{lease.Id()}/end", Because(), "the-same-key");
        status.ShouldBe(200, ended?.ToJsonString());
        ((long)ended!["charged"]!["minor"]!).ShouldBe(15000); // an hour used, two overdue
        (await staff.Post($"staff/leases/{lease.Id()}/end", Because(), "the-same-key")).Body!.ToJsonString().ShouldBe(ended.ToJsonString());
        (await staff.Post($"staff/leases/{lease.Id()}/end", Because())).ShouldBeRefused(409, "lease-not-active");
        await app.MoneySettles();
        JsonNode receipt = (await asha.Get($"leases/{lease.Id()}/receipt")).Body!;
        ((long)receipt["total"]!["minor"]!).ShouldBe(15000);
        ((long)receipt["paid"]!["minor"]!).ShouldBe(5000);
        ((long)receipt["due"]!["minor"]!).ShouldBe(10000);
        (await app.Sql<string>("select data ->> 'reason' from journal where kind = 'lease-ended'")).ShouldBe("overdue");
        (await app.Sql<string>("select authority from journal where kind = 'lease-ended'")).ShouldBe($"person:{staff.Id}");
        // The locker is free for the next one.
        (await app.Sql<long>("select count(*) from lease where state in ('active', 'overdue')")).ShouldBe(0);
    }

    [Fact]
    public async Task A_door_that_was_never_proven_open_costs_nothing_here_either()
    {
        await using LatchkeyApp app = await LatchkeyApp.Start(databases);
        TestPerson asha = await app.Quick();
        JsonNode lease = await asha.Rent(app.Places.Sites[0], "M", 1);
        app.Time.Jump(TimeSpan.FromHours(30));
        TestPerson admin = await app.GivenStaff("admin");
        ((long)(await admin.Post($"staff/leases/{lease.Id()}/end", Because("broken"))).Body!["charged"]!["minor"]!).ShouldBe(0);
        await app.MoneySettles();
        (await app.Sql<string>("select state from payment")).ShouldBe("voided");
    }

    [Fact]
    public async Task Only_staff_of_its_site_end_it_and_a_hold_is_not_ended_so()
    {
        await using LatchkeyApp app = await LatchkeyApp.Start(databases);
        TestPerson asha = await app.Quick();
        JsonNode lease = await asha.Rent(app.Places.Sites[0]);
        (await asha.Post($"staff/leases/{lease.Id()}/end", Because())).ShouldBeRefused(403, "forbidden");
        (await (await app.GivenStaff("operator", app.Places.Sites[1])).Post($"staff/leases/{lease.Id()}/end", Because())).ShouldBeRefused(404, "not-found");
        TestPerson staff = await app.GivenStaff("operator", app.Places.Sites[0]);
        (await staff.Post($"staff/leases/{Guid.CreateVersion7()}/end", Because())).ShouldBeRefused(404, "not-found");
        (await staff.Post($"staff/leases/{lease.Id()}/end", Because("she owes me money"))).ShouldBeRefused(400, "invalid-request");
        (await staff.Post($"staff/leases/{(await asha.Hold(app.Places.Sites[0])).Id()}/end", Because())).ShouldBeRefused(409, "lease-not-active");
    }
}
