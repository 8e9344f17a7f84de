using FsCheck;
using FsCheck.Fluent;
using Latchkey.Domain;
using Latchkey.Domain.Lockers;
using Latchkey.Domain.Pricing;
using Latchkey.Tests.Support;
using static Latchkey.Domain.Pricing.Pricing;

namespace Latchkey.Tests.Domain.Pricing;

/// <summary>Amounts are computed by hand: 50 an hour, 400 a day at most, 60 for each hour overdue, 200 of that at most (rupees, in paise).</summary>
public sealed class PricingTests
{
    private static Money Owed(Tariff tariff, LockerSize size, DateTimeOffset paidFrom, DateTimeOffset paidUntil, DateTimeOffset now, bool openedEver) =>
        Owes(tariff, size, paidFrom, paidUntil, now, openedEver).Total;

    private static readonly DateTimeOffset From = new(2026, 11, 21, 9, 0, 0, TimeSpan.Zero);
    private static readonly TimeSpan Tick = TimeSpan.FromTicks(1);

    [Theory]
    [InlineData(0, 0, 0)]
    [InlineData(0, 1, 1)]
    [InlineData(60, 0, 1)]
    [InlineData(60, 1, 2)]
    [InlineData(119, 0, 2)]
    [InlineData(-5, 0, 0)]
    public void An_hour_begins_with_its_first_instant(int minutes, int ticks, int started) =>
        StartedHours(From, From.AddMinutes(minutes) + (ticks * Tick)).ShouldBe(started);

    [Theory]
    [InlineData(0, 0)]
    [InlineData(1, 5000)]
    [InlineData(7, 35000)]
    [InlineData(8, 40000)] // the cap is reached exactly
    [InlineData(9, 40000)]
    [InlineData(24, 40000)]
    [InlineData(25, 45000)] // the second day begins anew
    [InlineData(32, 80000)]
    [InlineData(33, 80000)]
    [InlineData(48, 80000)]
    [InlineData(49, 85000)]
    [InlineData(72, 120000)]
    public void Each_day_of_24_hours_is_capped_by_itself(int hours, long minor) => HoursCost(Tariffs.Rupees.Rates[LockerSize.M], hours).ShouldBe(minor);

    [Fact]
    public void A_cap_above_the_price_of_a_day_changes_nothing() => HoursCost(new Rate(100, 10_000, 0, 0), 49).ShouldBe(4900);

    [Fact]
    public void Hours_are_never_negative() => Should.Throw<ArgumentOutOfRangeException>(() => HoursCost(Tariffs.Rupees.Rates[LockerSize.M], -1));

    [Theory]
    // Two hours paid, free minutes 0, grace 15.
    [InlineData("00:00:00", 0)]
    [InlineData("00:00:01", 5000)]
    [InlineData("01:00:00", 5000)]
    [InlineData("01:00:00.0000001", 10000)]
    [InlineData("02:00:00", 10000)]
    [InlineData("02:10:00", 10000)] // within the grace
    [InlineData("02:15:00", 10000)] // its last instant
    [InlineData("02:15:00.0000001", 16000)] // then the whole first hour overdue
    [InlineData("03:00:00", 16000)]
    [InlineData("03:00:01", 22000)]
    [InlineData("05:00:00", 28000)]
    [InlineData("05:30:00", 30000)] // 4 x 60 = 240, capped at 200
    [InlineData("9.00:00:00", 30000)]
    public void What_a_rental_owes_is_what_was_used_and_what_was_overstayed(string after, long minor) =>
        Owed(Tariffs.Rupees, LockerSize.M, From, From.AddHours(2), From + TimeSpan.Parse(after), openedEver: true).ShouldBe(new Money(minor, "INR"));

    [Theory]
    [InlineData("00:10:00", 0)]
    [InlineData("00:10:00.0000001", 5000)]
    [InlineData("00:59:00", 5000)]
    public void A_rental_within_the_free_minutes_costs_nothing_and_past_them_its_whole_first_hour(string after, long minor) => Owed(
        Tariffs.Rupees with { FreeMinutes = 10 }, LockerSize.M, From, From.AddHours(2), From + TimeSpan.Parse(after), openedEver: true).Minor.ShouldBe(minor);

    [Fact]
    public void A_door_that_was_never_seen_open_costs_nothing_whatever_the_clock_says() => Generated.Holds(Generated.Spans, after =>
        Owed(Tariffs.Rupees, LockerSize.M, From, From.AddHours(2), From + after, openedEver: false).ShouldBe(new Money(0, "INR")));

    [Fact]
    public void What_is_owed_never_falls_as_time_passes() => Generated.Holds(Cases, c =>
    {
        long earlier = Owed(c.Tariff, LockerSize.M, From, From.AddHours(c.Hours), From + c.After, openedEver: true).Minor;
        Owed(c.Tariff, LockerSize.M, From, From.AddHours(c.Hours), From + c.After + c.Longer, openedEver: true).Minor.ShouldBeGreaterThanOrEqualTo(earlier);
    });

    [Fact]
    public void What_is_owed_is_never_above_the_caps_and_never_below_zero() => Generated.Holds(Cases, c =>
    {
        Rate rate = c.Tariff.Rates[LockerSize.M];
        long owed = Owed(c.Tariff, LockerSize.M, From, From.AddHours(c.Hours), From + c.After, openedEver: true).Minor;
        owed.ShouldBeInRange(0, ((c.Hours + 23) / 24 * rate.CapPerDay) + rate.OverdueCap);
        // Who finishes within the paid time and the grace never pays more than was quoted.
        if (c.After <= TimeSpan.FromHours(c.Hours) + TimeSpan.FromMinutes(c.Tariff.GraceMinutes))
            owed.ShouldBeLessThanOrEqualTo(HoursCost(rate, c.Hours));
    });

    [Theory]
    [InlineData("JPY", 120, 360)] // no decimals
    [InlineData("EUR", 250, 750)] // two
    [InlineData("KWD", 1250, 3750)] // three
    public void Minor_units_are_multiplied_and_never_rounded_whatever_the_currency(string currency, long perHour, long threeHours)
    {
        Tariff tariff = Tariffs.Of(currency, new Rate(perHour, perHour * 24, perHour, perHour * 5), 0, 0);
        Owed(tariff, LockerSize.M, From, From.AddHours(4), From.AddHours(3), openedEver: true).ShouldBe(new Money(threeHours, currency));
    }

    [Fact]
    public void A_price_too_large_to_count_is_an_error_and_not_a_small_price() =>
        Should.Throw<OverflowException>(() => HoursCost(new Rate(long.MaxValue / 2, long.MaxValue, 0, 0), 23));

    private sealed record Case(Tariff Tariff, int Hours, TimeSpan After, TimeSpan Longer);

    private static Gen<Case> Cases =>
        from perHour in Gen.Choose(0, 100_000)
        from cap in Gen.Choose(0, 1_000_000)
        from overdue in Gen.Choose(0, 100_000)
        from overdueCap in Gen.Choose(0, 500_000)
        from free in Gen.Choose(0, 90)
        from grace in Gen.Choose(0, 120)
        from hours in Gen.Choose(1, LongestHours)
        from after in Generated.Spans
        from longer in Generated.Spans
        select new Case(Tariffs.Of("INR", new Rate(perHour, cap, overdue, overdueCap), free, grace), hours, after, longer);
}
