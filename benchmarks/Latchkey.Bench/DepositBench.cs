using System.Diagnostics;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Dapper;
using Npgsql;

namespace Latchkey.Bench;

/// <summary>
/// A thing is left, stored and collected at a simulated bank: what the server takes for it (the locker given, both orders written, and from each shut door to the stage that follows), without the doors' own
/// time, the payment and the walk; beside a bare commit.
/// </summary>
internal static class DepositBench
{
    /// <summary>How long a contact has to be steady before its bank says so.</summary>
    private const double DebounceMs = 30;

    public static async Task Run(ServerUnderTest server, bool quick)
    {
        using HttpClient sender = await server.Customer();
        // Not the same one twice within a minute: a door has ten pulses a minute, and a deposit takes two.
        Guid[] lockers = [.. (await server.Http.GetFromJsonAsync<JsonNode>($"sites/{await server.DemoSite()}"))!["banks"]!.AsArray().SelectMany(b => b!["lockers"]!.AsArray())
            .Where(l => (string?)l!["availability"] == "free").Select(l => (Guid)l!["id"]!)];
        await using var db = new NpgsqlConnection(server.Database);
        await db.OpenAsync();
        await using BareCommit commit = await BareCommit.Open(server.Database);
        List<double> made = [], stored = [], collected = [], all = [], commits = [];
        for (int round = 0; round < (quick ? 6 : 60); round++)
        {
            commits.Add(await commit.Once());
            string email = $"{Guid.CreateVersion7():N}@bench.example";
            long begun = Stopwatch.GetTimestamp();
            JsonNode deposit = await OpenBench.Post(sender, "deposits", new { lockerId = lockers[round % lockers.Length], receiverEmail = email, pays = "sender", hours = 1 });
            double make = Stopwatch.GetElapsedTime(begun).TotalMilliseconds;
            JsonNode payment = await OpenBench.Post(sender, $"leases/{deposit["id"]}/payments", null);
            await OpenBench.Post(sender, $"sandbox/checkouts/{((string)payment["checkoutUrl"]!).Split('/', '?')[2]}", new { card = "4242424242424242" });
            double order = await Opens(sender, db, deposit, $"deposits/{deposit["id"]}/open", null);
            double toStored = await Shuts(sender, db, deposit, "put-in", "stored");
            string code = (await db.ExecuteScalarAsync<string>("select words ->> 'code' from message where address = @email order by id desc limit 1", new { email }))!;
            double collect = await Opens(sender, db, deposit, $"deposits/lockers/{deposit["locker"]!["id"]}/collect", new { code });
            await Becomes(db, deposit, "collecting");
            double toCollected = await Shuts(sender, db, deposit, "take-out", "collected");
            if (round < 3) // the first ones warm it
                continue;
            made.Add(make);
            stored.Add(toStored);
            collected.Add(toCollected);
            all.Add(make + order + toStored + collect + toCollected);
        }
        double bare = Report.Percentile(commits, 0.5);
        Report.Line("deposit: a locker given, p50", Report.Percentile(made, 0.5), "ms", "bare commit, p50", bare);
        Report.Line($"deposit: door shut to stored and its receiver written to, less {DebounceMs} ms debounce, p50", Report.Percentile(stored, 0.5), "ms", "bare commit, p50", bare);
        Report.Line($"deposit: door shut to collected and billed, less {DebounceMs} ms debounce, p50", Report.Percentile(collected, 0.5), "ms", "bare commit, p50", bare);
        Report.Line("deposit: given, opened, stored, opened, collected, p50", Report.Percentile(all, 0.5), "ms", "bare commit, p50", bare);
    }

    /// <returns>Milliseconds until the order was written; the door is open when this returns.</returns>
    private static async Task<double> Opens(HttpClient who, NpgsqlConnection db, JsonNode deposit, string path, object? body)
    {
        long begun = Stopwatch.GetTimestamp();
        await OpenBench.Post(who, path, body);
        double took = Stopwatch.GetElapsedTime(begun).TotalMilliseconds;
        await Until(async () => await db.ExecuteScalarAsync<string>("select door from locker where id = @id", new { id = (Guid)deposit["locker"]!["id"]! }) == "open");
        await Until(async () => await db.ExecuteScalarAsync<bool>("select not exists (select 1 from command where lease_id = @id and state in ('pending', 'sent'))", new { id = (Guid)deposit["id"]! }));
        return took;
    }

    /// <returns>Milliseconds from the shut door to the stage, without the debounce.</returns>
    private static async Task<double> Shuts(HttpClient who, NpgsqlConnection db, JsonNode deposit, string deed, string stage)
    {
        int number = await db.ExecuteScalarAsync<int>("select number from locker where id = @id", new { id = (Guid)deposit["locker"]!["id"]! });
        string door = $"demo/banks/{deposit["bank"]!["id"]}/hardware/doors/{number}";
        using (HttpResponseMessage done = await who.PostAsync($"{door}/{deed}", null))
            done.EnsureSuccessStatusCode();
        // Its sensor is believed after a second; a person's hands take as long.
        await Until(async () => await db.ExecuteScalarAsync<bool?>("select occupied from locker where id = @id", new { id = (Guid)deposit["locker"]!["id"]! }) is not { } inside || inside == (deed == "put-in"));
        long begun = Stopwatch.GetTimestamp();
        using HttpResponseMessage shut = await who.PostAsync($"{door}/close", null);
        shut.EnsureSuccessStatusCode();
        await Becomes(db, deposit, stage);
        return Stopwatch.GetElapsedTime(begun).TotalMilliseconds - DebounceMs;
    }

    private static Task Becomes(NpgsqlConnection db, JsonNode deposit, string stage) =>
        Until(async () => await db.ExecuteScalarAsync<string>("select stage from deposit where lease_id = @id", new { id = (Guid)deposit["id"]! }) == stage);

    private static async Task Until(Func<Task<bool>> holds)
    {
        long begun = Stopwatch.GetTimestamp();
        while (!await holds())
        {
            if (Stopwatch.GetElapsedTime(begun) > TimeSpan.FromSeconds(20))
                throw new InvalidOperationException("A deposit does not go on.");
            await Task.Delay(TimeSpan.FromMilliseconds(1), TimeProvider.System);
        }
    }
}
