using System.Diagnostics;
using System.Net.Http.Json;
using System.Net.ServerSentEvents;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json.Nodes;
using System.Threading.Channels;
using Latchkey.Link.Messages;
using Latchkey.Link.Mqtt;

namespace Latchkey.Bench;

/// <summary>
/// A door: from the POST to the door-open event in the customer's live feed, with the simulated actuation and debounce taken off; beside a bare
/// commit and a bare crossing of the same broker. On its way the order is committed twice on the server and flushed once in the controller.
/// </summary>
internal static class OpenBench
{
    // What the simulator is started with; printed, because they are taken off.
    private const double ActuationMs = 60;
    private const double DebounceMs = 30;

    /// <summary>A door has ten pulses a minute, and a round takes half a second.</summary>
    private const int Doors = 14;

    public static async Task Run(ServerUnderTest server, bool quick)
    {
        int rounds = quick ? 30 : 300;
        JsonNode demo = (await server.Http.GetFromJsonAsync<JsonNode>("demo"))!;
        using HttpClient customer = await server.Customer();
        Guid site = await server.DemoSite();
        var leases = new List<JsonNode>();
        while (leases.Count < Doors)
            leases.Add(await Rent(customer, site));
        using var stop = new CancellationTokenSource();
        Channel<(string Kind, JsonNode Data, long At)> feed = Channel.CreateBounded<(string, JsonNode, long)>(1000);
        Task following = Follow(customer, feed.Writer, stop.Token);
        await Until(feed.Reader, (kind, _) => kind == "hello");

        var milliseconds = new List<double>();
        List<double> commits = [];
        await using BareCommit commit = await BareCommit.Open(server.Database);
        for (int round = 0; round < rounds + 5; round++)
        {
            JsonNode lease = leases[round % Doors];
            await Task.Delay(TimeSpan.FromMilliseconds(100), TimeProvider.System);
            commits.Add(await commit.Once());
            await Task.Delay(TimeSpan.FromMilliseconds(100), TimeProvider.System);
            using var request = new HttpRequestMessage(HttpMethod.Post, $"leases/{lease["id"]}/open");
            request.Headers.Add("Idempotency-Key", $"{Guid.CreateVersion7()}");
            long begun = Stopwatch.GetTimestamp();
            Task<HttpResponseMessage> posting = customer.SendAsync(request);
            long seen = await Until(feed.Reader, (kind, e) => kind == "door" && (string?)e["state"] == "open");
            (await posting).EnsureSuccessStatusCode();
            if (round >= 5) // the first ones warm it
                milliseconds.Add(Stopwatch.GetElapsedTime(begun, seen).TotalMilliseconds - ActuationMs - DebounceMs);
            await Until(feed.Reader, (kind, e) => kind == "command" && (bool)e["final"]!);
            (await customer.PostAsync($"demo/banks/{lease["bank"]!["id"]}/hardware/doors/{lease["locker"]!["number"]}/close", null)).EnsureSuccessStatusCode();
            await Until(feed.Reader, (kind, e) => kind == "door" && (string?)e["state"] == "closed");
            // The coil is on for 200 ms and the next pulse keeps 100 ms away from it: the next order must not wait for that.
            TimeSpan rest = TimeSpan.FromMilliseconds(400) - Stopwatch.GetElapsedTime(begun);
            if (rest > TimeSpan.Zero)
                await Task.Delay(rest, TimeProvider.System);
        }
        await stop.CancelAsync();
        await following;

        string other = demo["banks"]!.AsArray().Where(b => (string?)b!["siteName"] == ServerUnderTest.DemoSiteName).Select(b => (string)b!["id"]!).First(id => leases.TrueForAll(l => (string?)l["bank"]!["id"] != id));
        List<double> crossings = await Crossings(server, other, quick ? 500 : 2000);
        double bare = Report.Percentile(commits, 0.5);
        double p50 = Report.Percentile(milliseconds, 0.5);
        string name = $"open to door-open event, less {ActuationMs} ms actuation and {DebounceMs} ms debounce";
        Report.Line($"{name}, p50", p50, "ms", "4 bare commits + 5 ms", (4 * bare) + 5, limit: "ratio 1");
        Report.Line($"{name}, p50", p50, "ms", "bare commit, p50", bare);
        Report.Line($"{name}, p50", p50, "ms", "bare MQTT crossing, p50", Report.Percentile(crossings, 0.5));
        Report.Line($"{name}, p99", Report.Percentile(milliseconds, 0.99), "ms", "bare commit, p99", Report.Percentile(commits, 0.99));
    }

    private static async Task<JsonNode> Rent(HttpClient customer, Guid site)
    {
        JsonNode lease = await Post(customer, $"sites/{site}/holds", new { size = "S", hours = 1 });
        JsonNode payment = await Post(customer, $"leases/{lease["id"]}/payments", null);
        string token = ((string)payment["checkoutUrl"]!).Split('/', '?')[2];
        await Post(customer, $"sandbox/checkouts/{token}", new { card = "4242424242424242" });
        return lease;
    }

