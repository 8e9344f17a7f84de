namespace Latchkey.Domain.Lockers;

/// <summary>How large a locker is. The order is the order of size: what fits into a smaller one fits into every larger one.</summary>
public enum LockerSize
{
    S,
    M,
    L,
    XL,
}

public static class LockerSizes
{
    /// <summary>How many rows a locker of this size takes in the drawing of a bank, where nobody says otherwise: what is twice as high holds twice as much. A column is usually six rows high.</summary>
    public static int Rows(this LockerSize size) => size switch
    {
        LockerSize.S => 1,
        LockerSize.M => 2,
        LockerSize.L => 3,
        _ => 6,
    };
}

/// <summary>What a locker offers besides its size; the names are the API's.</summary>
public static class LockerFeatures
{
    /// <summary>Within reach from a wheelchair: 380 to 1,220 mm above the floor (ADA 2010, 308).</summary>
    public const string Reachable = "reachable";
    public const string Power = "power";
    public const string Cooled = "cooled";

    public static readonly IReadOnlyList<string> All = [Reachable, Power, Cooled];
}

/// <summary>What is known of a door. Sent orders are never a state of the door.</summary>
public enum DoorState
{
    /// <summary>There is no sensor, or nothing was heard of it yet.</summary>
    Unknown,
    Closed,
    Open,

    /// <summary>The lock was released and the door was not seen open.</summary>
    Jammed,

    /// <summary>A latched door whose bolt is seen out; it is not seen open.</summary>
    Locked,

    /// <summary>A latched door whose bolt is seen back: anybody can pull it. It is not seen open.</summary>
    Unlocked,
}
