using Latchkey.Domain.Lockers;
using Latchkey.Domain.Pricing;

namespace Latchkey.Domain.Leases;

/// <summary>Where a card was held to a reader.</summary>
public enum TapWay
{
    /// <summary>At the gate, from outside.</summary>
    In,

    /// <summary>At the gate, from inside.</summary>
    Out,

    /// <summary>At a bank.</summary>
    Bank,

    /// <summary>At a bank, after the key that gives the locker back: where there is no gate.</summary>
    Finish,
}

/// <summary>What follows from a tap; the names are those of the protocol.</summary>
public enum TapSays
{
    /// <summary>It is too old, or overtaken by a later one: nothing happened.</summary>
    Late,

    /// <summary>A visit has begun, and this locker is theirs.</summary>
    Begun,

    /// <summary>They have this locker.</summary>
    Known,

    /// <summary>Their locker is at another bank.</summary>
    Elsewhere,

    /// <summary>The visit has ended.</summary>
    Ended,

    /// <summary>The locker's door stands open.</summary>
    DoorOpen,

    /// <summary>Something lies in the locker: staff are called.</summary>
    NotEmpty,

    /// <summary>Something is owed, and the site's staff take money: it is paid at their desk, then the same card goes out.</summary>
    Pay,

    /// <summary>Their door is being opened at this moment.</summary>
    Wait,

    /// <summary>No visit is known of this card.</summary>
    NoVisit,

    /// <summary>No locker is free.</summary>
    NoneFree,

    /// <summary>The site is closed.</summary>
    Closed,

    /// <summary>The reader is not sure enough of this card.</summary>
    NotValid,
}

/// <summary>A visit as the rules see it.</summary>
/// <param name="From">When the card was held to the reader that began it.</param>
/// <param name="Occupied">Null where nobody can tell.</param>
/// <param name="PaidMinor">What was paid at the desk so far.</param>
/// <param name="PaidAt">The last time.</param>
public sealed record Visit(
    DateTimeOffset From, LockerSize Size, Tariff Tariff, bool OpenedEver, DoorState Door, bool? Occupied, bool CommandUnderWay, long PaidMinor = 0, DateTimeOffset? PaidAt = null)
{
    /// <summary>The longest that a tap is worth anything: a person who waits at a reader has tapped again, or gone, by then.</summary>
    public static readonly TimeSpan FreshFor = TimeSpan.FromSeconds(10);

    /// <summary>Who has just ended their visit and did not get through the gate gets out once more.</summary>
    public static readonly TimeSpan WayOut = TimeSpan.FromMinutes(2);

    /// <summary>Whoever has paid at the desk is not billed more for dressing and walking to the gate.</summary>
    public static readonly TimeSpan PaidFor = TimeSpan.FromMinutes(30);

    /// <summary>
    /// Whether the tap still counts. Its time is the device's, which has it from the server; a device that does not know the time may show and begin, and ends nothing.
    /// </summary>
    /// <param name="overtaken">The same reader has sent a later tap of the same card.</param>
    public static bool IsFresh(DateTimeOffset? tapped, bool overtaken, TapWay way, DateTimeOffset now) =>
        !overtaken && (tapped is { } at ? (now - at).Duration() <= FreshFor : way is TapWay.In or TapWay.Bank);

    /// <summary>What the tap at the exit means for this visit: only <see cref="TapSays.Ended"/> changes anything.</summary>
    /// <param name="tapped">A tap from before the visit belongs to the one before it.</param>
    /// <param name="desk">Staff take money at this site. Elsewhere nobody could be paid: what is owed stays open in the books.</param>
    public TapSays AtExit(DateTimeOffset tapped, DateTimeOffset now, bool desk) =>
        tapped <= From ? TapSays.Late
        : CommandUnderWay ? TapSays.Wait
        : Door == DoorState.Open ? TapSays.DoorOpen
        : Occupied == true ? TapSays.NotEmpty
        : desk && Due(now).Minor > 0 ? TapSays.Pay
        : TapSays.Ended;

    /// <summary>What it owes if it ended now: each started hour since it began, and nothing where the door was never proven open.</summary>
    public Money Owed(DateTimeOffset now)
    {
        DateTimeOffset until = PaidAt is { } paid && now <= paid + PaidFor ? paid : now;
        return Pricing.Pricing.Owes(Tariff with { Billing = Billing.Running }, Size, From, until < From ? From : until, until, OpenedEver).Use;
    }

    /// <summary>What of it is not paid.</summary>
    public Money Due(DateTimeOffset now) => Owed(now) is var owed ? owed with { Minor = Math.Max(0, owed.Minor - PaidMinor) } : owed;
}
