using Latchkey.Controller.Boards;
using Latchkey.Controller.Cabinet;
using Latchkey.Link.Messages;

namespace Latchkey.Tests.Controller;

/// <summary>
/// A cabinet with a real journal file, whose plug is pulled at every point at which the file changes, with the last write whole, torn
/// at each byte, or lost. Afterwards the same orders come again.
/// </summary>
public sealed class PowerCutTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("latchkey-power-").FullName;
    private string PathOf => Path.Combine(_folder, "cabinet.journal");

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    /// <summary>One moment at which the plug could be pulled.</summary>
    private sealed record Cut(byte[] File, int LengthBefore, IReadOnlyList<int> Pulsed, bool FlushDone);

    [Fact]
    public void Wherever_the_power_is_cut_it_starts_and_no_order_is_pulsed_twice()
    {
        var rig = new MachineRig();
        CommandMessage[] orders = [rig.Order(1), rig.Order(2), rig.Order(3)];
        List<Cut> cuts = Live(orders, rig.UnixMs);
        cuts.Count.ShouldBeGreaterThan(10);
        int lives = 0;
        foreach (Cut cut in cuts)
        {
            // Before its flush has returned, the last write may be there whole, in part or not at all; afterwards only whole.
            int shortest = cut.FlushDone ? cut.File.Length : cut.LengthBefore;
            for (int length = shortest; length <= cut.File.Length; length++)
            {
                GoOn(cut, cut.File[..length], orders, rig.UnixMs);
                lives++;
            }
        }
        lives.ShouldBeGreaterThan(400);
    }

    private List<Cut> Live(CommandMessage[] orders, long unixMs)
    {
        using CabinetJournal journal = CabinetJournal.Open(PathOf, unixMs, out JournalContents found);
        var cuts = new List<Cut>();
        var pulsed = new List<int>();
        var machine = new CabinetMachine(new CabinetSettings { Device = MachineRig.Device, Lockers = 4, Model = "LK-test" }, MachineRig.Own);
        Drive(machine, new CabinetInput.Boot(found, MachineRig.Shut(4)), 0);
        Drive(machine, new CabinetInput.CommandArrived(orders[0], Retained: false), 0);
        Drive(machine, new CabinetInput.DoorChanged(1, new DoorLevels(true)), 60);
        Drive(machine, new CabinetInput.Tick(), 90);
        Drive(machine, new CabinetInput.CommandArrived(orders[1], Retained: false), 100);
        Drive(machine, new CabinetInput.CommandArrived(orders[2], Retained: false), 110);
        for (long ms = 120; ms < 4_000; ms += 10)
            Drive(machine, new CabinetInput.Tick(), ms);
        pulsed.ShouldBe([1, 2, 3]);
        return cuts;

        void Drive(CabinetMachine m, CabinetInput input, long ms)
        {
            foreach (CabinetOutput output in m.Step(input, new Moment(ms, unixMs + ms)).ToList())
            {
                if (output is CabinetOutput.CoilOn on)
                    pulsed.Add(on.Door);
                if (output is not CabinetOutput.Store store)
                    continue;
                int before = (int)new FileInfo(PathOf).Length;
                journal.Append([store.Line], unixMs + ms);
                byte[] file = File.ReadAllBytes(PathOf);
                cuts.Add(new Cut(file, before, [.. pulsed], FlushDone: false));
                Drive(m, new CabinetInput.Stored(store.Line, Ok: true), ms);
                cuts.Add(new Cut(file, before, [.. pulsed], FlushDone: true));
            }
        }
    }

    private void GoOn(Cut cut, byte[] file, CommandMessage[] orders, long unixMs)
    {
        File.WriteAllBytes(PathOf, file);
        using CabinetJournal journal = CabinetJournal.Open(PathOf, unixMs, out JournalContents found);
        found.Boot.ShouldBe(2);
        var machine = new CabinetMachine(new CabinetSettings { Device = MachineRig.Device, Lockers = 4, Model = "LK-test" }, MachineRig.Own);
        var pulsed = new List<int>(cut.Pulsed);
        var results = new Dictionary<Guid, string>();
        Drive(new CabinetInput.Boot(found, MachineRig.Shut(4)), 5_000);
        foreach (CommandMemory open in found.Commands.Where(c => c.Outcome is null))
            results.GetValueOrDefault(open.Command).ShouldBe(Outcomes.Unknown);
        foreach (CommandMessage order in orders)
            Drive(new CabinetInput.CommandArrived(order, Retained: false), 5_010);
        for (long ms = 5_020; ms < 9_000; ms += 10)
            Drive(new CabinetInput.Tick(), ms);
        pulsed.ShouldBeUnique();
        results.Count.ShouldBe(3, "every order has an outcome");

        void Drive(CabinetInput input, long ms)
        {
            foreach (CabinetOutput output in machine.Step(input, new Moment(ms, unixMs + ms)).ToList())
            {
                switch (output)
                {
                    case CabinetOutput.CoilOn on:
                        pulsed.Add(on.Door);
                        break;
                    case CabinetOutput.Send { Report: ResultMessage result }:
                        results[result.Command] = result.Outcome;
                        break;
                    case CabinetOutput.Store store:
                        Drive(new CabinetInput.Stored(store.Line, Ok: true), ms);
                        break;
                }
            }
        }
    }
}
