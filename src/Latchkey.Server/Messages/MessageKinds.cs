namespace Latchkey.Server.Messages;

/// <summary>A kind of message: where it goes unless its person has chosen otherwise, and what a reader of it is.</summary>
/// <param name="Name">Stored, and the key of its texts: never changed.</param>
/// <param name="Topic">Under which heading a person finds it among their choices.</param>
/// <param name="Usual">The channels it takes by itself. An SMS costs money, so none does.</param>
/// <param name="MayChoose">Codes and what concerns an account's safety always go out.</param>
public sealed record MessageKind(string Name, string Topic, IReadOnlyList<string> Usual, bool MayChoose = true);

public static class MessageTopics
{
    public const string Rentals = "rentals";
    public const string Payments = "payments";
    public const string Doors = "doors";
    public const string Locks = "locks";
    public const string Security = "security";
    public const string Deposits = "deposits";
    public const string Staff = "staff";
}

public static class MessageKinds
{
    // Written by whoever makes the code, see DirectMessage.
    public const string SignInCode = "sign-in-code";
    public const string VerifyCode = "verify-code";
    public const string ResetCode = "reset-code";

    public const string Reserved = "reserved";
    public const string HoldEnding = "hold-ending";
    public const string HoldExpired = "hold-expired";
    public const string RentalEnding = "rental-ending";
    public const string Overdue = "overdue";
    public const string OverdueFee = "overdue-fee";
    public const string Moved = "moved";
    public const string OverdueCapped = "overdue-capped";
    public const string Extended = "extended";
    public const string OtherLocker = "other-locker";
    public const string PinGone = "pin-gone";
    public const string Reported = "reported";
    public const string Waived = "waived";
    public const string Paid = "paid";
    public const string Receipt = "receipt";
    public const string Declined = "declined";
    public const string Refunded = "refunded";
    public const string RefundFailed = "refund-failed";
    public const string HandedOut = "handed-out";
    public const string KeypadCode = "keypad-code";
    public const string Opened = "opened";
    public const string SharedOpened = "shared-opened";
    public const string AccessDenied = "access-denied";
    public const string DoorLeftOpen = "door-left-open";
    public const string CardAdded = "card-added";
    public const string NewSignIn = "new-sign-in";
    public const string AccountChanged = "account-changed";
    public const string LockYours = "lock-yours";
    public const string LockGone = "lock-gone";
    public const string LockUnlocked = "lock-unlocked";
    public const string LockLocked = "lock-locked";
    public const string LockForced = "lock-forced";
    public const string LockOffline = "lock-offline";
    public const string LockOnline = "lock-online";
    public const string LockIssue = "lock-issue";
    // Written by whoever makes the code, to people who need not have an account.
    public const string CollectCode = "collect-code";
    public const string CollectOtp = "collect-otp";
    public const string DepositStored = "deposit-stored";
    public const string DepositWaiting = "deposit-waiting";
    public const string DepositOverdue = "deposit-overdue";
    public const string DepositCollected = "deposit-collected";
    public const string DepositPaid = "deposit-paid";
    public const string DepositReturned = "deposit-returned";
    public const string DepositCleared = "deposit-cleared";
    public const string BankOffline = "bank-offline";
    public const string BankOnline = "bank-online";
    public const string BankIssue = "bank-issue";
    public const string Alert = "alert";

    private static readonly string[] App = [Channels.App];
    private static readonly string[] AppAndEmail = [Channels.App, Channels.Email];
    private static readonly string[] AppAndPush = [Channels.App, Channels.Push];
    private static readonly string[] AppEmailAndPush = [Channels.App, Channels.Email, Channels.Push];

    /// <summary>In the order in which a person sees them.</summary>
    public static readonly IReadOnlyList<MessageKind> All =
    [
        new(SignInCode, MessageTopics.Security, [], MayChoose: false),
        new(VerifyCode, MessageTopics.Security, [], MayChoose: false),
        new(ResetCode, MessageTopics.Security, [], MayChoose: false),
        new(KeypadCode, MessageTopics.Security, [], MayChoose: false),
        new(Reserved, MessageTopics.Rentals, AppAndEmail),
        new(HoldEnding, MessageTopics.Rentals, AppAndPush),
        new(HoldExpired, MessageTopics.Rentals, App),
        new(RentalEnding, MessageTopics.Rentals, AppEmailAndPush),
        new(Overdue, MessageTopics.Rentals, AppEmailAndPush),
        new(OverdueFee, MessageTopics.Rentals, AppEmailAndPush),
        new(OverdueCapped, MessageTopics.Rentals, AppAndEmail),
        new(Moved, MessageTopics.Rentals, AppEmailAndPush),
        new(Extended, MessageTopics.Rentals, AppAndEmail),
        new(OtherLocker, MessageTopics.Rentals, AppEmailAndPush),
        new(PinGone, MessageTopics.Rentals, AppAndPush),
        new(Reported, MessageTopics.Rentals, AppAndEmail),
        new(Waived, MessageTopics.Rentals, AppAndEmail),
        new(Paid, MessageTopics.Payments, App),
        new(Receipt, MessageTopics.Payments, AppAndEmail),
        new(Declined, MessageTopics.Payments, AppAndEmail),
        new(Refunded, MessageTopics.Payments, AppAndEmail),
        new(RefundFailed, MessageTopics.Payments, AppEmailAndPush),
        new(HandedOut, MessageTopics.Payments, App),
        new(Opened, MessageTopics.Doors, AppAndPush),
        new(SharedOpened, MessageTopics.Doors, AppAndPush),
        new(AccessDenied, MessageTopics.Doors, AppAndPush),
        new(DoorLeftOpen, MessageTopics.Doors, AppEmailAndPush),
        new(LockYours, MessageTopics.Locks, AppAndEmail),
        new(LockGone, MessageTopics.Locks, AppAndEmail),
        new(LockUnlocked, MessageTopics.Locks, AppAndPush),
        new(LockLocked, MessageTopics.Locks, App),
        new(LockForced, MessageTopics.Locks, AppEmailAndPush),
        new(LockOffline, MessageTopics.Locks, AppAndPush),
        new(LockOnline, MessageTopics.Locks, App),
        new(LockIssue, MessageTopics.Locks, AppEmailAndPush),
        new(CollectCode, MessageTopics.Security, [], MayChoose: false),
        new(CollectOtp, MessageTopics.Security, [], MayChoose: false),
        new(DepositStored, MessageTopics.Deposits, AppAndEmail),
        new(DepositWaiting, MessageTopics.Deposits, [], MayChoose: false),
        new(DepositOverdue, MessageTopics.Deposits, AppEmailAndPush),
        new(DepositCollected, MessageTopics.Deposits, AppEmailAndPush),
        new(DepositPaid, MessageTopics.Deposits, [], MayChoose: false),
        new(DepositReturned, MessageTopics.Deposits, [], MayChoose: false),
        new(DepositCleared, MessageTopics.Deposits, AppEmailAndPush),
        new(CardAdded, MessageTopics.Security, AppAndEmail, MayChoose: false),
        new(NewSignIn, MessageTopics.Security, AppAndEmail, MayChoose: false),
        new(AccountChanged, MessageTopics.Security, AppAndEmail, MayChoose: false),
        new(BankOffline, MessageTopics.Staff, AppAndEmail),
        new(BankOnline, MessageTopics.Staff, App),
        new(BankIssue, MessageTopics.Staff, AppAndEmail),
        new(Alert, MessageTopics.Staff, AppEmailAndPush),
    ];

    public static MessageKind Of(string name) => All.First(k => k.Name == name);
}
