using System.Collections.Frozen;
using System.Data;
using System.Text.Json;
using Dapper;
using Latchkey.Domain.Lockers;
using Latchkey.Domain.Places;
using Latchkey.Domain.Pricing;
using Latchkey.Server.Hosting;
using Latchkey.Server.Storage;
using Npgsql;

namespace Latchkey.Server.Features.Places;

public sealed record LockerPlace(
    Guid Id, Guid BankId, Guid SiteId, int Number, string Label, LockerSize Size, IReadOnlyList<string> Features, int Column, int Row, int RowSpan, bool InService)
{
    public bool Reachable => Features.Contains(LockerFeatures.Reachable);

    public bool Has(IReadOnlyCollection<string> features) => features.All(Features.Contains);
}

/// <summary>How lockers of a bank are got; the names are the database's.</summary>
public enum BankMode
{
    Rental,

    /// <summary>With a phone number and a code, at its keypad or on the web.</summary>
    Keypad,

    /// <summary>With a card at the bank or at the site's gate.</summary>
    Visit,

    /// <summary>It has none: it is a gate.</summary>
    Gate,
}

/// <param name="Owned">A lock of somebody's own: one door, never for rent, and nobody else's to see.</param>
/// <param name="CodeDigits">How long a code is at a keypad bank.</param>
public sealed record BankPlace(
    Guid Id, Guid SiteId, Guid DeviceId, string Name, int Columns, IReadOnlyList<LockerPlace> Lockers, bool Owned = false, BankMode Mode = BankMode.Rental, int CodeDigits = 6, bool Removed = false);

public sealed record SitePlace(
    Guid Id,
    string Name,
    string Address,
    string City,
    string State,
    double Latitude,
    double Longitude,
    TimeZoneInfo Zone,
    IReadOnlyList<OpeningSpan> OpeningHours,
    IReadOnlyList<DatedTariff> Tariffs,
    bool Desk,
    IReadOnlyList<BankPlace> Banks,
    IReadOnlyList<BankPlace> Locks,
    IReadOnlyList<BankPlace> Others,
    long StorageMinor = SitePlace.UsualStorageMinor)
{
    /// <summary>50 rupees for each started hour that a deposit lies there, in minor units of the site's currency.</summary>
    public const long UsualStorageMinor = 5000;

    /// <summary>What it charges at an instant.</summary>
    public Tariff TariffAt(DateTimeOffset now) => TariffBook.At(Tariffs, now);

    /// <summary>Those that can be rented.</summary>
    public IEnumerable<LockerPlace> Lockers => Banks.SelectMany(b => b.Lockers);

    /// <summary>Those that a card gets.</summary>
    public IEnumerable<LockerPlace> LockersForVisits => Others.Where(b => b.Mode == BankMode.Visit).SelectMany(b => b.Lockers);

    /// <summary>Also the banks that are not rented by the hour and the gates, and the locks that somebody owns.</summary>
    public IEnumerable<BankPlace> BanksAndLocks => AllBanks.Concat(Locks);

    /// <summary>Whatever way their lockers are got, gates among them; without the owned locks.</summary>
    public IEnumerable<BankPlace> AllBanks => Banks.Concat(Others);
}

/// <summary>
/// What stands where: read whole into memory, because it is small (a locker is some 200 bytes), is asked for by every request, and changes
/// when somebody screws a bank to a wall, or another controller into it.
/// </summary>
public sealed class PlaceBook(Db db) : IDisposable
{
    private readonly SemaphoreSlim _reading = new(1);
    private volatile Pages _pages = new([], [], []);

    public IReadOnlyList<SitePlace> Sites => _pages.Sites;

    public SitePlace? Site(Guid id) => _pages.SiteById.GetValueOrDefault(id);

    public BankPlace? Bank(Guid id) => _pages.BankById.GetValueOrDefault(id);

    public BankPlace? BankOfDevice(Guid device) => _pages.BankByDevice.GetValueOrDefault(device);

    /// <summary>The same, also for one that was claimed on another node a moment ago: then the book is read again.</summary>
    public async Task<BankPlace?> FindBankOfDevice(Guid device, CancellationToken cancel)
    {
        if (BankOfDevice(device) is { } known)
            return known;
        if (!await db.Read(c => c.ExecuteScalarAsync<bool>("select exists (select 1 from bank where device_id = @device)", new { device }), cancel))
            return null;
        await Reload(cancel);
        return BankOfDevice(device);
    }

    /// <summary>The lockers that can be rented, everywhere or at one site, in the order of their ids: a page begins where the one before ended, whatever was added or taken away meanwhile.</summary>
    public IReadOnlyList<LockerPlace> InOrder(Guid? site) => site is { } one ? _pages.InOrderAt.GetValueOrDefault(one, []) : _pages.InOrder;

    public LockerPlace? Locker(Guid id) => _pages.LockerById.GetValueOrDefault(id);

    /// <summary>One after the other, each from one moment: a slow reading that began before a change cannot take the place of a newer one.</summary>
    public async Task Reload(CancellationToken cancel)
    {
        await _reading.WaitAsync(cancel);
        try
        {
            _pages = await Read(cancel);
        }
        finally
        {
            _reading.Release();
        }
    }

    public void Dispose() => _reading.Dispose();

