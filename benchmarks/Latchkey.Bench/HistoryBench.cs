using System.Diagnostics;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Dapper;
using Npgsql;

namespace Latchkey.Bench;

/// <summary>
/// The desk of a site with 2,000 lockers and 1,000,000 entries in its history (four fifths in the journal, the rest taps): a page of it by time, card, locker and far back, and the whole floor; beside one row
/// by its key through the same API.
/// </summary>
internal static class HistoryBench
{
    private const int Banks = 20, LockersInABank = 100, Journal = 800_000, Taps = 200_000, Visits = 50_000;

    private static readonly Guid Site = BenchSite.Id(7);

    /// <summary>The site, before the server's second start: places are read then.</summary>
    public static Task Add(NpgsqlConnection db) => BenchSite.Add(db, Site, "Desk", Banks, LockersInABank, mode: "visit");

    public static async Task Run(ServerUnderTest server, bool quick)
    {
        (HttpClient desk, Guid person) = await Operator(server, Site);
        using HttpClient owned = desk;
        Guid command = await Fill(server.Database, person);
        string history = $"staff/sites/{Site}/history";
        var random = new Random(7);
        DateTimeOffset now = TimeProvider.System.GetUtcNow();
        string At(double days) => Uri.EscapeDataString(now.AddDays(-days).ToString("O"));
        Func<string>[] questions =
        [
            () => history,
            () => $"{history}?to={At(random.NextDouble() * 300)}",
            () => $"{history}?locker={random.Next(1, 2001)}",
            () => $"{history}?card={random.Next(0, 65536):x4}",
            () => $"{history}?card=04{random.Next(0, 20_000):x6}",
            () => $"{history}?locker={random.Next(1, 2001)}&from={At(200)}&to={At(100)}",
            () => $"{history}?lockerId={BenchSite.Locker(Site, random.Next(1, Banks + 1), random.Next(1, LockersInABank + 1))}",
        ];
        int rounds = quick ? 20 : 100;
        List<double> pages = [], keys = [], floors = [], far = [];
        foreach (Func<string> question in questions)
            await Ask(desk, question()); // warm
        for (int round = 0; round < rounds; round++)
        {
            foreach (Func<string> question in questions)
            {
                keys.Add((await Ask(desk, $"commands/{command}")).Milliseconds);
                pages.Add((await Ask(desk, question())).Milliseconds);
            }
            if (round % 10 == 0)
                floors.Add((await Ask(desk, $"staff/sites/{Site}/floor")).Milliseconds);
        }
        // Somebody turns the pages: the hundredth costs what the first did.
        string? next = null;
        for (int page = 0; page < rounds; page++)
        {
            (double took, JsonNode body) = await Ask(desk, next is null ? $"{history}?limit=100" : $"{history}?limit=100&cursor={next}");
            far.Add(took);
            if (body["items"]!.AsArray().Count != 100 || (next = (string?)body["next"]) is null)
                throw new InvalidOperationException("A page of history is not full.");
        }
        const string Baseline = "one row by its key through the same API, p95";
        double baseline = Report.Percentile(keys, 0.95);
        Report.Line("a page of history out of 1,000,000 entries and 2,000 lockers, p95", Report.Percentile(pages, 0.95), "ms", Baseline, baseline, limit: "200 ms");
        Report.Line($"page by page, {rounds} pages of 100, p95", Report.Percentile(far, 0.95), "ms", Baseline, baseline);
        Report.Line("the floor of 2,000 lockers, p95", Report.Percentile(floors, 0.95), "ms", Baseline, baseline);
    }

    /// <summary>A question, and how long its whole answer takes.</summary>
    internal static async Task<(double Milliseconds, JsonNode Body)> Ask(HttpClient desk, string path)
    {
        long begun = Stopwatch.GetTimestamp();
        using HttpResponseMessage answer = await desk.GetAsync(path);
        byte[] body = await answer.Content.ReadAsByteArrayAsync();
        double took = Stopwatch.GetElapsedTime(begun).TotalMilliseconds;
        answer.EnsureSuccessStatusCode();
        return (took, JsonNode.Parse(body)!);
    }

