using Latchkey.Controller.Boards;
using Latchkey.Link.Messages;

namespace Latchkey.Controller.Cabinet;

/// <summary>
/// What a cabinet does, as one deterministic function: inputs with their time go in, the things to do come out in order. It has no
/// clock, no files and no threads. The host calls it for each input and again at <see cref="NextDue"/>.
/// <para>An accepted command goes: intent stored, relay on, relay off and (in either order) door seen, outcome stored, result sent.
/// Whatever else happens on the way, there is never a second pulse for it.</para>
/// </summary>
public sealed partial class CabinetMachine
{
    /// <summary>No command waits longer than this for its relay, however far ahead the server's clock is.</summary>
    private const long LongestWaitMs = 60_000;

    private readonly CabinetSettings _settings;
    private readonly CommandKey _key;
    private readonly ReportWriter _write;
    private readonly Door[] _doors;
    private readonly CommandBook _book = new();
    private readonly List<CabinetOutput> _out = [];

    // Accepted and not yet pulsing, in the order of arrival; at most QueueLimit.
    private readonly List<Job> _waiting = [];

    // The one relay that may be on, by its job; the relays are free for the next from _relayFreeAt.
    private Job? _pulsing;
    private long _relayOffAt;
    private long _relayFreeAt;

    private Moment _now;
    private bool _booted;
    private bool _linked;
    private bool _changed;
    private long _heartbeatAt;
    private CabinetLevels _levels = new();

    /// <param name="settings">Checked with <see cref="CabinetSettings.Fault"/>.</param>
    /// <param name="key">Verifies every command. There is no way round it.</param>
    /// <exception cref="ArgumentException">A setting is out of its range.</exception>
    public CabinetMachine(CabinetSettings settings, CommandKey key)
    {
        if (settings.Fault() is { } fault)
            throw new ArgumentException(fault, nameof(settings));
        _settings = settings;
        _key = key;
        _write = new ReportWriter(settings);
        _doors = [.. Enumerable.Range(1, settings.Lockers).Select(n => new Door(n, !settings.WithoutSensor.Contains(n)))];
    }

    /// <summary>When <see cref="Step"/> has to be called again at the latest, in monotonic milliseconds; null when only an input can change anything.</summary>
    public long? NextDue { get; private set; }

    /// <summary>It has a connection to its server.</summary>
    public bool Linked => _linked;

    /// <summary>It could open a door now: there is power for the locks.</summary>
    public bool CanOpen => _booted && _levels.Supply != Supply.Absent;

    /// <summary>Takes the number for a connection that is about to be opened, and its last will. The only member that another thread may call.</summary>
    public (long Link, StateMessage Will) NextWill(long unixMs) => _write.Will(unixMs);

    /// <summary>One input. The list is valid until the next call.</summary>
    /// <exception cref="InvalidOperationException">The first input is not a <see cref="CabinetInput.Boot"/>, or a later one is.</exception>
    public IReadOnlyList<CabinetOutput> Step(CabinetInput input, Moment now)
    {
        if (_booted == input is CabinetInput.Boot)
            throw new InvalidOperationException("The first input of a cabinet, and no other, is Boot.");
        // An input may be handed in a little late and another early; time itself never runs backwards here.
        _now = now with { Ms = Math.Max(now.Ms, _now.Ms) };
        _out.Clear();
        if (_booted)
            PassTime();
        Take(input);
        PassTime();
        if (_changed && _linked)
            SendState(kept: true);
        _changed = false;
        NextDue = Due();
        return _out;
    }

