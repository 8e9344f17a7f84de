using System.Security.Cryptography;
using Latchkey.Controller.Boards;
using Latchkey.Controller.Cabinet;
using Latchkey.Controller.Credentials;
using Latchkey.Link.Messages;

namespace Latchkey.Tests.Simulation;

/// <summary>
/// A cabinet: the controller's own machine, journal, credentials, outbox and wire, on a virtual clock and disk. What is made here is only what joins them, as
/// <see cref="CabinetHost"/> and <see cref="ReportOutbox"/> do with tasks, and the doors with whoever pulls them.
/// </summary>
internal sealed class Bank
{
    public const int Doors = 6;

    /// <summary>Heartbeats that would say what the last one said are passed over, 192,000 a day; one in so long remains. See docs/simulation.md.</summary>
    private const long IdleTickMs = 600_000;

    private readonly Timeline _line;
    private readonly Promises _promises;
    private readonly CabinetSettings _settings;
    private readonly VirtualDisk _disk;
    private CabinetMachine _machine = null!;
    private JournalWriter _writer = null!;
    private CredentialFile _credentials = null!;
    private ReportQueue _queue = null!;
    private List<JournalLine> _lines = [];
    private List<CredentialRecord> _records = [];
    private bool _writing, _keeping, _secondDue, _more;
    private int _start;
    private long _tickAt, _pumpAt, _busyUntil, _startedAt;

    public Bank(Timeline line, int index, Promises promises)
    {
        (_line, Index, _promises) = (line, index, promises);
        (Device, Key) = (Devices.Ids[index], Devices.Keys[index]);
        Clock = new VirtualClock(line) { SkewMs = line.Between(-400, 400) };
        _disk = new VirtualDisk(line);
        _settings = new CabinetSettings { Device = Device, Lockers = Doors, Model = "LK-simulated", HeartbeatMs = 60_000 };
    }

    public int Index { get; }
    public Guid Device { get; }
    public CommandKey Key { get; }
    public VirtualClock Clock { get; }
    public Carrier Carrier { get; set; } = null!;

    /// <summary>Rises with each start.</summary>
    public int Start => _start;

    public bool IsOn { get; private set; }

    /// <summary>Where the doors really stand; the door's number less one.</summary>
    public bool[] Open { get; } = new bool[Doors];

    /// <summary>A door has sprung open: whoever stands there, if anybody does.</summary>
    public Action<int> Opened { get; set; } = _ => { };

    /// <summary>How long the disk takes for what comes next.</summary>
    public Func<int> DiskMs { get; set; } = () => 1;

    /// <summary>What the terminal shows.</summary>
    public Action<CredentialAnswer> Shown { get; set; } = _ => { };

    /// <summary>Events that the server has not named yet; a state that is on its way at this moment is none.</summary>
    public int Waiting => _queue.Events;

    public void PowerOn()
    {
        (IsOn, _startedAt, _tickAt, _pumpAt) = (true, _line.Ms, long.MaxValue, long.MaxValue);
        (_writing, _keeping, _secondDue, _lines, _records) = (false, false, false, [], []);
        _start++;
        OnDisk(() =>
        {
            CabinetJournal journal = CabinetJournal.OpenOn(_disk, "journal", Clock.UnixMs, out JournalContents found);
            _credentials = CredentialFile.OpenOn(_disk, "credentials", Clock.UnixMs, out IReadOnlyList<CredentialRecord> recalled);
            _queue = new ReportQueue(new OutboxFile(_disk, "outbox"), Clock);
            _queue.AddBefore(_queue.Load());
            _writer = new JournalWriter(journal, Clock, (_, _, _) => ValueTask.CompletedTask);
            _machine = new CabinetMachine(_settings, Key);
            _line.Note("bank starts", Index, found.Boot);
            _promises.Started(this, found, recalled);
            Step(new CabinetInput.Boot(found, new BoardLevels([.. Open.Select(o => new DoorLevels(o))], new CabinetLevels())) { Credentials = recalled });
            Carrier.Try();
        });
    }

    /// <summary>The plug is pulled.</summary>
    /// <returns>Whether the disk has lost anything that was not flushed.</returns>
    public bool PowerOff()
    {
        IsOn = false;
        _start++;
        bool lost = _disk.Cut();
        _line.Note("bank loses power", Index, lost ? 1 : 0);
        _promises.PowerGone(this);
        Carrier.BankDied();
        return lost;
    }

