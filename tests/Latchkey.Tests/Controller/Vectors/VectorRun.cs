using System.Globalization;
using Latchkey.Controller.Boards;
using Latchkey.Controller.Cabinet;
using Latchkey.Link.Messages;

namespace Latchkey.Tests.Controller.Vectors;

/// <summary>The machine behind a vector file: turns its words into inputs, and the machine's outputs into words. What is stored and answered is on its disk.</summary>
internal sealed class VectorRun(CabinetSettings settings)
{
    /// <summary>The wall clock at 0 ms, as vectors/README.md says.</summary>
    private const long Epoch = 1_795_251_600_000;

    private readonly Dictionary<string, CommandMessage> _orders = [];
    private readonly List<JournalLine> _asked = [];
    private readonly List<JournalLine> _disk = [];
    private CabinetMachine? _machine;
    private CabinetLevels _cabinet = new();
    private DoorLevels[] _doors = [];
    private readonly VectorCredentials _credentials = new();
    private long _boots;
    private long _clock = Epoch;
    private long _link;

    public long? NextDue => _machine?.NextDue;

    /// <summary>Everything stored that was not answered yet; the kind and the command's letter.</summary>
    public IEnumerable<string> Unanswered => _asked.Select(Words);

    /// <summary>The same of what was to be kept among the credentials.</summary>
    public IEnumerable<string> Unkept => _credentials.Unanswered;

    public string Step(VectorLine line)
    {
        // At a power cut the machine is a new one, with what was on the disk.
        if (_machine is null || line.Input[0] == "boot")
        {
            _machine = new CabinetMachine(settings, MachineRig.Own);
            _asked.Clear();
            _credentials.PowerCut();
        }
        CabinetInput input = Read(line);
        return string.Join("; ", _machine.Step(input, new Moment(line.Ms, _clock + line.Ms)).ToList().Select(Write));
    }

    private CabinetInput Read(VectorLine line)
    {
        switch (line.Input)
        {
            case ["boot", var doors, .. var rest]:
                string bolts = Word(rest, "bolts") ?? "", inside = Word(rest, "inside") ?? "";
                _doors = [.. doors.Select((d, i) => new DoorLevels(Level(d), i < bolts.Length ? Level(bolts[i]) : null, i < inside.Length ? Level(inside[i]) : null))];
                _cabinet = new CabinetLevels(Word(rest, "tamper") == "open", SupplyOf(Word(rest, "power") ?? "on"), Percent(Word(rest, "battery") ?? "none"));
                return new CabinetInput.Boot(
                    new JournalContents(++_boots, 0, MachineRig.Memory(_disk), int.Parse(Word(rest, "fallen") ?? "0", CultureInfo.InvariantCulture)), new BoardLevels([.. _doors], _cabinet))
                {
                    Credentials = _credentials.OnDisk,
                };
            case ["link"]:
                return new CabinetInput.Linked(_link = _machine!.NextWill(_clock + line.Ms).Link);
            case ["unlink"]:
                return new CabinetInput.LinkLost();
            case ["order", var letter, var locker, .. var rest]:
                _orders[letter] = MachineRig.Server.Sign(
                    Id(letter), rest.FirstOrDefault(w => w is CommandKinds.Lock or CommandKinds.Unlock) ?? CommandKinds.Open, int.Parse(locker, CultureInfo.InvariantCulture),
                    DateTimeOffset.FromUnixTimeMilliseconds(_clock + line.Ms + line.LifeMs), "lease:vector");
                CommandMessage order = rest.Contains("forged") ? _orders[letter] with { Authority = "operator:vector" } : _orders[letter];
                return new CabinetInput.CommandArrived(order, rest.Contains("retained"));
            case ["again", var letter, .. var rest]:
                return new CabinetInput.CommandArrived(_orders[letter], rest.Contains("retained"));
            case ["door", var number, var level]:
                return Changed(number, levels => levels with { Open = Level(level[0]) });
            case ["bolt", var number, var level]:
                return Changed(number, levels => levels with { Bolted = Level(level[0]) });
            case ["inside", var number, var level]:
                return Changed(number, levels => levels with { Occupied = Level(level[0]) });
            case ["stored" or "failed", var kind, var letter]:
                JournalLine asked = _asked.Find(l => Words(l) == $"{kind} {letter}").ShouldNotBeNull($"{line.Ms}: nobody asked the disk for \"{kind} {letter}\"");
                _asked.Remove(asked);
                if (line.Input[0] == "stored")
                    _disk.Add(asked);
                return new CabinetInput.Stored(asked, line.Input[0] == "stored");
            case ["delivered", var letter]:
                return new CabinetInput.Delivered(_credentials.UseOf(letter) ?? Id(letter));
            case ["tamper", var state]:
                return new CabinetInput.CabinetChanged(_cabinet = _cabinet with { Tampered = state == "open" });
            case ["power", var state]:
                return new CabinetInput.CabinetChanged(_cabinet = _cabinet with { Supply = SupplyOf(state) });
            case ["battery", var percent]:
                return new CabinetInput.CabinetChanged(_cabinet = _cabinet with { BatteryPercent = Percent(percent) });
            case ["clock", var by]:
                _clock += long.Parse(by, CultureInfo.InvariantCulture);
                return new CabinetInput.Tick();
            case ["tick"]:
                return new CabinetInput.Tick();
            case ["grants" or "code" or "card" or "pass" or "show" or "nonce" or "phone" or "kept" or "not-kept", ..]:
                return _credentials.Read(line, (Epoch + line.Ms) / 1000, _boots, _link);
            default:
                throw new FormatException($"{line.Ms}: \"{string.Join(' ', line.Input)}\" is no input.");
        }
    }

