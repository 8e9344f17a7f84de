using System.Diagnostics;
using System.Text.Json.Nodes;
using Latchkey.Link.Messages;
using Latchkey.Link.Mqtt;
using Latchkey.Server.Devices.Broker;
using Latchkey.SystemTests.Support;
using Latchkey.Tests.Support;

namespace Latchkey.SystemTests;

/// <summary>
/// Somebody with a node's rights at the broker sends genuine orders late, three times, out of order, retained, through a broker that stood still,
/// and all of them again while devices are away and after they are back: no door moves late, and none twice.
/// </summary>
public sealed class LateTests : IAsyncLifetime
{
    private static readonly string[] Names = ["Hall A, bank 1", "Hall B, bank 2", "Concourse, left", "Concourse, right"];
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    /// <summary>Orders that stay good while devices come and go, so that nothing but their having been carried out stops a repeat.</summary>
    private static readonly TimeSpan LongLife = TimeSpan.FromMinutes(5);

    /// <summary>The second of them while a device is away.</summary>
    private static readonly PublishStatus[] Taken = [PublishStatus.Acknowledged, PublishStatus.NobodyListens];

    /// <summary>The suite's form: one round of each kind of break.</summary>
    private const int Short = 80;

    private readonly string _data = LatchkeyProcess.NewData();
    private readonly List<Cabinet> _cabinets = [];
    private MosquittoBroker _broker = null!;
    private LatchkeyProcess _latchkey = null!;
    private OrdersAtBroker _node = null!;
    private int _copies;

    /// <summary>What becomes of an order on its way.</summary>
    private enum Way
    {
        Straight,
        ThreeTimes,
        RetainedWhileThere,
        AfterItsExpiry,
        RetainedWhileAway,
        HeldByTheBroker,
    }

    /// <summary>What is done to the devices between an order and its repeat.</summary>
    private enum Break
    {
        PowerCut,
        CablePulled,
        ServerKilled,
        BrokerKilled,
    }

