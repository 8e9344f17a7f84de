using System.Text;
using System.Text.Json.Nodes;
using Dapper;
using Latchkey.Link.Messages;
using Latchkey.Link.Passes;
using Latchkey.Server.Devices;
using Latchkey.Server.Features.Places;
using Latchkey.Tests.Support;
using Microsoft.Extensions.DependencyInjection;

namespace Latchkey.Tests.Server.Features.Shares;

/// <summary>ShareLocker and UseShare: somebody else opens a locker with a link, once or for a time, until it is taken back; and the holder sees who did.</summary>
public sealed class ShareLockerTests(TestDatabase databases)
{
    [Fact]
    public async Task Somebody_without_an_account_opens_with_the_link_once_and_not_a_second_time()
    {
        await using LatchkeyApp app = await LatchkeyApp.Start(databases);
        TestPerson asha = await app.GivenCustomer();
        JsonNode lease = await asha.Rent(app.Places.Sites[0]);
        string secret = await Shared(asha, lease, new { once = true, name = "Ravi" });
        JsonNode seen = await Look(app, secret);
        seen.Text("state").ShouldBe("good");
        seen.Text("sharedBy").ShouldBe("Asha");
        (int status, JsonNode? order) = await Open(app, secret);
        status.ShouldBe(202, order?.ToJsonString());
        (await Open(app, secret)).ShouldBeRefused(409, "command-pending");
        await Opens(app, lease, order!.Id());
        (await Look(app, secret)).Text("state").ShouldBe("used");
        (await Look(app, secret))["code"].ShouldBeNull();
        (await Open(app, secret)).ShouldBeRefused(409, "share-used");
        JsonNode shown = (await asha.Get($"leases/{lease.Id()}/shares")).Body!["items"]![0]!;
        shown.Text("state").ShouldBe("used");
        ((long)shown["openings"]!).ShouldBe(1);
        (await asha.Lease(lease))["openedEver"]!.GetValue<bool>().ShouldBeTrue("what a guest opened is used");
    }

    [Fact]
    public async Task A_door_that_did_not_open_uses_nothing_up()
    {
        await using LatchkeyApp app = await LatchkeyApp.Start(databases);
        TestPerson asha = await app.GivenCustomer();
        JsonNode lease = await asha.Rent(app.Places.Sites[0]);
        string secret = await Shared(asha, lease, new { once = true });
        Guid order = (await Open(app, secret)).Body!.Id();
        await app.Result(app.BankOf(lease), order, app.LockerOf(lease).Number, Outcomes.NotOpened);
        (await Look(app, secret)).Text("state").ShouldBe("good");
        (await Open(app, secret)).Status.ShouldBe(202);
    }

    [Fact]
    public async Task An_opening_of_which_nobody_knows_how_it_ended_counts_as_used()
    {
        await using LatchkeyApp app = await LatchkeyApp.Start(databases);
        TestPerson asha = await app.GivenCustomer();
        JsonNode lease = await asha.Rent(app.Places.Sites[0]);
        string secret = await Shared(asha, lease, new { once = true });
        (await Open(app, secret)).Status.ShouldBe(202);
        await app.Sql<int>("update command set state = 'unconfirmed'");
        (await Open(app, secret)).ShouldBeRefused(409, "share-used");
    }

