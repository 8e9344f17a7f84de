using System.Text.Json.Nodes;
using Latchkey.Link.Messages;
using Latchkey.Server.Messages;
using Latchkey.Tests.Support;

namespace Latchkey.Tests.Server.Features.Locks;

/// <summary>ListLocks, MoveLock, ShowLockLog, OldLockCalls: an owner sees and works their own lock and nobody else's, and what the lock says is what they see.</summary>
public sealed class OwnedLockTests(TestDatabase databases)
{
    [Fact]
    public async Task Its_owner_sees_a_lock_and_nobody_else_does()
    {
        await using LatchkeyApp app = await LatchkeyApp.Start(databases);
        TestPerson asha = await app.Quick(), ravi = await app.Quick();
        OwnedLock mine = await app.GivenLock(asha);
        JsonNode shown = (await asha.Get("locks")).Body!["items"]!.AsArray().ShouldHaveSingleItem()!;
        (shown.Id(), shown.Text("status"), (bool?)shown["online"], (string?)shown["issue"]).ShouldBe((mine.Lease, "locked", true, null));
        (await ravi.Get("locks")).Body!["items"]!.AsArray().ShouldBeEmpty();
        foreach (string path in (string[])["", "/log"])
            (await ravi.Get($"locks/{mine.Lease}{path}")).ShouldBeRefused(404, "not-found");
        foreach (string deed in (string[])["lock", "unlock"])
            (await ravi.Post($"locks/{mine.Lease}/{deed}")).ShouldBeRefused(404, "not-found");
        (await app.Sql<long>("select count(*) from command")).ShouldBe(0);
    }

    [Fact]
    public async Task A_lock_is_no_rental_and_its_site_does_not_show_or_rent_it()
    {
        await using LatchkeyApp app = await LatchkeyApp.Start(databases);
        TestPerson asha = await app.Quick();
        string before = (await app.Ask(HttpMethod.Get, $"sites/{app.Places.Sites[0].Id}")).Body!["lockers"]!.ToJsonString();
        OwnedLock mine = await app.GivenLock(asha);
        (await asha.Get("leases")).Body!["items"]!.AsArray().ShouldBeEmpty();
        (await asha.Get($"leases/{mine.Lease}")).ShouldBeRefused(404, "not-found");
        (await asha.Post($"leases/{mine.Lease}/open")).ShouldBeRefused(404, "not-found");
        (await asha.Post($"leases/{mine.Lease}/finish")).ShouldBeRefused(404, "not-found");
        app.Time.Advance(TimeSpan.FromSeconds(6));
        JsonNode site = (await app.Ask(HttpMethod.Get, $"sites/{app.Places.Sites[0].Id}")).Body!;
        site["lockers"]!.ToJsonString().ShouldBe(before);
        site.ToJsonString().ShouldNotContain($"{mine.Bank.Id}");
        (await app.Ask(HttpMethod.Get, $"banks/{mine.Bank.Id}")).ShouldBeRefused(404, "not-found");
        (await asha.Post($"sites/{app.Places.Sites[0].Id}/holds", new { size = "S", hours = 1, lockerId = mine.Bank.Lockers[0].Id })).ShouldBeRefused(404, "not-found");
        // It opens by PIN like any lease.
        (await asha.Post($"leases/{mine.Lease}/pin")).Body.Text("typeFirst").ShouldBe("1");
    }

    [Theory]
    [InlineData("unlock", Outcomes.Unlocked, "n", "unlocked")]
    [InlineData("lock", Outcomes.NotLocked, "j", "unknown")]
    [InlineData("lock", Outcomes.Refused, "n", "unlocked")]
    public async Task What_became_of_an_order_and_where_the_bolt_is_are_told_apart(string deed, string outcome, string door, string status)
    {
        await using LatchkeyApp app = await LatchkeyApp.Start(databases);
        TestPerson asha = await app.Quick();
        OwnedLock mine = await app.GivenLock(asha);
        (int answer, JsonNode? order) = await asha.Post($"locks/{mine.Lease}/{deed}", null, "move-it-once");
        (answer, order.Text("state"), order.Text("kind")).ShouldBe((202, "pending", deed));
        (await asha.Post($"locks/{mine.Lease}/{deed}", null, "move-it-once")).Body!.Id().ShouldBe(order!.Id());
        (await asha.Post($"locks/{mine.Lease}/lock")).ShouldBeRefused(409, "command-pending");
        // Nothing has answered yet, and so nothing has changed.
        (await asha.Show(mine)).Text("status").ShouldBe("locked");
        await app.Result(mine.Bank, order!.Id(), 1, outcome, outcome == Outcomes.Refused ? "door-open" : null);
        await app.State(mine.Bank, door);
        JsonNode now = await asha.Show(mine);
        (now.Text("status"), now["command"].Text("state")).ShouldBe((status, outcome));
    }

