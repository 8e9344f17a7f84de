using Latchkey.Domain;
using Latchkey.Domain.Lockers;
using Latchkey.Server.Devices;
using Latchkey.Server.Hosting;
using Latchkey.Server.Journal;
using Latchkey.Server.Storage;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Latchkey.Server.Features.Places;

/// <summary>
/// Everybody looks for lockers by place and sees which are free, not which are broken; admins say which door of a bank is which locker, take one out of service and away. One that somebody has had is kept
/// for the receipts that name it.
/// </summary>
public static class ManageLockers
{
    /// <param name="Number">The door's number at its controller, 1 to 200.</param>
    /// <param name="Label">What stands on the door, 1 to 20 characters.</param>
    /// <param name="Features"><c>reachable</c>, <c>power</c>, <c>cooled</c>, each once.</param>
    /// <param name="Column">Where it is in the drawing of its bank, from 0.</param>
    /// <param name="RowSpan">How many rows it is high; null follows from its size.</param>
    public sealed record Making(Guid BankId, int Number, string Label, LockerSize Size, IReadOnlyList<string>? Features = null, int Column = 0, int Row = 0, int? RowSpan = null);

    /// <param name="InService">Whether somebody can get it.</param>
    public sealed record Changing(string Label, LockerSize Size, bool InService, IReadOnlyList<string>? Features = null);

    /// <param name="Availability"><c>free</c> or <c>taken</c>; admins who ask for all see <c>out-of-service</c> too.</param>
    public sealed record LockerAtPoint(
        Guid Id, int Number, string Label, LockerSize Size, IReadOnlyList<string> Features, string Availability, Guid BankId, string Bank, Guid PointId, string Point, string Address, string City, string State, Money PerHour, Money StoragePerHour);

    /// <param name="Total">How many there are in all; null where <c>after</c> was asked for, which counts nothing.</param>
    /// <param name="Next">Ask for what comes <c>after</c> it; null where nothing does, or <c>skip</c> was asked for.</param>
    public sealed record LockerList(IReadOnlyList<LockerAtPoint> Items, int? Total, Guid? Next = null);

    private const int MostPerPage = 500;

    internal static readonly Refusal InUse = new("locker-in-use", RefusalKind.Conflict, "Somebody has this locker. Clear it first.");

