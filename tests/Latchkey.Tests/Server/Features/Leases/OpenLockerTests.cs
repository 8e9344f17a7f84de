using System.Text.Json.Nodes;
using Latchkey.Link.Messages;
using Latchkey.Server.Devices;
using Latchkey.Server.Features.Places;
using Latchkey.Tests.Support;

namespace Latchkey.Tests.Server.Features.Leases;

/// <summary>OpenLocker, ShowCommand and the command ledger: an order comes to one outcome, and only its own device says which.</summary>
public sealed class OpenLockerTests(TestDatabase databases)
{
    private static async Task<(TestPerson Asha, JsonNode Lease, BankPlace Bank, int Number, Guid Command)> Ordered(LatchkeyApp app)
    {
        TestPerson asha = await app.Quick();
        JsonNode lease = await asha.Rent(app.Places.Sites[0]);
        (int status, JsonNode? command) = await asha.Post($"leases/{lease.Id()}/open");
        status.ShouldBe(202, command?.ToJsonString());
        return (asha, lease, app.BankOf(lease), app.LockerOf(lease).Number, command!.Id());
    }

    private static async Task<string> State(TestPerson person, Guid command) => (await person.Get($"commands/{command}")).Body.Text("state");

    [Fact]
    public async Task An_unpaid_locker_is_not_opened_and_another_persons_is_not_found()
    {
        await using LatchkeyApp app = await LatchkeyApp.Start(databases);
        TestPerson[] people = await app.GivenCustomers(2);
        JsonNode lease = await people[0].Hold(app.Places.Sites[0]);
        (await people[0].Post($"leases/{lease.Id()}/open")).ShouldBeRefused(409, "lease-not-active");
        await people[0].Pay(lease);
        (await people[1].Post($"leases/{lease.Id()}/open")).ShouldBeRefused(404, "not-found");
        (await app.Sql<long>("select count(*) from command")).ShouldBe(0);
    }

    [Fact]
    public async Task A_second_order_waits_for_the_first_and_the_same_key_orders_once()
    {
        await using LatchkeyApp app = await LatchkeyApp.Start(databases);
        TestPerson asha = await app.Quick();
        JsonNode lease = await asha.Rent(app.Places.Sites[0]);
        JsonNode first = (await asha.Post($"leases/{lease.Id()}/open", null, "open-it-once")).Body!;
        (await asha.Post($"leases/{lease.Id()}/open", null, "open-it-once")).Body!.Id().ShouldBe(first.Id());
        (await asha.Post($"leases/{lease.Id()}/open")).ShouldBeRefused(409, "command-pending");
        (await asha.Post($"leases/{lease.Id()}/finish")).ShouldBeRefused(409, "command-pending");
        (await app.Sql<string>("select authority from command")).ShouldBe($"lease:{lease.Id():D}");
    }

    [Theory]
    [InlineData(Outcomes.Opened, null, true)]
    [InlineData(Outcomes.NotOpened, null, false)]
    [InlineData(Outcomes.Refused, RefusalReasons.Busy, false)]
    [InlineData(Outcomes.Unknown, null, false)]
    public async Task What_the_device_reports_is_what_the_customer_sees(string outcome, string? reason, bool opened)
    {
        await using LatchkeyApp app = await LatchkeyApp.Start(databases);
        var (asha, lease, bank, number, command) = await Ordered(app);
        await app.Result(bank, command, number, outcome, reason);
        JsonNode shown = (await asha.Get($"commands/{command}")).Body!;
        shown.Text("state").ShouldBe(outcome);
        ((string?)shown["reason"]).ShouldBe(reason);
        ((bool)shown["final"]!).ShouldBeTrue();
        JsonNode now = await asha.Lease(lease);
        ((bool)now["openedEver"]!).ShouldBe(opened);
        now["door"].Text("state").ShouldBe(outcome == Outcomes.NotOpened ? "jammed" : "unknown");
        (await asha.Post($"leases/{lease.Id()}/open")).Status.ShouldBe(202);
    }

