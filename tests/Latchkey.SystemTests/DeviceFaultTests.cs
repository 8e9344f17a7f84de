using System.Text.Json.Nodes;
using Latchkey.SystemTests.Support;
using Latchkey.Tests.Support;

namespace Latchkey.SystemTests;

/// <summary>The bank is cut off before and in the middle of a command: what is said is honest, and no door opens late.</summary>
public abstract class UnpluggedBankScenarios(OneLatchkey one, string link)
{
    private static readonly string[] MayEnd = ["opened", "refused", "expired", "unconfirmed"];

    [Fact]
    public async Task An_unplugged_bank_is_shown_offline_refuses_at_once_and_does_nothing_late()
    {
        VirtualBank bank = await VirtualBank.Find(await one.By(link), "Hall A, bank 1");
        TestPerson asha = await bank.System.GivenCustomer();
        Guid lease = await bank.Rent(asha, 1);
        await bank.Do("unplug");
        await Eventually.Holds(async () => await bank.Online() == false, TimeSpan.FromSeconds(40), "the bank is shown offline");
        JsonNode command = await asha.Open(lease);
        JsonNode refused = await asha.Becomes(command, ["refused"], TimeSpan.FromSeconds(5));
        ((string?)refused["reason"]).ShouldBe("device-absent");
        await Eventually.Passes(Doors.ExpiryOf(command));
        await bank.Do("plug-in");
        await bank.BecomesReachable();
        await bank.OpensAndCloses(2);
        (await bank.Pulses(1)).ShouldBe(0);
        (await asha.StateOf(command)).ShouldBe("refused");
    }

    [Fact]
    public async Task A_network_cut_in_the_middle_of_commands_leaves_each_with_an_honest_end_and_at_most_one_pulse()
    {
        VirtualBank bank = await VirtualBank.Find(await one.By(link), "Hall A, bank 1");
        int[] doors = [3, 4, 5, 6, 7, 8];
        var rented = new List<(TestPerson Person, Guid Lease, int Door)>();
        foreach (int door in doors)
        {
            TestPerson person = await bank.System.GivenCustomer();
            rented.Add((person, await bank.Rent(person, door), door));
        }
        JsonNode[] commands = await Task.WhenAll(rented.Select(r => r.Person.Open(r.Lease)));
        // Pulses follow each other at 300 ms: some are done, one is under way, others wait at the relay.
        await Eventually.Holds(async () => (await Task.WhenAll(doors.Select(bank.Pulses))).Sum() >= 2, TimeSpan.FromSeconds(5), "two pulses");
        await bank.Do("unplug");
        int[] cut = await Task.WhenAll(doors.Select(bank.Pulses));
        await Eventually.Passes(commands.Max(Doors.ExpiryOf));
        int[] expired = await Task.WhenAll(doors.Select(bank.Pulses));
        await bank.Do("plug-in");
        await bank.BecomesReachable();
        await bank.OpensAndCloses(2);
        (await Task.WhenAll(doors.Select(bank.Pulses))).ShouldBe(expired);
        expired.ShouldAllBe(pulses => pulses <= 1);
        cut.Sum().ShouldBeGreaterThanOrEqualTo(2);
        for (int i = 0; i < doors.Length; i++)
        {
            // Orders that the bank had taken are told of when it is back; "opened" is said of doors that opened, and of no others.
            JsonNode end = await rented[i].Person.Becomes(commands[i], expired[i] == 1 ? ["opened"] : MayEnd, TimeSpan.FromSeconds(10), "unconfirmed");
            ((string?)end["state"] == "opened").ShouldBe(expired[i] == 1);
        }
    }