    [Fact]
    public async Task Twenty_who_use_one_opening_at_the_same_moment_open_once()
    {
        await using LatchkeyApp app = await LatchkeyApp.Start(databases);
        TestPerson asha = await app.GivenCustomer();
        JsonNode lease = await asha.Rent(app.Places.Sites[0]);
        string secret = await Shared(asha, lease, new { once = true });
        (int Status, JsonNode? Body)[] all = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => Open(app, secret)));
        all.Count(a => a.Status == 202).ShouldBe(1);
        (await app.Sql<long>("select count(*) from command where share_id is not null")).ShouldBe(1);
    }

    [Fact]
    public async Task A_link_that_was_taken_back_opens_nothing_from_then_on_and_the_bank_is_told()
    {
        await using LatchkeyApp app = await LatchkeyApp.Start(databases);
        TestPerson asha = await app.GivenCustomer(), ravi = await app.Quick();
        JsonNode lease = await asha.Rent(app.Places.Sites[0]);
        string secret = await Shared(asha, lease, new { once = false });
        Pass pass = Pass.Read(Pass.FromText((await Look(app, secret))["pass"].Text("text"))!, out _)!;
        Guid share = (await asha.Get($"leases/{lease.Id()}/shares")).Body!["items"]![0]!.Id();
        (await ravi.Send(HttpMethod.Delete, $"leases/{lease.Id()}/shares/{share}")).Status.ShouldBe(404);
        (await asha.Send(HttpMethod.Delete, $"leases/{lease.Id()}/shares/{share}")).Status.ShouldBe(204);
        (await asha.Send(HttpMethod.Delete, $"leases/{lease.Id()}/shares/{share}")).Status.ShouldBe(204);
        (await Open(app, secret)).ShouldBeRefused(409, "share-taken-back");
        JsonNode after = await Look(app, secret);
        after.Text("state").ShouldBe("taken-back");
        (after["code"], after["pass"]).ShouldBe((null, null));
        (await Told(app, lease))[^1].ShouldBe(new GrantsBody.Ended(share, app.LockerOf(lease).Number, 1, pass.Name, pass.EndsAt));
        (await app.Sql<long>("select count(*) from journal where kind = 'share-ended' and lease_id = @id and authority = @who", new { id = lease.Id(), who = $"person:{asha.Id:D}" })).ShouldBe(1);
    }

    [Fact]
    public async Task The_bank_knows_the_codes_that_the_link_shows_and_nobody_finds_the_link_in_the_database()
    {
        await using LatchkeyApp app = await LatchkeyApp.Start(databases);
        TestPerson asha = await app.GivenCustomer();
        JsonNode lease = await asha.Rent(app.Places.Sites[0]);
        string secret = await Shared(asha, lease, new { once = true, from = app.Time.GetUtcNow().AddMinutes(30) });
        JsonNode seen = await Look(app, secret);
        seen.Text("state").ShouldBe("waiting");
        (await Open(app, secret)).ShouldBeRefused(409, "share-waiting");
        CommandKey key = await app.Services.GetRequiredService<DeviceKeys>().Of(app.BankOf(lease).DeviceId, CancellationToken.None);
        GrantsBody.Lease granted = (await Told(app, lease))[^1].ShouldBeOfType<GrantsBody.Lease>();
        granted.Pin.ShouldBe(key.HashPin(granted.Salt!, granted.Locker, seen["code"].Text("pin")));
        granted.Uses.ShouldBe(1);
        Pass pass = Pass.Read(Pass.FromText(seen["pass"].Text("text"))!, out _)!;
        pass.ShouldSatisfyAllConditions(p => p.Name.ShouldBe(granted.Token), p => p.MaxUses.ShouldBe((byte)1), p => p.StartsAfterMin.ShouldBe((ushort)30), p => p.LifeMin.ShouldBe((ushort)1_440));
        (await Look(app, secret))["code"].Text("pin").ShouldBe(seen["code"].Text("pin"));
        (await app.Sql<long>("select count(*) from share s where s::text like '%' || @secret || '%'", new { secret })).ShouldBe(0);
        (await app.Sql<long>("select count(*) from idempotency where body like '%' || @secret || '%'", new { secret })).ShouldBe(0);
        app.Time.Advance(TimeSpan.FromMinutes(30));
        (await Open(app, secret)).Status.ShouldBe(202);
    }

    [Fact]
    public async Task A_share_used_at_the_bank_off_line_is_journalled_as_that_share_and_used_up_when_the_server_hears_of_it()
    {
        await using LatchkeyApp app = await LatchkeyApp.Start(databases);
        TestPerson asha = await app.GivenCustomer();
        JsonNode lease = await asha.Rent(app.Places.Sites[0]);
        string secret = await Shared(asha, lease, new { once = true, name = "Ravi" });
        Guid share = (await asha.Get($"leases/{lease.Id()}/shares")).Body!["items"]![0]!.Id(), use = Guid.CreateVersion7();
        await app.Report(app.BankOf(lease), (id, b, seq) => Wire.Write(new ResultMessage(1, id, b, seq, 0, use, app.LockerOf(lease).Number, Outcomes.Opened, null, $"share:{share:D}:pin")), "result");
        (await Open(app, secret)).ShouldBeRefused(409, "share-used");
        JsonNode opened = (await asha.Get($"leases/{lease.Id()}/custody")).Body!["entries"]!.AsArray().Single(e => e.Text("what") == "opened")!;
        (opened.Text("by"), opened.Text("name")).ShouldBe(("shared", "Ravi"));
    }

    [Fact]
    public async Task A_share_for_a_time_ends_with_it_and_one_without_an_end_with_the_rental()
    {
        await using LatchkeyApp app = await LatchkeyApp.Start(databases);
        TestPerson asha = await app.GivenCustomer();
        JsonNode lease = await asha.Rent(app.Places.Sites[0], hours: 6);
        string hour = await Shared(asha, lease, new { once = false, until = app.Time.GetUtcNow().AddHours(1) }), rental = await Shared(asha, lease, new { once = false });
        for (int i = 0; i < 2; i++)
        {
            (int status, JsonNode? order) = await Open(app, hour);
            status.ShouldBe(202);
            await Opens(app, lease, order!.Id());
        }
        app.Time.Advance(TimeSpan.FromHours(1));
        (await Open(app, hour)).ShouldBeRefused(409, "share-expired");
        Guid last = (await Open(app, rental)).Body!.Id();
        await Opens(app, lease, last);
        (await asha.Post($"leases/{lease.Id()}/finish")).Status.ShouldBe(200);
        (await Open(app, rental)).ShouldBeRefused(409, "share-over");
        (await Look(app, rental)).Text("door").ShouldBe("unknown", "what the door does is nobody's business who has no right to it");
    }

    [Fact]
    public async Task Three_people_at_most_and_nobody_but_the_holder_and_nothing_that_makes_no_sense()
    {
        await using LatchkeyApp app = await LatchkeyApp.Start(databases);
        TestPerson asha = await app.GivenCustomer(), ravi = await app.GivenCustomer("Ravi");
        JsonNode lease = await asha.Rent(app.Places.Sites[0]);
        string path = $"leases/{lease.Id()}/shares";
        DateTimeOffset now = app.Time.GetUtcNow();
        foreach (object wrong in (object[])[new { once = true, until = now.AddHours(25) }, new { once = false, until = now.AddDays(8) }, new { once = false, until = now }, new { once = false, from = now.AddDays(8) }, new { once = false, name = new string('x', 41) }])
            (await asha.Post(path, wrong)).Status.ShouldBe(400);
        (await ravi.Post(path, new { once = true })).Status.ShouldBe(404);
        (await ravi.Get(path)).Status.ShouldBe(404);
        for (int i = 0; i < 3; i++)
            await Shared(asha, lease, new { once = true });
        (await asha.Post(path, new { once = true })).ShouldBeRefused(409, "too-many-shares");
        app.Time.Advance(TimeSpan.FromHours(24));
        await Shared(asha, lease, new { once = true });
        JsonNode held = await ravi.Hold(app.Places.Sites[0]);
        (await ravi.Post($"leases/{held.Id()}/shares", new { once = true })).ShouldBeRefused(409, "lease-not-active");
        (await app.Ask(HttpMethod.Post, "shared", new { secret = new string('A', 22) })).ShouldBeRefused(404, "share-unknown");
        (await app.Ask(HttpMethod.Post, "shared/open", new { secret = "x" })).ShouldBeRefused(404, "share-unknown");
    }

    private static async Task<string> Shared(TestPerson person, JsonNode lease, object how)
    {
        (int status, JsonNode? body) = await person.Post($"leases/{lease.Id()}/shares", how);
        status.ShouldBe(201, body?.ToJsonString());
        return body.Text("path").Split('#')[1];
    }

    private static async Task<JsonNode> Look(LatchkeyApp app, string secret)
    {
        (int status, JsonNode? body) = await app.Ask(HttpMethod.Post, "shared", new { secret });
        status.ShouldBe(200, body?.ToJsonString());
        return body!;
    }

    private static async Task<(int Status, JsonNode? Body)> Open(LatchkeyApp app, string secret)
    {
        using var nobody = new HttpClient { BaseAddress = app.Http.BaseAddress };
        return await new TestPerson(nobody, Guid.Empty, "", new JsonObject()).Post("shared/open", new { secret });
    }

    private static async Task Opens(LatchkeyApp app, JsonNode lease, Guid order)
    {
        (BankPlace bank, int number) = (app.BankOf(lease), app.LockerOf(lease).Number);
        await app.Event(bank, EventKinds.DoorOpened, number, order);
        await app.Result(bank, order, number, Outcomes.Opened);
        await app.Event(bank, EventKinds.DoorClosed, number);
    }

    private static async Task<List<GrantsBody>> Told(LatchkeyApp app, JsonNode lease) =>
    [
        .. (await app.Db.Read(c => c.QueryAsync<string>("select body from device_grant where device_id = @DeviceId order by revision", new { app.BankOf(lease).DeviceId }), CancellationToken.None))
            .Select(b => GrantsBody.Read(Encoding.UTF8.GetBytes(b)).ShouldNotBeNull()),
    ];
}
