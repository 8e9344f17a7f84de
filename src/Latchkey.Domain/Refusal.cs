namespace Latchkey.Domain;

/// <summary>What kind of "no" it is; the server maps each kind to one HTTP status, once.</summary>
public enum RefusalKind
{
    /// <summary>What was asked does not make sense by itself.</summary>
    Invalid,

    /// <summary>There is no such thing, or it is none of the caller's business.</summary>
    NotFound,

    /// <summary>It makes sense, but not in the state things are in.</summary>
    Conflict,
}

/// <summary>An expected "no". The code is stable and part of the API; the detail is a sentence one can show to a person.</summary>
public sealed record Refusal(string Code, RefusalKind Kind, string Detail)
{
    public static Refusal NotFound(string what) => new("not-found", RefusalKind.NotFound, $"There is no such {what}, or it is not yours.");

    public static readonly Refusal NoFreeLocker =
        new("no-free-locker", RefusalKind.Conflict, "No locker that fits is free here right now. Try another size or another site.");

    public static readonly Refusal LockerTaken =
        new("locker-taken", RefusalKind.Conflict, "Somebody else has just taken this locker. Choose another one.");

    public static readonly Refusal SiteClosed =
        new("site-closed", RefusalKind.Conflict, "This site is closed now. Its opening hours are on its page.");

    public static readonly Refusal TooManyHolds =
        new("too-many-holds", RefusalKind.Conflict, "You already hold three lockers that are not paid for. Pay for one, or let it go first.");

    public static readonly Refusal HoldExpired =
        new("hold-expired", RefusalKind.Conflict, "The time to pay ran out and the locker was let go. Nothing was charged.");

    public static readonly Refusal LeaseNotHeld =
        new("lease-not-held", RefusalKind.Conflict, "This locker is not waiting for payment any more.");

    public static readonly Refusal LeaseNotActive =
        new("lease-not-active", RefusalKind.Conflict, "This locker is not yours to open: it is not paid for, or the rental has ended.");

    public static readonly Refusal AlreadyPaid =
        new("already-paid", RefusalKind.Conflict, "This locker is already paid for.");

    public static readonly Refusal Breaker = new(
        "breaker", RefusalKind.Conflict, "Too many doors are being opened from afar just now. Wait a minute, or use your pass or PIN at the bank.");

    public static readonly Refusal ClaimUnderWay = new(
        "claim-under-way", RefusalKind.Conflict, "There is a code for this bank that can still be used. Refuse that claim first.");

    public static readonly Refusal ClaimNotWaiting = new(
        "claim-not-waiting", RefusalKind.Conflict, "No device has come with this code yet, or the claim is over.");

    public static readonly Refusal ClaimOver = new("claim-over", RefusalKind.Conflict, "This claim is confirmed, refused or expired already.");

    public static readonly Refusal FingerprintDiffers = new(
        "fingerprint-differs", RefusalKind.Conflict, "These are not the digits of the key that came with the code. If the device shows them, somebody else has used its code: refuse the claim.");

    public static readonly Refusal UidCardsOff = new(
        "uid-cards-off", RefusalKind.Conflict, "This place does not take cards that only tell their number, because anybody can copy them. Use a card that proves itself, a pass or a PIN.");

    public static readonly Refusal DeviceOffline = new(
        "device-offline", RefusalKind.Conflict, "This lock cannot be reached now, so nothing was sent to it. Your PIN, card or key still works at the lock.");

    public static readonly Refusal LockUnderWay = new(
        "command-pending", RefusalKind.Conflict, "An order to this lock is still under way. Wait a moment, then try again.");

    public static readonly Refusal LockCode = new(
        "lock-code-wrong", RefusalKind.Conflict, "This code is not good: it is mistyped, used, too old or taken back. Compare it with the label, or ask whoever gave you the lock.");

    public static readonly Refusal LockOwned = new("lock-owned", RefusalKind.Conflict, "Somebody else has become the owner of this lock just now. Look again.");