    /// <summary>Somebody who works at this site, signed in.</summary>
    internal static async Task<(HttpClient Desk, Guid Person)> Operator(ServerUnderTest server, Guid site)
    {
        (string email, JsonNode session) = await server.SignUp();
        var person = Guid.Parse((string)session["person"]!["id"]!);
        await using (var db = new NpgsqlConnection(server.Database))
            await db.ExecuteAsync("update person set role = 'operator' where id = @person; insert into site_staff (person_id, site_id, since) values (@person, @site, now())", new { person, site });
        using HttpResponseMessage again = await server.Http.PostAsJsonAsync("auth/login", new { email, password = ServerUnderTest.Password });
        JsonNode signedIn = (await again.Content.ReadFromJsonAsync<JsonNode>())!;
        var desk = new HttpClient { BaseAddress = server.Http.BaseAddress };
        desk.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", (string?)(signedIn["session"] ?? signedIn)["accessToken"]);
        return (desk, person);
    }

    /// <summary>Written behind the program's back, and before all that its readers read: they do not go through a million entries of nobody.</summary>
    private static async Task<Guid> Fill(string database, Guid person)
    {
        await using var db = new NpgsqlConnection(database);
        var command = Guid.CreateVersion7();
        await db.ExecuteAsync(new CommandDefinition(
            """
            create temporary table desk_locker as select row_number() over (order by k.id) - 1 as n, k.id, k.bank_id, b.device_id from locker k join bank b on b.id = k.bank_id where b.site_id = @Site;
            insert into lease (id, kind, state, site_id, bank_id, locker_id, card, size_priced, tariff, paid_from, ended_at, created_at)
              select ('00000000-0000-7000-c000-' || lpad(to_hex(v), 12, '0'))::uuid, 'visit', 'ended', @Site, d.bank_id, d.id, '04' || lpad(to_hex(v % 20000), 6, '0'), 'S', (select tariff from site_tariff where site_id = @Site),
                now() - v * interval '10 minutes', now() - v * interval '10 minutes' + interval '1 hour', now() - v * interval '10 minutes'
              from generate_series(0, @Visits - 1) v join desk_locker d on d.n = v % 2000;
            insert into command (id, device_id, locker_id, lease_id, kind, authority, state, created_at, expires_at, presented)
              select ('00000000-0000-7000-d000-' || lpad(to_hex(c), 12, '0'))::uuid, d.device_id, d.id, ('00000000-0000-7000-c000-' || lpad(to_hex(c % @Visits), 12, '0'))::uuid, 'open', 'lease:x:card-uid', 'opened',
                now() - c * interval '2 minutes', now() - c * interval '2 minutes', true
              from generate_series(0, 199999) c join desk_locker d on d.n = c % 2000;
            insert into command (id, device_id, locker_id, person_id, kind, authority, state, created_at, expires_at) select @command, device_id, id, @person, 'open', 'operator:x', 'opened', now(), now() from desk_locker where n = 0;
            insert into journal (xid, at, kind, authority, site_id, bank_id, locker_id, lease_id, device_id, command_id)
              select '1', now() - j * interval '32 seconds', (array['credential-used', 'command-settled', 'door-opened', 'door-closed'])[1 + j % 4], 'lease:x:card-uid', @Site, d.bank_id, d.id,
                ('00000000-0000-7000-c000-' || lpad(to_hex((j / 4) % @Visits), 12, '0'))::uuid, d.device_id, ('00000000-0000-7000-d000-' || lpad(to_hex(j / 4), 12, '0'))::uuid
              from generate_series(0, @Journal - 1) j join desk_locker d on d.n = (j / 4) % 2000;
            insert into tap (device_id, boot, seq, site_id, bank_id, way, card, said, lease_id, locker_id, tapped_at, at)
              select d.device_id, 1, t, @Site, d.bank_id, (array['in', 'out'])[1 + t % 2], '04' || lpad(to_hex((t / 2) % 20000), 6, '0'), (array['begun', 'ended'])[1 + t % 2],
                ('00000000-0000-7000-c000-' || lpad(to_hex((t / 2) % @Visits), 12, '0'))::uuid, d.id, now() - t * interval '128 seconds', now() - t * interval '128 seconds'
              from generate_series(0, @Taps - 1) t join desk_locker d on d.n = (t / 2) % 2000;
            analyze journal; analyze tap; analyze lease; analyze command;
            """,
            new { Site, Visits, Journal, Taps, command, person },
            commandTimeout: 600));
        return command;
    }
}
