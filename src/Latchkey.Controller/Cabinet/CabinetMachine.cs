using Latchkey.Controller.Boards;
using Latchkey.Controller.Credentials;
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
    private readonly DoorBreaker _breaker;
    private readonly Power _power;
    private readonly List<CabinetOutput> _out = [];

    // Accepted and not yet pulsing, in the order of arrival; at most QueueLimit.
    private readonly List<Job> _waiting = [];

    // The one coil that may be on, by its job; the coils are free for the next from _coilsFreeAt.
    private Job? _pulsing;
    private long _coilOffAt;
    private long _coilsFreeAt;

    private Moment _now;
    private bool _booted;
    private bool _linked;
    private bool _changed;
    private long _heartbeatAt;

    /// <param name="settings">Checked with <see cref="CabinetSettings.Fault"/>.</param>
    /// <param name="key">Verifies every command. There is no way round it.</param>
    /// <exception cref="ArgumentException">A setting is out of its range.</exception>
    public CabinetMachine(CabinetSettings settings, CommandKey key)
    {
        if (settings.Fault() is { } fault)
            throw new ArgumentException(fault, nameof(settings));
        _settings = settings;
        _key = key;
        _write = new ReportWriter(settings, key.Name);
        _breaker = new DoorBreaker(settings.BreakerDoors, settings.BreakerMs);
        _power = new Power(settings.BatteryLow, settings.BatteryCritical);
        _doors = [.. Enumerable.Range(1, settings.Lockers).Select(n => new Door(n, !settings.WithoutSensor.Contains(n), settings.Latched.GetValueOrDefault(n)))];
    }

    /// <summary>When <see cref="Step"/> has to be called again at the latest, in monotonic milliseconds; null when only an input can change anything.</summary>
    public long? NextDue { get; private set; }

    /// <summary>It has a connection to its server.</summary>
    public bool Linked => _linked;

    /// <summary>It could open a door now: there is power for the locks.</summary>
    public bool CanOpen => _booted && !_power.IsAbsent;

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
                _doors[changed.Door - 1].See(changed.Levels, _now.Ms);
                break;
            case CabinetInput.Stored stored:
                Answer(stored.Line, stored.Ok);
                break;
            case CabinetInput.Linked linked:
                (_linked, _linkNow) = (true, linked.Link);
                _out.Add(new CabinetOutput.Send(_write.Hello(linked.Link, _safeMode, _now.UnixMs), Kept: true));
                SendState(kept: true);
                _changed = false;
                break;
            case CabinetInput.LinkLost:
                _linked = false;
                break;
            case CabinetInput.Delivered delivered:
                if (_book.Find(delivered.Command) is { Journaled: true, Delivered: false } entry)
                {
                    _book.Set(entry with { Delivered = true });
                    _out.Add(new CabinetOutput.Store(new JournalRecord(JournalKind.Delivered, entry.Command, entry.Locker, entry.Expires)));
                }
                ForgetUse(delivered.Command);
                break;
            case CabinetInput.Presented presented:
                Present(presented.What);
                break;
            case CabinetInput.NonceGiven given:
                _nonces.Give(given.Nonce, _now.Ms);
                break;
            case CabinetInput.Kept kept:
                Kept(kept.Record, kept.Ok);
                break;
            case CabinetInput.GrantsArrived arrived:
                Grant(arrived.Change);
                break;
            case CabinetInput.CabinetChanged changed:
                See(changed.Levels);
                break;
        }
    }

    private void Boot(CabinetInput.Boot boot)
    {
        _booted = true;
        _out.Add(new CabinetOutput.AllOff());
        _write.Boot = boot.Found.Boot;
        _book.ForgottenUpTo = boot.Found.ForgottenUpTo;
        Begin(boot.Levels.Cabinet, boot.Found.Unconfirmed);
        RecallCredentials(boot.Credentials);
        foreach (Door door in _doors)
            door.Begin(door.Number <= boot.Levels.Doors.Count ? boot.Levels.Doors[door.Number - 1] : new DoorLevels(Open: null), _now.Ms);
        foreach (CommandMemory memory in boot.Found.Commands)
        {
            Remember(memory);
            if (memory.Outcome is null)
            {
                // Power was cut after the intent was stored. Nobody knows whether the relay was on: it is never tried again.
                Conclude(memory.Command, memory.Locker, memory.Expires, Outcomes.Unknown);
                continue;
            }
            _book.Set(new(memory.Command, memory.Locker, memory.Expires, memory.Outcome, memory.Reason, Journaled: true, Delivered: memory.Delivered));
            if (!memory.Delivered)
                SendResult(memory.Command, memory.Locker, memory.Outcome, memory.Reason);
        }
        FinishUses(boot.Found.Commands);
        SayGivenAgain();
    }

    /// <summary>A coil that was hot before the power cut still is: each command of the last minute counts as a pulse, at the last moment at which it
    /// can have been one.</summary>
    private void Remember(CommandMemory memory)
    {
        long age = Math.Max(0, _now.UnixMs - memory.At);
        if (memory.At != 0 && age < Door.DutyMs && memory.Locker >= 1 && memory.Locker <= _doors.Length && memory.Outcome is not (Outcomes.Refused or Outcomes.Expired))
            _doors[memory.Locker - 1].Strain(_now.Ms - age);
    }

    /// <summary>Everything that the clock alone decides. The coil comes first: nothing may keep it on.</summary>
    private void PassTime()
    {
        if (_pulsing is { } job && _now.Ms >= _coilOffAt)
            EndPulse(job);
        foreach (Door door in _doors)
        {
            if (door.Settle(_now.Ms, _settings))
                Moved(door);
            if (door.SettleBolt(_now.Ms, _settings))
                BoltMoved(door);
            if (door.SettleInside(_now.Ms, _settings, out bool? before))
                InsideChanged(door, before);
            // Not only when a level settles: one that was about to change, and did not after all, settles nothing.
            if (door.Watched is { } proven && Proof(door, proven) is { } outcome)
                EndWatch(door, proven, outcome);
            if (door.Watched is { } watched && _now.Ms >= watched.WatchUntil)
                GiveUp(door, watched);
            if (door.Complains(_now.Ms, _settings))
                SendEvent(door.Complaints == 1 ? EventKinds.DoorLeftOpen : EventKinds.DoorNeverClosed, door.Number, null);
        }
        StartNext();
        Prove();
        StampTime();
        WatchTap();
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
        bool released = door.Watched is { Coil: Coil.Release } || _now.Ms < door.ReleasedUntil || door.IsUnlocked;
        SendEvent(released ? EventKinds.DoorOpened : EventKinds.DoorForced, door.Number, released ? door.ReleasedBy : null);
        // Its bolt cannot lock it any more; whatever else was ordered is proved by PassTime.
        if (door.Watched is { Coil: Coil.Lock } job)
            EndWatch(door, job, Outcomes.NotLocked);
    }

    private void BoltMoved(Door door)
    {
        _changed = true;
        door.Jammed &= door.Bolted is null;
        if (door.Bolted is not { } bolted)
            return;
        // Nobody else's bolt moves within a pulse: it was the order. Otherwise somebody used a key, or a knob on the inside.
        Guid? by = door.Watched is { } job && job.Coil == Coil.Lock == bolted ? job.Command : null;
        SendEvent(bolted ? EventKinds.DoorLocked : EventKinds.DoorUnlocked, door.Number, by);
    }

    private void InsideChanged(Door door, bool? before)
    {
        _changed = true;
        // From "cannot be read" nothing was put in: it may have been there.
        if (before is not null && door.Occupied is { } occupied)
            SendEvent(occupied ? EventKinds.PutIn : EventKinds.TakenOut, door.Number, null);
    }

    private void SendResult(Guid command, int locker, string outcome, string? reason, bool kept = true)
    {
        GiveBack(command, outcome);
        _out.Add(new CabinetOutput.Send(_write.Result(command, locker, outcome, reason, _now.UnixMs, _credentials.AuthorityOf(command)), kept));
        if (_usesShown.Remove(command))
            Tell(new CredentialAnswer.Ended(locker, outcome));
    }

    private void SendEvent(string kind, int locker, Guid? command) =>
        _out.Add(new CabinetOutput.Send(_write.Event(kind, locker, command, _now.UnixMs), Kept: true));

    private void SendState(bool kept)
    {
        string? inside = _doors.All(d => d.Occupied is null) ? null : Letters(d => d.Occupied switch
        {
            true => InsideLetters.Occupied,
            false => InsideLetters.Empty,
            null => InsideLetters.Unknown,
        });
        _batterySaid = _power.Levels.BatteryPercent;
        _out.Add(new CabinetOutput.Send(_write.State(Letters(d => d.Letter), inside, _batterySaid, Issue(), _now.UnixMs, _credentials.Revision), kept));
        _heartbeatAt = _now.Ms + _settings.HeartbeatMs;
    }

    private string Letters(Func<Door, char> letter) => string.Create(_doors.Length, (_doors, letter), static (span, from) =>
    {
        for (int i = 0; i < span.Length; i++)
            span[i] = from.letter(from._doors[i]);
    });

    private long? Due()
    {
        long due = Math.Min(Math.Min(_linked ? _heartbeatAt : long.MaxValue, _provenAt ?? long.MaxValue), TapDue);
        if (_pulsing is not null)
            due = Math.Min(due, _coilOffAt);
        foreach (Door door in _doors)
        {
            due = Math.Min(due, door.SettleDue(_settings));
            due = Math.Min(due, door.Watched?.WatchUntil ?? long.MaxValue);
            due = Math.Min(due, door.ComplaintDue(_settings) ?? long.MaxValue);
        }
        if (Time.IsCertain)
            due = Math.Min(due, _stampedAt + BankClock.StampEveryMs);
        foreach (Job job in _waiting)
        {
            if (!job.Ready)
                continue;
            due = Math.Min(due, job.ExpiresAtMs(_now));
            if (_pulsing is null && _power.HoldsCoil && _doors[job.Locker - 1].Watched is null)
                due = Math.Min(due, _coilsFreeAt);
        }
        return due == long.MaxValue ? null : due;
    }
}
