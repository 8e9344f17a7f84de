namespace Latchkey.Link.Messages;

/// <summary>
/// What every report carries. (<see cref="Boot"/>, <see cref="Seq"/>) orders what one device says and names a report once:
/// boot rises at each start of the device, seq at each message within it. <see cref="At"/> is the device's own clock,
/// in milliseconds since 1970-01-01 UTC; it is shown, never used to decide.
/// </summary>
public interface IReport : IMessage
{
    Guid Id { get; }
    long Boot { get; }
    long Seq { get; }
    long At { get; }
}

/// <summary>The first message after each connection: who speaks. <c>up/hello</c>, QoS 1.</summary>
/// <param name="Link">The seq that was current when this connection was opened; the last will of the same connection carries it too.</param>
/// <param name="Firmware">At most 32 characters.</param>
/// <param name="Model">At most 32 characters.</param>
/// <param name="Lockers">How many doors the device runs, 1 to 200; they are numbered from 1.</param>
public sealed record HelloMessage(int V, Guid Id, long Boot, long Seq, long At, long Link, string Firmware, string Model, int Lockers) : IReport;

/// <summary>
/// The whole state of a device, on change, on request and every 9 s as the heartbeat; and, with <see cref="Gone"/>, its last will.
/// <c>up/state</c>, QoS 0 as a heartbeat, QoS 1 otherwise.
/// </summary>
/// <param name="Doors">A letter for each door in order, see <see cref="DoorLetters"/>. Empty in a last will.</param>
/// <param name="Issue">What is wrong with the device as a whole (<c>no-power</c>, <c>tamper</c>), or absent.</param>
/// <param name="Link">In a last will: which connection is gone (<see cref="HelloMessage.Link"/>). A later hello makes it void.</param>
/// <param name="Gone">True only in a last will.</param>
public sealed record StateMessage(
    int V, Guid Id, long Boot, long Seq, long At, string Doors, string? Issue = null, long? Link = null, bool? Gone = null) : IReport;

/// <summary>Something happened that nobody ordered or that follows an order: a door moved, somebody forced one. <c>up/event</c>, QoS 1.</summary>
/// <param name="Event">One of <see cref="EventKinds"/>.</param>
/// <param name="Locker">The door's number, from 1.</param>
/// <param name="Command">The command whose pulse this belongs to, where there is one.</param>
public sealed record EventMessage(int V, Guid Id, long Boot, long Seq, long At, string Event, int Locker, Guid? Command = null) : IReport;

/// <summary>How a command ended. Sent again, unchanged, whenever the same command arrives again. <c>up/result</c>, QoS 1.</summary>
/// <param name="Command">The command's id.</param>
/// <param name="Outcome">One of <see cref="Outcomes"/>.</param>
/// <param name="Reason">With <c>refused</c>: one of <see cref="RefusalReasons"/>.</param>
public sealed record ResultMessage(
    int V, Guid Id, long Boot, long Seq, long At, Guid Command, int Locker, string Outcome, string? Reason = null) : IReport;

/// <summary>The letters of <see cref="StateMessage.Doors"/>.</summary>
public static class DoorLetters
{
    public const char Closed = 'c';
    public const char Open = 'o';
    /// <summary>A pulse was given and the door was not seen open.</summary>
    public const char Jammed = 'j';
    /// <summary>There is no sensor, or it cannot be read.</summary>
    public const char Unknown = 'u';
}

/// <summary>The values of <see cref="EventMessage.Event"/>.</summary>
public static class EventKinds
{
    public const string DoorOpened = "door-opened";
    public const string DoorClosed = "door-closed";
    /// <summary>The door was seen open though nothing had released it.</summary>
    public const string DoorForced = "door-forced";
    /// <summary>It has stood open for the time in which people are done, whoever opened it.</summary>
    public const string DoorLeftOpen = "door-left-open";
    /// <summary>It still does, and nobody will close it by themselves.</summary>
    public const string DoorNeverClosed = "door-never-closed";
}

/// <summary>The final outcomes of a command, as a device reports them (DESIGN section 6).</summary>
public static class Outcomes
{
    public const string Opened = "opened";
    public const string Locked = "locked";
    public const string Unlocked = "unlocked";
    public const string Pulsed = "pulsed";
    public const string NotOpened = "not-opened";
    public const string Refused = "refused";
    public const string Expired = "expired";
    public const string Unknown = "unknown";
}

/// <summary>Why a controller refused a command.</summary>
public static class RefusalReasons
{
    public const string Forged = "forged";
    public const string Retained = "retained";
    public const string NoSuchLocker = "no-such-locker";
    public const string NotSupported = "not-supported";
    public const string Busy = "busy";
    public const string JournalFull = "journal-full";
}
