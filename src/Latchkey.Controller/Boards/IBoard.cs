namespace Latchkey.Controller.Boards;

/// <summary>
/// The edge between the controller and its hardware: for each door, numbered from 1, one coil that releases it, at most one that locks it,
/// and what its sensors show. The machine limits a pulse to its length; a board that can limit it below the software as well (a
/// monostable, a timed register, a watchdog that opens the relays' supply) must, because a stopped program switches nothing off.
/// <para><see cref="AllOff"/> may be called at any moment and by any thread, the rest by one at a time. An <see cref="IOException"/> ends the
/// controller, which then starts again with all coils off.</para>
/// </summary>
public interface IBoard
{
    /// <summary>Every coil off. Called before anything else at each start, and must be one write where the hardware allows it.</summary>
    void AllOff();

    /// <summary>Switches one coil of one door. Only a latched door has <see cref="Coil.Lock"/>.</summary>
    void Drive(int door, Coil coil, bool on);

    /// <summary>All levels as they are now, not debounced.</summary>
    BoardLevels Read();

    /// <summary>From now on each change of a level is told, on any thread and as early as possible: the time of the call is the time of
    /// the edge. A board has one listener; null ends it.</summary>
    void Watch(Action<BoardChange>? changed);
}

/// <summary>What can be driven at a door.</summary>
public enum Coil
{
    /// <summary>Lets a momentary door go for as long as it is on; takes the bolt of a latched one back.</summary>
    Release,

    /// <summary>Puts the bolt of a latched door out. A momentary door has none.</summary>
    Lock,
}

/// <summary>What the sensors of one door show; null where there is no sensor or it cannot be read.</summary>
/// <param name="Open">The door.</param>
/// <param name="Bolted">The bolt of a latched door is out.</param>
/// <param name="Occupied">Something lies behind the door.</param>
public sealed record DoorLevels(bool? Open, bool? Bolted = null, bool? Occupied = null);

/// <summary>How the supply of the locks is.</summary>
public enum Supply
{
    /// <summary>The mains, or whatever the cabinet usually lives on.</summary>
    Present,

    /// <summary>Gone: the cabinet lives on its battery, or on what its capacitors hold.</summary>
    Absent,

    /// <summary>Too weak at this moment to hold a lock's coil, as a comparator or converter sees it. A board that measures nothing never says so.</summary>
    Sagging,
}

/// <summary>What is known of a cabinet as a whole.</summary>
/// <param name="Tampered">The housing is open.</param>
/// <param name="BatteryPercent">0 to 100; null where there is no battery or it cannot be measured.</param>
public sealed record CabinetLevels(bool Tampered = false, Supply Supply = Supply.Present, int? BatteryPercent = null);

/// <summary>Everything that a board can see.</summary>
/// <param name="Doors">Door 1 first.</param>
public sealed record BoardLevels(IReadOnlyList<DoorLevels> Doors, CabinetLevels Cabinet);

/// <summary>New levels; those that did not change are said with the rest.</summary>
public abstract record BoardChange
{
    private BoardChange()
    {
    }

    public sealed record Door(int Number, DoorLevels Levels) : BoardChange;

    public sealed record Cabinet(CabinetLevels Levels) : BoardChange;
}
