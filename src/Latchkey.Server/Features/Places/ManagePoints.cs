using System.Globalization;
using System.Text.Json;
using Latchkey.Domain;
using Latchkey.Domain.Lockers;
using Latchkey.Domain.Places;
using Latchkey.Domain.Pricing;
using Latchkey.Server.Features.Leases;
using Latchkey.Server.Features.Locks;
using Latchkey.Server.Hosting;
using Latchkey.Server.Journal;
using Latchkey.Server.Storage;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Latchkey.Server.Features.Places;

/// <summary>Everybody sees the places where lockers are, by some called locker points; admins make and change them, and say which banks stand there. A bank gets its controller by a claim code.</summary>
public static class ManagePoints
{
    /// <param name="OpeningHours">In its own time; null or empty is always. Day 0 is Monday; 00:00 as its end is midnight.</param>
    /// <param name="TimeZone">As in the IANA list, Asia/Kolkata for example.</param>
    /// <param name="StoragePerHourMinor">What a deposit costs for each started hour, in minor units of its currency.</param>
    /// <param name="Desk">Its staff take money.</param>
    /// <param name="Tariff">What a new place charges for rentals; null is the usual one in rupees. Others are set by <c>admin/sites/{id}/tariffs</c>, and here it says nothing of a place that is there.</param>
    public sealed record Request(
        Guid CityId, string Name, string Address, double Latitude, double Longitude, string TimeZone = "Asia/Kolkata", IReadOnlyList<OpeningSpanView>? OpeningHours = null,
        long StoragePerHourMinor = SitePlace.UsualStorageMinor, bool Desk = false, Tariff? Tariff = null);

    /// <param name="Columns">How many lockers stand beside each other, 1 to 100.</param>
    public sealed record BankRequest(string Name, int Columns);

    /// <param name="Lockers">In service.</param>
    /// <param name="Free">Of these, how many nobody has.</param>
    public sealed record PointView(
        Guid Id, string Name, string Address, string City, string State, double Latitude, double Longitude, string TimeZone, IReadOnlyList<OpeningSpanView> OpeningHours, bool OpenNow, Money StoragePerHour, int Lockers, int Free, IReadOnlyList<PointBank> Banks);

    public sealed record PointBank(Guid Id, string Name, int Columns, bool? Online);

    public sealed record PointList(IReadOnlyList<PointView> Items, int Total);

    private const int MostPerPage = 200;

