namespace Latchkey.Controller.Boards;

/// <summary>
/// The edge between the controller and its hardware: one relay and at most one door sensor for each door, numbered from 1.
/// The machine limits a pulse to its length; a board that can limit it below the software as well (a monostable, a timed
/// register, a watchdog that opens the relays' supply) must, because a stopped program switches nothing off.
/// </summary>
public interface IBoard
{
    /// <summary>Every relay off. Called before anything else at each start, and must be one write where the hardware allows it.</summary>
    void AllOff();

    /// <summary>Switches one relay. An <see cref="IOException"/> ends the controller, which then starts again with all relays off.</summary>
    void SetRelay(int door, bool on);

    /// <summary>The sensor's present level, not debounced: open, closed, or null where there is no sensor or it cannot be read.</summary>
    bool? ReadDoor(int door);

    /// <summary>From now on each change of a sensor's level is told (door, level as in <see cref="ReadDoor"/>), on any thread and as early
    /// as possible: the time of the call is the time of the edge. A board has one listener; null ends it.</summary>
    void Watch(Action<int, bool?>? changed);
}
