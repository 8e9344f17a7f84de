using Latchkey.Controller.Boards.Linux;

namespace Latchkey.Controller.Boards.Pcf8574;

/// <summary>Which expanders a board has, each for eight doors: the first for doors 1 to 8, and so on. Addresses of 7 bits.</summary>
public sealed record Pcf8574Settings
{
    /// <summary>The coils that release; one for each eight doors.</summary>
    public required IReadOnlyList<int> Release { get; init; }

    /// <summary>The coils that lock, for latched doors; none, or as many as <see cref="Release"/>.</summary>
    public IReadOnlyList<int> Lock { get; init; } = [];

    /// <summary>Door contacts; none, or as many.</summary>
    public IReadOnlyList<int> Doors { get; init; } = [];

    /// <summary>Contacts at the bolts of latched doors; none, or as many.</summary>
    public IReadOnlyList<int> Bolts { get; init; } = [];

    /// <summary>Sensors for what lies inside; none, or as many.</summary>
    public IReadOnlyList<int> Occupied { get; init; } = [];

    /// <summary>A low pin pulls a relay in, as on most relay boards.</summary>
    public bool ActiveLow { get; init; } = true;

    /// <summary>A contact that is open reads high through the pull-up: a reed that its door's magnet holds closed opens with the door.</summary>
    public bool HighIsOpen { get; init; } = true;
}

/// <summary>
/// A cabinet on PCF8574 expanders. Contacts are read every 10 ms: the machine debounces over 30, and a reed that opened is seen in time without a
/// wire for interrupts. A contact expander that does not answer makes its eight doors unreadable, which the machine knows how to say; a relay
/// expander that does not answer ends the controller, because nobody knows what its relays do.
/// </summary>
public sealed class Pcf8574Board : IBoard
{
    private const int PerExpander = 8;

    private readonly int _doors;
    private readonly bool _highIsOpen;
    private readonly Pcf8574Port[] _release, _lock;
    private readonly Pcf8574Port[] _open, _bolts, _occupied;
    private readonly DoorLevels[] _last;
    private CabinetLevels _lastCabinet;
    private Action<BoardChange>? _changed;

    /// <exception cref="UsageException">The expanders do not fit the number of doors.</exception>
    public Pcf8574Board(I2cBus bus, Pcf8574Settings settings, int doors)
    {
        int expanders = (doors + PerExpander - 1) / PerExpander;
        foreach ((string name, IReadOnlyList<int> list) in new[] { ("lock", settings.Lock), ("doors", settings.Doors), ("bolts", settings.Bolts), ("occupied", settings.Occupied) })
        {
            if (list.Count != 0 && list.Count != expanders)
                throw new UsageException($"{doors} doors need {expanders} expanders for '{name}', or none, not {list.Count}.");
        }
        if (settings.Release.Count != expanders)
            throw new UsageException($"{doors} doors need {expanders} expanders for 'release', not {settings.Release.Count}.");
        int[] all = [.. settings.Release, .. settings.Lock, .. settings.Doors, .. settings.Bolts, .. settings.Occupied];
        if (all.Distinct().Count() != all.Length || all.Any(a => a is not ((>= 0x20 and <= 0x27) or (>= 0x38 and <= 0x3F))))
            throw new UsageException("Each expander has an address of its own, 0x20 to 0x27 (PCF8574) or 0x38 to 0x3F (PCF8574A).");
        (_doors, _highIsOpen) = (doors, settings.HighIsOpen);
        Pcf8574Port[] Ports(IReadOnlyList<int> addresses) => [.. addresses.Select(a => new Pcf8574Port(bus, a, settings.ActiveLow))];
        (_release, _lock, _open, _bolts, _occupied) = (Ports(settings.Release), Ports(settings.Lock), Ports(settings.Doors), Ports(settings.Bolts), Ports(settings.Occupied));
        _last = [.. Enumerable.Repeat(new DoorLevels(null), doors)];
        _lastCabinet = new CabinetLevels();
    }

    /// <summary>Tamper switch and supply, where they are wired. Set before the host runs.</summary>
    public Func<CabinetLevels>? Cabinet { get; set; }

    public void AllOff()
    {
        // Every expander is tried, also after one that failed.
        List<Exception> failed = [];
        foreach (Pcf8574Port port in _release.Concat(_lock))
        {
            try
            {
                port.AllOff();
            }
            catch (IOException e)
            {
                failed.Add(e);
            }
        }
        if (failed.Count > 0)
            throw new IOException($"{failed.Count} relay expanders could not be switched off: {failed[0].Message}", failed[0]);
    }

    public void Drive(int door, Coil coil, bool on) =>
        (coil == Coil.Release ? _release : _lock)[(door - 1) / PerExpander].Set((door - 1) % PerExpander, on);

    public BoardLevels Read()
    {
        foreach (Pcf8574Port port in _open.Concat(_bolts).Concat(_occupied))
            TryRelease(port);
        Look(tell: null);
        return new BoardLevels([.. _last], _lastCabinet);
    }

    public void Watch(Action<BoardChange>? changed) => Volatile.Write(ref _changed, changed);

    /// <summary>Reads the contacts for as long as the controller runs. Call it beside the host.</summary>
    public async Task Poll(TimeProvider time, CancellationToken cancel)
    {
        using var every = new PeriodicTimer(TimeSpan.FromMilliseconds(10), time);
        while (await every.WaitForNextTickAsync(cancel))
            Look(Volatile.Read(ref _changed));
    }

    private void Look(Action<BoardChange>? tell)
    {
        for (int first = 1; first <= _doors; first += PerExpander)
        {
            int expander = (first - 1) / PerExpander;
            byte? open = ReadPins(_open, expander), bolts = ReadPins(_bolts, expander), occupied = ReadPins(_occupied, expander);
            for (int door = first; door < Math.Min(first + PerExpander, _doors + 1); door++)
            {
                int pin = door - first;
                var levels = new DoorLevels(Level(open, pin), Not(Level(bolts, pin)), Not(Level(occupied, pin)));
                if (levels == _last[door - 1])
                    continue;
                _last[door - 1] = levels;
                tell?.Invoke(new BoardChange.Door(door, levels));
            }
        }
        if (Cabinet?.Invoke() is not { } cabinet || cabinet == _lastCabinet)
            return;
        _lastCabinet = cabinet;
        tell?.Invoke(new BoardChange.Cabinet(cabinet));
    }

    private static byte? ReadPins(Pcf8574Port[] ports, int expander)
    {
        if (ports.Length == 0)
            return null;
        try
        {
            return ports[expander].Read();
        }
        catch (IOException)
        {
            // Unreadable, and said so by the levels.
            return null;
        }
    }

    private static void TryRelease(Pcf8574Port port)
    {
        try
        {
            port.Release();
        }
        catch (IOException)
        {
            // It will not be readable either; see ReadPins.
        }
    }

    private bool? Level(byte? pins, int pin) => pins is { } p ? ((p >> pin) & 1) == 1 == _highIsOpen : null;

    /// <summary>A bolt's and an occupancy contact is closed when there is something; a door's is open.</summary>
    private static bool? Not(bool? level) => level is { } l ? !l : null;
}
