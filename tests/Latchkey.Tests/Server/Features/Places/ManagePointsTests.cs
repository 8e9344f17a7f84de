using System.Text.Json.Nodes;
using Latchkey.Server.Features.Places;
using Latchkey.Tests.Server.Features.Devices;
using Latchkey.Tests.Support;

namespace Latchkey.Tests.Server.Features.Places;

/// <summary>ManagePoints, RemoveBank: a bank is carried away when nothing runs in it, and what was done there keeps its names.</summary>
public sealed class ManagePointsTests(TestDatabase databases)
{
    /// <summary>Found by the fuzz: whoever asked anything of such a bank that needs its key got a 500, without signing in where that was not needed.</summary>
    [Fact]
    public async Task A_bank_whose_controller_has_not_come_yet_is_a_bank_that_is_away()
    {
        await using LatchkeyApp app = await LatchkeyApp.Start(databases);
        TestPerson admin = await app.GivenStaff("admin"), asha = await app.Quick();
        SitePlace site = app.Places.Sites.First(s => s.OpeningHours.Count == 0);
        (int status, JsonNode? bank) = await admin.Post($"locker-points/{site.Id}/banks", new { name = "New bank", columns = 2 });
        status.ShouldBe(201, bank?.ToJsonString());
        (status, JsonNode? locker) = await admin.Post("admin/lockers", new { bankId = bank!.Id(), number = 1, label = "1", size = "S" });
        status.ShouldBe(201, locker?.ToJsonString());
        foreach (string path in (string[])["deposits", "items"])
            (await app.Ask(HttpMethod.Post, $"{path}/lockers/{locker!.Id()}/request-otp", new { email = "nobody@test.example" })).Status.ShouldBe(202);

        (status, JsonNode? lease) = await asha.Post($"sites/{site.Id}/holds", new { size = "S", hours = 1, lockerId = locker!.Id() });
        status.ShouldBe(201, lease?.ToJsonString());
        JsonNode rented = lease!;
        await asha.Pay(rented);
        (await asha.Post($"leases/{rented.Id()}/pin")).Status.ShouldBe(200);
        (await asha.Post($"leases/{rented.Id()}/shares", new { once = true })).Status.ShouldBe(201);
        (await asha.Post($"leases/{rented.Id()}/open")).Status.ShouldBe(202);
        ((bool)(await asha.Lease(rented))["offline"]!["ready"]!).ShouldBeFalse("no bank holds it");
    }

    [Fact]
    public async Task A_bank_is_taken_away_when_nobody_has_one_of_its_lockers_and_receipts_still_name_it()
    {
        await using LatchkeyApp app = await LatchkeyApp.Start(databases, [Driving.Site("Market", "S", "M")]);
        TestPerson admin = await app.GivenAdmin(), asha = await app.Quick();
        JsonNode lease = await asha.Rent(app.Places.Sites[0], "S");
        BankPlace bank = app.BankOf(lease);
        (await asha.Send(HttpMethod.Delete, $"admin/banks/{bank.Id}")).ShouldBeRefused(403, "forbidden");
        (await admin.Send(HttpMethod.Delete, $"admin/banks/{bank.Id}")).ShouldBeRefused(409, "locker-in-use");
        (await asha.Post($"leases/{lease.Id()}/finish")).Status.ShouldBe(200);
        (await admin.Send(HttpMethod.Delete, $"admin/banks/{bank.Id}")).Status.ShouldBe(204);
        (await admin.Send(HttpMethod.Delete, $"admin/banks/{bank.Id}")).ShouldBeRefused(404, "not-found");
        app.Places.Sites[0].Banks.ShouldNotContain(b => b.Id == bank.Id);
        (await app.Http.GetAsync($"banks/{bank.Id}")).StatusCode.ShouldBe(System.Net.HttpStatusCode.NotFound);
        (await app.Sql<long>("select count(*) from device where id = @DeviceId and revoked_at is not null", new { bank.DeviceId })).ShouldBe(1, "its device is not listened to");
        (await asha.Get($"leases/{lease.Id()}")).Body!["bank"].Text("name").ShouldBe(bank.Name);
        (await admin.Post("admin/lockers", new { bankId = bank.Id, number = 9, label = "9", size = "S" })).ShouldBeRefused(404, "not-found");
        (await admin.Post("devices/claims", new { bankId = bank.Id, hours = 1 })).Status.ShouldBe(404);
    }

    [Fact]
    public async Task A_locker_that_somebody_has_keeps_its_label_until_they_have_left_it()
    {
        await using LatchkeyApp app = await LatchkeyApp.Start(databases);
        TestPerson admin = await app.GivenStaff("admin"), asha = await app.Quick();
        JsonNode lease = await asha.Rent(app.Places.Sites[0]);
        LockerPlace locker = app.LockerOf(lease);
        // Its digits are typed before a PIN, and the bank was told which they are.
        (await admin.Send(HttpMethod.Put, $"admin/lockers/{locker.Id}", new { label = "901", size = "M", inService = true })).ShouldBeRefused(409, "locker-in-use");
        (await admin.Send(HttpMethod.Put, $"admin/lockers/{locker.Id}", new { label = locker.Label, size = "M", inService = false })).Status.ShouldBe(200);
        await app.State(app.BankOf(lease), new string('c', app.BankOf(lease).Lockers.Count));
        (await asha.Post($"leases/{lease.Id()}/finish")).Status.ShouldBe(200);
        (await admin.Send(HttpMethod.Put, $"admin/lockers/{locker.Id}", new { label = "901", size = "M", inService = true })).Status.ShouldBe(200);
        app.Places.Locker(locker.Id)!.Label.ShouldBe("901");
    }
}