    [Fact]
    public async Task A_lock_that_is_known_to_be_off_line_is_sent_nothing_and_answers_so_at_once()
    {
        await using LatchkeyApp app = await LatchkeyApp.Start(databases);
        TestPerson asha = await app.Quick();
        OwnedLock silent = await app.GivenLock(asha, "Shed", online: false), mine = await app.GivenLock(asha);
        (await asha.Post($"locks/{silent.Lease}/unlock")).ShouldBeRefused(409, "device-offline");
        await app.Report(mine.Bank, (id, b, seq) => Wire.Write(new StateMessage(1, id, b, seq, 0, "", Gone: true, Link: 100)), "state");
        (await asha.Post($"locks/{mine.Lease}/unlock")).ShouldBeRefused(409, "device-offline");
        (await Old(app, asha, "unlock", mine.Bank.DeviceId)).ShouldBeRefused(409, "device-offline");
        (await app.Sql<long>("select count(*) from command")).ShouldBe(0);
        JsonNode shown = await asha.Show(mine);
        // What was heard last, with its time; it is not told as true now.
        ((bool)shown["online"]!, shown.Text("status"), shown["lastSeen"]).ShouldSatisfyAllConditions(s => s.Item1.ShouldBeFalse(), s => s.Item2.ShouldBe("locked"), s => s.Item3.ShouldNotBeNull());
    }

    [Fact]
    public async Task The_log_says_who_did_what_and_a_new_owner_does_not_read_the_former_ones()
    {
        await using LatchkeyApp app = await LatchkeyApp.Start(databases);
        TestPerson asha = await app.GivenCustomer("Asha"), ravi = await app.GivenCustomer("Ravi"), admin = await app.GivenStaff("admin");
        OwnedLock mine = await app.GivenLock(asha);
        JsonNode order = (await asha.Post($"locks/{mine.Lease}/unlock")).Body!;
        await app.Event(mine.Bank, EventKinds.DoorUnlocked, 1, order.Id());
        await app.Result(mine.Bank, order.Id(), 1, Outcomes.Unlocked);
        await app.Event(mine.Bank, EventKinds.DoorLocked, 1); // somebody has turned the key
        await app.Report(mine.Bank, (id, b, seq) => Wire.Write(new StateMessage(1, id, b, seq, 0, "l", "tamper")), "state");
        Log(await asha.Get($"locks/{mine.Lease}/log")).ShouldBe("device-issue by lock (tamper), door-locked by lock, unlocked by you, door-locked by lock, device-online by lock, owner-set by latchkey");
        (await asha.Get($"locks/{mine.Lease}/log?limit=2")).Body.Text("next").ShouldNotBeEmpty();

        (int status, JsonNode? given) = await admin.Send(HttpMethod.Put, $"admin/locks/{mine.Bank.Id}/owner", new { email = ravi.Email });
        (status, given?["owner"].Text("email")).ShouldBe((200, ravi.Email));
        (await asha.Get($"locks/{mine.Lease}")).ShouldBeRefused(404, "not-found");
        (await asha.Get($"locks/{mine.Lease}/log")).ShouldBeRefused(404, "not-found");
        (await asha.Post($"locks/{mine.Lease}/lock")).ShouldBeRefused(404, "not-found");
        Guid his = (await ravi.Get("locks")).Body!["items"]![0]!.Id();
        his.ShouldNotBe(mine.Lease);
        Log(await ravi.Get($"locks/{his}/log")).ShouldBe("owner-set by person");
        (await app.Sql<string>("select authority from journal where kind = 'owner-ended'")).ShouldBe($"person:{admin.Id:D}");
        await Driving.Until(async () => (await Told(app, asha)).Contains("lock-gone", StringComparison.Ordinal), "the former owner is told");
        (await Told(app, asha)).ShouldBe("lock-gone lock-issue lock-locked lock-online lock-unlocked lock-yours");
        await Driving.Until(async () => await Told(app, ravi) == "lock-yours", "the new one is told");
        (await app.Sql<long>("select count(*) from message where person_id = @Id and kind like 'bank-%'", new { admin.Id })).ShouldBe(0);
    }

