using Latchkey.Controller.Boards;
using Latchkey.Link.Messages;

namespace Latchkey.Controller.Cabinet;

/// <summary>One door as its sensors show it, and the release that it is expected to follow.</summary>
/// <param name="latch">How its latched lock is made; null for a momentary one.</param>
internal sealed class Door(int number, bool hasSensor, Latch? latch)
{
    /// <summary>Over how long the pulses of a door are counted.</summary>
    public const long DutyMs = 60_000;

    private readonly Sensor _contact = new(hasSensor), _bolt = new(latch is { BoltSensor: true }), _inside = new(isThere: true);
    private readonly Queue<long> _pulses = new();
    private bool _released;

    public int Number { get; } = number;
    public Latch? Latch { get; } = latch;
    public bool HasSensor => _contact.IsThere;
    public bool HasBoltSensor => _bolt.IsThere;

    /// <summary>The debounced level; null where there is no sensor or it cannot be read. So are the next two.</summary>
    public bool? Open => _contact.Level;
    public bool? Bolted => _bolt.Level;
    public bool? Occupied => _inside.Level;

    /// <summary>The level that proves something: as it was believed, and as it is at this moment. A door that has been falling shut for less than the debounce time is still called open, and proves no pulse.</summary>
    public bool? SurelyOpen => _contact.IsSteady ? Open : null;

    /// <summary>The same for <see cref="Bolted"/>.</summary>
    public bool? SurelyBolted => _bolt.IsSteady ? Bolted : null;

    /// <summary>A pulse was given, nothing was seen to move, and nothing has moved since.</summary>
    public bool Jammed { get; set; }

    /// <summary>The command whose pulse awaits its proof.</summary>
    public Job? Watched { get; set; }

    /// <summary>Until when an opening belongs to <see cref="ReleasedBy"/>, in monotonic milliseconds.</summary>
    public long ReleasedUntil { get; set; } = long.MinValue;

    public Guid? ReleasedBy { get; private set; }

    /// <summary>Its bolt is back, or was taken back and is not seen at all: whoever pulls it forces nothing.</summary>
    public bool IsUnlocked => Latch is not null && !(Bolted ?? !_released);

    /// <summary>Since when it stands open, in monotonic milliseconds; from the start where it stood open then. Null while it does not.</summary>
    public long? OpenSince { get; private set; }

    /// <summary>What was said of its standing open: nothing, that it was left open, that it was never closed.</summary>
    public int Complaints { get; private set; }

    public char Letter => this switch
    {
        { Jammed: true } => DoorLetters.Jammed,
        { Open: true } => DoorLetters.Open,
        { Bolted: true } => DoorLetters.Locked,
        { Bolted: false } => DoorLetters.Unlocked,
        { Open: false } => DoorLetters.Closed,
        _ => DoorLetters.Unknown,
    };

    /// <summary>The levels at the start are taken as they are: there was no edge.</summary>
    public void Begin(DoorLevels levels, long ms)
    {
        _contact.Begin(levels.Open);
        _bolt.Begin(levels.Bolted);
        _inside.Begin(levels.Occupied);
        OpenSince = Open is true ? ms : null;
    }

    public void See(DoorLevels levels, long ms)
    {
        _contact.See(levels.Open, ms);
        _bolt.See(levels.Bolted, ms);
        _inside.See(levels.Occupied, ms);
    }

    /// <summary>Whether a new level has lasted long enough; from then on it is <see cref="Open"/>.</summary>
    public bool Settle(long ms, CabinetSettings settings)
    {
        if (!_contact.Settle(ms, settings.DebounceMs))
            return false;
        (OpenSince, Complaints) = (Open is true ? ms : null, 0);
        return true;
    }

    /// <summary>The same for <see cref="Bolted"/>.</summary>
    public bool SettleBolt(long ms, CabinetSettings settings)
    {
        if (!_bolt.Settle(ms, settings.DebounceMs))
            return false;
        if (Bolted is true)
            Secure();
        return true;
    }

    /// <summary>The same for <see cref="Occupied"/>; what was known before comes back.</summary>
    public bool SettleInside(long ms, CabinetSettings settings, out bool? before)
    {
        before = Occupied;
        return _inside.Settle(ms, settings.OccupancyMs);
    }

    /// <summary>A pulse begins: it counts for the coil's duty, and what opens from now on follows from it.</summary>
    public void Begin(Job job, long ms, CabinetSettings settings)
    {
        Strain(ms);
        Watched = job;
        if (job.Coil == Coil.Lock)
        {
            Secure();
            return;
        }
        (_released, ReleasedBy, ReleasedUntil) = (true, job.Command, ms + settings.ProofMs);
    }

    /// <summary>Nothing that was released stays so: the bolt is out, or goes out.</summary>
    public void Secure() => (_released, ReleasedBy, ReleasedUntil) = (false, null, long.MinValue);

    /// <summary>One pulse more on the account of its coils.</summary>
    public void Strain(long ms) => _pulses.Enqueue(ms);

    /// <summary>How many pulses its coils had within the last minute.</summary>
    public int PulsesWithinAMinute(long ms)
    {
        while (_pulses.TryPeek(out long oldest) && oldest <= ms - DutyMs)
            _pulses.Dequeue();
        return _pulses.Count;
    }

    /// <summary>When it has stood open for too long, next; null when there is nothing more to say.</summary>
    public long? ComplaintDue(CabinetSettings settings) => (OpenSince, Complaints) switch
    {
        ({ } since, 0) => since + settings.LeftOpenMs,
        ({ } since, 1) => since + settings.NeverClosedMs,
        _ => null,
    };

    /// <summary>Whether it is time, and then it is said: once each.</summary>
    public bool Complains(long ms, CabinetSettings settings)
    {
        if (ComplaintDue(settings) is not { } due || ms < due)
            return false;
        Complaints++;
        return true;
    }

    /// <summary>When one of the levels may have lasted long enough; the end of time while none changes.</summary>
    public long SettleDue(CabinetSettings settings) =>
        Math.Min(Math.Min(_contact.SettleDue(settings.DebounceMs), _bolt.SettleDue(settings.DebounceMs)), _inside.SettleDue(settings.OccupancyMs));

    /// <summary>One contact and its debouncing.</summary>
    private sealed class Sensor(bool isThere)
    {
        private bool? _raw;
        private long _rawSince;

        public bool IsThere { get; } = isThere;
        public bool? Level { get; private set; }
        public bool IsSteady => _raw == Level;

        public void Begin(bool? level) => Level = _raw = IsThere ? level : null;

        public void See(bool? level, long ms)
        {
            if (!IsThere || level == _raw)
                return;
            _raw = level;
            _rawSince = ms;
        }

        public bool Settle(long ms, int debounceMs)
        {
            if (IsSteady || ms - _rawSince < debounceMs)
                return false;
            Level = _raw;
            return true;
        }

        public long SettleDue(int debounceMs) => IsSteady ? long.MaxValue : _rawSince + debounceMs;
    }
}