    [Fact]
    public async Task The_first_outcome_stays_and_one_late_report_settles_what_was_given_up()
    {
        await using LatchkeyApp app = await LatchkeyApp.Start(databases);
        var (asha, _, bank, number, command) = await Ordered(app);
        app.Time.Advance(TimeSpan.FromSeconds(14));
        // Without a broker it certainly never left this node, so nothing moved and the server may say so.
        await Driving.Until(async () => await State(asha, command) == "expired", "the order expires unsent");
        // Now as if it had been sent, and nobody answered.
        await app.Sql<int>("update command set state = 'sent', settled_at = null");
        await CommandLedger.Sweep(app.Db, app.Time.GetUtcNow(), CancellationToken.None);
        (await State(asha, command)).ShouldBe("sent");
        app.Time.Advance(TimeSpan.FromSeconds(1));
        // The server's own sweep is woken by the clock.
        await Driving.Until(async () => await State(asha, command) == "unconfirmed", "the sweep gives the order up");
        await app.Result(bank, command, number, Outcomes.Opened);
        (await State(asha, command)).ShouldBe("opened");
        await app.Result(bank, command, number, Outcomes.Refused, RefusalReasons.Busy);
        (await State(asha, command)).ShouldBe("opened");
    }

    /// <summary>The simulated day found it: a changed copy came first, was refused, and the genuine order opened the door that the server showed as refused.</summary>
    [Fact]
    public async Task What_a_device_calls_forged_ends_nothing_because_the_genuine_order_may_come_after_it()
    {
        await using LatchkeyApp app = await LatchkeyApp.Start(databases);
        var (asha, lease, bank, number, command) = await Ordered(app);
        await app.Result(bank, command, number, Outcomes.Refused, RefusalReasons.Forged);
        JsonNode shown = (await asha.Get($"commands/{command}")).Body!;
        (shown.Text("state"), (bool)shown["final"]!).ShouldBe(("unconfirmed", false));
        // Nobody waits for it any more.
        (await asha.Post($"leases/{lease.Id()}/open")).Status.ShouldBe(202);
        await app.Result(bank, command, number, Outcomes.Opened);
        (await State(asha, command)).ShouldBe("opened");
        ((bool)(await asha.Lease(lease))["openedEver"]!).ShouldBeTrue();
    }

    [Fact]
    public async Task A_report_that_comes_twice_is_applied_once_and_an_older_one_changes_nothing()
    {
        await using LatchkeyApp app = await LatchkeyApp.Start(databases);
        var (asha, lease, bank, number, command) = await Ordered(app);
        byte[] opened = Wire.Write(new EventMessage(1, Guid.CreateVersion7(), 3, 10, 0, EventKinds.DoorOpened, number, command));
        for (int i = 0; i < 3; i++)
            await app.Deliver(bank, "event", opened);
        (await app.Sql<long>("select count(*) from journal where kind = 'door-opened'")).ShouldBe(1);
        await app.Deliver(bank, "event", Wire.Write(new EventMessage(1, Guid.CreateVersion7(), 3, 9, 0, EventKinds.DoorClosed, number)));
        await app.Deliver(bank, "state", Wire.Write(new StateMessage(1, Guid.CreateVersion7(), 2, 99, 0, new string('c', bank.Lockers.Count))));
        (await asha.Lease(lease))["door"].Text("state").ShouldBe("open");
        await app.Deliver(bank, "event", Wire.Write(new EventMessage(1, Guid.CreateVersion7(), 3, 11, 0, EventKinds.DoorClosed, number)));
        (await asha.Lease(lease))["door"].Text("state").ShouldBe("closed");
        // The opening again, as a broker sends it after a reconnect.
        await app.Deliver(bank, "event", opened);
        (await asha.Lease(lease))["door"].Text("state").ShouldBe("closed");
    }

