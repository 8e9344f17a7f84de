using Latchkey.Controller.Boards;
using Latchkey.Link.Messages;

namespace Latchkey.Controller.Cabinet;

/// <content>Which order is pulsed next, for how long, and what proves that it did something.</content>
public sealed partial class CabinetMachine
{
    /// <summary>Why this cannot be done at this door now, whoever wants it; null when it can.</summary>
    private string? Refuses(Door door, string kind) =>
        kind is not (CommandKinds.Open or CommandKinds.Lock or CommandKinds.Unlock) || (door.Latch is null && kind != CommandKinds.Open) ? RefusalReasons.NotSupported
        // Its bolt would go out beside the frame, and the door would be called locked.
        : kind == CommandKinds.Lock && door.Open is true ? RefusalReasons.DoorOpen
        : !_power.HoldsCoil ? RefusalReasons.NoPower
        : door.PulsesWithinAMinute(_now.Ms) + _waiting.Count(j => j.Locker == door.Number) + _usesBeingKept.Values.Count(u => u.Door == door.Number) >= _settings.PulsesPerMinute
            ? RefusalReasons.TooOften
        : _waiting.Count + _usesBeingKept.Count >= _settings.QueueLimit ? RefusalReasons.Busy
        : null;

    private void StartNext()
    {
        for (int i = 0; i < _waiting.Count; i++)
        {
            Job job = _waiting[i];
            if (!job.Ready || WhyNot(job) is not var (outcome, reason))
                continue;
            _waiting.RemoveAt(i--);
            Conclude(job.Command, job.Locker, job.Expires, outcome, reason);
        }
        // A supply that sags is given the time to recover; its orders wait for as long as they live.
        if (_pulsing is not null || _now.Ms < _coilsFreeAt || !_power.HoldsCoil)
            return;
        // A door whose last pulse still awaits its proof is passed over: one opening must not prove two commands.
        if (_waiting.Find(j => j.Ready && _doors[j.Locker - 1].Watched is null) is { } next)
            Pulse(next);
    }

    /// <summary>Why an accepted order is not pulsed any more; null when it still may be.</summary>
    private (string Outcome, string? Reason)? WhyNot(Job job) =>
        job.HasExpired(_now) ? (Outcomes.Expired, null)
        : _power is { IsAbsent: true, HoldsCoil: false } ? (Outcomes.Refused, RefusalReasons.NoPower)
        : job.Coil == Coil.Lock && _doors[job.Locker - 1].Open is true ? (Outcomes.Refused, RefusalReasons.DoorOpen)
        : null;

    private void Pulse(Job job)
    {
        Door door = _doors[job.Locker - 1];
        _waiting.Remove(job);
        _pulsing = job;
        _coilOffAt = _now.Ms + _settings.PulseOf(door.Number);
        _out.Add(new CabinetOutput.CoilOn(door.Number, job.Coil));
        // Where nothing can prove it, the end of the pulse ends the command, see EndPulse.
        job.WatchUntil = CanProve(door, job) ? _now.Ms + _settings.ProofMs : long.MaxValue;
        door.Begin(job, _now.Ms, _settings);
        // It is so already; it is pulsed all the same, because the sensor may be wrong and somebody is waiting.
        if (Proof(door, job) is { } outcome)
            EndWatch(door, job, outcome);
    }

    private void EndPulse(Job job)
    {
        Door door = _doors[job.Locker - 1];
        _out.Add(new CabinetOutput.CoilOff(door.Number, job.Coil));
        _pulsing = null;
        _coilsFreeAt = _now.Ms + _settings.GapMs;
        _changed |= _brownOut != job.CutShort;
        _brownOut = job.CutShort;
        if (door.Watched == job && !CanProve(door, job))
            GiveUp(door, job);
    }

    /// <summary>The supply gives way under the coil, which then holds nothing and heats: off. The door is watched on, it may have let go.</summary>
    private void CutShort(Job job)
    {
        job.CutShort = true;
        EndPulse(job);
    }

    private static bool CanProve(Door door, Job job) => door.HasBoltSensor || (job.Coil == Coil.Release && door.HasSensor);

    /// <summary>The outcome that the sensors prove now; null while they prove none.</summary>
    private static string? Proof(Door door, Job job) => job.Kind switch
    {
        CommandKinds.Lock => door.SurelyBolted is true && door.Open is not true ? Outcomes.Locked : null,
        CommandKinds.Unlock => door.SurelyBolted is false || door.SurelyOpen is true ? Outcomes.Unlocked : null,
        _ when door.SurelyOpen is true => Outcomes.Opened,
        // Nobody will ever see it open: that it can be pulled is all there is to know.
        _ => door is { SurelyBolted: false, HasSensor: false } ? Outcomes.Unlocked : null,
    };

    private void GiveUp(Door door, Job job)
    {
        // What was seen of the very thing that should have moved: it stands as it did, or it cannot be seen.
        bool? stuck = job.Kind == CommandKinds.Lock ? (door.Bolted is null ? null : true)
            : door.Latch is not null ? door.Bolted
            : !door.Open;
        if (stuck is null)
        {
            // A momentary lock has at least had its whole pulse.
            EndWatch(door, job, door.Latch is null && !job.CutShort ? Outcomes.Pulsed : Outcomes.Unknown);
            return;
        }
        if (stuck is false)
        {
            // An open order at a latched door whose bolt went back, and nobody pulled.
            EndWatch(door, job, Outcomes.Unlocked);
            return;
        }
        // A pulse that was cut short says nothing about the door.
        door.Jammed |= !job.CutShort;
        if (job.Coil == Coil.Release)
            door.ReleasedUntil = job.WatchUntil - _settings.ProofMs + Math.Max(_settings.LateMs, _settings.ProofMs);
        _changed = true;
        EndWatch(door, job, job.Kind == CommandKinds.Lock ? Outcomes.NotLocked : Outcomes.NotOpened);
    }

    private void EndWatch(Door door, Job job, string outcome)
    {
        door.Watched = null;
        bool weak = job.CutShort && outcome is Outcomes.NotOpened or Outcomes.NotLocked or Outcomes.Unknown;
        Conclude(job.Command, job.Locker, job.Expires, outcome, weak ? RefusalReasons.BrownOut : null);
    }
}