    internal static readonly Refusal NumberTaken = new("name-taken", RefusalKind.Conflict, "This bank has a locker with that number already.");

    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet("/lockers", List).WithName("ListLockers");
        routes.MapGet("/lockers/by-place", ByPlace).WithName("ListLockersByPlace");
        routes.MapGet("/lockers/{id:guid}", Show).WithName("ShowLocker");
        routes.MapPost("/admin/lockers", Make).WithName("MakeLocker").SignedIn().Produces<LockerAtPoint>(201);
        routes.MapPut("/admin/lockers/{id:guid}", Change).WithName("ChangeLocker").SignedIn().Produces<LockerAtPoint>();
        routes.MapDelete("/admin/lockers/{id:guid}", Remove).WithName("RemoveLocker").SignedIn();
        // As clients of the older exchange call them.
        routes.MapPost("/admin", Make).WithName("MakeAdminItem").SignedIn().Produces<LockerAtPoint>(201);
        routes.MapPut("/admin/{id:guid}", Change).WithName("ChangeAdminItem").SignedIn().Produces<LockerAtPoint>();
        routes.MapDelete("/admin/{id:guid}", Remove).WithName("RemoveAdminItem").SignedIn();
    }

    /// <param name="after">Page by page in the order of ids, each as quick as the first however many there are: the page's <c>next</c>, and 00000000-0000-0000-0000-000000000000 for the first.</param>
    private static Task<Results<Ok<LockerList>, ProblemHttpResult>> List(
        HttpContext http, PlaceBook places, SiteBoards boards, CancellationToken cancel, Guid? point = null, bool free = false, bool all = false, int skip = 0, int limit = 100, Guid? after = null) =>
        after is { } last ? PageAfter(last, places, point, http, boards, free, all, limit, cancel) : Page(places.Sites.Where(s => point is null || s.Id == point), places, http, boards, free, all, skip, limit, cancel);

    private static async Task<Results<Ok<LockerList>, ProblemHttpResult>> ByPlace(
        HttpContext http, PlaceBook places, SiteBoards boards, string location, CancellationToken cancel, bool free = false, bool all = false, int skip = 0, int limit = 100)
    {
        if (new Check().Text(location, "location", 1, 100, "A place").Problem is { } invalid)
            return invalid;
        string[] words = location.Split([' ', ','], StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        return await Page(places.Sites.Where(s => words.All(w => ListSites.Mentions(s, w))), places, http, boards, free, all, skip, limit, cancel);
    }

    private static async Task<Results<Ok<LockerList>, ProblemHttpResult>> Page(IEnumerable<SitePlace> sites, PlaceBook places, HttpContext http, SiteBoards boards, bool free, bool all, int skip, int limit, CancellationToken cancel)
    {
        if (Limited(limit).That(skip is >= 0 and <= 1_000_000, "skip", "Skip 0 to 1,000,000.").Problem is { } invalid)
            return invalid;
        bool broken = all && http.CallerOrNull()?.Role == "admin";
        var found = new List<LockerAtPoint>();
        foreach (SitePlace site in sites)
        {
            Moment moment = await boards.Now(site, cancel);
            found.AddRange(site.Lockers.Select(l => View(places, site, l, moment)).Where(v => Shown(v, free, broken)));
        }
        return TypedResults.Ok(new LockerList([.. found.Skip(skip).Take(limit)], found.Count));
    }

    private static async Task<Results<Ok<LockerList>, ProblemHttpResult>> PageAfter(
        Guid last, PlaceBook places, Guid? point, HttpContext http, SiteBoards boards, bool free, bool all, int limit, CancellationToken cancel)
    {
        if (Limited(limit).Problem is { } invalid)
            return invalid;
        bool broken = all && http.CallerOrNull()?.Role == "admin";
        IReadOnlyList<LockerPlace> lockers = places.InOrder(point);
        var moments = new Dictionary<Guid, Moment>();
        var found = new List<LockerAtPoint>();
        for (int i = FirstAfter(lockers, last); i < lockers.Count; i++)
        {
            SitePlace site = places.Site(lockers[i].SiteId)!;
            if (!moments.TryGetValue(site.Id, out Moment? moment))
                moments.Add(site.Id, moment = await boards.Now(site, cancel));
            LockerAtPoint view = View(places, site, lockers[i], moment);
            if (!Shown(view, free, broken))
                continue;
            if (found.Count == limit)
                return TypedResults.Ok(new LockerList(found, null, found[^1].Id));
            found.Add(view);
        }
        return TypedResults.Ok(new LockerList(found, null));
    }

    private static Check Limited(int limit) => new Check().That(limit is >= 1 and <= MostPerPage, "limit", $"A page has 1 to {MostPerPage} lockers.");

    private static int FirstAfter(IReadOnlyList<LockerPlace> lockers, Guid last)
    {
        int low = 0, high = lockers.Count;
        while (low < high)
        {
            int middle = (low + high) / 2;
            (low, high) = lockers[middle].Id.CompareTo(last) <= 0 ? (middle + 1, high) : (low, middle);
        }
        return low;
    }

    private static async Task<Results<Ok<LockerAtPoint>, ProblemHttpResult>> Show(Guid id, PlaceBook places, SiteBoards boards, HttpContext http, CancellationToken cancel)
    {
        if (places.Locker(id) is not { } locker || places.Site(locker.SiteId) is not { } site || site.Lockers.All(l => l.Id != id))
            return Problems.Of(Refusal.NotFound("locker"));
        LockerAtPoint view = View(places, site, locker, await boards.Now(site, cancel));
        return Shown(view, false, http.CallerOrNull()?.Role == "admin") ? TypedResults.Ok(view) : Problems.Of(Refusal.NotFound("locker"));
    }

    private static async Task<Results<JsonHttpResult<LockerAtPoint>, ProblemHttpResult>> Make(
        Making request, HttpContext http, Db db, PlaceBook places, SiteBoards boards, Grants grants, TimeProvider time, CancellationToken cancel)
    {
        if ((http.NotAnAdmin() ?? Wrong(request.Label, request.Features)
            .That(request.Number is >= 1 and <= 200, "number", "A door's number is from 1 to 200.").That(request.Column is >= 0 and < 100, "column", "A column is from 0 to 99.")
            .That(request.Row is >= 0 and < 100, "row", "A row is from 0 to 99.").That(request.RowSpan is null or (>= 1 and <= 20), "rowSpan", "A locker is 1 to 20 rows high.").Problem) is { } no)
            return no;
        if (places.Bank(request.BankId) is not { Owned: false, Removed: false } bank)
            return Problems.Of(Refusal.NotFound("bank"));
        DateTimeOffset now = time.GetUtcNow();
        // The number of one that was taken away comes back as the same door.
        Refusal? refused = await ManageStates.Change(
            http, db, time,
            """
            insert into locker as k (id, bank_id, number, label, size, features, col, row, row_span) values (@id, @BankId, @Number, @label, @size, @features, @Column, @Row, @span)
            on conflict (bank_id, number) do update set label = excluded.label, size = excluded.size, features = excluded.features, col = excluded.col, row = excluded.row, row_span = excluded.row_span,
              in_service = true, removed_at = null where k.removed_at is not null
            """,
            new
            {
                id = Guid.CreateVersion7(now), request.BankId, request.Number, label = request.Label.Trim(), size = request.Size.Text(), features = (request.Features ?? []).ToArray(), request.Column, request.Row,
                span = request.RowSpan ?? request.Size.Rows(),
            },
            cancel, bank.SiteId, bank.Id, then: tx => LockerService.Tell(tx, grants, bank, now));
        if (refused is not null)
            return Problems.Of(refused.Kind == RefusalKind.NotFound ? NumberTaken : refused);
        await places.Reload(cancel);
        return TypedResults.Json(await Now(places.Bank(bank.Id)!.Lockers.First(l => l.Number == request.Number).Id, places, boards, cancel), Json.Options, statusCode: StatusCodes.Status201Created);
    }

    private static async Task<Results<JsonHttpResult<LockerAtPoint>, ProblemHttpResult>> Change(
        Guid id, Changing request, HttpContext http, Db db, PlaceBook places, SiteBoards boards, Grants grants, TimeProvider time, CancellationToken cancel)
    {
        if ((http.NotAnAdmin() ?? Wrong(request.Label, request.Features).Problem) is { } no)
            return no;
        if (Rentable(places, id) is not { } locker)
            return Problems.Of(Refusal.NotFound("locker"));
        Decision<bool> decision = await db.Decide<bool>(
            async tx =>
            {
                DateTimeOffset now = time.GetUtcNow();
                string label = request.Label.Trim(), by = JournalEntry.ByPerson(http.Caller().Id);
                string? before = await tx.First<string>("select label from locker where id = @id and removed_at is null for update", new { id });
                if (before is null)
                    return Refusal.NotFound("locker");
                // Who has it types the digits of its label before a PIN, and the bank has been told which those are.
                if (before != label && await LockerService.IsTaken(tx, id))
                    return InUse;
                await tx.Execute("update locker set label = @label, size = @size, features = @features where id = @id", new { id, label, size = request.Size.Text(), features = (request.Features ?? []).ToArray() });
                if (!await LockerService.Set(tx, grants, places, locker, request.InService, by, now))
                    tx.Journal(new JournalEntry(now, JournalKinds.PlaceChanged, by, SiteId: locker.SiteId, BankId: locker.BankId, LockerId: id));
                return true;
            },
            cancel);
        if (decision.Refusal is { } refused)
            return Problems.Of(refused);
        await places.Reload(cancel);
        return TypedResults.Json(await Now(id, places, boards, cancel), Json.Options);
    }

    private static async Task<Results<NoContent, ProblemHttpResult>> Remove(Guid id, HttpContext http, Db db, PlaceBook places, Grants grants, TimeProvider time, CancellationToken cancel)
    {
        if (http.NotAnAdmin() is { } no)
            return no;
        if (Rentable(places, id) is not { } locker)
            return Problems.Of(Refusal.NotFound("locker"));
        Decision<bool> decision = await db.Decide<bool>(
            async tx =>
            {
                DateTimeOffset now = time.GetUtcNow();
                // Whoever claims a locker locks its row too: either they see that it is gone, or this sees their lease.
                await tx.Execute("select 1 from locker where id = @id for update", new { id });
                if (await LockerService.IsTaken(tx, id))
                    return InUse;
                await tx.Execute("update locker set removed_at = @now, in_service = false where id = @id", new { id, now });
                tx.Journal(new JournalEntry(now, JournalKinds.LockerOut, JournalEntry.ByPerson(http.Caller().Id), SiteId: locker.SiteId, BankId: locker.BankId, LockerId: id));
                await LockerService.Tell(tx, grants, places.Bank(locker.BankId)!, now);
                return true;
            },
            cancel);
        if (decision.Refusal is { } refused)
            return Problems.Of(refused);
        await places.Reload(cancel);
        return TypedResults.NoContent();
    }

    /// <summary>A locker that stands at a bank now, and is not somebody's own lock.</summary>
    private static LockerPlace? Rentable(PlaceBook places, Guid id) => places.Locker(id) is { } locker && places.Bank(locker.BankId) is { Owned: false } bank ? bank.Lockers.FirstOrDefault(l => l.Id == id) : null;

    private static Check Wrong(string label, IReadOnlyList<string>? features) => new Check().Text(label, "label", 1, 20, "A label")
        .That(features is null || (features.Count <= LockerFeatures.All.Count && features.Distinct().Count() == features.Count && features.All(LockerFeatures.All.Contains)), "features", ListSites.FeaturesAre);

    private static bool Shown(LockerAtPoint view, bool free, bool broken) => view.Availability == PlaceViews.Free || (!free && (broken || view.Availability == PlaceViews.Taken));

    private static async Task<LockerAtPoint> Now(Guid id, PlaceBook places, SiteBoards boards, CancellationToken cancel)
    {
        SitePlace site = places.Site(places.Locker(id)!.SiteId)!;
        return View(places, site, places.Locker(id)!, await boards.Now(site, cancel));
    }

    private static LockerAtPoint View(PlaceBook places, SitePlace site, LockerPlace l, Moment moment)
    {
        Domain.Pricing.Tariff tariff = site.TariffAt(moment.At);
        return new LockerAtPoint(
            l.Id, l.Number, l.Label, l.Size, l.Features, PlaceViews.Availability(l, moment.Now.Taken), l.BankId, places.Bank(l.BankId)!.Name, site.Id, site.Name, site.Address, site.City, site.State,
            tariff.Amount(tariff.Rates.TryGetValue(l.Size, out Domain.Pricing.Rate? rate) ? rate.PerHour : 0), tariff.Amount(site.StorageMinor));
    }
}