    private void Take(CabinetInput input)
    {
        switch (input)
        {
            case CabinetInput.Boot boot:
                Boot(boot);
                break;
            case CabinetInput.CommandArrived arrived:
                Arrive(arrived.Command, arrived.Retained);
                break;
            case CabinetInput.DoorChanged changed when changed.Door >= 1 && changed.Door <= _doors.Length:
                _doors[changed.Door - 1].See(changed.Levels.Open, _now.Ms);
                break;
            case CabinetInput.Stored stored:
                Answer(stored.Line, stored.Ok);
                break;
            case CabinetInput.Linked linked:
                _linked = true;
                _out.Add(new CabinetOutput.Send(_write.Hello(linked.Link, _now.UnixMs), Kept: true));
                SendState(kept: true);
                _changed = false;
                break;
            case CabinetInput.LinkLost:
                _linked = false;
                break;
            case CabinetInput.Delivered delivered when _book.Find(delivered.Command) is { Journaled: true } entry:
                _out.Add(new CabinetOutput.Store(new JournalRecord(JournalKind.Delivered, entry.Command, entry.Locker, entry.Expires)));
                break;
            case CabinetInput.Presented presented:
                Present(presented.What);
                break;
            case CabinetInput.CabinetChanged { Levels: var levels }:
                _changed |= levels != _levels;
                _levels = levels;
                break;
        }
    }

    private void Boot(CabinetInput.Boot boot)
    {
        _booted = true;
        _out.Add(new CabinetOutput.AllOff());
        _write.Boot = boot.Found.Boot;
        _book.ForgottenUpTo = boot.Found.ForgottenUpTo;
        _levels = boot.Levels.Cabinet;
        foreach (Door door in _doors)
            door.Begin(door.Number <= boot.Levels.Doors.Count ? boot.Levels.Doors[door.Number - 1].Open : null, _now.Ms);
        foreach (CommandMemory memory in boot.Found.Commands)
        {
            if (memory.Outcome is null)
            {
                // Power was cut after the intent was stored. Nobody knows whether the relay was on: it is never tried again.
                Conclude(memory.Command, memory.Locker, memory.Expires, Outcomes.Unknown);
                continue;
            }
            _book.Set(new(memory.Command, memory.Locker, memory.Expires, memory.Outcome, memory.Reason, Journaled: true));
            if (!memory.Delivered)
                SendResult(memory.Command, memory.Locker, memory.Outcome, memory.Reason);
        }
    }

    /// <summary>Everything that the clock alone decides. The relay comes first: nothing may keep a coil on.</summary>
    private void PassTime()
    {
        if (_pulsing is { } job && _now.Ms >= _relayOffAt)
        {
            _out.Add(new CabinetOutput.CoilOff(job.Locker, Coil.Release));
            _pulsing = null;
            _relayFreeAt = _now.Ms + _settings.GapMs;
            if (!_doors[job.Locker - 1].HasSensor)
                EndWatch(_doors[job.Locker - 1], job, Outcomes.Pulsed);
        }
        foreach (Door door in _doors)
        {
            if (door.Settle(_now.Ms, _settings.DebounceMs))
                Moved(door);
            if (door.Watched is { } watched && _now.Ms >= watched.WatchUntil)
                GiveUp(door, watched);
            if (door.Complains(_now.Ms, _settings))
                SendEvent(door.Complaints == 1 ? EventKinds.DoorLeftOpen : EventKinds.DoorNeverClosed, door.Number, null);
        }
        StartNext();
        if (_linked && _now.Ms >= _heartbeatAt)
            SendState(kept: false);
    }

    private void Moved(Door door)
    {
        _changed = true;
        door.Jammed &= door.Open is null;
        if (door.Open is not true)
        {
            if (door.Open is false)
                SendEvent(EventKinds.DoorClosed, door.Number, null);
            return;
        }
        bool released = door.Watched is not null || _now.Ms < door.ReleasedUntil;
        SendEvent(released ? EventKinds.DoorOpened : EventKinds.DoorForced, door.Number, released ? door.ReleasedBy : null);
        if (door.Watched is { } job)
            EndWatch(door, job, Outcomes.Opened);
    }

