using FsCheck.Fluent;
using Latchkey.Domain;
using Latchkey.Domain.Lockers;
using Latchkey.Domain.Pricing;
using Latchkey.Tests.Support;
using static Latchkey.Domain.Pricing.Pricing;

namespace Latchkey.Tests.Domain.Pricing;

public sealed class PrepaidAndTaxTests
{
    private static Money Owed(Tariff tariff, LockerSize size, DateTimeOffset paidFrom, DateTimeOffset paidUntil, DateTimeOffset now, bool openedEver) =>
        Owes(tariff, size, paidFrom, paidUntil, now, openedEver).Total;

    private static readonly DateTimeOffset From = new(2026, 11, 21, 9, 0, 0, TimeSpan.Zero);
    private static readonly Tariff Prepaid = Tariffs.Rupees with { Billing = Billing.Prepaid };

    [Theory]
    [InlineData("00:00:01", 15000)] // three hours asked for are three hours paid
    [InlineData("02:59:00", 15000)]
    [InlineData("03:15:00", 15000)]
    [InlineData("03:16:00", 21000)]
    public void A_prepaid_rental_costs_the_hours_that_were_asked_for(string after, long minor) =>
        Owed(Prepaid, LockerSize.M, From, From.AddHours(3), From + TimeSpan.Parse(after), openedEver: true).Minor.ShouldBe(minor);

    [Fact]
    public void Prepaid_too_costs_nothing_without_an_open_door_and_within_the_free_minutes()
    {
        Owed(Prepaid, LockerSize.M, From, From.AddHours(3), From.AddDays(9), openedEver: false).Minor.ShouldBe(0);
        Owed(Prepaid with { FreeMinutes = 10 }, LockerSize.M, From, From.AddHours(3), From.AddMinutes(10), openedEver: true).Minor.ShouldBe(0);
    }

    [Theory]
    [InlineData(11800, 1800, 1800)] // 118 rupees hold 18 of tax
    [InlineData(5000, 1800, 763)] // 762.71
    [InlineData(1, 1800, 0)]
    [InlineData(3, 10000, 2)] // 1.5 is rounded up
    [InlineData(12345, 0, 0)]
    [InlineData(long.MaxValue, 10000, 4611686018427387904)]
    public void The_tax_within_a_price_is_rounded_half_up(long gross, int basisPoints, long tax) =>
        TaxIn(new Money(gross, "INR"), basisPoints).ShouldBe(new Money(tax, "INR"));

    [Fact]
    public void Tax_is_within_its_price_and_within_half_a_minor_unit_of_the_exact_sum() => Generated.Holds(
        from gross in Gen.Choose(0, 2_000_000_000)
        from points in Gen.Choose(0, 10_000)
        select (Gross: gross, Points: points),
        c =>
        {
            long tax = TaxIn(new Money(c.Gross, "JPY"), c.Points).Minor;
            tax.ShouldBeInRange(0, c.Gross);
            decimal exact = (decimal)c.Gross * c.Points / (10_000 + c.Points);
            Math.Abs(tax - exact).ShouldBeLessThanOrEqualTo(0.5m);
        });

    [Theory]
    [InlineData(-16, OverdueStep.InTime)]
    [InlineData(-15, OverdueStep.DueSoon)]
    [InlineData(-1, OverdueStep.DueSoon)]
    [InlineData(0, OverdueStep.Grace)]
    [InlineData(15, OverdueStep.Grace)]
    [InlineData(16, OverdueStep.Fee)]
    [InlineData(180, OverdueStep.Fee)] // 3 x 60
    [InlineData(181, OverdueStep.Capped)] // 4 x 60 is above 200
    [InlineData(24 * 60, OverdueStep.Staff)]
    [InlineData(99 * 24 * 60, OverdueStep.Staff)]
    public void The_ladder_is_climbed_as_published(int minutesPast, OverdueStep step) =>
        OverdueLadder.At(Tariffs.Rupees, LockerSize.M, From, From.AddMinutes(minutesPast)).ShouldBe(step);

    [Fact]
    public void Time_leads_up_the_ladder_only_and_between_two_looks_no_step_is_missed() => Generated.Holds(
        from warn in Gen.Choose(0, 60)
        from grace in Gen.Choose(0, 120)
        from staff in Gen.Choose(2, 48)
        from fee in Gen.Choose(0, 5000)
        from cap in Gen.Choose(0, 20000)
        select Tariffs.Of("INR", new Rate(5000, 40000, fee, cap), 0, grace) with { WarnMinutes = warn, StaffAfterHours = staff },
        tariff =>
        {
            DateTimeOffset now = From.AddDays(-1);
            OverdueStep last = OverdueLadder.At(tariff, LockerSize.M, From, now);
            for (int looks = 0; OverdueLadder.NextLook(tariff, From, now) is { } next; looks++)
            {
                looks.ShouldBeLessThan(120);
                next.ShouldBeGreaterThan(now);
                // A moment before the next look nothing has changed.
                OverdueLadder.At(tariff, LockerSize.M, From, next - TimeSpan.FromTicks(10)).ShouldBe(last);
                now = next;
                OverdueStep step = OverdueLadder.At(tariff, LockerSize.M, From, now);
                ((int)step).ShouldBeGreaterThanOrEqualTo((int)last);
                last = step;
            }
            last.ShouldBe(OverdueStep.Staff);
        });

    [Fact]
    public void Of_the_tariffs_that_have_begun_the_last_one_counts()
    {
        DatedTariff[] book = [new(From.AddDays(2), Prepaid), new(From, Tariffs.Rupees), new(From.AddDays(1), Tariffs.Rupees with { FreeMinutes = 7 })];
        TariffBook.At(book, From.AddDays(1).AddTicks(-1)).FreeMinutes.ShouldBe(0);
        TariffBook.At(book, From.AddDays(1)).FreeMinutes.ShouldBe(7);
        TariffBook.At(book, From.AddDays(3)).Billing.ShouldBe(Billing.Prepaid);
        Should.Throw<InvalidOperationException>(() => TariffBook.At(book, From.AddTicks(-1)));
    }

    [Fact]
    public void A_tariff_that_makes_no_sense_is_refused_field_by_field()
    {
        TariffBook.Faults(Tariffs.Rupees).ShouldBeEmpty();
        TariffBook.Faults(Tariffs.Rupees with { Currency = "XXX", FreeMinutes = -1, TaxBasisPoints = 10_001, StaffAfterHours = 0 }).Keys
            .ShouldBe(["currency", "freeMinutes", "taxBasisPoints", "staffAfterHours"], ignoreOrder: true);
        TariffBook.Faults(Tariffs.Of("INR", new Rate(-1, 0, 0, 0), 0, 0)).Keys.ShouldBe(["rates"]);
        TariffBook.Faults(Tariffs.Rupees with { GraceMinutes = 300, StaffAfterHours = 4 }).Keys.ShouldBe(["staffAfterHours"]);
    }
}
