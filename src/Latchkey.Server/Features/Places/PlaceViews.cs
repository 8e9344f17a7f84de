using Latchkey.Domain;
using Latchkey.Domain.Lockers;
using Latchkey.Domain.Places;
using Latchkey.Domain.Pricing;
using Latchkey.Server.Storage;

namespace Latchkey.Server.Features.Places;

public sealed record OpeningSpanView(int Day, string Opens, string Closes);

/// <param name="Lockers">How many there are in service; where features were asked for, how many have them.</param>
/// <param name="Free">How many are free now, counted the same way.</param>
/// <param name="Features">What some of its lockers have: <c>reachable</c>, <c>power</c>, <c>cooled</c>.</param>
/// <param name="AlwaysOpen">It never closes.</param>
/// <param name="DistanceMetres">From the position that was asked about.</param>
public sealed record SiteSummaryView(
    Guid Id,
    string Name,
    string Address,
    string City,
    string State,
    double Latitude,
    double Longitude,
    string TimeZone,
    string Currency,
    IReadOnlyList<OpeningSpanView> OpeningHours,
    bool OpenNow,
    int Lockers,
    IReadOnlyDictionary<LockerSize, int> Free,
    IReadOnlyDictionary<LockerSize, Money> PerHour,
    IReadOnlyList<string> Features,
    bool AlwaysOpen,
    double? DistanceMetres);

public sealed record TariffView(
    string Currency,
    IReadOnlyDictionary<LockerSize, Money> PerHour,
    IReadOnlyDictionary<LockerSize, Money> CapPerDay,
    int FreeMinutes,
    int GraceMinutes,
    IReadOnlyDictionary<LockerSize, Money> OverduePerHour,
    IReadOnlyDictionary<LockerSize, Money> OverdueCap,
    Billing Billing,
    IReadOnlyDictionary<LockerSize, Money> Deposit,
    int TaxBasisPoints,
    int WarnMinutes,
    int StaffAfterHours)
{
    public static TariffView Of(Tariff t) => new(
        t.Currency, Of(t, r => r.PerHour), Of(t, r => r.CapPerDay), t.FreeMinutes, t.GraceMinutes, Of(t, r => r.OverduePerHour), Of(t, r => r.OverdueCap),
        t.Billing, Of(t, r => r.Deposit), t.TaxBasisPoints, t.WarnMinutes, t.StaffAfterHours);

    public static IReadOnlyDictionary<LockerSize, Money> Of(Tariff t, Func<Rate, long> price) =>
        t.Rates.OrderBy(r => r.Key).ToDictionary(r => r.Key, r => t.Amount(price(r.Value)));
}

public sealed record LockerView(
    Guid Id, int Number, string Label, LockerSize Size, IReadOnlyList<string> Features, int Column, int Row, int RowSpan, string Availability);

/// <param name="Mode">How its lockers are got: <c>rental</c>, <c>keypad</c>, <c>visit</c>; a <c>gate</c> has none.</param>
/// <param name="CodeDigits">How long a code is at a keypad bank.</param>
public sealed record BankView(Guid Id, Guid SiteId, string Name, bool? Online, DateTimeOffset? LastSeen, int Columns, IReadOnlyList<LockerView> Lockers, string Mode, int CodeDigits);

/// <summary>What is free at a site at one moment.</summary>
/// <param name="Taken">Lockers with a live lease.</param>
public sealed record SiteOccupancy(IReadOnlySet<Guid> Taken, IReadOnlyDictionary<Guid, DeviceSighting> Devices);

public sealed record DeviceSighting(bool? Online, DateTimeOffset? LastSeen);

/// <summary>How places look from outside.</summary>
public static class PlaceViews
{
    public const string Free = "free";
    public const string Taken = "taken";
    public const string OutOfService = "out-of-service";

    public static string Availability(LockerPlace locker, IReadOnlySet<Guid> taken) =>
        !locker.InService ? OutOfService : taken.Contains(locker.Id) ? Taken : Free;

    /// <param name="features">Only lockers that have all of these are counted.</param>
    public static SiteSummaryView Summary(SitePlace site, SiteOccupancy now, DateTimeOffset at, IReadOnlyCollection<string>? features = null) => new(
        site.Id, site.Name, site.Address, site.City, site.State, site.Latitude, site.Longitude, site.Zone.Id, site.TariffAt(at).Currency,
        [.. site.OpeningHours.Select(s => new OpeningSpanView(s.Day, s.Opens.ToString("HH:mm"), s.Closes.ToString("HH:mm")))],
        OpeningHours.IsOpen(site.OpeningHours, site.Zone, at),
        site.Lockers.Count(l => l.InService && l.Has(features ?? [])),
        Enum.GetValues<LockerSize>().ToDictionary(size => size, size => site.Lockers.Count(l => l.Size == size && Availability(l, now.Taken) == Free && l.Has(features ?? []))),
        TariffView.Of(site.TariffAt(at), r => r.PerHour),
        [.. LockerFeatures.All.Where(f => site.Lockers.Any(l => l.InService && l.Features.Contains(f)))],
        OpeningHours.IsAlways(site.OpeningHours),
        null);

    public static BankView Bank(BankPlace bank, SiteOccupancy now)
    {
        DeviceSighting seen = now.Devices.GetValueOrDefault(bank.DeviceId) ?? new DeviceSighting(null, null);
        return new BankView(
            bank.Id, bank.SiteId, bank.Name, seen.Online, seen.LastSeen, bank.Columns,
            [.. bank.Lockers.Select(l => new LockerView(l.Id, l.Number, l.Label, l.Size, l.Features, l.Column, l.Row, l.RowSpan, Availability(l, now.Taken)))],
            bank.Mode.Text(), bank.CodeDigits);
    }

    /// <summary>Great-circle distance in metres (haversine, mean Earth radius 6,371,009 m).</summary>
    public static double Distance(double latitude1, double longitude1, double latitude2, double longitude2)
    {
        const double Radius = 6_371_009;
        double dLat = double.DegreesToRadians(latitude2 - latitude1);
        double dLon = double.DegreesToRadians(longitude2 - longitude1);
        double a = Math.Pow(Math.Sin(dLat / 2), 2)
            + (Math.Cos(double.DegreesToRadians(latitude1)) * Math.Cos(double.DegreesToRadians(latitude2)) * Math.Pow(Math.Sin(dLon / 2), 2));
        return 2 * Radius * Math.Asin(Math.Min(1, Math.Sqrt(a)));
    }
}
