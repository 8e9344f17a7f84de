using Latchkey.Domain.Lockers;
using Latchkey.Domain.Pricing;

namespace Latchkey.Domain.Leases;

/// <summary>A rental as its rules see it. Each move gives the rental that follows, or the reason why not.</summary>
/// <param name="HoldUntil">From this instant on the hold has run out, whether or not anybody has written so yet.</param>
/// <param name="Hours">How many hours were asked for and are paid for together.</param>
/// <param name="SizePriced">The size that was asked for; a larger locker given in its place costs no more.</param>
/// <param name="OpenedEver">Whether the door was proven open at least once.</param>
/// <param name="Earlier">Where it was swapped for a larger locker: what was priced as smaller ones before, in order; null where it never was.</param>
/// <param name="Waived">Nothing is charged: the locker failed, and there was no other.</param>
public sealed record Rental(
    LeaseState State,
    DateTimeOffset HoldUntil,
    int Hours,
    Tariff Tariff,
    LockerSize SizePriced,
    DateTimeOffset? PaidFrom,
    DateTimeOffset? PaidUntil,
    bool OpenedEver,
    IReadOnlyList<SizedHours>? Earlier = null,
    bool Waived = false)
{
    /// <summary>The longest time a locker is kept for somebody who has not paid (DESIGN section 1).</summary>
    public static readonly TimeSpan LongestHold = TimeSpan.FromMinutes(15);

    /// <summary>How many unpaid holds one person may have at once: a family's, not a tout's.</summary>
    public const int MostHolds = 3;

    /// <summary>With all that it was extended by: a card's reserved money ends by itself after a week.</summary>
    public const int MostHours = 7 * 24;

    /// <summary>The hours asked for, at the price frozen at the hold.</summary>
    public Money Quote => Cost(Hours);

    /// <summary>What so many started hours cost.</summary>
    private Money Cost(int hours) => Tariff.Amount(Pricing.Pricing.HoursCost(Tariff, SizePriced, Earlier, hours));

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

    /// <summary>
    /// More time, from the end of the paid one on. It is possible until the fee for overstaying begins: from then on the fee is what the hours cost.
    /// </summary>
    /// <returns>As it will be, once what it costs more (<see cref="More"/>) is reserved.</returns>
    public Decision<Rental> Extend(int hours, DateTimeOffset now)
    {
        if (LeaseMoves.Next(State, LeaseMove.Extend) is null)
            return LeaseMoves.RefusalOf(State, LeaseMove.Extend);
        if (now > ExtendUntil)
            return Refusal.ExtendTooLate;
        if (Hours + hours > MostHours)
            return Refusal.ExtendTooLong;
        DateTimeOffset until = PaidUntil!.Value.AddHours(hours);
        return until <= now ? Refusal.ExtendTooShort : Move(LeaseMove.Extend, r => r with { Hours = Hours + hours, PaidUntil = until });
    }

    /// <summary>The last instant at which it can be extended.</summary>
    public DateTimeOffset? ExtendUntil => PaidUntil?.AddMinutes(Tariff.GraceMinutes);

    /// <summary>
    /// A larger locker in the place of this one. Hours that are over keep their price; from the hour that runs on the larger size's counts.
    /// </summary>
    /// <param name="actual">How large the locker is that it has now; it may be larger than what is paid for.</param>
    public Decision<Rental> Swap(LockerSize size, LockerSize actual, DateTimeOffset now)
    {
        if (MayOpen() is { } refused)
            return refused;
        if (size <= actual || !Tariff.Rates.ContainsKey(size))
            return Refusal.NotLarger;
        int over = Math.Clamp(Pricing.Pricing.StartedHours(PaidFrom!.Value, now) - 1, Earlier is [.., var last] ? last.UpTo : 0, Hours);
        return this with { SizePriced = size, Earlier = [.. Earlier ?? [], new SizedHours(SizePriced, over)] };
    }

    /// <summary>Whether the locker can be left for another one: nothing may stay behind.</summary>
    public static Refusal? MayLeave(DoorState door, bool? occupied, bool commandPending, string label) =>
        commandPending ? Refusal.CommandPending(label)
        : door == DoorState.Open ? Refusal.DoorOpenToSwap(label)
        : door == DoorState.Jammed ? Refusal.DoorStuck(label)
        : occupied == true ? Refusal.NotEmpty(label) : null;

    /// <summary>What must be reserved beside what is, before this takes the place of that; never less than nothing.</summary>
    public Money More(Rental than) => ToAuthorise.Minor > than.ToAuthorise.Minor ? ToAuthorise - than.ToAuthorise : ToAuthorise with { Minor = 0 };

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
            ? Pricing.Pricing.Owes(Tariff, SizePriced, from, until, now, OpenedEver && !Waived, Earlier)
            : new Owed(Tariff.Amount(0), Tariff.Amount(0));

    private Decision<Rental> Move(LeaseMove move, Func<Rental, Rental>? also = null)
    {
        if (LeaseMoves.Next(State, move) is not { } next)
            return LeaseMoves.RefusalOf(State, move);
        Rental moved = this with { State = next };
        return also is null ? moved : also(moved);
    }
}