    public static readonly Refusal ExtendTooLate = new(
        "extend-too-late", RefusalKind.Conflict, "The paid time and its grace are over, so it cannot be extended any more. Finish the rental; what it costs now stands on its page.");

    public static readonly Refusal ExtendTooLong = new("extend-too-long", RefusalKind.Conflict, "A rental lasts seven days at most, with all that it is extended by.");

    public static readonly Refusal ExtendTooShort = new("extend-too-short", RefusalKind.Conflict, "With so few hours the time would be over already. Choose more.");

    public static readonly Refusal NotLarger = new("not-larger", RefusalKind.Conflict, "This place has no price for a locker of that size, or yours is as large already.");

    public static readonly Refusal SubstituteLimit = new(
        "substitute-limit", RefusalKind.Conflict, "You were given other lockers already. Ask the staff: they see what you reported.");

    public static readonly Refusal LockerFree = new("locker-free", RefusalKind.Conflict, "Another locker that fits is free. Take that one instead.");

    public static readonly Refusal ReopenTooLate = new("reopen-too-late", RefusalKind.Conflict, "It was given back too long ago. Ask the staff for what you have left inside.");

    public static readonly Refusal KeypadOffline = new(
        "bank-offline", RefusalKind.Conflict, "This bank cannot be reached now. Take a locker at its keypad: that works without a network.");

    public static readonly Refusal TooManyLockers = new("too-many-lockers", RefusalKind.Conflict, "This phone number has three lockers here already. Give one back first.");

    /// <param name="left">How many tries are left; null where there is nothing to try.</param>
    public static Refusal KeypadCode(int? left) => new(
        "code-wrong", RefusalKind.Conflict,
        left switch
        {
            0 => "This code is not right. That was the last try for an hour. The keypad of the bank still takes it.",
            1 => "This code is not right. There is one try left.",
            _ => "This phone number and code do not belong to this locker.",
        });

    public static Refusal KeypadTries(int minutes) => new("too-many-tries", RefusalKind.Conflict, $"Five codes were wrong. Try again in {Math.Max(1, minutes)} minutes, or use the keypad of the bank.");

    public static readonly Refusal NoDesk = new("no-desk", RefusalKind.Conflict, "Nobody takes money at this place. Pay by card.");

    public static readonly Refusal VisitOver = new("visit-over", RefusalKind.Conflict, "This visit has ended already.");

    public static readonly Refusal CardInUse = new("card-in-use", RefusalKind.Conflict, "This card has a visit of its own here. Take another one.");

    public static Refusal DoorOpenToSwap(string label) =>
        new("door-open", RefusalKind.Conflict, $"Door {label} is open. Take out your things and close it first.");

    public static Refusal DoorStuck(string label) =>
        new("door-stuck", RefusalKind.Conflict, $"Door {label} is stuck. Report it: then you get another locker, or your money back.");

    public static Refusal NotEmpty(string label) =>
        new("not-empty", RefusalKind.Conflict, $"There is still something in locker {label}. Take it out and close the door first.");

    public static Refusal DoorOpen(string label) =>
        new("door-open", RefusalKind.Conflict, $"Door {label} is open. Close it to finish.");

    public static Refusal CommandPending(string label) =>
        new("command-pending", RefusalKind.Conflict, $"Door {label} is still being opened. Wait a moment, then try again.");
}

/// <summary>A value, or the refusal that stands in its place.</summary>
public readonly struct Decision<T>
{
    private readonly T? _value;

    private Decision(T? value, Refusal? refusal) => (_value, Refusal) = (value, refusal);

    public Refusal? Refusal { get; }

    /// <exception cref="InvalidOperationException">It was refused; ask <see cref="Refusal"/> first.</exception>
    public T Value => Refusal is null ? _value! : throw new InvalidOperationException($"Refused: {Refusal.Code}.");

    public static implicit operator Decision<T>(T value) => new(value, null);
    public static implicit operator Decision<T>(Refusal refusal) => new(default, refusal);
}
