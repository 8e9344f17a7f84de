using System.Diagnostics;
using System.Text.Json.Nodes;
using Dapper;
using Npgsql;

namespace Latchkey.Bench;

/// <summary>A page of a hundred lockers out of a place of 10,000, page after page by key, beside the whole of a place of 100.</summary>
internal static class PageBench
{
    // A bank has 200 doors at most.
    private const int Banks = 50, LockersInABank = 200, PageSize = 100;

    private static readonly Guid Site = Guid.Parse("00000000-0000-7000-8000-000000000800");

    /// <summary>The site, before the server's second start: places are read then.</summary>
    public static Task Add(NpgsqlConnection db) => db.ExecuteAsync(
        """
        insert into site (id, city_id, name, address, latitude, longitude, time_zone, opening_hours) select @Site, city_id, 'Ten thousand lockers', address, latitude, longitude, time_zone, '[]' from site limit 1;
        insert into site_tariff (site_id, begins, tariff, set_at) select @Site, begins, tariff, set_at from site_tariff limit 1;
        insert into device (id, model, public_key) select ('00000000-0000-7000-9000-0000000008' || lpad(n::text, 2, '0'))::uuid, 'none', '' from generate_series(1, @Banks) n;
        insert into bank (id, site_id, device_id, name, columns, position)
          select ('00000000-0000-7000-a000-0000000008' || lpad(n::text, 2, '0'))::uuid, @Site, ('00000000-0000-7000-9000-0000000008' || lpad(n::text, 2, '0'))::uuid, 'Hall ' || n, 50, n from generate_series(1, @Banks) n;
        insert into locker (id, bank_id, number, label, size, features, col, row)
          select ('00000000-0000-7000-b000-00008' || lpad(b::text, 3, '0') || lpad(n::text, 4, '0'))::uuid, ('00000000-0000-7000-a000-0000000008' || lpad(b::text, 2, '0'))::uuid, n, ((b - 1) * 200 + n)::text, 'M', '{reachable}',
            (n - 1) / 4, (n - 1) % 4
          from generate_series(1, @Banks) b, generate_series(1, @LockersInABank) n
        """,
        new { Site, Banks, LockersInABank });

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

    private static async Task<(double Milliseconds, JsonNode Body)> Ask(ServerUnderTest server, Guid site, Guid after)
    {
        long begun = Stopwatch.GetTimestamp();
        string text = await server.Http.GetStringAsync($"lockers?point={site}&limit={PageSize}&after={after}");
        return (Stopwatch.GetElapsedTime(begun).TotalMilliseconds, JsonNode.Parse(text)!);
    }
}