    private void GiveUp(Door door, Job job)
    {
        if (door.Open is null)
        {
            // The sensor cannot be read: that is no sensor, and no evidence of a jam.
            EndWatch(door, job, Outcomes.Pulsed);
            return;
        }
        door.Jammed = true;
        door.ReleasedUntil = job.WatchUntil - _settings.ProofMs + Math.Max(_settings.LateMs, _settings.ProofMs);
        _changed = true;
        EndWatch(door, job, Outcomes.NotOpened);
    }

    private void EndWatch(Door door, Job job, string outcome)
    {
        door.Watched = null;
        Conclude(job.Command, job.Locker, job.Expires, outcome);
    }

    private void StartNext()
    {
        for (int i = 0; i < _waiting.Count; i++)
        {
            Job job = _waiting[i];
            if (job.Ready && job.HasExpired(_now))
            {
                _waiting.RemoveAt(i--);
                Conclude(job.Command, job.Locker, job.Expires, Outcomes.Expired);
            }
        }
        if (_pulsing is not null || _now.Ms < _relayFreeAt)
            return;
        // A door whose last pulse still awaits its proof is passed over: one opening must not prove two commands.
        if (_waiting.Find(j => j.Ready && _doors[j.Locker - 1].Watched is null) is { } next)
            Pulse(next);
    }

    private void Pulse(Job job)
    {
        Door door = _doors[job.Locker - 1];
        _waiting.Remove(job);
        _pulsing = job;
        _relayOffAt = _now.Ms + _settings.PulseMs;
        _out.Add(new CabinetOutput.CoilOn(job.Locker, Coil.Release));
        // Without a sensor the end of the pulse ends the command, see PassTime.
        job.WatchUntil = door.HasSensor ? _now.Ms + _settings.ProofMs : long.MaxValue;
        door.Watched = job;
        door.ReleasedBy = job.Command;
        door.ReleasedUntil = _now.Ms + _settings.ProofMs;
        // It stands open already; it is pulsed all the same, because the sensor may be wrong and somebody is waiting.
        if (door.Open is true)
            EndWatch(door, job, Outcomes.Opened);
    }

    private void SendResult(Guid command, int locker, string outcome, string? reason, bool kept = true) =>
        _out.Add(new CabinetOutput.Send(_write.Result(command, locker, outcome, reason, _now.UnixMs), kept));

    private void SendEvent(string kind, int locker, Guid? command) =>
        _out.Add(new CabinetOutput.Send(_write.Event(kind, locker, command, _now.UnixMs), Kept: true));

    private void SendState(bool kept)
    {
        string? issue = _levels.Supply == Supply.Absent ? "no-power" : _levels.Tampered ? "tamper" : null;
        string letters = string.Create(_doors.Length, _doors, static (span, doors) =>
        {
            for (int i = 0; i < span.Length; i++)
                span[i] = doors[i].Letter;
        });
        _out.Add(new CabinetOutput.Send(_write.State(letters, issue, _now.UnixMs), kept));
        _heartbeatAt = _now.Ms + _settings.HeartbeatMs;
    }

    private long? Due()
    {
        long due = _linked ? _heartbeatAt : long.MaxValue;
        if (_pulsing is not null)
            due = Math.Min(due, _relayOffAt);
        foreach (Door door in _doors)
        {
            due = Math.Min(due, door.SettleDue(_settings.DebounceMs) ?? long.MaxValue);
            due = Math.Min(due, door.Watched?.WatchUntil ?? long.MaxValue);
            due = Math.Min(due, door.ComplaintDue(_settings) ?? long.MaxValue);
        }
        foreach (Job job in _waiting)
        {
            if (!job.Ready)
                continue;
            due = Math.Min(due, job.ExpiresAtMs(_now));
            if (_pulsing is null && _doors[job.Locker - 1].Watched is null)
                due = Math.Min(due, _relayFreeAt);
        }
        return due == long.MaxValue ? null : due;
    }
}
