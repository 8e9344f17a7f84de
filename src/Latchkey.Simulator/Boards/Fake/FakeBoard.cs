using Latchkey.Controller.Boards;

namespace Latchkey.Simulator.Boards.Fake;

/// <summary>One door of a fake board.</summary>
/// <param name="Relay">One of its coils is on.</param>
/// <param name="Pulses">How often one of its coils went on since the process started.</param>
/// <param name="Bolted">Whether a latched door's bolt is out; null for a momentary one.</param>
public sealed record FakeDoor(int Number, bool Open, bool Jammed, bool Relay, int Pulses, bool? Bolted, bool Occupied);

/// <summary>
/// Hardware without hardware. A momentary door has a spring: its coil opens it after the time that a strike needs, unless it is jammed. A
/// latched one has a bolt, which its coils move in that time, and is pulled by a person. It counts what must never happen.
/// </summary>
/// <param name="actuation">From the coil to the open door or the moved bolt.</param>
/// <param name="bounce">With it the contacts bounce for up to 15 ms at each movement; null for clean ones.</param>
/// <param name="latched">The doors that have a bolt and its sensor; null for none.</param>
/// <param name="shutsAfter">Its doors fall shut by themselves after so long; null: somebody shuts them.</param>
public sealed partial class FakeBoard(int doors, TimeSpan actuation, Random? bounce, TimeProvider time, IReadOnlySet<int>? latched = null, TimeSpan? shutsAfter = null) : IBoard
{
    /// <summary>How long a weak supply holds a coil.</summary>
    private static readonly TimeSpan SagAfter = TimeSpan.FromMilliseconds(20);

    private readonly Lock _gate = new();
    private readonly DoorParts[] _doors = [.. Enumerable.Range(1, doors).Select(n => new DoorParts(latched?.Contains(n) == true ? true : null))];
    private CabinetLevels _cabinet = new();
    private Action<BoardChange>? _sensors;
    private ITimer? _sagging;
    private bool _weak;

    /// <summary>Anything that <see cref="Doors"/> or <see cref="Cabinet"/> shows has changed. Raised on any thread.</summary>
    public event Action? Changed;

    /// <summary>How often a coil went on while another was on.</summary>
    public int Violations { get; private set; }

    public IReadOnlyList<FakeDoor> Doors
    {
        get
        {
            lock (_gate)
                return [.. _doors.Select((d, i) => new FakeDoor(i + 1, d.Open, d.Jammed, d.Driven is not null, d.Pulses, d.Bolted, d.Occupied))];
        }
    }

    public CabinetLevels Cabinet
    {
        get
        {
            lock (_gate)
                return _cabinet;
        }
    }

    public void AllOff()
    {
        lock (_gate)
        {
            foreach (DoorParts door in _doors)
            {
                door.Driven = null;
                door.Actuation?.Dispose();
                door.Actuation = null;
            }
        }
        Recover();
        Changed?.Invoke();
    }

    public void Drive(int door, Coil coil, bool on)
    {
        lock (_gate)
        {
            DoorParts parts = _doors[door - 1];
            if (coil == Coil.Lock && parts.Bolted is null)
                throw new ArgumentException($"Door {door} has no bolt.", nameof(coil));
            if (on && parts.Driven != coil)
            {
                parts.Pulses++;
                if (_doors.Any(d => d.Driven is not null))
                    Violations++;
                parts.Actuation?.Dispose();
                parts.Actuation = time.CreateTimer(_ => Actuate(door, coil), null, actuation, Timeout.InfiniteTimeSpan);
                parts.Driven = coil;
                if (_weak)
                {
                    _sagging?.Dispose();
                    _sagging = time.CreateTimer(_ => Alter(levels => levels with { Supply = Supply.Sagging }), null, SagAfter, Timeout.InfiniteTimeSpan);
                }
            }
            else if (!on && parts.Driven == coil)
            {
                parts.Driven = null;
                // A coil that was never strong enough has moved nothing.
                if (_cabinet.Supply == Supply.Sagging)
                {
                    parts.Actuation?.Dispose();
                    parts.Actuation = null;
                }
            }
        }
        if (!on)
            Recover();
        Changed?.Invoke();
    }

