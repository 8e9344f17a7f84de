namespace Latchkey.Domain.Lockers;

/// <summary>What the owner of a lock is told of its bolt.</summary>
public enum LockStatus
{
    Locked,
    Unlocked,
    Unknown,
}

public static class LockStatuses
{
    /// <summary>A door that stands open is not locked, whatever its bolt does. Shut alone says nothing of a bolt.</summary>
    public static LockStatus Of(DoorState door) => door switch
    {
        DoorState.Locked => LockStatus.Locked,
        DoorState.Unlocked or DoorState.Open => LockStatus.Unlocked,
        _ => LockStatus.Unknown,
    };

    /// <summary>
    /// What may be told as true now. What a lock said last is told beside it with its time; while nobody hears it, a key or a knob may have
    /// moved the bolt.
    /// </summary>
    public static LockStatus Now(DoorState door, bool online) => online ? Of(door) : LockStatus.Unknown;
}
