using FsCheck;
using FsCheck.Fluent;
using Latchkey.Domain;
using Latchkey.Domain.Leases;
using Latchkey.Domain.Lockers;
using Latchkey.Tests.Domain.Pricing;
using Latchkey.Tests.Support;

namespace Latchkey.Tests.Domain.Leases;

public sealed class RentalTests
{
    private static readonly DateTimeOffset Start = new(2026, 11, 21, 9, 0, 0, TimeSpan.Zero);

    private static Rental Held(int hours = 2) => Rental.Hold(Tariffs.Rupees, LockerSize.M, hours, Start);

    [Fact]
    public void A_hold_lasts_fifteen_minutes_and_not_an_instant_more()
    {
        Rental held = Held();
        held.HoldUntil.ShouldBe(Start.AddMinutes(15));
        held.HoldHasRunOut(Start.AddMinutes(15).AddTicks(-1)).ShouldBeFalse();
        held.HoldHasRunOut(Start.AddMinutes(15)).ShouldBeTrue();
    }

    [Fact]
    public void Paying_starts_the_hours_that_were_asked_for()
    {
        Rental paid = Held(hours: 3).Pay(Start.AddMinutes(4)).Value;
        paid.State.ShouldBe(LeaseState.Active);
        paid.PaidFrom.ShouldBe(Start.AddMinutes(4));
        paid.PaidUntil.ShouldBe(Start.AddMinutes(4).AddHours(3));
        paid.Quote.ShouldBe(new Money(15000, "INR"));
    }

    [Fact]
    public void A_hold_whose_time_is_up_can_neither_be_paid_nor_cancelled_only_expired()
    {
        Rental held = Held();
        DateTimeOffset late = held.HoldUntil;
        held.Pay(late).Refusal!.Code.ShouldBe("hold-expired");
        held.Cancel(late).Refusal!.Code.ShouldBe("hold-expired");
        held.Expire(late.AddTicks(-1)).Refusal!.Code.ShouldBe("lease-not-held");
        held.Expire(late).Value.State.ShouldBe(LeaseState.Expired);
    }

    [Fact]
    public void A_rental_falls_overdue_when_the_paid_time_is_over_and_is_still_to_be_opened()
    {
        Rental active = Held(hours: 1).Pay(Start).Value;
        active.FallOverdue(Start.AddHours(1).AddTicks(-1)).Refusal!.Code.ShouldBe("lease-not-active");
        Rental overdue = active.FallOverdue(Start.AddHours(1)).Value;
        overdue.State.ShouldBe(LeaseState.Overdue);
        overdue.MayOpen().ShouldBeNull();
    }

    [Theory]
    [InlineData(DoorState.Closed, false, null)]
    [InlineData(DoorState.Jammed, false, null)]
    [InlineData(DoorState.Unknown, false, null)]
    [InlineData(DoorState.Open, false, "door-open")]
    [InlineData(DoorState.Open, true, "door-open")]
    [InlineData(DoorState.Closed, true, "command-pending")]
    public void Nobody_finishes_while_the_door_stands_open_or_is_about_to(DoorState door, bool pending, string? refused)
    {
        Decision<Rental> finished = Held().Pay(Start).Value.Finish(door, pending, "14");
        (finished.Refusal?.Code).ShouldBe(refused);
        if (refused == "door-open")
            finished.Refusal!.Detail.ShouldBe("Door 14 is open. Close it to finish.");
    }

    [Fact]
    public void Only_a_paid_rental_opens_its_door()
    {
        Rental held = Held();
        held.MayOpen()!.Code.ShouldBe("lease-not-active");
        held.Cancel(Start).Value.MayOpen()!.Code.ShouldBe("lease-not-active");
        held.Pay(Start).Value.MayOpen().ShouldBeNull();
        held.Pay(Start).Value.Finish(DoorState.Closed, false, "14").Value.MayOpen()!.Code.ShouldBe("lease-not-active");
    }

    [Fact]
    public void A_larger_locker_given_in_place_of_a_smaller_one_costs_the_price_of_the_size_asked_for() =>
        Rental.Hold(Tariffs.Rupees, LockerSize.S, 2, Start).Quote.ShouldBe(new Money(6000, "INR"));

    [Fact]
    public void A_rental_that_was_never_paid_owes_nothing() => (Held() with { OpenedEver = true }).Owed(Start.AddDays(3)).ShouldBe(new Money(0, "INR"));

    [Fact]
    public void No_sequence_of_moves_leaves_a_state_in_which_a_lease_is_over() => Generated.Holds(Lives, life =>
    {
        Rental rental = Held();
        foreach ((int move, DateTimeOffset at) in life)
        {
            Decision<Rental> moved = Apply(rental, move, at);
            if (!LeaseMoves.IsLive(rental.State))
                moved.Refusal.ShouldNotBeNull();
            rental = moved.Refusal is null ? moved.Value : rental;
        }
    });

    [Fact]
    public void Whatever_happens_a_rental_is_paid_only_before_its_deadline_and_only_once() => Generated.Holds(Lives, life =>
    {
        Rental rental = Held();
        int paid = 0;
        foreach ((int move, DateTimeOffset at) in life)
        {
            Decision<Rental> moved = Apply(rental, move, at);
            if (moved.Refusal is not null)
                continue;
            if (move == 0)
            {
                paid++;
                at.ShouldBeLessThan(rental.HoldUntil);
            }
            rental = moved.Value;
            // Money follows the state: hours run exactly when somebody has paid.
            (rental.PaidFrom is not null).ShouldBe(paid > 0);
            if (rental.State is LeaseState.Active or LeaseState.Overdue or LeaseState.Ended)
                paid.ShouldBe(1);
        }
        paid.ShouldBeLessThanOrEqualTo(1);
    });

    private static Decision<Rental> Apply(Rental rental, int move, DateTimeOffset at) => move switch
    {
        0 => rental.Pay(at),
        1 => rental.Cancel(at),
        2 => rental.Expire(at),
        3 => rental.FallOverdue(at),
        _ => rental.Finish(DoorState.Closed, false, "1"),
    };

    // Twelve moves at instants that only go forward, some a moment and some hours apart.
    private static Gen<List<(int Move, DateTimeOffset At)>> Lives =>
        from moves in Gen.Choose(0, 4).ListOf(12)
        from steps in Gen.Choose(0, 40).ListOf(12)
        select moves.Zip(steps.Select((_, i) => Start.AddMinutes(steps.Take(i + 1).Sum()))).ToList();
}
