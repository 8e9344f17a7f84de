using System.Security.Cryptography;
using Latchkey.Controller.Boards;
using Latchkey.Controller.Cabinet;
using Latchkey.Controller.Credentials;
using Latchkey.Link.Messages;

namespace Latchkey.Tests.Controller;

/// <summary>A machine with a disk that answers when told (at once, unless <see cref="DiskWaits"/>), a clock that is moved, and a record of all it did.</summary>
internal sealed class MachineRig
{
    public static readonly Guid Device = Guid.Parse("0193a5b0-0000-7000-8000-000000000001");
    private static readonly ECDiffieHellman ServerKey = ECDiffieHellman.Create(ECCurve.NamedCurves.nistP256);
    private static readonly ECDiffieHellman DeviceKey = ECDiffieHellman.Create(ECCurve.NamedCurves.nistP256);
    public static readonly CommandKey Server = CommandKey.Derive(ServerKey, DeviceKey.PublicKey, Device);
    public static readonly CommandKey Own = CommandKey.Derive(DeviceKey, ServerKey.PublicKey, Device);

    private readonly List<JournalLine> _unanswered = [];
    private readonly List<CredentialRecord> _unkept = [];
    private long _boots;
    private int _ids;

    public MachineRig(CabinetSettings? settings = null)
    {
        Settings = settings ?? new CabinetSettings { Device = Device, Lockers = 4, Model = "LK-test" };
        Levels = new bool?[Settings.Lockers];
        Array.Fill(Levels, false);
        Machine = Start();
    }

    public CabinetSettings Settings { get; }
    public CabinetMachine Machine { get; private set; }
    public long Ms { get; private set; }
    public long UnixMs { get; set; } = 1_795_251_600_000;
    public bool DiskWaits { get; set; }
    public bool DiskFails { get; set; }
    public bool?[] Levels { get; }

    /// <summary>What the cabinet's own switches and supply show at a start.</summary>
    public CabinetLevels Cabinet { get; private set; } = new();

    /// <summary>Starts before the next that did not stay up.</summary>
    public int Fallen { get; set; }

    /// <summary>Everything it did, with the monotonic time; of all starts.</summary>
    public List<(long Ms, CabinetOutput Output)> Trace { get; } = [];

    /// <summary>What a power cut leaves.</summary>
    public List<JournalLine> Disk { get; } = [];

    /// <summary>What a power cut leaves of the credentials.</summary>
    public List<CredentialRecord> Credentials { get; } = [];

    public IEnumerable<CredentialAnswer> Answers => Trace.Select(t => t.Output).OfType<CabinetOutput.Answer>().Select(a => a.What);

    public IEnumerable<T> Reports<T>()
        where T : IReport => Trace.Select(t => t.Output).OfType<CabinetOutput.Send>().Select(s => s.Report).OfType<T>();

    public int Pulses => Trace.Count(t => t.Output is CabinetOutput.CoilOn);
    public ResultMessage OnlyResult => Reports<ResultMessage>().ShouldHaveSingleItem();
    public Moment Now => new(Ms, UnixMs);

    public CommandMessage Order(int locker, int lifeMs = 10_000, string kind = CommandKinds.Open, CommandKey? key = null) =>
        (key ?? Server).Sign(NextId(), kind, locker, DateTimeOffset.FromUnixTimeMilliseconds(UnixMs + lifeMs), "lease:test");

    public Guid NextId() => new(0x0193a5b0, 1, 0x7000, 0x80, 0, 0, 0, 0, 0, (byte)(++_ids >> 8), (byte)_ids);

    /// <summary>A board with so many doors, all shut.</summary>
    public static BoardLevels Shut(int doors) => new([.. Enumerable.Repeat(new DoorLevels(false), doors)], new CabinetLevels());

    public MachineRig Receive(CommandMessage command, bool retained = false) => Do(new CabinetInput.CommandArrived(command, retained));

    public MachineRig Sense(int door, bool? open)
    {
        Levels[door - 1] = open;
        return Do(new CabinetInput.DoorChanged(door, new DoorLevels(open)));
    }

    public MachineRig Supply(Supply supply, int? battery = null) => Do(new CabinetInput.CabinetChanged(Cabinet = new CabinetLevels(Supply: supply, BatteryPercent: battery)));

    public MachineRig Do(CabinetInput input)
    {
        foreach (CabinetOutput output in Machine.Step(input, Now).ToList())
        {
            Trace.Add((Ms, output));
            if (output is CabinetOutput.Store store)
                _unanswered.Add(store.Line);
            if (output is CabinetOutput.Keep keep)
                _unkept.Add(keep.Record);
        }
        if (!DiskWaits)
            AnswerDisk();
        return this;
    }

    public MachineRig AnswerDisk()
    {
        while (_unanswered.Count > 0)
        {
            JournalLine line = _unanswered[0];
            _unanswered.RemoveAt(0);
            if (!DiskFails)
                Disk.Add(line);
            if (line.IsAwaited)
                Do(new CabinetInput.Stored(line, !DiskFails));
        }
        while (_unkept.Count > 0)
        {
            CredentialRecord record = _unkept[0];
            _unkept.RemoveAt(0);
            if (!DiskFails)
                Credentials.Add(record);
            Do(new CabinetInput.Kept(record, !DiskFails));
        }
        return this;
    }

    /// <summary>Passes time, calling the machine exactly when it asks to be called.</summary>
    public MachineRig Pass(long ms)
    {
        long end = Ms + ms;
        while (Machine.NextDue is { } due && due <= end)
        {
            Move(Math.Max(due, Ms + 1) - Ms);
            Do(new CabinetInput.Tick());
        }
        Move(Math.Max(0, end - Ms));
        return this;
    }

    public void Move(long ms) => (Ms, UnixMs) = (Ms + ms, UnixMs + ms);

    /// <summary>A power cut: what was not on the disk is lost.</summary>
    public MachineRig Reboot()
    {
        _unanswered.Clear();
        _unkept.Clear();
        Machine = Start();
        return this;
    }

    private CabinetMachine Start()
    {
        var machine = new CabinetMachine(Settings, Own);
        Machine = machine;
        Do(new CabinetInput.Boot(new JournalContents(++_boots, long.MinValue, Memory(Disk), Fallen), new BoardLevels([.. Levels.Select(l => new DoorLevels(l))], Cabinet)) { Credentials = [.. Credentials] });
        return machine;
    }

    /// <summary>What a disk with these records knows of each command.</summary>
    public static IReadOnlyList<CommandMemory> Memory(IEnumerable<JournalLine> disk) =>
    [
        .. from record in disk.OfType<JournalRecord>()
           group record by record.Command into lines
           let outcome = lines.FirstOrDefault(r => r.Kind == JournalKind.Outcome)
           select new CommandMemory(lines.Key, lines.First().Locker, lines.First().Expires, outcome?.Outcome, outcome?.Reason, lines.Any(r => r.Kind == JournalKind.Delivered), outcome?.At ?? lines.First().At),
    ];
}
