namespace Latchkey.Domain.Pricing;

/// <summary>A tariff and from when it counts.</summary>
public sealed record DatedTariff(DateTimeOffset From, Tariff Tariff);

/// <summary>A site's tariffs over time: of those that have begun, the one that began last.</summary>
public static class TariffBook
{
    /// <summary>
    /// A new tariff begins at least so long after it was written: every node has heard of it by then, so that no two of them ask different prices
    /// at one moment.
    /// </summary>
    public static readonly TimeSpan Notice = TimeSpan.FromMinutes(1);

    /// <summary>And at most so far ahead: a date in another century is a slip.</summary>
    public static readonly TimeSpan Furthest = TimeSpan.FromDays(730);

    /// <exception cref="InvalidOperationException">None has begun: every site starts with one.</exception>
    public static Tariff At(IEnumerable<DatedTariff> book, DateTimeOffset now) =>
        book.Where(t => t.From <= now).MaxBy(t => t.From)?.Tariff ?? throw new InvalidOperationException("A site without a tariff.");

    /// <summary>What is wrong with a tariff, by field; empty when it can be kept. The limits keep every sum within 64 bits and typing slips out.</summary>
    public static IReadOnlyDictionary<string, string> Faults(Tariff t)
    {
        var faults = new Dictionary<string, string>();
        if (!Currencies.Knows(t.Currency))
            faults["currency"] = "This is no currency of ISO 4217.";
        if (t.Rates.Count == 0)
            faults["rates"] = "A tariff has a rate for at least one size.";
        // What comes from outside may have a null where a rate should be.
        if (t.Rates.Values.Contains(null!))
            return new Dictionary<string, string> { ["rates"] = "Each size that is named has a rate." };
        const long Most = 1_000_000_000;
        foreach (Rate r in t.Rates.Values)
        {
            if (((long[])[r.PerHour, r.CapPerDay, r.OverduePerHour, r.OverdueCap, r.Deposit]).Any(a => a is < 0 or > Most))
                faults["rates"] = $"An amount is from 0 to {Most} minor units.";
        }
        // Card networks settle what has three decimals with two (docs.stripe.com/currencies), and every sum is made of these.
        if (!faults.ContainsKey("currency") && Currencies.Decimals(t.Currency) == 3 && t.Rates.Values.Any(r => ((long[])[r.PerHour, r.CapPerDay, r.OverduePerHour, r.OverdueCap, r.Deposit]).Any(a => a % 10 != 0)))
            faults["rates"] = $"An amount in {t.Currency} ends with a 0 in its third decimal.";
        Range("freeMinutes", t.FreeMinutes, 0, 24 * 60);
        Range("graceMinutes", t.GraceMinutes, 0, 24 * 60);
        Range("taxBasisPoints", t.TaxBasisPoints, 0, 10_000);
        Range("warnMinutes", t.WarnMinutes, 0, 24 * 60);
        Range("staffAfterHours", t.StaffAfterHours, 1, 24 * 90);
        if (!faults.ContainsKey("graceMinutes") && t.GraceMinutes > t.StaffAfterHours * 60)
            faults["staffAfterHours"] = "Staff come after the grace, not before it.";
        return faults;

        void Range(string field, int value, int least, int most)
        {
            if (value < least || value > most)
                faults[field] = $"This is from {least} to {most}.";
        }
    }
}
