using System.Globalization;
using Latchkey.Domain.Lockers;
using Latchkey.Domain.Places;
using Latchkey.Server.Hosting;
using Latchkey.Server.Storage;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Latchkey.Server.Features.Places;

/// <summary>Somebody looks for a site: by words, by city, by what its lockers are, by when it is open, or the nearest first.</summary>
public static class ListSites
{
    /// <param name="Total">How many match.</param>
    /// <param name="Cities">Where there are any that match, whichever city was asked for: the one with the most sites first, at most 100.</param>
    public sealed record Page(IReadOnlyList<SiteSummaryView> Items, string? Next, int Total, IReadOnlyList<CityCount> Cities);

    public sealed record CityCount(string Name, string State, int Sites);

    internal const string FeaturesAre = "Features are reachable, power and cooled, each once.";

    private const int MostPerPage = 100;
    private const int MostCities = 100;

    // Hours are weekly: a year is enough for every question, and keeps the calendar's ends away.
    private const int MostDays = 366;

    public static void Map(IEndpointRouteBuilder routes) => routes.MapGet("/sites", Handle).WithName("ListSites");

    private static async Task<Results<Ok<Page>, ProblemHttpResult>> Handle(
        PlaceBook places, SiteBoards boards, TimeProvider time, CancellationToken cancel,
        string? query = null, string? city = null, string? size = null, string? features = null, string? open = null,
        double? latitude = null, double? longitude = null, string? cursor = null, int limit = 50)
    {
        string[] wanted = features is null || features.Length > 100 ? [] : features.Split(',');
        var check = new Check()
            .That(query is null || query.Length <= 100, "query", "Search with at most 100 characters.")
            .That(city is null || city.Length <= 100, "city", "A city's name has at most 100 characters.")
            .That(size is null || EnumText.TryParse<LockerSize>(size, out _), "size", "A size is S, M, L or XL.")
            .That(features is null || (wanted.Length > 0 && wanted.All(LockerFeatures.All.Contains) && wanted.Distinct().Count() == wanted.Length), "features", FeaturesAre)
            .That(TryOpen(open, time.GetUtcNow(), out DateTimeOffset? at, out bool always), "open", "Say now, always, or an instant like 2026-11-21T18:30:00Z.")
            .That(latitude is null == longitude is null, "latitude", "Give both latitude and longitude, or neither.")
            .That(latitude is null or (>= -90 and <= 90), "latitude", "A latitude is between -90 and 90.")
            .That(longitude is null or (>= -180 and <= 180), "longitude", "A longitude is between -180 and 180.")
            .That(limit is >= 1 and <= MostPerPage, "limit", $"A page has 1 to {MostPerPage} sites.");
        int start = 0;
        check.That(cursor is null || (int.TryParse(cursor, out start) && start >= 0), "cursor", "This is not a cursor of this list.");
        if (check.Problem is { } invalid)
            return invalid;

        string[] words = (query ?? "").Split(' ', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        IEnumerable<SitePlace> found = places.Sites.Where(s => words.All(w => Mentions(s, w)));
        if (size is not null || wanted.Length > 0)
        {
            LockerSize least = size is null ? LockerSize.S : EnumText.Parse<LockerSize>(size);
            found = found.Where(s => s.Lockers.Any(l => l.InService && l.Size >= least && l.Has(wanted)));
        }
        if (always)
            found = found.Where(s => OpeningHours.IsAlways(s.OpeningHours));
        if (at is { } then)
            found = found.Where(s => OpeningHours.IsOpen(s.OpeningHours, s.Zone, then));
        List<SitePlace> matching = [.. found];
        IEnumerable<SitePlace> inCity = matching.Where(s => city is null || Same(s.City, city));
        List<(SitePlace Site, double? Distance)> ordered =
        [
            .. latitude is { } lat && longitude is { } lon
                ? inCity.Select(s => (s, (double?)PlaceViews.Distance(lat, lon, s.Latitude, s.Longitude))).OrderBy(s => s.Item2)
                : inCity.Select(s => (s, (double?)null)),
        ];
        var items = new List<SiteSummaryView>();
        foreach ((SitePlace site, double? distance) in ordered.Skip(start).Take(limit))
        {
            SiteSummaryView summary;
            if (wanted.Length == 0)
            {
                summary = await boards.Answer(site, (now, asked) => PlaceViews.Summary(site, now, asked), cancel);
            }
            else
            {
                // What is counted depends on the question.
                Moment moment = await boards.Now(site, cancel);
                summary = PlaceViews.Summary(site, moment.Now, moment.At, wanted);
            }
            items.Add(summary with { DistanceMetres = distance });
        }
        return TypedResults.Ok(new Page(items, ordered.Count - start > limit ? $"{start + limit}" : null, ordered.Count, Cities(matching)));
    }

    private static IReadOnlyList<CityCount> Cities(List<SitePlace> sites) =>
    [
        .. sites.GroupBy(s => (s.City, s.State)).Select(g => new CityCount(g.Key.City, g.Key.State, g.Count())).OrderByDescending(c => c.Sites).ThenBy(c => c.Name, StringComparer.Ordinal).Take(MostCities),
    ];

    private static bool TryOpen(string? text, DateTimeOffset now, out DateTimeOffset? at, out bool always)
    {
        (at, always) = (text == "now" ? now : null, text == "always");
        if (text is null or "now" or "always")
            return true;
        if (text.Length > 40 || !DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out DateTimeOffset given))
            return false;
        at = given;
        return Math.Abs((given - now).TotalDays) < MostDays;
    }

    internal static bool Mentions(SitePlace site, string word) =>
        ((string[])[site.Name, site.Address, site.City, site.State]).Any(text => text.Contains(word, StringComparison.OrdinalIgnoreCase));

    private static bool Same(string city, string asked) => city.Equals(asked.Trim(), StringComparison.OrdinalIgnoreCase);
}
