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
/// <param name="Locks">A letter for each door in order, see <see cref="LockLetters"/>; absent where all are momentary.</param>
/// <param name="Safe">True while the device is in safe mode: it takes no orders from afar.</param>
/// <param name="Key"><see cref="CommandKey.Name"/> of the key that the device has; absent from those that never change theirs.</param>
public sealed record HelloMessage(
    int V, Guid Id, long Boot, long Seq, long At, long Link, string Firmware, string Model, int Lockers, string? Locks = null, bool? Safe = null,
    string? Key = null) : IReport;

/// <summary>
/// The whole state of a device, on change and every 9 s as the heartbeat; and, with <see cref="Gone"/>, its last will.
/// <c>up/state</c>, QoS 0 as a heartbeat, QoS 1 otherwise.
/// </summary>
/// <param name="Doors">A letter for each door in order, see <see cref="DoorLetters"/>. Empty in a last will.</param>
/// <param name="Issue">Everything that is wrong with the device as a whole, words of <see cref="Issues"/> with a space between; absent when nothing is.</param>
/// <param name="Link">In a last will: which connection is gone (<see cref="HelloMessage.Link"/>). A later hello makes it void.</param>
/// <param name="Gone">True only in a last will.</param>
/// <param name="Inside">A letter for each door in order, see <see cref="InsideLetters"/>; absent where no door can tell.</param>
/// <param name="Battery">0 to 100 percent; absent where there is none.</param>
/// <param name="Grants">The revision of the grants that are on the device's disk (<see cref="GrantsMessage.Revision"/>); absent while there are none.</param>
public sealed record StateMessage(
    int V, Guid Id, long Boot, long Seq, long At, string Doors, string? Issue = null, long? Link = null, bool? Gone = null, string? Inside = null, int? Battery = null,
    long? Grants = null) : IReport
{
    /// <summary>Whether another state tells the same of the device; each has its own name and time.</summary>
    public bool SaysTheSame(StateMessage other) => (Doors, Issue, Inside, Battery, Gone, Grants) == (other.Doors, other.Issue, other.Inside, other.Battery, other.Gone, other.Grants);
}

/// <summary>Something happened that nobody ordered or that follows an order: a door moved, somebody forced one. <c>up/event</c>, QoS 1.</summary>
/// <param name="Event">One of <see cref="EventKinds"/>.</param>
/// <param name="Locker">The door's number, from 1.</param>
/// <param name="Command">The command, or the use of a credential, whose pulse this belongs to, where there is one.</param>
/// <param name="Reason">With <c>credential-refused</c>: why, one of <see cref="CredentialFaults"/>.</param>
/// <param name="Tap">With <c>tap</c>.</param>
/// <param name="Take">With <c>taken</c>.</param>
public sealed record EventMessage(
    int V, Guid Id, long Boot, long Seq, long At, string Event, int Locker, Guid? Command = null, string? Reason = null, TapPart? Tap = null, TakePart? Take = null) : IReport;

/// <summary>A card was held to a reader, and the server is asked what it is worth. QoS 0: what is not answered within a moment is asked again, unchanged, and then forgotten.</summary>
/// <param name="Card">Its number, 8 to 20 hexadecimal digits.</param>
/// <param name="Sure">How sure the reader is of it: <c>uid</c>, <c>signed</c> or <c>mutual</c>.</param>
/// <param name="Way"><c>in</c> and <c>out</c> at a gate, <c>bank</c> at a bank, <c>finish</c> there after the key that gives the locker back.</param>
/// <param name="Time">When, in milliseconds since 1970-01-01 UTC, by what the device knows from the server; absent where it does not know the time.</param>
public sealed record TapPart(string Card, string Sure, string Way, long? Time = null);

