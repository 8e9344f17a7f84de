using Latchkey.Controller.Boards;

namespace Latchkey.Simulator.Boards.Fake;

/// <summary>One door of a fake board.</summary>
/// <param name="Pulses">How often its relay went on since the process started.</param>
public sealed record FakeDoor(int Number, bool Open, bool Jammed, bool Relay, int Pulses);

/// <summary>
/// Hardware without hardware: a relay and a door with a spring for each locker. A relay that goes on opens its door after the time that a
/// strike needs, unless the door is jammed; people close, force and jam doors from outside. It counts what must never happen.
/// </summary>
/// <param name="actuation">From the relay to the open door.</param>
/// <param name="bounce">With it the contacts bounce for up to 15 ms at each movement; null for clean ones.</param>
public sealed class FakeBoard(int doors, TimeSpan actuation, Random? bounce, TimeProvider time) : IBoard
{
    private readonly Lock _gate = new();
    private readonly DoorParts[] _doors = [.. Enumerable.Range(0, doors).Select(_ => new DoorParts())];
    private Action<int, bool?>? _sensors;

    /// <summary>Anything that <see cref="Doors"/> shows has changed. Raised on any thread.</summary>
    public event Action? Changed;

    /// <summary>How often a relay went on while another was on.</summary>
    public int Violations { get; private set; }

    public IReadOnlyList<FakeDoor> Doors
    {
        get
        {
            lock (_gate)
                return [.. _doors.Select((d, i) => new FakeDoor(i + 1, d.Open, d.Jammed, d.Relay, d.Pulses))];
        }
    }

    public void AllOff()
    {
        lock (_gate)
        {
            foreach (DoorParts door in _doors)
            {
                door.Relay = false;
                door.Actuation?.Dispose();
                door.Actuation = null;
            }
        }
        Changed?.Invoke();
    }

    public void SetRelay(int door, bool on)
    {
        lock (_gate)
        {
            DoorParts parts = _doors[door - 1];
            if (on && !parts.Relay)
            {
                parts.Pulses++;
                if (_doors.Any(d => d.Relay))
                    Violations++;
                parts.Actuation?.Dispose();
                parts.Actuation = time.CreateTimer(_ => Actuate(door), null, actuation, Timeout.InfiniteTimeSpan);
            }
            parts.Relay = on;
        }
        Changed?.Invoke();
    }

    public bool? ReadDoor(int door)
    {
        lock (_gate)
            return _doors[door - 1].Contact;
    }

    public void Watch(Action<int, bool?>? changed)
    {
        lock (_gate)
            _sensors = changed;
    }

    /// <summary>Somebody shuts the door.</summary>
    public void Close(int door) => Move(door, open: false);

    /// <summary>Somebody opens the door without leave.</summary>
    public void Force(int door) => Move(door, open: true);

    /// <summary>A jammed door does not follow its spring; it can still be closed and forced.</summary>
    public void SetJammed(int door, bool jammed)
    {
        lock (_gate)
            _doors[door - 1].Jammed = jammed;
        Changed?.Invoke();
    }

    private void Actuate(int door)
    {
        lock (_gate)
        {
            DoorParts parts = _doors[door - 1];
            // Cut off in the meantime: the strike fell back before it had let go.
            if (parts.Actuation is null || parts.Jammed)
                return;
        }
        Move(door, open: true);
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
        Changed?.Invoke();
        SetContact(door, open, bounces);
    }

    private void SetContact(int door, bool level, int bouncesLeft)
    {
        Action<int, bool?>? sensors;
        lock (_gate)
        {
            DoorParts parts = _doors[door - 1];
            parts.Contact = level;
            sensors = _sensors;
            if (bouncesLeft > 0)
            {
                parts.Bounces = time.CreateTimer(
                    _ => SetContact(door, !level, bouncesLeft - 1), null, TimeSpan.FromMilliseconds(1 + bounce!.NextDouble()), Timeout.InfiniteTimeSpan);
            }
        }
        // Outside the lock: the listener may read the board.
        sensors?.Invoke(door, level);
    }

    private sealed class DoorParts
    {
        public bool Open { get; set; }
        public bool Contact { get; set; }
        public bool Jammed { get; set; }
        public bool Relay { get; set; }
        public int Pulses { get; set; }
        public ITimer? Actuation { get; set; }
        public ITimer? Bounces { get; set; }
    }
}