    internal static async Task<JsonNode> Post(HttpClient customer, string path, object? body)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, path) { Content = body is null ? null : JsonContent.Create(body) };
        request.Headers.Add("Idempotency-Key", $"{Guid.CreateVersion7()}");
        using HttpResponseMessage answer = await customer.SendAsync(request);
        answer.EnsureSuccessStatusCode();
        return (await answer.Content.ReadFromJsonAsync<JsonNode>())!;
    }

    private static async Task Follow(HttpClient customer, ChannelWriter<(string, JsonNode, long)> feed, CancellationToken cancel)
    {
        try
        {
            await using Stream stream = await customer.GetStreamAsync("live", cancel);
            await foreach (SseItem<string> e in SseParser.Create(stream).EnumerateAsync(cancel))
                await feed.WriteAsync((e.EventType, JsonNode.Parse(e.Data)!, Stopwatch.GetTimestamp()), cancel);
        }
        catch (OperationCanceledException) when (cancel.IsCancellationRequested)
        {
            // Enough was measured.
        }
    }

    /// <summary>When the awaited event was read.</summary>
    private static async Task<long> Until(ChannelReader<(string Kind, JsonNode Data, long At)> feed, Func<string, JsonNode, bool> wanted)
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        var heard = new List<string>();
        try
        {
            while (true)
            {
                (string kind, JsonNode data, long at) = await feed.ReadAsync(patience.Token);
                if (wanted(kind, data))
                    return at;
                heard.Add($"{kind} {data.ToJsonString()}");
            }
        }
        catch (OperationCanceledException e)
        {
            throw new TimeoutException($"What was waited for did not come. Heard meanwhile:\n{string.Join('\n', heard)}", e);
        }
    }

    /// <summary>
    /// Milliseconds from a node's publish to the device's receipt, over mutual TLS through the server's own broker. The device is one of the
    /// simulator's, which is switched off and whose place we take.
    /// </summary>
    private static async Task<List<double>> Crossings(ServerUnderTest server, string bank, int count)
    {
        using HttpResponseMessage off = await server.Http.PostAsync($"demo/banks/{bank}/hardware/power-off", null);
        off.EnsureSuccessStatusCode();
        var device = Guid.Parse((string)(await off.Content.ReadFromJsonAsync<JsonNode>())!["device"]!);
        string keys = Path.Combine(server.Data, "simulator", "keys");
        int port = int.Parse(File.ReadLines(Path.Combine(server.Data, "mosquitto", "mosquitto.conf")).First(l => l.StartsWith("listener ", StringComparison.Ordinal)).Split(' ')[1]);
        var trust = new X509Certificate2Collection();
        trust.ImportFromPemFile(Path.Combine(keys, "ca.crt.pem"));
        string nodeFolder = Path.Combine(server.Data, "nodes", "node-2");
        using X509Certificate2 nodeIdentity = X509Certificate2.CreateFromPemFile(Path.Combine(nodeFolder, "cert.pem"), Path.Combine(nodeFolder, "key.pem"));
        using X509Certificate2 deviceIdentity = X509Certificate2.CreateFromPemFile(Path.Combine(keys, $"{device}.crt.pem"), Path.Combine(keys, $"{device}.key.pem"));
        using var stop = new CancellationTokenSource();
        await using var node = new MqttClient(new MqttOptions { ClientId = "node-2" }, MqttDialer.Tls("127.0.0.1", port, trust, nodeIdentity), TimeProvider.System);
        await using var receiver = new MqttClient(new MqttOptions { ClientId = $"{device}" }, MqttDialer.Tls("127.0.0.1", port, trust, deviceIdentity), TimeProvider.System);
        Task running = Task.WhenAll(node.Run(stop.Token), receiver.Run(stop.Token));
        await receiver.Subscribe(Topics.OrdersTo(device), Qos.AtLeastOnce, stop.Token);
        await node.WhenConnected(stop.Token);
        var milliseconds = new List<double>();
        byte[] payload = new byte[300]; // as long as a command
        for (int i = 0; i < count + 50; i++)
        {
            long begun = Stopwatch.GetTimestamp();
            ValueTask<PublishResult> publishing = node.Publish($"lk/1/{device}/dn/config", payload, Qos.AtLeastOnce, TimeSpan.FromSeconds(10), stop.Token);
            (await receiver.Messages.ReadAsync(stop.Token)).Acknowledge();
            if (i >= 50)
                milliseconds.Add(Stopwatch.GetElapsedTime(begun).TotalMilliseconds);
            await publishing;
        }
        await stop.CancelAsync();
        await running;
        return milliseconds;
    }
}
