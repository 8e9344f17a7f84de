using Latchkey.Controller.Cabinet;
using Latchkey.Link.Messages;

namespace Latchkey.Tests.Controller;

/// <summary>Random lives of a cabinet, each from a seed: whatever happens, in whatever order, these hold.</summary>
public class CabinetMachinePropertyTests
{
    public static readonly IEnumerable<TheoryDataRow<int>> Seeds = Enumerable.Range(1, 250).Select(n => new TheoryDataRow<int>(n));

    [Theory]
    [MemberData(nameof(Seeds), DisableDiscoveryEnumeration = true)]
    public void In_any_life_of_a_cabinet_the_promises_hold(int seed)
    {
        var random = new Random(seed);
        var rig = new MachineRig(new CabinetSettings
        {
            Device = MachineRig.Device, Lockers = 4, Model = "LK-test", QueueLimit = 3, WithoutSensor = new HashSet<int> { 4 },
        });
        var genuine = new Dictionary<Guid, (CommandMessage Order, bool LiveOnce)>();
        var relayOf = new List<(Guid Command, long UnixMs)>();
        bool diskMayFail = seed % 2 == 0;
        int seen = 0;
        for (int i = 0; i < 120; i++)
        {
            Live(random, rig, genuine, diskMayFail);
            // The pulse belongs to the intent for its door that was stored first and has not pulsed yet: checked below by count.
            foreach ((long ms, CabinetOutput output) in rig.Trace.Skip(seen))
            {
                if (output is CabinetOutput.CoilOn on)
                    relayOf.Add((PulsedCommand(rig, on.Door, relayOf, rig.UnixMs - (rig.Ms - ms)), rig.UnixMs - (rig.Ms - ms)));
            }
            seen = rig.Trace.Count;
        }
        rig.DiskWaits = false;
        rig.AnswerDisk().Pass(120_000);

        RelaysAreSafe(rig);
        relayOf.Select(p => p.Command).ShouldBeUnique();
        foreach ((Guid command, long unixMs) in relayOf)
            genuine[command].ShouldSatisfyAllConditions(g => g.LiveOnce.ShouldBeTrue(), g => unixMs.ShouldBeLessThan(g.Order.Expires));
        foreach (IGrouping<Guid, ResultMessage> results in rig.Reports<ResultMessage>().Where(r => r.Reason != RefusalReasons.Forged).GroupBy(r => r.Command))
        {
            genuine.ShouldContainKey(results.Key);
            // One outcome, however often it is said and over any number of power cuts; a disk that fails can keep that promise only until one.
            if (!diskMayFail || results.Select(r => r.Boot).Distinct().Count() == 1)
                results.Select(r => (r.Outcome, r.Reason)).Distinct().Count().ShouldBe(1);
        }
        rig.Reports<IReport>().GroupBy(r => r.Boot).ShouldAllBe(g => g.Select(r => r.Seq).SequenceEqual(g.Select(r => r.Seq).Order().Distinct()));
    }

    private static void Live(Random random, MachineRig rig, Dictionary<Guid, (CommandMessage Order, bool LiveOnce)> genuine, bool diskMayFail)
    {
        switch (random.Next(15))
        {
            case 0 or 1 or 2 or 3:
                CommandMessage order = rig.Order(random.Next(0, 6), random.Next(-500, 6_000), random.Next(10) == 0 ? CommandKinds.Lock : CommandKinds.Open);
                bool retained = random.Next(8) == 0;
                genuine[order.Id] = (order, !retained);
                rig.Receive(order, retained);
                break;
            case 4:
                CommandMessage forged = rig.Order(random.Next(1, 5)) with { Locker = 3, Authority = "operator:forged" };
                rig.Receive(forged);
                break;
            case 5 or 6 when genuine.Count > 0:
                (CommandMessage again, bool live) = genuine.Values.ElementAt(random.Next(genuine.Count));
                bool kept = random.Next(8) == 0;
                genuine[again.Id] = (again, live || !kept);
                rig.Receive(again, kept);
                break;
            case 7 or 8:
                rig.Sense(random.Next(1, 4), random.Next(6) switch { 0 => null, 1 or 2 => false, _ => true });
                break;
            case 9:
                rig.DiskWaits = !rig.DiskWaits;
                if (!rig.DiskWaits)
                    rig.AnswerDisk();
                break;
            case 10 when diskMayFail:
                rig.DiskFails = random.Next(3) == 0;
                break;
            case 11 when random.Next(3) == 0:
                rig.Reboot();
                break;
            case 12:
                rig.Do(random.Next(2) == 0 ? new CabinetInput.Linked(rig.Machine.NextWill(rig.UnixMs).Link) : new CabinetInput.LinkLost());
                break;
            case 13 when genuine.Count > 0:
                rig.Do(new CabinetInput.Delivered(genuine.Keys.ElementAt(random.Next(genuine.Count))));
                break;
            default:
                rig.Pass(random.Next(1, random.Next(4) == 0 ? 3_000 : 150));
                break;
        }
    }

