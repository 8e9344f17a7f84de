using System.Diagnostics;
using System.Net.Http.Json;
using System.Text.Json.Nodes;

namespace Latchkey.Bench;

/// <summary>A durable hold, from the POST to the answer, beside a bare commit of one row in the same database with as many clients.</summary>
internal static class HoldBench
{
    public static async Task Run(ServerUnderTest server, bool quick)
    {
        await Holds(server, 1, 20); // warm
        foreach (int clients in (int[])[1, 16])
        {
            int each = (quick ? 200 : 1000) / clients;
            List<double> commits = await Commits(server.Database, clients, each * 2);
            (List<double> holds, double perSecond) = await Holds(server, clients, each);
            Report.Line($"hold at {clients} client{(clients == 1 ? "" : "s")}, p50", Report.Percentile(holds, 0.5), "ms", "bare commit, p50", Report.Percentile(commits, 0.5));
            Report.Line($"hold at {clients} client{(clients == 1 ? "" : "s")}, p99", Report.Percentile(holds, 0.99), "ms", "bare commit, p99", Report.Percentile(commits, 0.99));
            Report.Line($"holds and cancels at {clients} client{(clients == 1 ? "" : "s")}", perSecond, "pairs/s", "bare commits/s", 1000 * clients / commits.Average());
        }
    }

    /// <summary>Milliseconds of single-row commits.</summary>
    public static async Task<List<double>> Commits(string database, int clients, int each)
    {
        List<double>[] all = await Task.WhenAll(Enumerable.Range(0, clients).Select(_ => Task.Run(async () =>
        {
            await using BareCommit commit = await BareCommit.Open(database);
            var times = new List<double>();
            for (int i = 0; i < each; i++)
                times.Add(await commit.Once());
            return times;
        })));
        return [.. all.SelectMany(t => t)];
    }

    private static async Task<(List<double> Milliseconds, double PairsPerSecond)> Holds(ServerUnderTest server, int clients, int each)
    {
        HttpClient[] customers = await Task.WhenAll(Enumerable.Range(0, clients).Select(_ => server.Customer()));
        long all = Stopwatch.GetTimestamp();
        List<double>[] times = await Task.WhenAll(customers.Select(customer => Task.Run(async () =>
        {
            var mine = new List<double>();
            for (int i = 0; i < each; i++)
            {
                using var request = new HttpRequestMessage(HttpMethod.Post, $"sites/{ServerUnderTest.LargeSite}/holds") { Content = JsonContent.Create(new { size = "M", hours = 1 }) };
                request.Headers.Add("Idempotency-Key", $"{Guid.CreateVersion7()}");
                long begun = Stopwatch.GetTimestamp();
                using HttpResponseMessage answer = await customer.SendAsync(request);
                string text = await answer.Content.ReadAsStringAsync();
                mine.Add(Stopwatch.GetElapsedTime(begun).TotalMilliseconds);
                answer.EnsureSuccessStatusCode();
                using HttpResponseMessage cancelled = await customer.PostAsync($"leases/{JsonNode.Parse(text)!["id"]}/cancel", null);
                cancelled.EnsureSuccessStatusCode();
            }
            return mine;
        })));
        double seconds = Stopwatch.GetElapsedTime(all).TotalSeconds;
        foreach (HttpClient customer in customers)
            customer.Dispose();
        return ([.. times.SelectMany(t => t)], clients * each / seconds);
    }
}