    [Fact]
    public async Task That_a_lock_is_off_line_is_told_when_it_stays_so()
    {
        await using LatchkeyApp app = await LatchkeyApp.Start(databases);
        TestPerson asha = await app.GivenCustomer("Asha");
        OwnedLock mine = await app.GivenLock(asha);
        await app.Report(mine.Bank, (id, b, seq) => Wire.Write(new StateMessage(1, id, b, seq, 0, "", Gone: true, Link: 100)), "state");
        await Driving.Until(async () => await app.Sql<long>("select count(*) from message where kind = 'lock-offline' and state = 'waiting' and channel = 'app'") == 1, "it is written ahead");
        app.Time.Advance(MessageRules.OfflineFor);
        await Driving.Until(async () => (await Told(app, asha)).Contains("lock-offline", StringComparison.Ordinal), "it is told");
    }

    [Fact]
    public async Task A_door_that_was_shut_without_its_bolt_is_unlocked_and_not_unknown()
    {
        await using LatchkeyApp app = await LatchkeyApp.Start(databases);
        TestPerson asha = await app.Quick();
        OwnedLock mine = await app.GivenLock(asha);
        await app.Event(mine.Bank, EventKinds.DoorUnlocked, 1);
        await app.Event(mine.Bank, EventKinds.DoorOpened, 1);
        (await asha.Show(mine)).ShouldSatisfyAllConditions(l => l.Text("status").ShouldBe("unlocked"), l => l.Text("door").ShouldBe("open"));
        await app.Event(mine.Bank, EventKinds.DoorClosed, 1);
        (await asha.Show(mine)).ShouldSatisfyAllConditions(l => l.Text("status").ShouldBe("unlocked"), l => l.Text("door").ShouldBe("unlocked"));
    }

    [Fact]
    public async Task An_older_program_gets_its_record_under_its_names_and_only_of_its_own_lock()
    {
        await using LatchkeyApp app = await LatchkeyApp.Start(databases);
        TestPerson asha = await app.GivenCustomer("Asha"), ravi = await app.Quick();
        OwnedLock mine = await app.GivenLock(asha);
        (await Old(app, ravi, "unlock", mine.Bank.DeviceId)).ShouldBeRefused(404, "not-found");
        (await Old(app, asha, "unlock", Guid.Empty)).ShouldBeRefused(404, "not-found");
        Task<(int Status, JsonNode? Body)> asking = Old(app, asha, "unlock", mine.Bank.DeviceId);
        await Driving.Until(async () => await app.Sql<long>("select count(*) from command") == 1, "the order is written down");
        var command = await app.Sql<Guid>("select id from command");
        (await Old(app, asha, "unlock", mine.Bank.DeviceId)).ShouldBeRefused(409, "command-pending");
        await app.Event(mine.Bank, EventKinds.DoorUnlocked, 1, command);
        await app.Result(mine.Bank, command, 1, Outcomes.Unlocked);
        (int status, JsonNode? record) = await asking;
        status.ShouldBe(200, record?.ToJsonString());
        record!.AsObject().Select(f => f.Key).ShouldBe(["device_id", "name", "owner", "status", "state", "last_seen", "issue"]);
        (record.Text("device_id"), record.Text("name"), record.Text("owner"), record.Text("status"), record.Text("state")).ShouldBe(($"{mine.Bank.DeviceId}", "Cycle box", "Asha", "Unlocked", "Available"));
    }

    private static Task<(int Status, JsonNode? Body)> Old(LatchkeyApp app, TestPerson person, string deed, Guid device) =>
        person.Send(HttpMethod.Post, new Uri(app.Address, $"/api/{deed}").ToString(), new { device_id = device });

    private static string Log((int Status, JsonNode? Body) page)
    {
        page.Status.ShouldBe(200, page.Body?.ToJsonString());
        return string.Join(", ", page.Body!["items"]!.AsArray().Select(e => $"{e.Text("what")} by {e.Text("by")}{((string?)e!["reason"] is { } why ? $" ({why})" : "")}"));
    }

    private static async Task<string> Told(LatchkeyApp app, TestPerson person) =>
        await app.Sql<string>("select coalesce(string_agg(distinct kind, ' ' order by kind), '') from message where person_id = @Id and channel = 'app' and state = 'sent' and kind like 'lock-%'", new { person.Id }) ?? "";
}
