using Latchkey.Controller.Boards;

namespace Latchkey.Simulator.Boards.Fake;

/// <content>What people do to it.</content>
public sealed partial class FakeBoard
{
    /// <summary>Somebody shuts the door.</summary>
    public void Close(int door) => Move(door, open: false);

    /// <summary>Somebody opens the door without leave.</summary>
    public void Force(int door) => Move(door, open: true);

    /// <summary>Somebody pulls at the door: it opens where its bolt is back, and a door without a bolt holds.</summary>
    public void Pull(int door)
    {
        bool opens;
        lock (_gate)
            opens = _doors[door - 1].Bolted == false;
        if (opens)
            Move(door, open: true);
    }

    /// <summary>A jammed door does not follow its spring, and a jammed bolt does not move; it can still be closed and forced.</summary>
    public void SetJammed(int door, bool jammed) => Alter(door, parts => parts.Jammed = jammed);

    /// <summary>Somebody puts something in or takes it out. The door is not asked: what lies behind it may slip as well.</summary>
    public void SetOccupied(int door, bool occupied) => Alter(door, parts => parts.Occupied = occupied);

    /// <summary>Somebody opens or shuts the housing.</summary>
    public void SetTampered(bool tampered) => Alter(levels => levels with { Tampered = tampered });

    /// <param name="weak">It gives way under every coil after a moment, and recovers when the coil is off.</param>
    public void SetSupply(Supply supply, bool weak = false)
    {
        lock (_gate)
            _weak = weak;
        Alter(levels => levels with { Supply = supply });
    }

    /// <param name="percent">0 to 100, or null: no battery.</param>
    public void SetBattery(int? percent) => Alter(levels => levels with { BatteryPercent = percent });
}