    /// <summary>The commands for a door are pulsed in their order; one that expired while it waited is passed over.</summary>
    private static Guid PulsedCommand(MachineRig rig, int door, List<(Guid Command, long UnixMs)> before, long unixMs)
    {
        HashSet<Guid> done = [.. before.Select(p => p.Command)];
        JournalRecord? intent = rig.Disk.OfType<JournalRecord>().FirstOrDefault(r =>
            r.Kind == JournalKind.Intent && r.Locker == door && !done.Contains(r.Command) && r.Expires > unixMs
            && !rig.Disk.OfType<JournalRecord>().Any(o => o.Kind == JournalKind.Outcome && o.Command == r.Command && o.Outcome is Outcomes.Expired or Outcomes.Unknown));
        return intent.ShouldNotBeNull("A relay went on without a stored, unexpired intent.").Command;
    }

    private static void RelaysAreSafe(MachineRig rig)
    {
        int on = 0;
        long since = 0, offSince = long.MinValue / 2;
        foreach ((long ms, CabinetOutput output) in rig.Trace)
        {
            switch (output)
            {
                case CabinetOutput.AllOff:
                    on = 0;
                    offSince = long.MinValue / 2;
                    break;
                case CabinetOutput.CoilOn relay:
                    on.ShouldBe(0, "two relays at once");
                    (ms - offSince).ShouldBeGreaterThanOrEqualTo(100, "no gap between two pulses");
                    (on, since) = (relay.Door, ms);
                    break;
                case CabinetOutput.CoilOff relay:
                    relay.Door.ShouldBe(on);
                    (ms - since).ShouldBeInRange(200, 210);
                    (on, offSince) = (0, ms);
                    break;
                case CabinetOutput.Send { Report: ResultMessage { Outcome: Outcomes.Opened } }:
                    break;
            }
        }
        on.ShouldBe(0);
    }

    [Theory]
    [MemberData(nameof(Seeds), DisableDiscoveryEnumeration = true)]
    public void A_door_whose_sensor_never_shows_open_is_never_reported_opened(int seed)
    {
        var random = new Random(seed);
        var rig = new MachineRig();
        for (int i = 0; i < 60; i++)
        {
            switch (random.Next(4))
            {
                case 0:
                    rig.Receive(rig.Order(random.Next(1, 5)));
                    break;
                case 1:
                    rig.Sense(random.Next(1, 5), random.Next(2) == 0 ? null : false);
                    break;
                case 2 when random.Next(5) == 0:
                    rig.Reboot();
                    break;
                case 3:
                    // A bounce that is shorter than the debounce time is no evidence either.
                    int door = random.Next(1, 5);
                    rig.Sense(door, open: true).Pass(random.Next(0, 29)).Sense(door, open: false);
                    break;
            }
            rig.Pass(random.Next(1, 700));
        }
        rig.Pass(60_000);
        rig.Pulses.ShouldBeGreaterThan(0);
        rig.Reports<ResultMessage>().ShouldAllBe(r => r.Outcome != Outcomes.Opened);
        rig.Reports<EventMessage>().ShouldAllBe(e => e.Event == EventKinds.DoorClosed);
    }
}