    [Fact]
    public async Task Another_devices_word_an_unknown_device_and_noise_are_ignored()
    {
        await using LatchkeyApp app = await LatchkeyApp.Start(databases);
        var (asha, lease, bank, number, command) = await Ordered(app);
        BankPlace other = app.Places.Sites[0].Banks.First(b => b.Id != bank.Id);
        await app.Result(other, command, number, Outcomes.Opened);
        await app.Event(other, EventKinds.DoorOpened, number, command);
        await app.Deliver(bank with { DeviceId = Guid.CreateVersion7() }, "result", Wire.Write(new ResultMessage(1, Guid.CreateVersion7(), 9, 9, 0, command, number, Outcomes.Opened)));
        foreach (string noise in (string[])["", "{", "null", "[]", "{\"v\":1}", "{\"v\":2,\"outcome\":\"opened\"}", "\0", new('x', 5000)])
        {
            foreach (string kind in (string[])["hello", "state", "event", "result", "log", "made-up"])
                await app.Deliver(bank, kind, System.Text.Encoding.UTF8.GetBytes(noise));
        }
        await app.Result(bank, command, number, "sent");
        (await State(asha, command)).ShouldNotBe("opened");
        ((bool)(await asha.Lease(lease))["openedEver"]!).ShouldBeFalse();
    }

    [Fact]
    public async Task Text_that_the_database_cannot_hold_does_not_block_a_device()
    {
        await using LatchkeyApp app = await LatchkeyApp.Start(databases);
        var (asha, _, bank, number, command) = await Ordered(app);
        await Should.NotThrowAsync(app.Result(bank, command, number, Outcomes.Refused, "a\0b"));
        await Should.NotThrowAsync(app.Report(bank, (id, b, seq) => Wire.Write(new HelloMessage(1, id, b, seq, 0, seq, "1\0", "m\0", 3)), "hello"));
        await Should.NotThrowAsync(app.Report(bank, (id, b, seq) => Wire.Write(new StateMessage(1, id, b, seq, 0, new string('c', bank.Lockers.Count), "a\0")), "state"));
        await app.Result(bank, command, number, Outcomes.Opened);
        (await State(asha, command)).ShouldBe("opened");
    }

    [Fact]
    public async Task A_door_that_is_left_open_is_journalled_once_and_proves_nobodys_order()
    {
        await using LatchkeyApp app = await LatchkeyApp.Start(databases);
        var (asha, lease, bank, number, _) = await Ordered(app);
        await app.Event(bank, EventKinds.DoorLeftOpen, number);
        await app.Event(bank, EventKinds.DoorNeverClosed, number);
        foreach (string kind in (string[])[EventKinds.DoorLeftOpen, EventKinds.DoorNeverClosed])
            (await app.Sql<long>("select count(*) from journal where kind = @kind and lease_id = @id", new { kind, id = lease.Id() })).ShouldBe(1);
        JsonNode now = await asha.Lease(lease);
        ((bool)now["openedEver"]!).ShouldBeFalse();
        now["door"].Text("state").ShouldBe("open");
    }

    [Fact]
    public async Task Who_asks_to_wait_gets_the_outcome_when_it_comes()
    {
        await using LatchkeyApp app = await LatchkeyApp.Start(databases);
        TestPerson asha = await app.Quick();
        JsonNode lease = await asha.Rent(app.Places.Sites[0]);
        Task<(int Status, JsonNode? Body)> waiting = asha.Send(HttpMethod.Post, $"leases/{lease.Id()}/open", null, "wait-for-it", ("Prefer", "wait=5"));
        await Driving.Until(async () => await app.Sql<long>("select count(*) from command") == 1, "the order is written down");
        var command = await app.Sql<Guid>("select id from command");
        await app.Result(app.BankOf(lease), command, app.LockerOf(lease).Number, Outcomes.Opened);
        (int status, JsonNode? answer) = await waiting;
        status.ShouldBe(200);
        answer.Text("state").ShouldBe("opened");
    }
}
