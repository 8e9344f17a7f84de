using Latchkey.Domain.Lockers;
using Latchkey.Domain.Pricing;

namespace Latchkey.Domain.Leases;

/// <summary>Where a deposit stands, beside the state of its lease.</summary>
public enum DepositStage
{
    /// <summary>The sender has the locker and has not put the thing in yet.</summary>
    Placing,

    /// <summary>The door was seen closed behind it; it waits for its receiver.</summary>
    Stored,

    /// <summary>The door was opened for the receiver and is not seen closed yet.</summary>
    Collecting,

    /// <summary>The same for the sender, who takes it back.</summary>
    Returning,

    Collected,
    Returned,

    /// <summary>Nothing was ever put in.</summary>
    Cancelled,

    /// <summary>Ended by staff.</summary>
    Cleared,
}

/// <summary>What can happen to a deposit.</summary>
public enum DepositMove
{
    /// <summary>The door was opened for the sender and seen closed again.</summary>
    Store,

    /// <summary>The door was proven open for the receiver, or for whom they have named.</summary>
    Collect,

    /// <summary>The door was proven open for the sender, who takes it back.</summary>
    Return,

    /// <summary>The door is shut again.</summary>
    Close,

    Cancel,
    Clear,
}

/// <summary>The rules of a thing left for somebody else; docs/states.md prints the table, and a test compares them.</summary>
public static class Deposit
{
    /// <summary>Wrong codes, then another one has to be asked for: 5 in a million.</summary>
    public const int MostTries = 5;

    /// <summary>A code that was asked for is for somebody who stands there.</summary>
    public static readonly TimeSpan AskedCodeLasts = TimeSpan.FromMinutes(10);

    /// <summary>How long somebody has the locker without putting anything in.</summary>
    public static readonly TimeSpan PlacedWithin = TimeSpan.FromMinutes(30);

    /// <summary>Whoever has paid has this long to open the door before more hours count.</summary>
    public static readonly TimeSpan PaidFor = TimeSpan.FromMinutes(30);

    /// <summary>What a checkout says stands so long.</summary>
    public static readonly TimeSpan PayWithin = TimeSpan.FromMinutes(15);

    /// <summary>A door that nobody shuts keeps the locker so long; staff are told of it before.</summary>
    public static readonly TimeSpan LongestOpen = TimeSpan.FromMinutes(15);

    /// <summary>Where nobody sees the door it counts as shut so long after it was opened to take the thing out.</summary>
    public static readonly TimeSpan UnseenOpen = TimeSpan.FromMinutes(2);

    /// <summary>The receiver is reminded so long after it was stored, then again and again, and once more before it is overdue.</summary>
    public static readonly TimeSpan RemindFirst = TimeSpan.FromHours(2), RemindAgain = TimeSpan.FromHours(12);

    /// <summary>Before it is overdue the ladder warns: two messages within so long would be one too many.</summary>
    private static readonly TimeSpan QuietBeforeEnd = TimeSpan.FromHours(2);

    /// <summary>The next reminder after <paramref name="now"/>; null when the next word is the ladder's.</summary>
    public static DateTimeOffset? NextReminder(DateTimeOffset stored, DateTimeOffset until, DateTimeOffset now)
    {
        DateTimeOffset next = stored + RemindFirst;
        if (now >= next)
            next += RemindAgain * (Math.Floor((now - next) / RemindAgain) + 1);
        return next < until - QuietBeforeEnd ? next : null;
    }

    /// <summary>Uncollected deposits of one sender for which somebody else is to pay: nobody fills lockers at strangers' cost.</summary>
    public const int MostUnpaid = 3;

    /// <summary>As long as a rental.</summary>
    public const int LongestHours = Pricing.Pricing.LongestHours;

    /// <summary>How many lockers of a site one sender may have at once: a quarter, a courier half, so that nobody keeps all others out.</summary>
    public static int MostAtSite(int lockers, bool courier) => Math.Max(1, lockers / (courier ? 2 : 4));

    public static DepositStage? Next(DepositStage stage, DepositMove move) => (stage, move) switch
    {
        (DepositStage.Placing, DepositMove.Store) => DepositStage.Stored,
        (DepositStage.Placing, DepositMove.Cancel) => DepositStage.Cancelled,
        (DepositStage.Stored, DepositMove.Collect) => DepositStage.Collecting,
        (DepositStage.Stored, DepositMove.Return) => DepositStage.Returning,
        (DepositStage.Collecting, DepositMove.Close) => DepositStage.Collected,
        (DepositStage.Returning, DepositMove.Close) => DepositStage.Returned,
        (DepositStage.Placing or DepositStage.Stored or DepositStage.Collecting or DepositStage.Returning, DepositMove.Clear) => DepositStage.Cleared,
        _ => null,
    };

    /// <summary>Why a move is not allowed.</summary>
    public static Refusal RefusalOf(DepositStage stage) => stage switch
    {
        DepositStage.Placing => NotStored,
        DepositStage.Stored => Stored,
        DepositStage.Collecting or DepositStage.Collected => Collected,
        _ => Over,
    };

    /// <summary>The prices of a stay: every size costs the same, overstaying as much, for three days at most.</summary>
    /// <param name="site">What the site charges: its currency and its tax are the same here.</param>
    /// <param name="perHour">In minor units.</param>
    public static Tariff StorageOf(Tariff site, long perHour) => site with
    {
        Rates = Enum.GetValues<LockerSize>().ToDictionary(s => s, _ => new Rate(perHour, checked(24 * perHour), perHour, checked(LongestHours * perHour))),
        FreeMinutes = 0,
        Billing = Billing.Running,
    };

    /// <summary>Up to when it is billed: whoever has paid is not billed more for walking to the door.</summary>
    public static DateTimeOffset BilledUntil(DateTimeOffset taken, DateTimeOffset? billedUntil, DateTimeOffset? paidAt) =>
        billedUntil is { } billed && paidAt is { } paid && taken <= paid + PaidFor ? billed : taken;

    public static readonly Refusal NotStored = new("deposit-not-stored", RefusalKind.Conflict, "Nothing lies in this locker yet.");

    public static readonly Refusal DoorIsSeen = new("door-seen", RefusalKind.Conflict, "This bank sees its doors: shut it, and it is stored.");

    public static readonly Refusal NotOpened = new("deposit-not-opened", RefusalKind.Conflict, "Open the locker first and put your thing in.");

    public static readonly Refusal Stored = new("deposit-stored", RefusalKind.Conflict, "It is in the locker and its receiver knows. You can take it back.");

    public static readonly Refusal Collected = new("deposit-collected", RefusalKind.Conflict, "It was collected already.");

    public static readonly Refusal Over = new("deposit-over", RefusalKind.Conflict, "This deposit is over: it was taken back, cancelled or cleared.");

    public static readonly Refusal Limit = new("deposit-limit", RefusalKind.Conflict, "You have as many lockers here as one sender may have at once. Wait until one is collected, or choose another place.");

    public static readonly Refusal TooManyUnpaid = new("too-many-unpaid", RefusalKind.Conflict, "Three of your deposits wait for their receivers to pay. Pay for this one yourself, or wait.");

    public static readonly Refusal CodeUsedUp = new("code-used-up", RefusalKind.Conflict, "Five codes were wrong. Ask for a new one: it comes by SMS or e-mail.");

    public static Refusal CodeWrong(int left) => new("code-wrong", RefusalKind.Conflict, left > 0 ? $"This code does not open this locker. Tries left: {left}." : CodeUsedUp.Detail);
}
