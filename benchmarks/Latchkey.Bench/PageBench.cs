using System.Text.Json.Nodes;
using Npgsql;

namespace Latchkey.Bench;

/// <summary>A page of a hundred lockers out of a place of 10,000, page after page by key, beside the whole of a place of 100.</summary>
internal static class PageBench
{
    // A bank has 200 doors at most.
    private const int Banks = 50, LockersInABank = 200, PageSize = 100;

    private static readonly Guid Site = BenchSite.Id(8);

    /// <summary>The site, before the server's second start: places are read then.</summary>
    public static Task Add(NpgsqlConnection db) => BenchSite.Add(db, Site, "Ten thousand lockers", Banks, LockersInABank, mode: "rental");

    public static async Task Run(ServerUnderTest server, bool quick)
    {
        int pages = Banks * LockersInABank / PageSize;
        List<double> large = [], small = [];
        for (int round = 0; round < (quick ? 3 : 10); round++)
        {
            Guid after = Guid.Empty;
            for (int page = 0; page < pages; page++)
            {
                // In turn: what the machine does meanwhile hits both.
                (double milliseconds, JsonNode body) = await Ask(server, Site, after);
                (double beside, _) = await Ask(server, ServerUnderTest.LargeSite, Guid.Empty);
                after = (Guid?)body["next"] ?? Guid.Empty;
                if (body["items"]!.AsArray().Count != PageSize || (after == Guid.Empty) != (page == pages - 1))
                    throw new InvalidOperationException($"Page {page} is not a hundred lockers, or not the last.");
                if (round == 0)
                    continue; // warm
                large.Add(milliseconds);
                small.Add(beside);
            }
        }
        Report.Line("a page of 100 out of 10,000 lockers, p50", Report.Percentile(large, 0.5), "ms", "the page of a place of 100, p50", Report.Percentile(small, 0.5), limit: "ratio 1.2");
        Report.Line("a page of 100 out of 10,000 lockers, p95", Report.Percentile(large, 0.95), "ms", "the page of a place of 100, p95", Report.Percentile(small, 0.95));
    }

    private static Task<(double Milliseconds, JsonNode Body)> Ask(ServerUnderTest server, Guid site, Guid after) =>
        HistoryBench.Ask(server.Http, $"lockers?point={site}&limit={PageSize}&after={after}");
}