    /// <summary>The plug is pulled in the middle of one of the next things that the disk does.</summary>
    public void PowerOffInDeed(int deeds) => _disk.CutIn = deeds;

    /// <summary>The plug stays where it is.</summary>
    public void StayOn() => _disk.CutIn = null;

    /// <summary>What follows a power cut in a deed.</summary>
    public Action<Bank> FellInDeed { get; set; } = _ => { };

    public void Linked(long link) => Step(new CabinetInput.Linked(link));

    public (long Link, StateMessage Will) NextWill() => _machine.NextWill(Clock.UnixMs);

    public void LinkLost() => Step(new CabinetInput.LinkLost());

    /// <summary>A message from the broker.</summary>
    public void Receive(string kind, byte[] payload, bool retained)
    {
        if (kind == "command" && Wire.TryRead(payload, out CommandMessage? command))
        {
            _promises.Arrives(this, command, retained);
            Step(new CabinetInput.CommandArrived(command, retained));
            _promises.HasArrived();
        }
        else if (kind == "grants" && Wire.TryRead(payload, out GrantsMessage? grants))
            Step(new CabinetInput.GrantsArrived(grants));
        else if (kind == "receipt" && Wire.TryRead(payload, out ReceiptMessage? receipt))
        {
            foreach (Guid named in _queue.Received(receipt.Reports))
                Step(new CabinetInput.Delivered(named));
            Second();
            Pump();
        }
    }

    public void Present(Credential what) => Step(new CabinetInput.Presented(what));

    /// <summary>Somebody moves a door, or it springs open.</summary>
    public void Move(int door, bool open)
    {
        if (Open[door - 1] == open)
            return;
        Open[door - 1] = open;
        _line.Note(open ? "door opens" : "door shuts", Index, door);
        _promises.DoorMoved(this, door, open);
        Step(new CabinetInput.DoorChanged(door, new DoorLevels(open)));
        if (open)
            Opened(door);
    }

    private void Step(CabinetInput input)
    {
        if (!IsOn)
            return;
        if (input is not CabinetInput.Tick)
            _busyUntil = _line.Ms + 15_000;
        foreach (CabinetOutput output in _machine.Step(input, new Moment(_line.Ms, Clock.UnixMs)))
        {
            switch (output)
            {
                case CabinetOutput.CoilOn on:
                    _promises.Releases(this, on.Door);
                    Release(on.Door);
                    break;
                case CabinetOutput.Store store:
                    _promises.Asks(this, store.Line);
                    _lines.Add(store.Line);
                    break;
                case CabinetOutput.Keep keep:
                    _promises.Asks(this, keep.Record);
                    _records.Add(keep.Record);
                    break;
                case CabinetOutput.Send send:
                    _promises.Says(this, send.Report, send.Kept);
                    _queue.Add(send.Report, send.Kept);
                    _more = true;
                    break;
                case CabinetOutput.Answer answer:
                    _line.In(0, () => Shown(answer.What));
                    break;
            }
        }
        if (input is CabinetInput.LinkLost)
            _queue.Close();
        if (_lines.Count > 0 && !_writing)
            Write();
        if (_records.Count > 0 && !_keeping)
            Keep();
        if (_more)
        {
            _more = false;
            Second();
            Pump();
        }
        Arm();
    }

    private void Arm()
    {
        if (_machine.NextDue is not { } due)
            return;
        bool idle = _line.Ms > _busyUntil && _line.Ms > _startedAt + 70_000 && !Open.Contains(true) && !_writing && !_keeping;
        due = Math.Max(idle ? _line.Ms + IdleTickMs : due, _line.Ms + 1);
        if (_tickAt > _line.Ms && _tickAt <= due)
            return;
        _tickAt = due;
        int start = _start;
        _line.At(due, () =>
        {
            if (start == _start && due == _tickAt)
                Step(new CabinetInput.Tick());
        });
    }

    private void Write()
    {
        _writing = true;
        After(DiskMs(), () =>
        {
            List<JournalLine> batch = _lines;
            _lines = [];
            bool[] stored = _writer.Store(batch);
            for (int i = 0; i < batch.Count; i++)
            {
                _promises.Stored(this, batch[i], stored[i]);
                if (batch[i].IsAwaited)
                    Step(new CabinetInput.Stored(batch[i], stored[i]));
            }
            _writer.Compact();
            _writing = false;
            if (_lines.Count > 0)
                Write();
        });
    }