    public BoardLevels Read()
    {
        lock (_gate)
            return new BoardLevels([.. _doors.Select(d => d.Levels)], _cabinet);
    }

    public void Watch(Action<BoardChange>? changed)
    {
        lock (_gate)
            _sensors = changed;
    }

    private void Actuate(int door, Coil coil)
    {
        lock (_gate)
        {
            DoorParts parts = _doors[door - 1];
            // Cut off in the meantime: the strike fell back before it had let go.
            if (parts.Actuation is null || parts.Jammed)
                return;
        }
        if (_doors[door - 1].Bolted is null)
            Move(door, open: true);
        else
            Alter(door, parts => parts.Bolted = coil == Coil.Lock);
    }

    private void Move(int door, bool open)
    {
        int bounces;
        lock (_gate)
        {
            DoorParts parts = _doors[door - 1];
            if (parts.Open == open)
                return;
            parts.Open = open;
            parts.Bounces?.Dispose();
            parts.Bounces = null;
            // An even number of extra edges, so that the contact ends where the door is.
            bounces = bounce is null ? 0 : 2 * bounce.Next(0, 4);
        }
        if (open && shutsAfter is { } after)
        {
            lock (_gate)
            {
                _doors[door - 1].Shuts?.Dispose();
                _doors[door - 1].Shuts = time.CreateTimer(_ => Move(door, open: false), null, after, Timeout.InfiniteTimeSpan);
            }
        }
        Changed?.Invoke();
        SetContact(door, open, bounces);
    }

    private void SetContact(int door, bool level, int bouncesLeft) => Alter(door, parts =>
    {
        parts.Contact = level;
        if (bouncesLeft > 0)
        {
            parts.Bounces = time.CreateTimer(
                _ => SetContact(door, !level, bouncesLeft - 1), null, TimeSpan.FromMilliseconds(1 + bounce!.NextDouble()), Timeout.InfiniteTimeSpan);
        }
    });

    private void Recover()
    {
        lock (_gate)
        {
            _sagging?.Dispose();
            _sagging = null;
            if (_cabinet.Supply != Supply.Sagging)
                return;
        }
        Alter(levels => levels with { Supply = Supply.Present });
    }

    private void Alter(int door, Action<DoorParts> change)
    {
        Action<BoardChange>? sensors;
        DoorLevels before, after;
        lock (_gate)
        {
            DoorParts parts = _doors[door - 1];
            before = parts.Levels;
            change(parts);
            (after, sensors) = (parts.Levels, _sensors);
        }
        // Outside the lock: the listener may read the board.
        if (after != before)
            sensors?.Invoke(new BoardChange.Door(door, after));
        Changed?.Invoke();
    }

    private void Alter(Func<CabinetLevels, CabinetLevels> change)
    {
        Action<BoardChange>? sensors;
        CabinetLevels before, after;
        lock (_gate)
        {
            (before, after, sensors) = (_cabinet, _cabinet = change(_cabinet), _sensors);
        }
        if (after != before)
            sensors?.Invoke(new BoardChange.Cabinet(after));
        Changed?.Invoke();
    }

    private sealed class DoorParts(bool? bolted)
    {
        public bool Open { get; set; }
        public bool Contact { get; set; }
        public bool Jammed { get; set; }
        public bool? Bolted { get; set; } = bolted;
        public bool Occupied { get; set; }
        public Coil? Driven { get; set; }
        public int Pulses { get; set; }
        public ITimer? Actuation { get; set; }
        public ITimer? Bounces { get; set; }
        public ITimer? Shuts { get; set; }
        public DoorLevels Levels => new(Contact, Bolted, Occupied);
    }
}
