using Latchkey.Domain.Lockers;
using Latchkey.Domain.Pricing;

namespace Latchkey.Domain.Leases;

/// <summary>A rental as its rules see it. Each move gives the rental that follows, or the reason why not.</summary>
/// <param name="HoldUntil">From this instant on the hold has run out, whether or not anybody has written so yet.</param>
/// <param name="Hours">How many hours were asked for and are paid for together.</param>
/// <param name="SizePriced">The size that was asked for; a larger locker given in its place costs no more.</param>
/// <param name="OpenedEver">Whether the door was proven open at least once.</param>
public sealed record Rental(
    LeaseState State,
    DateTimeOffset HoldUntil,
    int Hours,
    Tariff Tariff,
    LockerSize SizePriced,
    DateTimeOffset? PaidFrom,
    DateTimeOffset? PaidUntil,
    bool OpenedEver)
{
    /// <summary>The longest time a locker is kept for somebody who has not paid (DESIGN section 1).</summary>
    public static readonly TimeSpan LongestHold = TimeSpan.FromMinutes(15);

    /// <summary>How many unpaid holds one person may have at once: a family's, not a tout's.</summary>
    public const int MostHolds = 3;

    /// <summary>The hours asked for, at the price frozen at the hold.</summary>
    public Money Quote => Tariff.Amount(Pricing.Pricing.HoursCost(Tariff.Rates[SizePriced], Hours));

    /// <summary>Reserved on top of the price.</summary>
    public Money Deposit => Tariff.Amount(Tariff.Rates[SizePriced].Deposit);

    /// <summary>What paying now would authorise.</summary>
    public Money ToAuthorise => Quote + Deposit;

    /// <summary>True once the deadline has passed, even while the row still says held.</summary>
    public bool HoldHasRunOut(DateTimeOffset now) => State == LeaseState.Held && now >= HoldUntil;

    public static Rental Hold(Tariff tariff, LockerSize size, int hours, DateTimeOffset now) =>
        new(LeaseState.Held, now + LongestHold, hours, tariff, size, null, null, false);

    public Decision<Rental> Pay(DateTimeOffset now) =>
        HoldHasRunOut(now)
            ? Refusal.HoldExpired
            : Move(LeaseMove.Pay, r => r with { PaidFrom = now, PaidUntil = now.AddHours(Hours) });

    public Decision<Rental> Cancel(DateTimeOffset now) =>
        HoldHasRunOut(now) ? Refusal.HoldExpired : Move(LeaseMove.Cancel);

    /// <summary>Ends an unpaid hold; refused before its deadline, so that nobody can end one early by asking.</summary>
    public Decision<Rental> Expire(DateTimeOffset now) =>
        State == LeaseState.Held && !HoldHasRunOut(now) ? Refusal.LeaseNotHeld : Move(LeaseMove.Expire);

    public Decision<Rental> FallOverdue(DateTimeOffset now) =>
        State == LeaseState.Active && now < PaidUntil ? Refusal.LeaseNotActive : Move(LeaseMove.FallOverdue);

    /// <summary>
    /// Finishing is explicit, and not while the door stands open or is about to: the next customer must find it closed.
    /// A jammed or unknown door does not keep anybody paying.
    /// </summary>
    public Decision<Rental> Finish(DoorState door, bool commandPending, string label)
    {
        if (LeaseMoves.Next(State, LeaseMove.Finish) is null)
            return LeaseMoves.RefusalOf(State, LeaseMove.Finish);
        if (door == DoorState.Open)
            return Refusal.DoorOpen(label);
        return commandPending ? Refusal.CommandPending(label) : Move(LeaseMove.Finish);
    }

    /// <summary>Staff end it, whatever the door is known to be: they stand before it. It is billed like any other end.</summary>
    public Decision<Rental> ForceEnd() => Move(LeaseMove.Finish);

    /// <summary>Whether its holder may have the door opened.</summary>
    public Refusal? MayOpen() => MayOpen(State);

    /// <summary>The same, for who has looked up no more of it.</summary>
    public static Refusal? MayOpen(LeaseState state) => state is LeaseState.Active or LeaseState.Overdue ? null : Refusal.LeaseNotActive;

    /// <summary>What finishing now would cost.</summary>
    public Money Owed(DateTimeOffset now) => Owes(now).Total;

    /// <summary>The same in its parts: hours and overstaying.</summary>
    public Owed Owes(DateTimeOffset now) =>
        PaidFrom is { } from && PaidUntil is { } until
            ? Pricing.Pricing.Owes(Tariff, SizePriced, from, until, now, OpenedEver)
            : new Owed(Tariff.Amount(0), Tariff.Amount(0));

    private Decision<Rental> Move(LeaseMove move, Func<Rental, Rental>? also = null)
    {
        if (LeaseMoves.Next(State, move) is not { } next)
            return LeaseMoves.RefusalOf(State, move);
        Rental moved = this with { State = next };
        return also is null ? moved : also(moved);
    }
}
