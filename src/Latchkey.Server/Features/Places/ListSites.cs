using Latchkey.Domain.Lockers;
using Latchkey.Server.Hosting;
using Latchkey.Server.Storage;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Latchkey.Server.Features.Places;

/// <summary>Somebody looks for a site: by words, by size, or the nearest first.</summary>
public static class ListSites
{
    public sealed record Page(IReadOnlyList<SiteSummaryView> Items, string? Next, int Total);

    private const int MostPerPage = 100;

    public static void Map(IEndpointRouteBuilder routes) => routes.MapGet("/sites", Handle).WithName("ListSites");

    private static async Task<Results<Ok<Page>, ProblemHttpResult>> Handle(
        PlaceBook places, SiteBoards boards, CancellationToken cancel,
        string? query = null, string? size = null, double? latitude = null, double? longitude = null, string? cursor = null, int limit = 50)
    {
        var check = new Check()
            .That(query is null || query.Length <= 100, "query", "Search with at most 100 characters.")
            .That(size is null || EnumText.TryParse<LockerSize>(size, out _), "size", "A size is S, M, L or XL.")
            .That(latitude is null == longitude is null, "latitude", "Give both latitude and longitude, or neither.")
            .That(latitude is null or (>= -90 and <= 90), "latitude", "A latitude is between -90 and 90.")
            .That(longitude is null or (>= -180 and <= 180), "longitude", "A longitude is between -180 and 180.")
            .That(limit is >= 1 and <= MostPerPage, "limit", $"A page has 1 to {MostPerPage} sites.");
        int start = 0;
        check.That(cursor is null || (int.TryParse(cursor, out start) && start >= 0), "cursor", "This is not a cursor of this list.");
        if (check.Problem is { } invalid)
            return invalid;

        string[] words = (query ?? "").Split(' ', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        var found = places.Sites.Where(s => words.All(w => Mentions(s, w)));
        if (size is not null)
        {
            LockerSize wanted = EnumText.Parse<LockerSize>(size);
            found = found.Where(s => s.Lockers.Any(l => l.Size >= wanted));
        }
        List<(SitePlace Site, double? Distance)> ordered =
        [
            .. latitude is { } lat && longitude is { } lon
                ? found.Select(s => (s, (double?)PlaceViews.Distance(lat, lon, s.Latitude, s.Longitude))).OrderBy(s => s.Item2)
                : found.Select(s => (s, (double?)null)),
        ];
        var items = new List<SiteSummaryView>();
        foreach ((SitePlace site, double? distance) in ordered.Skip(start).Take(limit))
        {
            SiteSummaryView summary = await boards.Answer(site, (now, at) => PlaceViews.Summary(site, now, at), cancel);
            items.Add(summary with { DistanceMetres = distance });
        }
        return TypedResults.Ok(new Page(items, ordered.Count - start > limit ? $"{start + limit}" : null, ordered.Count));
    }

    private static bool Mentions(SitePlace site, string word) =>
        ((string[])[site.Name, site.Address, site.City, site.State]).Any(text => text.Contains(word, StringComparison.OrdinalIgnoreCase));
}