/// <summary>A locker was taken at the bank with a phone number and a code, by the bank's own decision.</summary>
/// <param name="Lease">The bank's name for it, a UUIDv7; its lease has the same.</param>
/// <param name="Phone">As typed: 7 to 15 digits, see <see cref="PhoneKey"/>.</param>
/// <param name="Salt">16 hexadecimal digits.</param>
/// <param name="Pin">See <see cref="CommandKey.HashPin"/>.</param>
public sealed record TakePart(Guid Lease, string Phone, string Salt, string Pin);

/// <summary>How a command ended. Sent again, unchanged, whenever the same command arrives again. <c>up/result</c>, QoS 1.</summary>
/// <param name="Command">The command's id.</param>
/// <param name="Outcome">One of <see cref="Outcomes"/>.</param>
/// <param name="Reason">With <c>refused</c>: one of <see cref="RefusalReasons"/>. With <c>not-opened</c>, <c>not-locked</c> and <c>unknown</c>:
/// <see cref="RefusalReasons.BrownOut"/> where the pulse was cut short.</param>
/// <param name="Authority">Absent for a command of the server's. Otherwise nobody ordered this: a credential was used at the bank, <paramref name="Command"/>
/// is the device's own name for that use, and this says which (<c>lease:{id}:pin</c>, <c>share:{id}:pin</c>, <c>lease:{id}:card</c>, <c>lease:{id}:card-uid</c>, <c>pass:{name}</c>,
/// <c>phone:{name}</c>; <c>:time-unverified</c> may follow). After <c>lease:{id}:pin:finish</c> the locker was given back. At most 64 characters.</param>
public sealed record ResultMessage(
    int V, Guid Id, long Boot, long Seq, long At, Guid Command, int Locker, string Outcome, string? Reason = null, string? Authority = null) : IReport;

/// <summary>The letters of <see cref="StateMessage.Doors"/>.</summary>
public static class DoorLetters
{
    public const char Closed = 'c';
    public const char Open = 'o';
    /// <summary>A pulse was given and the door was not seen open.</summary>
    public const char Jammed = 'j';
    /// <summary>There is no sensor, or it cannot be read.</summary>
    public const char Unknown = 'u';
    /// <summary>A latched door whose bolt is seen out; it is not seen open.</summary>
    public const char Locked = 'l';
    /// <summary>A latched door whose bolt is seen back: it can be pulled. It is not seen open.</summary>
    public const char Unlocked = 'n';
}

/// <summary>The letters of <see cref="StateMessage.Inside"/>.</summary>
public static class InsideLetters
{
    public const char Occupied = 'i';
    public const char Empty = 'e';
    public const char Unknown = 'u';
}

/// <summary>The letters of <see cref="HelloMessage.Locks"/>.</summary>
public static class LockLetters
{
    public const char Momentary = 'm';
    /// <summary>Latched; at power loss it stays as it is.</summary>
    public const char LatchedAndStays = 's';
    /// <summary>Latched; at power loss it locks.</summary>
    public const char LatchedAndLocks = 'k';
}

/// <summary>The words of <see cref="StateMessage.Issue"/>, the gravest first.</summary>
public static class Issues
{
    /// <summary>The supply of the locks is gone.</summary>
    public const string NoPower = "no-power";
    /// <summary>Without the mains the battery holds no lock's coil any more.</summary>
    public const string BatteryCritical = "battery-critical";
    /// <summary>The housing is open.</summary>
    public const string Tamper = "tamper";
    /// <summary>The program did not stay up again and again: it takes no orders from afar until it has.</summary>
    public const string SafeMode = "safe-mode";
    /// <summary>The supply gave way under the last pulse, which was cut short.</summary>
    public const string BrownOut = "brown-out";
    public const string BatteryLow = "battery-low";
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
    /// <summary>The bolt of a latched door went out or back, by an order where one is named, else by a key or a knob.</summary>
    public const string DoorLocked = "door-locked";
    public const string DoorUnlocked = "door-unlocked";
    /// <summary>Something lies in the locker that was empty, and the other way round.</summary>
    public const string PutIn = "put-in";
    public const string TakenOut = "taken-out";
    /// <summary>Somebody presented a credential that is not good here and now. The locker is 0 where none was meant. 20 an hour are told.</summary>
    public const string CredentialRefused = "credential-refused";
    /// <summary>Too many doors were ordered to open from afar; the order for this one was refused. Told once a minute.</summary>
    public const string BreakerTripped = "breaker-tripped";
    /// <summary>A card was held to the reader; see <see cref="TapPart"/>. Never kept.</summary>
    public const string Tap = "tap";
    /// <summary>A locker was taken at the keypad; see <see cref="TakePart"/>.</summary>
    public const string Taken = "taken";
}

