using System.Text.Json.Nodes;
using Latchkey.Link.Messages;
using Latchkey.Server.Features.Leases;
using Latchkey.Server.Features.Places;
using Latchkey.Tests.Server.Features.Changes;
using Latchkey.Tests.Server.Features.Devices;
using Latchkey.Tests.Support;
using Microsoft.Extensions.DependencyInjection;

namespace Latchkey.Tests.Server.Features.Leases;

/// <summary>Who has given a locker back and forgotten something opens it once more for a few minutes, unless somebody else has it.</summary>
public sealed class ReopenLockerTests(TestDatabase databases)
{
    [Fact]
    public async Task What_was_forgotten_is_fetched_for_nothing_and_the_locker_is_free_again_when_the_door_is_shut()
    {
        await using LatchkeyApp app = await LatchkeyApp.Start(databases, [Driving.Site("One", "S")]);
        TestPerson[] people = await app.GivenCustomers(2);
        JsonNode lease = await Finished(app, people[0]);
        (await people[0].Lease(lease))["reopenUntil"].ShouldNotBeNull();
        (await people[1].Post($"leases/{lease.Id()}/reopen")).Status.ShouldBe(404);
        (int status, JsonNode? order) = await people[0].Post($"leases/{lease.Id()}/reopen");
        status.ShouldBe(202, order?.ToJsonString());
        (await people[0].Post($"leases/{lease.Id()}/reopen")).ShouldBeRefused(409, "command-pending");
        (await people[1].Post($"sites/{app.Places.Sites[0].Id}/holds", new { size = "S", hours = 1 })).ShouldBeRefused(409, "no-free-locker");
        (BankPlace bank, int number) = (app.BankOf(lease), app.LockerOf(lease).Number);
        await app.Event(bank, EventKinds.DoorOpened, number, order!.Id());
        await app.Result(bank, order!.Id(), number, Outcomes.Opened);
        await app.Services.GetRequiredService<ReopenLocker>().Sweep(CancellationToken.None);
        (await people[1].Post($"sites/{app.Places.Sites[0].Id}/holds", new { size = "S", hours = 1 })).ShouldBeRefused(409, "no-free-locker");
        await app.Event(bank, EventKinds.DoorClosed, number);
        await Over(app);
        (await people[1].Post($"sites/{app.Places.Sites[0].Id}/holds", new { size = "S", hours = 1 })).Status.ShouldBe(201);
        // Now it is somebody else's, however short the time since.
        (await people[0].Post($"leases/{lease.Id()}/reopen")).ShouldBeRefused(409, "locker-taken");
        (await people[0].Lease(lease))["reopenUntil"].ShouldBeNull();
        (await app.Sql<long>("select count(*) from ledger_entry where lease_id <> @id", new { id = lease.Id() })).ShouldBe(0);
        await app.Adds();
    }

    [Fact]
    public async Task After_five_minutes_or_after_staff_have_ended_it_nothing_opens()
    {
        await using LatchkeyApp app = await LatchkeyApp.Start(databases, [Driving.Site("One", "S", "S")]);
        TestPerson asha = await app.GivenCustomer(), admin = await app.GivenAdmin();
        JsonNode lease = await Finished(app, asha);
        app.Time.Advance(TimeSpan.FromMinutes(5));
        (await asha.Post($"leases/{lease.Id()}/reopen")).ShouldBeRefused(409, "reopen-too-late");
        JsonNode other = await asha.Rent(app.Places.Sites[0], "S");
        await app.Use(asha, other);
        (await asha.Post($"leases/{other.Id()}/reopen")).ShouldBeRefused(409, "lease-not-active");
        (await admin.Post($"staff/leases/{other.Id()}/end", new { reason = "abuse" })).Status.ShouldBe(200);
        (await asha.Post($"leases/{other.Id()}/reopen")).ShouldBeRefused(409, "locker-taken");
    }

    [Fact]
    public async Task The_next_customer_and_who_forgot_something_never_both_have_it()
    {
        await using LatchkeyApp app = await LatchkeyApp.Start(databases, [Driving.Site("One", "S")]);
        TestPerson[] people = [await app.GivenCustomer(), await app.GivenCustomer("Ravi")];
        for (int round = 0; round < 5; round++)
        {
            JsonNode lease = await Finished(app, people[0]);
            (int Status, JsonNode? Body)[] both = await Task.WhenAll(people[0].Post($"leases/{lease.Id()}/reopen"), people[1].Post($"sites/{app.Places.Sites[0].Id}/holds", new { size = "S", hours = 1 }));
            both.Count(b => b.Status is 201 or 202).ShouldBe(1);
            await app.Sql<int>("update lease set state = 'cancelled', ended_at = now() where state = 'held'; update command set state = 'refused' where state = 'pending'");
            app.Time.Advance(TimeSpan.FromMinutes(3));
            await Over(app);
        }
    }

    /// <summary>Swept by this or by the server's own sweep, which may be at it.</summary>
    private static Task Over(LatchkeyApp app) => Driving.Until(
        async () =>
        {
            await app.Services.GetRequiredService<ReopenLocker>().Sweep(CancellationToken.None);
            return await app.Sql<long>("select count(*) from lease where kind = 'reopen' and state = 'active'") == 0;
        },
        "the locker is free again");

    private static async Task<JsonNode> Finished(LatchkeyApp app, TestPerson person)
    {
        JsonNode lease = await person.Rent(app.Places.Sites[0], "S");
        await app.Use(person, lease);
        app.Time.Advance(TimeSpan.FromMinutes(1));
        (await person.Post($"leases/{lease.Id()}/finish")).Status.ShouldBe(200);
        return lease;
    }
}