    private void Keep()
    {
        _keeping = true;
        After(DiskMs(), () =>
        {
            List<CredentialRecord> batch = _records;
            _records = [];
            _credentials.Append(batch);
            foreach (CredentialRecord record in batch)
            {
                _promises.Kept(this, record);
                Step(new CabinetInput.Kept(record, Ok: true));
            }
            _credentials.CompactIfDue();
            _keeping = false;
            if (_records.Count > 0)
                Keep();
        });
    }

    /// <summary>Once a second while there is something for it: see <see cref="ReportOutbox"/>.</summary>
    private void Second()
    {
        if (_secondDue)
            return;
        _secondDue = true;
        After(1_000, () =>
        {
            _secondDue = false;
            _queue.TryStore(ReportQueue.StoreAfter);
            _queue.NextSecond();
            Pump();
            if (_queue.HasToStore || (_machine.Linked && _queue.Backlog > 0))
                Second();
        });
    }

    private void Pump()
    {
        while (_queue.Next() is { } item)
        {
            int start = _start;
            Carrier.Up(item.Report, item.Kept, delivery =>
            {
                if (start != _start)
                    return;
                if (ReportQueue.WaitAfter(item, delivery) is { } wait)
                    After((long)wait.TotalMilliseconds, () => Sent(item, delivery));
                else
                    Sent(item, delivery);
            });
        }
        if (_queue.RepeatsAt is { } at && (_pumpAt <= _line.Ms || at < _pumpAt) && _machine.Linked)
        {
            _pumpAt = Math.Max(at, _line.Ms + 1);
            long due = _pumpAt;
            After(due - _line.Ms, () =>
            {
                if (_pumpAt == due)
                    Pump();
            });
        }
    }

    private void Sent(ReportQueue.Item item, Delivery delivery)
    {
        _queue.Sent(item, delivery);
        Pump();
    }

    /// <summary>In this start, unless the power goes before or in it.</summary>
    private void After(long ms, Action what)
    {
        int start = _start;
        _line.In(ms, () =>
        {
            if (start == _start)
                OnDisk(what);
        });
    }

    private void OnDisk(Action what)
    {
        try
        {
            what();
        }
        catch (PowerCutException)
        {
            PowerOff();
            FellInDeed(this);
        }
    }

    /// <summary>The lock has let go: mostly the door springs open at once, sometimes when somebody pulls, and now and then it sticks.</summary>
    private void Release(int door)
    {
        if (_line.Chance(0.03))
            return;
        _line.In(_line.Chance(0.95) ? _line.Between(60, 900) : _line.Between(1_600, 9_000), () => Move(door, open: true));
    }
}

/// <summary>Who the simulated cabinets are, the same on every day: making a key takes longer than an hour of such a day.</summary>
internal static class Devices
{
    public const int Count = 20;

    // The golden vector of docs/protocol.md; the device's id makes another command key of it for each of them.
    private const string DeviceKey = "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQg3dH2grL3xVLxC9+nK3/rR7ZFAF3lOkINTvxzIaYSIkChRANCAAT89rkjeLD2UmSvgTXLZWUcRzZ0B9/CSl11AsVDt3k7+lmRASQEgcdV1u/GemsrPghRuUKE9vtF/WZ2wF6ktFjt";
    private const string ServerKey = "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgFpZKx5bPHHYHLcjzZHi0DJeY4jhS3nMAwbBibKdwVO2hRANCAATQDGMxHiK1x2SojKVV5lLOI/AzhdIdNRfn4VvuvrTAgRT5S9bLH9nfBrUlOCVvWjkfVpEfhiK+zk7uiSxnldWF";

    public static IReadOnlyList<Guid> Ids { get; } = [.. Enumerable.Range(1, Count).Select(n => new Guid(0x0193a5b0, 0x3c00, 0x7a11, 0x8b, 0x22, 0, 0, 0, 0, 0, (byte)n))];

    public static IReadOnlyList<CommandKey> Keys { get; } = Derive();

    private static IReadOnlyList<CommandKey> Derive()
    {
        using ECDiffieHellman device = ECDiffieHellman.Create(), server = ECDiffieHellman.Create();
        device.ImportPkcs8PrivateKey(Convert.FromBase64String(DeviceKey), out _);
        server.ImportPkcs8PrivateKey(Convert.FromBase64String(ServerKey), out _);
        return [.. Ids.Select(id => CommandKey.Derive(server, device.PublicKey, id))];
    }
}
