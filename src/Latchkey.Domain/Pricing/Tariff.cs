using Latchkey.Domain.Lockers;

namespace Latchkey.Domain.Pricing;

/// <summary>The prices of one size, in minor units of the tariff's currency.</summary>
/// <param name="PerHour">For each started hour.</param>
/// <param name="CapPerDay">The most that 24 hours cost.</param>
/// <param name="OverduePerHour">For each started hour past the paid time, once the grace is over.</param>
/// <param name="OverdueCap">The most that overstaying costs, however long.</param>
public sealed record Rate(long PerHour, long CapPerDay, long OverduePerHour, long OverdueCap);

/// <summary>
/// What a site charges. A copy is frozen into each lease at the hold, so that a new price never touches an old promise.
/// </summary>
/// <param name="Currency">ISO 4217.</param>
/// <param name="Rates">A rate for each size the site has.</param>
/// <param name="FreeMinutes">A rental that ends within them costs nothing.</param>
/// <param name="GraceMinutes">How long past the paid time nothing is added.</param>
public sealed record Tariff(string Currency, IReadOnlyDictionary<LockerSize, Rate> Rates, int FreeMinutes, int GraceMinutes)
{
    public Money Amount(long minor) => new(minor, Currency);
}

/// <summary>Tariff arithmetic: whole started hours, whole minor units, no rounding anywhere.</summary>
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

    /// <summary>What overstaying costs: nothing within the grace, then every started hour since the paid time ran out, up to the cap.</summary>
    public static long OverdueFee(Tariff tariff, Rate rate, DateTimeOffset paidUntil, DateTimeOffset now)
    {
        if (now <= paidUntil + TimeSpan.FromMinutes(tariff.GraceMinutes))
            return 0;
        return Math.Min(checked(StartedHours(paidUntil, now) * rate.OverduePerHour), rate.OverdueCap);
    }

    /// <summary>
    /// What a rental owes if it ended now. Without proof that the door ever opened nothing is owed, whatever the clock says
    /// (DESIGN section 10, complaint 1).
    /// </summary>
    public static Money Owed(Tariff tariff, LockerSize size, DateTimeOffset paidFrom, DateTimeOffset paidUntil, DateTimeOffset now, bool openedEver)
    {
        if (!openedEver || now - paidFrom <= TimeSpan.FromMinutes(tariff.FreeMinutes))
            return tariff.Amount(0);
        Rate rate = tariff.Rates[size];
        DateTimeOffset within = now < paidUntil ? now : paidUntil;
        long used = HoursCost(rate, Math.Max(1, StartedHours(paidFrom, within)));
        return tariff.Amount(checked(used + OverdueFee(tariff, rate, paidUntil, now)));
    }
}
