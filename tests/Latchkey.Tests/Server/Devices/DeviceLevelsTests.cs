using System.Text.Json.Nodes;
using Latchkey.Link.Messages;
using Latchkey.Server.Features.Places;
using Latchkey.Tests.Support;

namespace Latchkey.Tests.Server.Devices;

/// <summary>What latched locks, occupancy sensors, supply and battery tell, from the report to the row, the journal and the screen.</summary>
public sealed class DeviceLevelsTests(TestDatabase databases)
{
    private static StateMessage Said(long seq, string doors, string? issue = null, string? inside = null, int? battery = null) =>
        new(1, Guid.CreateVersion7(), 1, seq, 0, doors, issue, Inside: inside, Battery: battery);

    private static Task Say(LatchkeyApp app, BankPlace bank, StateMessage state) => app.Deliver(bank, "state", Wire.Write(state));

    private static Task<string?> Journal(LatchkeyApp app, string kinds) => app.Sql<string>(
        "select string_agg(kind, ' ' order by id) from journal where kind = any(@kinds)", new { kinds = kinds.Split(' ') });

    [Fact]
    public async Task What_is_wrong_with_a_device_is_kept_and_journalled_when_it_changes()
    {
        await using LatchkeyApp app = await LatchkeyApp.Start(databases);
        BankPlace bank = app.Places.Sites[0].Banks[0];
        string doors = new('c', bank.Lockers.Count);
        await Say(app, bank, Said(1, doors, battery: 80));
        await Say(app, bank, Said(2, doors, "battery-low", battery: 24));
        await Say(app, bank, Said(3, doors, "battery-low", battery: 23));
        await Say(app, bank, Said(4, doors, "no-power battery-low safe-mode", battery: 23));
        await Say(app, bank, Said(5, doors, battery: 90));
        (await app.Sql<int>("select battery from device where id = @DeviceId", new { bank.DeviceId })).ShouldBe(90);
        (await app.Sql<string>("select string_agg(coalesce(data->>'issue', '-'), ', ' order by id) from journal where kind = 'device-issue'"))
            .ShouldBe("battery-low, no-power battery-low safe-mode, -");
        (await app.Sql<string>("select issue from device where id = @DeviceId", new { bank.DeviceId })).ShouldBeNull();
    }

    [Fact]
    public async Task Things_put_in_and_taken_out_are_journalled_once_by_event_or_by_state_and_shown_to_the_holder()
    {
        await using LatchkeyApp app = await LatchkeyApp.Start(databases);
        TestPerson asha = await app.Quick();
        JsonNode lease = await asha.Rent(app.Places.Sites[0], hours: 1);
        (BankPlace bank, int number) = (app.BankOf(lease), app.LockerOf(lease).Number);
        string doors = new('c', bank.Lockers.Count);
        ((bool?)(await asha.Lease(lease))["door"]!["occupied"]).ShouldBeNull();
        await Say(app, bank, Said(1_000, doors, inside: Inside('e')));
        await app.Deliver(bank, "event", Wire.Write(new EventMessage(1, Guid.CreateVersion7(), 1, 1_001, 0, EventKinds.PutIn, number)));
        await Say(app, bank, Said(1_002, doors, inside: Inside('i')));
        ((bool?)(await asha.Lease(lease))["door"]!["occupied"]).ShouldBe(true);
        await Say(app, bank, Said(1_003, doors, inside: Inside('e')));
        ((bool?)(await asha.Lease(lease))["door"]!["occupied"]).ShouldBe(false);
        (await Journal(app, "put-in taken-out")).ShouldBe("put-in taken-out");
        // Late: it happened, and what is known stays.
        await app.Deliver(bank, "event", Wire.Write(new EventMessage(1, Guid.CreateVersion7(), 1, 999, 0, EventKinds.PutIn, number)));
        (await Journal(app, "put-in taken-out")).ShouldBe("put-in taken-out put-in");
        ((bool?)(await asha.Lease(lease))["door"]!["occupied"]).ShouldBe(false);
        await Say(app, bank, Said(1_004, doors));
        ((bool?)(await asha.Lease(lease))["door"]!["occupied"]).ShouldBeNull("nobody can tell any more");

        string Inside(char own) => new([.. Enumerable.Range(1, bank.Lockers.Count).Select(n => n == number ? own : 'u')]);
    }

    [Fact]
    public async Task A_latched_door_is_locked_or_not_and_only_its_bolt_says_so()
    {
        await using LatchkeyApp app = await LatchkeyApp.Start(databases);
        TestPerson asha = await app.Quick();
        JsonNode lease = await asha.Rent(app.Places.Sites[0], hours: 1);
        (BankPlace bank, int number) = (app.BankOf(lease), app.LockerOf(lease).Number);
        await app.Deliver(bank, "hello", Wire.Write(new HelloMessage(
            1, Guid.CreateVersion7(), 1, 1, 0, 1, "1", "LK-test", bank.Lockers.Count, new string([.. Enumerable.Range(1, bank.Lockers.Count).Select(n => n == number ? 'k' : 'm')]))));
        (await app.Sql<int>("select number from locker where latched")).ShouldBe(number);

        await Say(app, bank, Said(1_000, Doors('l')));
        (await Door()).ShouldBe("locked");
        await app.Deliver(bank, "event", Wire.Write(new EventMessage(1, Guid.CreateVersion7(), 1, 1_001, 0, EventKinds.DoorUnlocked, number)));
        (await Door()).ShouldBe("unlocked");
        await Say(app, bank, Said(1_002, Doors('o')));
        await Say(app, bank, Said(1_003, Doors('n')));
        (await Door()).ShouldBe("unlocked");
        await Say(app, bank, Said(1_004, Doors('l')));
        (await Journal(app, "door-unlocked door-opened door-closed door-locked")).ShouldBe("door-closed door-unlocked door-opened door-closed door-locked");

        async Task<string?> Door() => (string?)(await asha.Lease(lease))["door"]!["state"];

        string Doors(char own) => new([.. Enumerable.Range(1, bank.Lockers.Count).Select(n => n == number ? own : 'u')]);
    }

    [Fact]
    public async Task A_pulse_that_was_cut_short_does_not_call_the_door_stuck()
    {
        await using LatchkeyApp app = await LatchkeyApp.Start(databases);
        TestPerson asha = await app.Quick();
        JsonNode lease = await asha.Rent(app.Places.Sites[0], hours: 1);
        (BankPlace bank, int number) = (app.BankOf(lease), app.LockerOf(lease).Number);
        await app.State(bank, new string('c', bank.Lockers.Count));
        (_, JsonNode? command) = await asha.Post($"leases/{lease.Id()}/open");
        await app.Result(bank, command!.Id(), number, Outcomes.NotOpened, RefusalReasons.BrownOut);
        JsonNode now = await asha.Lease(lease);
        ((string?)now["door"]!["state"]).ShouldBe("closed");
        ((string?)now["command"]!["reason"]).ShouldBe("brown-out");
    }

    [Theory]
    [InlineData("ccx", null, null)]
    [InlineData("ccc", "eex", null)]
    [InlineData("ccc", null, 101)]
    public async Task A_state_with_letters_that_nobody_knows_changes_nothing(string doors, string? inside, int? battery)
    {
        await using LatchkeyApp app = await LatchkeyApp.Start(databases);
        BankPlace bank = app.Places.Sites[0].Banks[0];
        await Say(app, bank, Said(1, doors, "tamper", inside, battery));
        (await app.Sql<string>("select issue from device where id = @DeviceId", new { bank.DeviceId })).ShouldBeNull();
    }
}