    private async Task<Pages> Read(CancellationToken cancel)
    {
        var (sites, tariffs, banks, lockers) = await db.Read(
            async c =>
            {
                await using NpgsqlTransaction moment = await c.BeginTransactionAsync(IsolationLevel.RepeatableRead, cancel);
                return (
                (await c.QueryAsync<SiteRow>(
                    """
                    select s.id, s.name, s.address, c.name as city, t.name as state, s.latitude, s.longitude, s.time_zone,
                      s.opening_hours::text as opening_hours, s.desk, s.storage_minor
                    from site s join city c on c.id = s.city_id join state t on t.id = c.state_id
                    order by t.name, c.name, s.name
                    """)).ToList(),
                (await c.QueryAsync<TariffRow>("select site_id, begins, tariff::text as tariff from site_tariff order by begins")).ToList(),
                (await c.QueryAsync<BankRow>("select id, site_id, device_id, name, columns, owned, mode, code_digits, removed_at is not null as removed from bank order by position, name")).ToList(),
                (await c.QueryAsync<LockerRow>(
                    "select id, bank_id, number, label, size, features, col, row, row_span, in_service, removed_at is not null as removed from locker order by number")).ToList());
            },
            cancel);
        ILookup<Guid, LockerRow> lockersOf = lockers.ToLookup(l => l.BankId);
        ILookup<Guid, BankPlace> banksOf = banks
            .Select(b => new BankPlace(b.Id, b.SiteId, b.DeviceId, b.Name, b.Columns, [.. lockersOf[b.Id].Where(l => !l.Removed).Select(l => l.At(b.SiteId))], b.Owned, EnumText.Parse<BankMode>(b.Mode), b.CodeDigits, b.Removed))
            .ToLookup(b => b.SiteId);
        ILookup<Guid, DatedTariff> tariffsOf = tariffs.ToLookup(t => t.SiteId, t => new DatedTariff(t.Begins, JsonSerializer.Deserialize<Tariff>(t.Tariff, Json.Options)!));
        Dictionary<Guid, Guid> siteOf = banks.ToDictionary(b => b.Id, b => b.SiteId);
        // Those that were taken away are at no bank any more, and still have the names that receipts know.
        return new Pages(lockers.Where(l => l.Removed).Select(l => l.At(siteOf[l.BankId])), [.. sites.Select(s => s.With([.. tariffsOf[s.Id]], banksOf[s.Id].Where(b => !b.Removed)))], [.. banksOf.SelectMany(b => b).Where(b => b.Removed)]);
    }

    private sealed class Pages(IEnumerable<LockerPlace> gone, IReadOnlyList<SitePlace> sites, IReadOnlyList<BankPlace> goneBanks)
    {
        public readonly IReadOnlyList<SitePlace> Sites = sites;
        public readonly FrozenDictionary<Guid, SitePlace> SiteById = sites.ToFrozenDictionary(s => s.Id);
        public readonly FrozenDictionary<Guid, BankPlace> BankById = sites.SelectMany(s => s.BanksAndLocks).Concat(goneBanks).ToFrozenDictionary(b => b.Id);
        public readonly FrozenDictionary<Guid, BankPlace> BankByDevice = sites.SelectMany(s => s.BanksAndLocks).ToFrozenDictionary(b => b.DeviceId);
        public readonly LockerPlace[] InOrder = [.. sites.SelectMany(s => s.Lockers).OrderBy(l => l.Id)];
        public readonly FrozenDictionary<Guid, LockerPlace[]> InOrderAt = sites.ToFrozenDictionary(s => s.Id, s => s.Lockers.OrderBy(l => l.Id).ToArray());
        public readonly FrozenDictionary<Guid, LockerPlace> LockerById = sites.SelectMany(s => s.BanksAndLocks.SelectMany(b => b.Lockers)).Concat(gone).ToFrozenDictionary(l => l.Id);
    }

    private sealed class SiteRow
    {
        public Guid Id { get; init; }
        public string Name { get; init; } = "";
        public string Address { get; init; } = "";
        public string City { get; init; } = "";
        public string State { get; init; } = "";
        public double Latitude { get; init; }
        public double Longitude { get; init; }
        public string TimeZone { get; init; } = "";
        public string OpeningHours { get; init; } = "";
        public bool Desk { get; init; }
        public long StorageMinor { get; init; }

        public SitePlace With(IReadOnlyList<DatedTariff> tariffs, IEnumerable<BankPlace> banks) => new(
            Id, Name, Address, City, State, Latitude, Longitude, TimeZoneInfo.FindSystemTimeZoneById(TimeZone),
            JsonSerializer.Deserialize<List<OpeningSpan>>(OpeningHours, Json.Options)!,
            tariffs,
            Desk,
            [.. banks.Where(b => b is { Owned: false, Mode: BankMode.Rental })],
            [.. banks.Where(b => b.Owned)],
            [.. banks.Where(b => b is { Owned: false, Mode: not BankMode.Rental })],
            StorageMinor);
    }

    private sealed class TariffRow
    {
        public Guid SiteId { get; init; }
        public DateTimeOffset Begins { get; init; }
        public string Tariff { get; init; } = "";
    }

    private sealed class BankRow
    {
        public Guid Id { get; init; }
        public Guid SiteId { get; init; }
        public Guid DeviceId { get; init; }
        public string Name { get; init; } = "";
        public int Columns { get; init; }
        public bool Owned { get; init; }
        public string Mode { get; init; } = "";
        public int CodeDigits { get; init; }
        public bool Removed { get; init; }
    }

    private sealed class LockerRow
    {
        public Guid Id { get; init; }
        public Guid BankId { get; init; }
        public int Number { get; init; }
        public string Label { get; init; } = "";
        public string Size { get; init; } = "";
        public string[] Features { get; init; } = [];
        public int Col { get; init; }
        public int Row { get; init; }
        public int RowSpan { get; init; }
        public bool InService { get; init; }
        public bool Removed { get; init; }

        public LockerPlace At(Guid site) => new(Id, BankId, site, Number, Label, EnumText.Parse<LockerSize>(Size), Features, Col, Row, RowSpan, InService);
    }
}