    [Fact]
    public async Task Unplugged_right_after_the_order_the_end_is_honest_and_nothing_moves_after_the_expiry()
    {
        VirtualBank bank = await VirtualBank.Find(await one.By(link), "Hall A, bank 1");
        TestPerson asha = await bank.System.GivenCustomer();
        Guid lease = await bank.Rent(asha, 9);
        JsonNode command = await asha.Open(lease);
        await bank.Do("unplug");
        await Eventually.Passes(Doors.ExpiryOf(command));
        int pulses = await bank.Pulses(9);
        pulses.ShouldBeLessThanOrEqualTo(1);
        string before = await asha.StateOf(command);
        before.ShouldBeOneOf(["pending", "sent", .. MayEnd]);
        await bank.Do("plug-in");
        await bank.BecomesReachable();
        await bank.OpensAndCloses(2);
        (await bank.Pulses(9)).ShouldBe(pulses);
        await asha.Becomes(command, pulses == 1 ? ["opened"] : ["refused", "unconfirmed", "expired"], TimeSpan.FromSeconds(10), "unconfirmed");
    }
}

/// <summary>A door jams, the power goes: what is said is what happened, and one order gives one pulse.</summary>
public abstract class DoorAndPowerScenarios(OneLatchkey one, string link)
{
    [Fact]
    public async Task A_jammed_door_is_said_not_opened_and_opens_when_it_is_freed_and_tried_again()
    {
        VirtualBank bank = await VirtualBank.Find(await one.By(link), "Hall B, bank 2");
        TestPerson asha = await bank.System.GivenCustomer();
        Guid lease = await bank.Rent(asha, 1);
        await bank.Do("doors/1/jam");
        JsonNode command = await asha.Open(lease);
        await asha.Becomes(command, ["not-opened"], TimeSpan.FromSeconds(10));
        JsonNode seen = (await asha.Get($"leases/{lease}")).Body!;
        ((string?)seen["door"]!["state"]).ShouldBe("jammed");
        ((bool)seen["openedEver"]!).ShouldBeFalse();
        (await bank.Pulses(1)).ShouldBe(1); // nobody tries again but the customer
        await bank.Do("doors/1/free");
        JsonNode again = await asha.OpenAndWait(lease);
        ((string?)again["state"]).ShouldBe("opened");
        (await bank.Pulses(1)).ShouldBe(2);
        (await asha.StateOf(command)).ShouldBe("not-opened");
    }

    [Fact]
    public async Task Power_cut_in_the_middle_is_said_unknown_and_gives_no_second_pulse()
    {
        VirtualBank bank = await VirtualBank.Find(await one.By(link), "Hall B, bank 2");
        TestPerson asha = await bank.System.GivenCustomer();
        Guid lease = await bank.Rent(asha, 2);
        await bank.Do("doors/2/jam"); // 1.5 s between the pulse and its outcome
        JsonNode command = await asha.Open(lease);
        await Eventually.Holds(async () => await bank.Pulses(2) == 1, TimeSpan.FromSeconds(5), "the pulse");
        await bank.Do("power-off");
        (await asha.StateOf(command)).ShouldBeOneOf("pending", "sent");
        await bank.Do("doors/2/free");
        await bank.Do("power-on");
        await asha.Becomes(command, ["unknown"], TimeSpan.FromSeconds(15), "unconfirmed");
        await bank.BecomesReachable();
        await bank.OpensAndCloses(3);
        (await bank.Pulses(2)).ShouldBe(1);
        (await asha.StateOf(command)).ShouldBe("unknown");
        ((bool)(await asha.Get($"leases/{lease}")).Body!["openedEver"]!).ShouldBeFalse();
    }
}

public sealed class UnpluggedBankTests(OneLatchkey one) : UnpluggedBankScenarios(one, DeviceLinks.Mqtt);

public sealed class UnpluggedBankByWebSocketTests(OneLatchkey one) : UnpluggedBankScenarios(one, DeviceLinks.WebSocket);

public sealed class UnpluggedBankByPollingTests(OneLatchkey one) : UnpluggedBankScenarios(one, DeviceLinks.Polling);

public sealed class DoorAndPowerTests(OneLatchkey one) : DoorAndPowerScenarios(one, DeviceLinks.Mqtt);

public sealed class DoorAndPowerByWebSocketTests(OneLatchkey one) : DoorAndPowerScenarios(one, DeviceLinks.WebSocket);

public sealed class DoorAndPowerByPollingTests(OneLatchkey one) : DoorAndPowerScenarios(one, DeviceLinks.Polling);
