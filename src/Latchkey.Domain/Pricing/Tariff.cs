using Latchkey.Domain.Lockers;

namespace Latchkey.Domain.Pricing;

/// <summary>When a rental's price is known and taken.</summary>
public enum Billing
{
    /// <summary>By the started hour that was used: charged and captured at the end.</summary>
    Running,

    /// <summary>The hours asked for: charged and captured once the door was proven open.</summary>
    Prepaid,
}

/// <summary>The prices of one size, in minor units of the tariff's currency, tax included.</summary>
/// <param name="PerHour">For each started hour.</param>
/// <param name="CapPerDay">The most that 24 hours cost.</param>
/// <param name="OverduePerHour">For each started hour past the paid time, once the grace is over.</param>
/// <param name="OverdueCap">The most that overstaying costs, however long.</param>
/// <param name="Deposit">Reserved on top of the price, so that overstaying can be paid from it; the rest goes back at the end.</param>
public sealed record Rate(long PerHour, long CapPerDay, long OverduePerHour, long OverdueCap, long Deposit = 0);

/// <summary>
/// What a site charges. A copy is frozen into each lease at the hold, so that a new price never touches an old promise.
/// </summary>
/// <param name="Currency">ISO 4217.</param>
/// <param name="Rates">A rate for each size the site has.</param>
/// <param name="FreeMinutes">A rental that ends within them costs nothing.</param>
/// <param name="GraceMinutes">How long past the paid time nothing is added.</param>
/// <param name="TaxBasisPoints">The tax that the prices include, in hundredths of a percent: 1800 is 18 %.</param>
/// <param name="WarnMinutes">How long before the end of the paid time its holder is warned.</param>
/// <param name="StaffAfterHours">How long past the paid time staff are told to look.</param>
public sealed record Tariff(
    string Currency, IReadOnlyDictionary<LockerSize, Rate> Rates, int FreeMinutes, int GraceMinutes, Billing Billing = Billing.Running, int TaxBasisPoints = 0, int WarnMinutes = 15,
    int StaffAfterHours = 24)
{
    public Money Amount(long minor) => new(minor, Currency);
}

/// <summary>A rental that was swapped for a larger locker: its hours up to this one, counted from its beginning, are priced as this size.</summary>
public sealed record SizedHours(LockerSize Size, int UpTo);

/// <summary>What a rental owes, in its two parts.</summary>
/// <param name="Use">For the hours used, or asked for.</param>
/// <param name="Overdue">For staying past the paid time.</param>
public readonly record struct Owed(Money Use, Money Overdue)
{
    public Money Total => Use + Overdue;
}

/// <summary>Tariff arithmetic: whole started hours, whole minor units; only tax is ever rounded.</summary>
public static class Pricing
{
    /// <summary>The longest rental that can be asked for, in hours. Three days: longer lets are assignments (DESIGN section 1).</summary>
    public const int LongestHours = 72;

    private const int HoursPerDay = 24;

    /// <summary>How many hours have been started between two instants; an hour begins with its first instant.</summary>
    public static int StartedHours(DateTimeOffset from, DateTimeOffset until)
    {
        if (until <= from)
            return 0;
        long ticks = (until - from).Ticks;
        return checked((int)((ticks + TimeSpan.TicksPerHour - 1) / TimeSpan.TicksPerHour));
    }

    /// <summary>The price of so many started hours: each day of 24 hours is capped by itself.</summary>
    public static long HoursCost(Rate rate, int hours)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(hours);
        long days = hours / HoursPerDay;
        long rest = hours % HoursPerDay;
        return checked(days * Math.Min(HoursPerDay * rate.PerHour, rate.CapPerDay) + Math.Min(rest * rate.PerHour, rate.CapPerDay));
    }

    /// <summary>The same where the first hours are priced as other sizes: each hour costs what it would add in its own size.</summary>
    public static long HoursCost(Tariff tariff, LockerSize size, IReadOnlyList<SizedHours>? earlier, int hours)
    {
        (long cost, int from) = (0, 0);
        foreach (SizedHours before in earlier ?? [])
        {
            int to = Math.Min(before.UpTo, hours);
            if (to > from)
                (cost, from) = (checked(cost + HoursCost(tariff.Rates[before.Size], to) - HoursCost(tariff.Rates[before.Size], from)), to);
        }
        return checked(cost + HoursCost(tariff.Rates[size], hours) - HoursCost(tariff.Rates[size], from));
    }

    /// <summary>What overstaying costs: nothing within the grace, then every started hour since the paid time ran out, up to the cap.</summary>
    public static long OverdueFee(Tariff tariff, Rate rate, DateTimeOffset paidUntil, DateTimeOffset now)
    {
        if (now <= paidUntil + TimeSpan.FromMinutes(tariff.GraceMinutes))
            return 0;
        return Math.Min(checked(StartedHours(paidUntil, now) * rate.OverduePerHour), rate.OverdueCap);
    }

    /// <summary>
    /// What a rental owes if it ended now, in its parts. Without proof that the door ever opened nothing is owed, whatever the clock says
    /// (DESIGN section 10, complaint 1).
    /// </summary>
    public static Owed Owes(
        Tariff tariff, LockerSize size, DateTimeOffset paidFrom, DateTimeOffset paidUntil, DateTimeOffset now, bool openedEver, IReadOnlyList<SizedHours>? earlier = null)
    {
        if (!openedEver || now - paidFrom <= TimeSpan.FromMinutes(tariff.FreeMinutes))
            return new Owed(tariff.Amount(0), tariff.Amount(0));
        Rate rate = tariff.Rates[size];
        DateTimeOffset within = now < paidUntil && tariff.Billing == Billing.Running ? now : paidUntil;
        return new Owed(
            tariff.Amount(HoursCost(tariff, size, earlier, Math.Max(1, StartedHours(paidFrom, within)))),
            tariff.Amount(OverdueFee(tariff, rate, paidUntil, now)));
    }

    /// <summary>The tax within an amount that includes it, rounded half up to a whole minor unit; of a sum it is computed once, not line by line.</summary>
    public static Money TaxIn(Money gross, int basisPoints)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(basisPoints);
        ArgumentOutOfRangeException.ThrowIfLessThan(gross.Minor, 0, nameof(gross));
        Int128 whole = 10_000 + basisPoints;
        return gross with { Minor = (long)((((Int128)gross.Minor * basisPoints * 2) + whole) / (whole * 2)) };
    }
}