/// <summary>The final outcomes of a command, as a device reports them (DESIGN section 6).</summary>
public static class Outcomes
{
    public const string Opened = "opened";
    public const string Locked = "locked";
    public const string Unlocked = "unlocked";
    public const string Pulsed = "pulsed";
    public const string NotOpened = "not-opened";
    /// <summary>The bolt of a latched door was not seen out, or the door was pulled before.</summary>
    public const string NotLocked = "not-locked";
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
    /// <summary>The device is in safe mode.</summary>
    public const string SafeMode = "safe-mode";
    /// <summary>The supply cannot hold a lock's coil.</summary>
    public const string NoPower = "no-power";
    /// <summary>The door's coil has had its pulses for this minute.</summary>
    public const string TooOften = "too-often";
    /// <summary>A door that stands open cannot be locked.</summary>
    public const string DoorOpen = "door-open";
    /// <summary>No refusal: the supply gave way, and the pulse was cut short.</summary>
    public const string BrownOut = "brown-out";
    /// <summary>Too many doors of the bank were opened by remote order just now.</summary>
    public const string Breaker = "breaker";

    public static IReadOnlySet<string> All { get; } = new HashSet<string>
    {
        Forged, Retained, NoSuchLocker, NotSupported, Busy, JournalFull, SafeMode, NoPower, TooOften, DoorOpen, BrownOut, Breaker,
    };
}

/// <summary>Why a credential was refused. Said to the server only: in front of the bank every refusal looks the same.</summary>
public static class CredentialFaults
{
    /// <summary>No pass can be read from it; with <c>shape</c> also: it is no phone number or no code for this keypad.</summary>
    public const string Length = "length", Type = "type", Shape = "shape";
    /// <summary>Its issuer's key slot is not in use.</summary>
    public const string Issuer = "issuer";
    public const string ForeignBank = "foreign-bank";
    /// <summary>Passes and cards are presented faster than anybody can.</summary>
    public const string TooFast = "too-fast";
    public const string Signature = "signature";
    /// <summary>The phone's answer is wrong, or its nonce is used, old or not ours.</summary>
    public const string Holder = "holder";
    /// <summary>A newer assignment of the locker is known, or the pass is too far ahead.</summary>
    public const string Superseded = "superseded", TooFarAhead = "too-far-ahead";
    public const string TooEarly = "too-early", Expired = "expired";
    /// <summary>The bank does not know the time well enough for this pass.</summary>
    public const string TimeUnknown = "time-unknown";
    public const string UsedUp = "used-up";
    /// <summary>No room is left to remember uses: what must be counted is refused.</summary>
    public const string ReplayTableFull = "replay-table-full";
    public const string NoSuchLocker = "no-such-locker";
    public const string WrongCode = "wrong-code";
    /// <summary>This phone number has as many lockers of the bank as one may have (<see cref="PhoneKey.MostLockers"/>).</summary>
    public const string TooMany = "too-many";
    public const string UnknownCard = "unknown-card";
    /// <summary>The reader is not sure enough of the card.</summary>
    public const string Assurance = "assurance";
    public const string Busy = "busy", JournalFull = "journal-full";
}