    public async ValueTask InitializeAsync()
    {
        _broker = await MosquittoBroker.StartOpen();
        await DemoData.Into(_data);
        _latchkey = await StartServer();
        _node = new OrdersAtBroker(BrokerUrl.Parse($"mqtt://127.0.0.1:{_broker.Port}") with { ClientId = "somebody" }, Patience);
        foreach (string name in Names)
        {
            VirtualBank bank = await VirtualBank.Find(_latchkey, name);
            await bank.BecomesReachable();
            (CommandKey key, Guid device) = await SystemDatabase.CommandKeyOf(_data, bank.Id);
            _cabinets.Add(new Cabinet(bank, key, device));
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _node.DisposeAsync();
        await _latchkey.DisposeAsync();
        await _broker.DisposeAsync();
    }

    [Fact, Trait("campaign", "late")]
    public async Task Retained_or_queued_unlock_never_fires_after_reconnect()
    {
        int wanted = Campaign.Count("late", Short), sent = 0, late = 0, doubled = 0, missing = 0, rounds = 0;
        var random = new Random(20261121);
        long begun = Stopwatch.GetTimestamp();
        while (sent < wanted)
        {
            List<Sent> orders = NewOrders(random, Math.Min(wanted - sent, wanted > Short ? int.MaxValue : Short / 4));
            await Round(orders, (Break)(rounds++ % 4), random);
            sent += orders.Count;
            late += orders.Where(o => !o.MayMove).Sum(o => o.Pulses);
            doubled += orders.Where(o => o.MayMove).Sum(o => Math.Max(0, o.Pulses - 1));
            missing += orders.Count(o => o is { MayMove: true, Pulses: 0 });
        }
        await Campaign.Report("late", new
        {
            campaign = "late", orders = sent, copies = _copies, rounds, latePulses = late, doublePulses = doubled, missing, seconds = Math.Round(Stopwatch.GetElapsedTime(begun).TotalSeconds, 1),
        });
        late.ShouldBe(0);
        doubled.ShouldBe(0);
        missing.ShouldBe(0);
    }

    /// <summary>One order for each door but the last of its bank, which is kept for the marker; one that is retained while away for each bank, since a topic keeps the last only.</summary>
    private List<Sent> NewOrders(Random random, int count)
    {
        Way[] ways = [Way.Straight, Way.ThreeTimes, Way.RetainedWhileThere, Way.AfterItsExpiry, Way.HeldByTheBroker, Way.ThreeTimes];
        return
        [
            .. _cabinets.SelectMany(c => Enumerable.Range(1, c.Last - 1).Select(door => new Sent(c, door, door == 1 ? Way.RetainedWhileAway : ways[random.Next(ways.Length)])))
                .OrderBy(o => o.Door).Take(count),
        ];
    }

    private async Task Round(List<Sent> orders, Break between, Random random)
    {
        Dictionary<Cabinet, int[]> before = await Pulses();
        DateTimeOffset now = TimeProvider.System.GetUtcNow();
        foreach (Sent order in orders)
            order.Sign(now.Add(order.Way == Way.AfterItsExpiry ? TimeSpan.FromMilliseconds(-1 - random.Next(3_600_000)) : LongLife));
        Sent[] first = [.. orders.Where(o => o.Way <= Way.AfterItsExpiry)];
        await Publish(random, first.SelectMany(o => Enumerable.Repeat(o, o.Way == Way.ThreeTimes ? 3 : 1)), o => o.Way == Way.RetainedWhileThere);
        await Markers();

        Dictionary<Cabinet, int[]> there = await Pulses();
        await Leave(between);
        bool brokerGone = between == Break.BrokerKilled;
        if (!brokerGone)
            await Publish(random, [.. first, .. orders.Where(o => o.Way == Way.RetainedWhileAway)], o => o.Way == Way.RetainedWhileAway);
        await ComeBack(between);
        await Publish(random, [.. first, .. first], _ => false);
        await HoldAtBroker([.. orders.Where(o => o.Way == Way.HeldByTheBroker)]);
        await Markers();

        Dictionary<Cabinet, int[]> after = await Pulses();
        foreach (Sent order in orders)
        {
            // The virtual hardware counts since its process began.
            int from = between == Break.ServerKilled ? 0 : there[order.Cabinet][order.Door];
            order.Pulses = there[order.Cabinet][order.Door] - before[order.Cabinet][order.Door] + after[order.Cabinet][order.Door] - from;
            await order.Cabinet.Bank.Do($"doors/{order.Door}/close");
        }
        foreach (Cabinet cabinet in _cabinets)
            (await _node.Forget(cabinet.Device)).ShouldBeOneOf(Taken);
    }

    private async Task Publish(Random random, IEnumerable<Sent> orders, Func<Sent, bool> retain)
    {
        Sent[] shuffled = [.. orders];
        random.Shuffle(shuffled);
        foreach (Sent order in shuffled)
            await Send(order.Cabinet, order.Message, retain(order));
        _copies += shuffled.Length;
    }

    private async Task Send(Cabinet cabinet, CommandMessage order, bool retain = false) => (await _node.Publish(cabinet.Device, order, retain)).ShouldBeOneOf(Taken);

    /// <summary>The broker takes nothing on while it is stopped; what it then hands on has expired meanwhile.</summary>
    private async Task HoldAtBroker(Sent[] orders)
    {
        foreach (Sent order in orders)
            order.Sign(TimeProvider.System.GetUtcNow().AddSeconds(1));
        await Processes.Signal(_broker.Id, "STOP");
        Task[] held = [.. orders.Select(o => Send(o.Cabinet, o.Message))];
        if (orders.Length > 0)
            await Eventually.Passes(orders.Max(o => DateTimeOffset.FromUnixTimeMilliseconds(o.Message.Expires)).AddMilliseconds(50));
        await Processes.Signal(_broker.Id, "CONT");
        await Task.WhenAll(held);
        _copies += held.Length;
    }

    /// <summary>A good order for the last door of each bank. When it has moved, all that was sent before has been looked at.</summary>
    private async Task Markers()
    {
        foreach (Cabinet cabinet in _cabinets)
            cabinet.PulsesBefore = await cabinet.Bank.Pulses(cabinet.Last);
        foreach (Cabinet cabinet in _cabinets)
            await Send(cabinet, cabinet.Order(cabinet.Last, TimeProvider.System.GetUtcNow().Add(LongLife)));
        foreach (Cabinet cabinet in _cabinets)
        {
            await Eventually.Holds(async () => await cabinet.Bank.Pulses(cabinet.Last) == cabinet.PulsesBefore + 1, Patience, $"the marker of {cabinet.Device}");
            await cabinet.Bank.Do($"doors/{cabinet.Last}/close");
        }
    }

    private async Task Leave(Break between)
    {
        if (between == Break.ServerKilled)
            await _latchkey.Kill();
        else if (between == Break.BrokerKilled)
            await _broker.Kill();
        else
            await Task.WhenAll(_cabinets.Select(c => c.Bank.Do(between == Break.PowerCut ? "power-off" : "unplug")));
    }

    private async Task ComeBack(Break between)
    {
        if (between == Break.ServerKilled)
        {
            await _latchkey.DisposeAsync();
            _latchkey = await StartServer();
            foreach (Cabinet cabinet in _cabinets)
                cabinet.Bank = cabinet.Bank with { System = _latchkey };
        }
        else if (between == Break.BrokerKilled)
        {
            await _broker.StartAgain();
        }
        else
        {
            if (between == Break.PowerCut)
                VirtualBank.ForgetStarts(_data);
            await Task.WhenAll(_cabinets.Select(c => c.Bank.Do(between == Break.PowerCut ? "power-on" : "plug-in")));
        }
        foreach (Cabinet cabinet in _cabinets)
            await cabinet.Bank.BecomesReachable();
    }

    private async Task<Dictionary<Cabinet, int[]>> Pulses()
    {
        var pulses = new Dictionary<Cabinet, int[]>();
        foreach (Cabinet cabinet in _cabinets)
        {
            JsonArray doors = (await cabinet.Bank.Hardware())["doors"]!.AsArray();
            // By the door's number, which starts at 1.
            pulses[cabinet] = [0, .. doors.OrderBy(d => (int)d!["number"]!).Select(d => (int)d!["pulses"]!)];
        }
        return pulses;
    }

    private Task<LatchkeyProcess> StartServer() =>
        LatchkeyProcess.Start(_data, environment: new Dictionary<string, string> { ["LATCHKEY_MQTT"] = $"mqtt://127.0.0.1:{_broker.Port}" });

    private sealed class Cabinet(VirtualBank bank, CommandKey key, Guid device)
    {
        public VirtualBank Bank { get; set; } = bank;

        public Guid Device => device;

        public int Last => Bank.Numbers.Count;

        public int PulsesBefore { get; set; }

        public CommandMessage Order(int door, DateTimeOffset expires) => key.Sign(Guid.CreateVersion7(), CommandKinds.Open, door, expires, "operator:test");
    }

    private sealed class Sent(Cabinet cabinet, int door, Way way)
    {
        public Cabinet Cabinet => cabinet;

        public int Door => door;

        public Way Way => way;

        /// <summary>Those that come in time, to a device that is there.</summary>
        public bool MayMove => way is Way.Straight or Way.ThreeTimes or Way.RetainedWhileThere;

        public CommandMessage Message { get; private set; } = null!;

        public int Pulses { get; set; }

        public void Sign(DateTimeOffset expires) => Message = cabinet.Order(door, expires);
    }
}
