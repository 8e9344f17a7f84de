using System.Text;
using System.Text.Json.Nodes;
using Latchkey.Link.Messages;
using Latchkey.SystemTests.Support;
using Latchkey.Tests.Support;

namespace Latchkey.SystemTests;

/// <summary>The private broker, the simulator and the server itself die or fall silent under a running system.</summary>
public abstract class PrivatePartsFaultScenarios(string link)
{
    [Fact]
    public async Task A_killed_broker_is_started_again_and_doors_open_again()
    {
        await using LatchkeyProcess latchkey = await LatchkeyProcess.Start(await DemoData.New(), DeviceLinks.Arguments(link));
        VirtualBank bank = await VirtualBank.Find(latchkey, "Hall A, bank 1");
        TestPerson asha = await latchkey.GivenCustomer();
        Guid lease = await bank.Rent(asha, 1);
        int killed = Broker(latchkey);
        await Processes.Signal(killed, "KILL");
        JsonNode command = await asha.Open(lease);
        ((string?)command["state"]).ShouldBe("pending");
        // The broker is back within a second; then the bank may be there in time, or not yet. An order that was written to the dead broker's
        // connection before its end was seen may have gone through, for all the server knows: the bank's own word settles that one, if it came there.
        await asha.Becomes(command, ["opened", "refused", "expired", "not-opened", "unconfirmed"], TimeSpan.FromSeconds(40));
        Broker(latchkey).ShouldNotBe(killed);
        Processes.IsAlive(Broker(latchkey)).ShouldBeTrue();
        await bank.BecomesReachable();
        await bank.OpensAndCloses(2);
        await Eventually.Holds(async () => (await asha.StateOf(command) == "opened") == (await bank.Pulses(1) == 1), TimeSpan.FromSeconds(20), "what is told of the door is what it did");
        (await bank.Pulses(1)).ShouldBeLessThanOrEqualTo(1);

        await A_silent_simulator(latchkey, bank);
        await The_server_killed_in_the_middle(latchkey, bank);
    }

    /// <summary>A cable that is cut says no good-bye: the process is stopped, its connections stay.</summary>
    private static async Task A_silent_simulator(LatchkeyProcess latchkey, VirtualBank bank)
    {
        TestPerson asha = await latchkey.GivenCustomer();
        Guid lease = await bank.Rent(asha, 3);
        int simulator = Processes.NamedAfter(latchkey.Data, "Latchkey.Simulator.dll").Single();
        await Processes.Signal(simulator, "STOP");
        JsonNode command = await asha.Open(lease);
        await asha.Becomes(command, ["unconfirmed"], TimeSpan.FromSeconds(20));
        await Eventually.Holds(async () => await bank.Online() == false, TimeSpan.FromSeconds(40 - 15), "the silent bank is shown offline");
        await Processes.Signal(simulator, "CONT");
        await bank.BecomesReachable();
        await bank.OpensAndCloses(4);
        (await bank.Pulses(3)).ShouldBe(0);
        (await asha.StateOf(command)).ShouldBeOneOf("unconfirmed", "expired");
    }

    private async Task The_server_killed_in_the_middle(LatchkeyProcess latchkey, VirtualBank bank)
    {
        TestPerson asha = await latchkey.GivenCustomer();
        Guid lease = await bank.Rent(asha, 5);
        await bank.Do("doors/5/jam"); // 1.5 s between the pulse and its outcome
        JsonNode command = await asha.Open(lease);
        await Eventually.Holds(async () => await bank.Pulses(5) == 1, TimeSpan.FromSeconds(5), "the pulse");
        await latchkey.Kill();
        await using LatchkeyProcess again = await LatchkeyProcess.Start(latchkey.Data, DeviceLinks.Arguments(link));
        using var http = new HttpClient { BaseAddress = again.Http.BaseAddress };
        http.DefaultRequestHeaders.Authorization = asha.Http.DefaultRequestHeaders.Authorization;
        TestPerson later = asha with { Http = http };
        VirtualBank after = bank with { System = again };
        await after.BecomesReachable();
        JsonNode end = await later.Becomes(command, ["unknown", "not-opened"], TimeSpan.FromSeconds(20), "unconfirmed");
        end["settledAt"].ShouldNotBeNull();
        await after.OpensAndCloses(6);
        (await after.Pulses(5)).ShouldBe(0); // counted since the simulator's start
    }

    private static int Broker(LatchkeyProcess latchkey) => SystemDatabase.PidIn($"{latchkey.Data}/mosquitto/mosquitto.pid");
}

/// <summary>One server on a broker that it has not started, for the scenarios of one link; each ends with both at work.</summary>
public sealed class OutsideBroker : IAsyncDisposable
{
    private MosquittoBroker? _broker;
    private LatchkeyProcess? _latchkey;

    public async Task<(MosquittoBroker Broker, LatchkeyProcess Latchkey)> Started(string link)
    {
        _broker ??= await MosquittoBroker.StartOpen();
        _latchkey ??= await LatchkeyProcess.Start(
            await DemoData.New(), DeviceLinks.Arguments(link), environment: new Dictionary<string, string> { ["LATCHKEY_MQTT"] = $"mqtt://127.0.0.1:{_broker.Port}" });
        return (_broker, _latchkey);
    }

    public async ValueTask DisposeAsync()
    {
        if (_latchkey is not null)
            await _latchkey.DisposeAsync();
        if (_broker is not null)
            await _broker.DisposeAsync();
    }
}