    /// <summary>What a new place charges until somebody says otherwise.</summary>
    public static readonly Tariff UsualTariff = new(
        "INR",
        new Dictionary<LockerSize, Rate>
        {
            [LockerSize.S] = new(3000, 24000, 3000, 12000), [LockerSize.M] = new(5000, 40000, 5000, 20000), [LockerSize.L] = new(8000, 64000, 8000, 32000), [LockerSize.XL] = new(12000, 96000, 12000, 48000),
        },
        FreeMinutes: 0, GraceMinutes: 15, TaxBasisPoints: 1800);

    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet("/locker-points", List).WithName("ListPoints");
        routes.MapPost("/locker-points", Make).WithName("MakePoint").SignedIn().Produces<PointView>(201);
        routes.MapPut("/locker-points/{id:guid}", Change).WithName("ChangePoint").SignedIn().Produces<PointView>();
        routes.MapDelete("/locker-points/{id:guid}", Remove).WithName("RemovePoint").SignedIn();
        routes.MapDelete("/admin/banks/{id:guid}", RemoveBank).WithName("RemoveBank").SignedIn();
        routes.MapPost("/locker-points/{id:guid}/banks", MakeBank).WithName("MakeBank").SignedIn().Produces<PointBank>(201);
    }

    private static async Task<Results<Ok<PointList>, ProblemHttpResult>> List(PlaceBook places, SiteBoards boards, CancellationToken cancel, string? city = null, int skip = 0, int limit = 50)
    {
        if (new Check().That(city is null || city.Length <= 100, "city", "A city's name has at most 100 characters.").That(limit is >= 1 and <= MostPerPage, "limit", $"A page has 1 to {MostPerPage} places.")
            .That(skip is >= 0 and <= 100_000, "skip", "Skip 0 to 100,000.").Problem is { } invalid)
            return invalid;
        List<SitePlace> found = [.. places.Sites.Where(s => city is null || s.City.Equals(city.Trim(), StringComparison.OrdinalIgnoreCase))];
        var items = new List<PointView>();
        foreach (SitePlace site in found.Skip(skip).Take(limit))
            items.Add(await View(site, boards, cancel));
        return TypedResults.Ok(new PointList(items, found.Count));
    }

    private static async Task<Results<JsonHttpResult<PointView>, ProblemHttpResult>> Make(Request request, HttpContext http, Db db, PlaceBook places, SiteBoards boards, TimeProvider time, CancellationToken cancel)
    {
        Tariff tariff = request.Tariff ?? UsualTariff;
        ProblemHttpResult? wrong = Wrong(request, out List<OpeningSpan> hours, tariff);
        if ((http.NotAnAdmin() ?? wrong) is { } no)
            return no;
        DateTimeOffset now = time.GetUtcNow();
        var id = Guid.CreateVersion7(now);
        Refusal? refused = await ManageStates.Change(
            http, db, time,
            """
            insert into site (id, city_id, name, address, latitude, longitude, time_zone, opening_hours, desk, storage_minor)
            values (@id, @CityId, @name, @address, @Latitude, @Longitude, @TimeZone, @hours::jsonb, @Desk, @StoragePerHourMinor);
            insert into site_tariff (site_id, begins, tariff, set_by, set_at) values (@id, @begins, @tariff::jsonb, @by, @now)
            """,
            Row(request, id, hours, tariff, http.Caller().Id, now), cancel, site: id);
        if (refused is not null)
            return Problems.Of(refused);
        await places.Reload(cancel);
        return TypedResults.Json(await View(places.Site(id)!, boards, cancel), Json.Options, statusCode: StatusCodes.Status201Created);
    }

    private static async Task<Results<JsonHttpResult<PointView>, ProblemHttpResult>> Change(
        Guid id, Request request, HttpContext http, Db db, PlaceBook places, SiteBoards boards, TimeProvider time, CancellationToken cancel)
    {
        ProblemHttpResult? wrong = Wrong(request, out List<OpeningSpan> hours, null);
        if ((http.NotAnAdmin() ?? wrong) is { } no)
            return no;
        DateTimeOffset now = time.GetUtcNow();
        Refusal? refused = await ManageStates.Change(
            http, db, time,
            """
            update site set city_id = @CityId, name = @name, address = @address, latitude = @Latitude, longitude = @Longitude, time_zone = @TimeZone, opening_hours = @hours::jsonb, desk = @Desk, storage_minor = @StoragePerHourMinor
            where id = @id
            """,
            Row(request, id, hours, UsualTariff, http.Caller().Id, now), cancel, site: id);
        if (refused is not null)
            return Problems.Of(refused);
        await places.Reload(cancel);
        return TypedResults.Json(await View(places.Site(id)!, boards, cancel), Json.Options);
    }

    private static async Task<Results<NoContent, ProblemHttpResult>> Remove(Guid id, HttpContext http, Db db, PlaceBook places, TimeProvider time, CancellationToken cancel)
    {
        if (http.NotAnAdmin() is { } no)
            return no;
        // Only where nothing ever stood: what has a history stays.
        if (places.Site(id) is { } site && site.BanksAndLocks.Any())
            return Problems.Of(ManageStates.NotEmpty);
        Refusal? refused = await ManageStates.Change(http, db, time, "delete from site_staff where site_id = @id; delete from site_tariff where site_id = @id; delete from site where id = @id", new { id }, cancel, site: id);
        if (refused is not null)
            return Problems.Of(refused);
        await places.Reload(cancel);
        return TypedResults.NoContent();
    }

    private static async Task<Results<JsonHttpResult<PointBank>, ProblemHttpResult>> MakeBank(Guid id, BankRequest request, HttpContext http, Db db, PlaceBook places, TimeProvider time, CancellationToken cancel)
    {
        if ((http.NotAnAdmin() ?? new Check().Text(request.Name, "name", 1, 60, "A bank's name").That(request.Columns is >= 1 and <= 100, "columns", "A bank has 1 to 100 columns.").Problem) is { } no)
            return no;
        if (places.Site(id) is not { } site)
            return Problems.Of(Refusal.NotFound("place"));
        DateTimeOffset now = time.GetUtcNow();
        (Guid bank, Guid device) = (Guid.CreateVersion7(now), Guid.CreateVersion7(now));
        Refusal? refused = await ManageStates.Change(
            http, db, time,
            """
            insert into device (id, model, public_key) values (@device, @NoDevice, '');
            insert into bank (id, site_id, device_id, name, columns, position) values (@bank, @id, @device, @name, @Columns, @position)
            """,
            new { bank, device, id, name = request.Name.Trim(), request.Columns, position = site.Banks.Count, MakeLock.NoDevice }, cancel, site: id, bank: bank);
        if (refused is not null)
            return Problems.Of(refused);
        await places.Reload(cancel);
        return TypedResults.Json(new PointBank(bank, request.Name.Trim(), request.Columns, null), Json.Options, statusCode: StatusCodes.Status201Created);
    }

    /// <summary>
    /// A bank is carried away: its lockers are nobody's any more, and its device is not listened to. What was done there keeps its names. Not while somebody has one of its lockers or waits for its claim code.
    /// </summary>
    private static async Task<Results<NoContent, ProblemHttpResult>> RemoveBank(Guid id, HttpContext http, Db db, PlaceBook places, TimeProvider time, CancellationToken cancel)
    {
        if (http.NotAnAdmin() is { } no)
            return no;
        if (places.Bank(id) is not { Owned: false, Removed: false } bank)
            return Problems.Of(Refusal.NotFound("bank"));
        Decision<bool> decision = await db.Decide<bool>(
            async tx =>
            {
                DateTimeOffset now = time.GetUtcNow();
                Guid admin = http.Caller().Id;
                if (await tx.First<Guid?>("select device_id from bank where id = @id and removed_at is null for update", new { id }) is not { } device)
                    return Refusal.NotFound("bank");
                // Whoever claims a locker locks its row too: either they see that it is gone, or this sees their lease.
                await tx.Execute("select 1 from locker where bank_id = @id order by id for update", new { id });
                if (await tx.Scalar<bool>($"select exists (select 1 from lease where bank_id = @id and state in {LeaseRow.Live})", new { id }))
                    return ManageLockers.InUse;
                if (await tx.Scalar<bool>("select exists (select 1 from device_claim where bank_id = @id and state in ('open', 'waiting') and expires_at > @now)", new { id, now }))
                    return Refusal.ClaimUnderWay;
                await tx.Execute("update locker set removed_at = coalesce(removed_at, @now), in_service = false where bank_id = @id; update bank set removed_at = @now where id = @id", new { id, now });
                await Devices.RevokeDevice.Revoke(tx, device, admin, "removed", bank, now);
                tx.Journal(new JournalEntry(now, JournalKinds.PlaceChanged, JournalEntry.ByPerson(admin), SiteId: bank.SiteId, BankId: id));
                return true;
            },
            cancel);
        if (decision.Refusal is { } refused)
            return Problems.Of(refused);
        await places.Reload(cancel);
        return TypedResults.NoContent();
    }

    private static object Row(Request r, Guid id, List<OpeningSpan> hours, Tariff tariff, Guid by, DateTimeOffset now) => new
    {
        id, r.CityId, name = r.Name.Trim(), address = r.Address.Trim(), r.Latitude, r.Longitude, r.TimeZone, r.Desk, r.StoragePerHourMinor, by, now,
        begins = DateTimeOffset.UnixEpoch, hours = JsonSerializer.Serialize(hours, Json.Options), tariff = JsonSerializer.Serialize(tariff, Json.Options),
    };

    private static ProblemHttpResult? Wrong(Request r, out List<OpeningSpan> hours, Tariff? tariff)
    {
        hours = [];
        var check = new Check()
            .Text(r.Name, "name", 1, 80, "A name").Text(r.Address, "address", 1, 200, "An address")
            .That(r.Latitude is >= -90 and <= 90, "latitude", "A latitude is between -90 and 90.").That(r.Longitude is >= -180 and <= 180, "longitude", "A longitude is between -180 and 180.")
            .That(r.TimeZone.Length <= 60 && !r.TimeZone.Any(char.IsControl) && TimeZoneInfo.TryFindSystemTimeZoneById(r.TimeZone, out _), "timeZone", "This is no time zone of the IANA list, like Asia/Kolkata.")
            .That(r.StoragePerHourMinor is >= 0 and <= 1_000_000_000, "storagePerHourMinor", "An amount is from 0 to 1000000000 minor units.")
            .That(r.OpeningHours is null || r.OpeningHours.Count <= 50, "openingHours", "50 spans at most.");
        check.That(r.OpeningHours?.Contains(null!) != true, "openingHours", "None of the spans is null.");
        foreach (OpeningSpanView span in (r.OpeningHours ?? []).Take(50).Where(s => s is not null))
        {
            bool good = span.Day is >= 0 and <= 6
                & TimeOnly.TryParseExact(span.Opens, "HH:mm", CultureInfo.InvariantCulture, DateTimeStyles.None, out TimeOnly opens)
                & TimeOnly.TryParseExact(span.Closes, "HH:mm", CultureInfo.InvariantCulture, DateTimeStyles.None, out TimeOnly closes);
            check.That(good && (closes > opens || closes == TimeOnly.MinValue), "openingHours", "A span has a day from 0 (Monday) to 6, and two times like 09:30, the later one second.");
            hours.Add(new OpeningSpan(span.Day, opens, closes));
        }
        foreach ((string field, string fault) in tariff is null ? new Dictionary<string, string>() : TariffBook.Faults(tariff))
            check.That(false, field, fault);
        return check.Problem;
    }

    private static async Task<PointView> View(SitePlace site, SiteBoards boards, CancellationToken cancel)
    {
        Moment m = await boards.Now(site, cancel);
        return new PointView(
            site.Id, site.Name, site.Address, site.City, site.State, site.Latitude, site.Longitude, site.Zone.Id,
            [.. site.OpeningHours.Select(s => new OpeningSpanView(s.Day, s.Opens.ToString("HH:mm", CultureInfo.InvariantCulture), s.Closes.ToString("HH:mm", CultureInfo.InvariantCulture)))],
            OpeningHours.IsOpen(site.OpeningHours, site.Zone, m.At), site.TariffAt(m.At).Amount(site.StorageMinor), site.Lockers.Count(l => l.InService), site.Lockers.Count(l => PlaceViews.Availability(l, m.Now.Taken) == PlaceViews.Free),
            [.. site.Banks.Select(b => new PointBank(b.Id, b.Name, b.Columns, m.Now.Devices.GetValueOrDefault(b.DeviceId)?.Online))]);
    }
}