    private string Write(CabinetOutput output)
    {
        switch (output)
        {
            case CabinetOutput.AllOff:
                return "all-off";
            case CabinetOutput.CoilOn on:
                return $"on {on.Door}{(on.Coil == Coil.Lock ? " lock" : "")}";
            case CabinetOutput.CoilOff off:
                return $"off {off.Door}{(off.Coil == Coil.Lock ? " lock" : "")}";
            case CabinetOutput.Store { Line: var stored }:
                (stored.IsAwaited ? _asked : _disk).Add(stored);
                return $"store {Words(stored)}{(stored is JournalRecord { Kind: JournalKind.Outcome } outcome ? $" {outcome.Outcome}{Behind(outcome.Reason)}" : "")}";
            case CabinetOutput.Send { Report: var report, Kept: var kept }:
                return $"{(kept ? "send" : "say")} {Write(report)}";
            case CabinetOutput.Keep keep:
                return _credentials.Write(keep);
            case CabinetOutput.Answer answer:
                return VectorCredentials.Write(answer.What);
            default:
                throw new InvalidOperationException($"{output} has no words.");
        }
    }

    private string Write(IReport report) => report switch
    {
        HelloMessage hello => $"hello{(hello.Safe == true ? " safe" : "")}{Behind(hello.Locks)}",
        StateMessage state => $"state {state.Doors}{(state.Inside is null ? "" : $" inside={state.Inside}")}{(state.Battery is null ? "" : $" battery={state.Battery}")}{(state.Grants is null ? "" : $" grants={state.Grants}")}{Behind(state.Issue)}",
        EventMessage happened => $"event {happened.Event} {happened.Locker}{Behind(happened.Command is { } command ? Letter(command) : happened.Reason)}",
        ResultMessage result => $"result {Letter(result.Command)} {result.Outcome}{Behind(result.Reason)}{Behind(result.Authority is { } authority ? VectorCredentials.Named(authority) : null)}",
        _ => throw new InvalidOperationException($"{report} has no words."),
    };

    private static string Behind(string? word) => word is null ? "" : " " + word;

    private string Words(JournalLine line) => line switch
    {
        JournalRecord record => $"{record.Kind.ToString().ToLowerInvariant()} {Letter(record.Command)}",
        JournalStarts { Times: [] } => "starts good",
        _ => throw new InvalidOperationException($"{line} has no words."),
    };

    /// <summary>Open, out and in are one side; closed, back and empty the other.</summary>
    private static bool? Level(char letter) => letter switch { 'o' or 'i' => true, 'c' or 'b' or 'e' => false, _ => null };

    private static Supply SupplyOf(string word) => word switch { "on" => Supply.Present, "off" => Supply.Absent, "sags" => Supply.Sagging, _ => throw new FormatException($"The power cannot be {word}.") };

    private static int? Percent(string word) => word == "none" ? null : int.Parse(word, CultureInfo.InvariantCulture);

    internal static string? Word(IEnumerable<string> words, string key) => words.Select(w => w.Split('=')).FirstOrDefault(w => w[0] == key)?[1];

    private CabinetInput.DoorChanged Changed(string number, Func<DoorLevels, DoorLevels> change)
    {
        int door = int.Parse(number, CultureInfo.InvariantCulture);
        return new CabinetInput.DoorChanged(door, _doors[door - 1] = change(_doors[door - 1]));
    }

    /// <summary>a is 1, z is 26, aa is 27, and so on; the number is the end of the id.</summary>
    internal static Guid Id(string letter) => new(0x0193a5b0, 2, 0x7000, 0x80, 0, 0, 0, 0, 0, (byte)(Number(letter) >> 8), (byte)Number(letter));

    internal static int Number(string letter) => letter.Aggregate(0, (sum, c) => (sum * 26) + (c - 'a' + 1));

    private string Letter(Guid id)
    {
        if (_credentials.NameOf(id) is { } use)
            return use;
        byte[] bytes = id.ToByteArray();
        return LetterOf((bytes[14] << 8) | bytes[15]);
    }

    internal static string LetterOf(int number) => number == 0 ? "" : LetterOf((number - 1) / 26) + (char)('a' + ((number - 1) % 26));
}