/// <summary>A broker of somebody else's, stopped before and in the middle of commands, and started again too late.</summary>
public abstract class OutsideBrokerScenarios(OutsideBroker outside, string link) : IAsyncLifetime
{
    private MosquittoBroker _broker = null!;
    private LatchkeyProcess _latchkey = null!;

    public async ValueTask InitializeAsync() => (_broker, _latchkey) = await outside.Started(link);

    public ValueTask DisposeAsync() => ValueTask.CompletedTask; // both are the class's

    [Fact]
    public async Task No_door_opens_late_when_the_broker_comes_back_after_the_expiry()
    {
        VirtualBank bank = await VirtualBank.Find(_latchkey, "Hall A, bank 1");
        TestPerson asha = await _latchkey.GivenCustomer();
        TestPerson ravi = await _latchkey.GivenCustomer("Ravi");
        Guid before = await bank.Rent(asha, 1), middle = await bank.Rent(ravi, 2);

        // In the middle: the bank has the order and gives the pulse, its word does not come through.
        await bank.Do("doors/2/jam");
        JsonNode under = await ravi.Open(middle);
        await Eventually.Holds(async () => await bank.Pulses(2) == 1, TimeSpan.FromSeconds(5), "the pulse");
        await _broker.Kill();
        (await ravi.StateOf(under)).ShouldBeOneOf("pending", "sent");

        // Before: the order never leaves the server.
        JsonNode command = await asha.Open(before);
        ((string?)command["state"]).ShouldBe("pending");
        await asha.Becomes(command, ["expired"], TimeSpan.FromSeconds(13));
        await ravi.Becomes(under, ["unconfirmed"], TimeSpan.FromSeconds(17));
        await _broker.StartAgain();
        await bank.BecomesReachable();
        await ravi.Becomes(under, ["not-opened"], TimeSpan.FromSeconds(10), "unconfirmed");
        await bank.OpensAndCloses(3);
        (await bank.Pulses(1)).ShouldBe(0);
        (await bank.Pulses(2)).ShouldBe(1);
        (await asha.StateOf(command)).ShouldBe("expired");
    }

    [Fact]
    public async Task An_order_that_a_frozen_broker_delivers_after_the_expiry_moves_nothing()
    {
        VirtualBank bank = await VirtualBank.Find(_latchkey, "Hall B, bank 2");
        await bank.BecomesReachable();
        TestPerson asha = await _latchkey.GivenCustomer();
        Guid lease = await bank.Rent(asha, 1);
        await Processes.Signal(_broker.Id, "STOP");
        JsonNode command = await asha.Open(lease);
        await Eventually.Passes(Doors.ExpiryOf(command));
        (await asha.StateOf(command)).ShouldBeOneOf("pending", "sent");
        await Processes.Signal(_broker.Id, "CONT");
        // Expired, as the bank or its stand-in says; where either gave up its connection while the broker stood still, the order is lost with it,
        // and nobody can say more than that it was not confirmed.
        await asha.Becomes(command, ["expired", "unconfirmed"], TimeSpan.FromSeconds(40));
        await bank.BecomesReachable();
        await bank.OpensAndCloses(3);
        (await bank.Pulses(1)).ShouldBe(0);
        (await asha.StateOf(command)).ShouldBeOneOf("expired", "unconfirmed");

        await A_retained_order(bank);
    }

    private async Task A_retained_order(VirtualBank bank)
    {
        (CommandKey key, Guid device) = await SystemDatabase.CommandKeyOf(_latchkey.Data, bank.Id);
        await bank.Do("unplug");
        // Where a node stands in for the device at the broker, it does so until it has missed it: until then the order is one that came in time.
        await Eventually.Holds(async () => await bank.Online() == false, TimeSpan.FromSeconds(40), "the bank is shown offline");
        CommandMessage order = key.Sign(Guid.CreateVersion7(), CommandKinds.Open, 4, TimeProvider.System.GetUtcNow().AddMinutes(5), "operator:test");
        (int code, string said) = await Processes.Run(
            "mosquitto_pub", "-V", "5", "-h", "127.0.0.1", "-p", $"{_broker.Port}", "-q", "1", "-r", "-t", Topics.Command(device), "-m", Encoding.UTF8.GetString(Wire.Write(order)));
        code.ShouldBe(0, said);
        await bank.Do("plug-in");
        await bank.BecomesReachable();
        await bank.OpensAndCloses(5);
        (await bank.Pulses(4)).ShouldBe(0);
    }
}

public sealed class PrivatePartsFaultTests() : PrivatePartsFaultScenarios(DeviceLinks.Mqtt);

public sealed class PrivatePartsFaultByWebSocketTests() : PrivatePartsFaultScenarios(DeviceLinks.WebSocket);

public sealed class PrivatePartsFaultByPollingTests() : PrivatePartsFaultScenarios(DeviceLinks.Polling);

public sealed class OutsideBrokerTests(OutsideBroker outside) : OutsideBrokerScenarios(outside, DeviceLinks.Mqtt), IClassFixture<OutsideBroker>;

public sealed class OutsideBrokerByWebSocketTests(OutsideBroker outside) : OutsideBrokerScenarios(outside, DeviceLinks.WebSocket), IClassFixture<OutsideBroker>;

public sealed class OutsideBrokerByPollingTests(OutsideBroker outside) : OutsideBrokerScenarios(outside, DeviceLinks.Polling), IClassFixture<OutsideBroker>;
