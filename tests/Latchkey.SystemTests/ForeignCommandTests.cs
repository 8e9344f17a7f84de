using System.Text.Json.Nodes;
using Latchkey.Link.Messages;
using Latchkey.Link.Mqtt;
using Latchkey.Server.Devices.Broker;
using Latchkey.SystemTests.Support;
using Latchkey.Tests.Support;

namespace Latchkey.SystemTests;

/// <summary>Somebody has a node's rights at the broker and publishes orders past the server: late, again, forged, retained.</summary>
public abstract class ForeignCommandScenarios(OneLatchkey one, string link)
{
    [Fact]
    public async Task Late_repeated_and_forged_orders_move_nothing()
    {
        VirtualBank bank = await VirtualBank.Find(await one.By(link), "Concourse, right");
        string data = bank.System.Data;
        (CommandKey key, Guid device) = await SystemDatabase.CommandKeyOf(data, bank.Id);
        await using OrdersAtBroker node = NodeAtBroker(data);
        DateTimeOffset now = TimeProvider.System.GetUtcNow();

        // That the same hands can open a door with a good order is what makes the rest worth anything.
        (await node.Publish(device, key.Sign(Guid.CreateVersion7(), CommandKinds.Open, 1, now.AddSeconds(10), "operator:test"))).ShouldBe(PublishStatus.Acknowledged);
        await Eventually.Holds(async () => await bank.Pulses(1) == 1, TimeSpan.FromSeconds(5), "a good order opens");

        TestPerson asha = await bank.System.GivenCustomer();
        JsonNode done = await asha.OpenAndWait(await bank.Rent(asha, 3));
        ((string?)done["state"]).ShouldBe("opened");
        await bank.Do("doors/3/close");
        CommandMessage again = await TheSame(data, key, (Guid)done["id"]!, 3);

        (await node.Publish(device, again)).ShouldBe(PublishStatus.Acknowledged);
        (await node.Publish(device, again)).ShouldBe(PublishStatus.Acknowledged);
        (await node.Publish(device, key.Sign(Guid.CreateVersion7(), CommandKinds.Open, 2, TimeProvider.System.GetUtcNow(), "operator:test"))).ShouldBe(PublishStatus.Acknowledged);
        (await node.Publish(device, key.Sign(Guid.CreateVersion7(), CommandKinds.Open, 2, now.AddHours(-1), "operator:test"))).ShouldBe(PublishStatus.Acknowledged);
        CommandMessage good = key.Sign(Guid.CreateVersion7(), CommandKinds.Open, 2, now.AddSeconds(30), "operator:test");
        (await node.Publish(device, good with { Mac = new string('A', good.Mac.Length) })).ShouldBe(PublishStatus.Acknowledged);
        (await node.Publish(device, key.Sign(Guid.CreateVersion7(), CommandKinds.Open, 4, now.AddSeconds(30), "operator:test") with { Locker = 2 })).ShouldBe(PublishStatus.Acknowledged);
        await bank.OpensAndCloses(5);
        (await bank.Pulses(2)).ShouldBe(0);
        (await bank.Pulses(3)).ShouldBe(1);
        (await bank.Pulses(4)).ShouldBe(0);
        (await asha.StateOf(done)).ShouldBe("opened");
    }

    [Fact]
    public async Task An_order_that_is_repeated_with_its_key_after_it_was_carried_out_moves_nothing()
    {
        VirtualBank bank = await VirtualBank.Find(await one.By(link), "Concourse, right");
        TestPerson asha = await bank.System.GivenCustomer();
        Guid lease = await bank.Rent(asha, 10);
        string key = Guid.CreateVersion7().ToString();
        (int status, JsonNode? first) = await asha.Send(HttpMethod.Post, $"leases/{lease}/open", null, key, ("Prefer", "wait=15"));
        ((string?)first!["state"]).ShouldBe("opened", first.ToJsonString());
        await bank.Do("doors/10/close");
        // The answer was lost; the request comes again. It has no effect, so nothing may follow from it either.
        (status, JsonNode? again) = await asha.Post($"leases/{lease}/open", null, key);
        status.ShouldBe(202);
        ((string?)again!["id"]).ShouldBe((string?)first["id"]);
        await bank.OpensAndCloses(11);
        (await bank.Pulses(10)).ShouldBe(1);
        await Eventually.Holds(async () => (await asha.Post($"leases/{lease}/finish")).Status == 200, TimeSpan.FromSeconds(10), "the closed door lets the rental end");
    }

    [Fact]
    public async Task The_private_broker_keeps_no_order_for_later()
    {
        VirtualBank bank = await VirtualBank.Find(await one.By(link), "Concourse, right");
        string data = bank.System.Data;
        (CommandKey key, Guid device) = await SystemDatabase.CommandKeyOf(data, bank.Id);
        CommandMessage order = key.Sign(Guid.CreateVersion7(), CommandKinds.Open, 6, TimeProvider.System.GetUtcNow().AddMinutes(5), "operator:test");
        await bank.Do("unplug");
        // Where a node stands in for the device at the broker, it does so until it has missed it: until then the order is one that came in time.
        await Eventually.Holds(async () => await bank.Online() == false, TimeSpan.FromSeconds(40), "the bank is shown offline");
        await Processes.Run(
            "mosquitto_pub", "-V", "5", "-h", "127.0.0.1", "-p", $"{LatchkeyProcess.BrokerPort(data)}", "--cafile", $"{data}/nodes/node-3/ca.pem", "--cert", $"{data}/nodes/node-3/cert.pem",
            "--key", $"{data}/nodes/node-3/key.pem", "-i", "node-3", "-q", "1", "-r", "-t", Topics.Command(device), "-m", System.Text.Encoding.UTF8.GetString(Wire.Write(order)));
        await bank.Do("plug-in");
        await bank.BecomesReachable();
        await bank.OpensAndCloses(5);
        (await bank.Pulses(6)).ShouldBe(0);
    }

    private static async Task<CommandMessage> TheSame(string data, CommandKey key, Guid command, int number)
    {
        string authority = (await SystemDatabase.Sql<string>(data, "select authority from command where id = @command", new { command }))!;
        DateTime expires = await SystemDatabase.Sql<DateTime>(data, "select expires_at from command where id = @command", new { command });
        return key.Sign(command, CommandKinds.Open, number, new DateTimeOffset(expires, TimeSpan.Zero), authority);
    }

    /// <summary>A client with node-2's certificate.</summary>
    private static OrdersAtBroker NodeAtBroker(string data) =>
        new(BrokerUrl.Parse($"mqtts://127.0.0.1:{LatchkeyProcess.BrokerPort(data)}?identity={data}/nodes/node-2"), TimeSpan.FromSeconds(10));
}

public sealed class ForeignCommandTests(OneLatchkey one) : ForeignCommandScenarios(one, DeviceLinks.Mqtt);

public sealed class ForeignCommandByWebSocketTests(OneLatchkey one) : ForeignCommandScenarios(one, DeviceLinks.WebSocket);

public sealed class ForeignCommandByPollingTests(OneLatchkey one) : ForeignCommandScenarios(one, DeviceLinks.Polling);
