using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using Dapper;
using Latchkey.Link.Messages;
using Latchkey.Link.Mqtt;
using Latchkey.Tests.Support;
using Npgsql;

namespace Latchkey.Bench;

/// <summary>
/// Heartbeats of 5,000 devices through a broker of their own to a node of its own, beside what that broker delivers to a subscriber that does nothing. Each changes what the API says about its
/// device: when it was heard of, and of twenty of them how full their batteries are. A rate is kept up with when both are never later than a second, and the broker has dropped nothing.
/// </summary>
internal static class HeartbeatBench
{
    private const int Devices = 5_000, Probes = 20, Publishers = 4;

    /// <summary>Batteries stay above what staff are called for.</summary>
    private const int Fullness = 50;

    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(1), LookEvery = TimeSpan.FromMilliseconds(50);
    private static readonly Guid Watched = BenchSite.Id(9), Crowd = BenchSite.Id(6);

    /// <summary>The first twenty are the ones that are watched.</summary>
    private static Guid Device(int n) => n < Probes ? BenchSite.Device(Watched, n + 1) : BenchSite.Device(Crowd, n - Probes + 1);

    public static async Task Run(ServerUnderTest server, bool quick)
    {
        await Add(server.Database);
        await using MosquittoBroker broker = await MosquittoBroker.Start((port, _) => Task.FromResult($"listener {port} 127.0.0.1\nallow_anonymous true\nset_tcp_nodelay true\nsys_interval 1\n"));
        double bare = await Delivered(broker, TimeSpan.FromSeconds(quick ? 3 : 10));
        await using ServerUnderTest node = await ServerUnderTest.Launch($"{server.Data}/heartbeats", ["--no-demo"], new Dictionary<string, string?>
        {
            ["LATCHKEY_DATABASE"] = server.Database, ["LATCHKEY_MQTT"] = $"mqtt://bench:bench@127.0.0.1:{broker.Port}",
        });
        using HttpClient desk = (await HistoryBench.Operator(server, Watched)).Desk;
        desk.BaseAddress = node.Http.BaseAddress;
        await using Hearts hearts = await Hearts.Connect(broker);
        // What a device says for the first time is compared with the database: once round, slowly.
        await hearts.Beat(desk, 500, TimeSpan.FromSeconds((double)Devices / 500));
        Kept calm = await hearts.Beat(desk, 500, TimeSpan.FromSeconds(quick ? 3 : 10));
        (int Rate, Kept Seen)? best = null;
        string fell = "";
        foreach (int rate in (int[])[7_500, 15_000, 20_000, 25_000, 30_000])
        {
            Kept seen = await hearts.Beat(desk, rate, TimeSpan.FromSeconds(quick ? 5 : 30));
            if (seen.Sent < rate * 0.99 || seen.Dropped > 0 || seen.Lags[^1] >= Limit.TotalMilliseconds)
            {
                fell = $"At {rate:#,0}/s: {seen.Sent:#,0}/s were said, {seen.Dropped} of them dropped, and the API was {seen.Lags[^1]:0} ms late (p50 {Report.Percentile(seen.Lags, 0.5):0}).";
                await Console.Error.WriteLineAsync(fell);
                break;
            }
            best = (rate, seen);
        }
        // None: it is said with the calm run's times, and above why.
        (int kept, Kept at) = best ?? (0, calm);
        Report.Line($"heartbeats of 5,000 devices that one node keeps up with for {(quick ? 5 : 30)} s", kept, "/s", "the broker, to a subscriber that does nothing", bare, limit: "15,000/s or ratio 0.5");
        // Where no look came between a heartbeat and its writing down, the truth is somewhere between two looks.
        Report.Line("until the API says what the heartbeat said, at that rate, latest", at.Lags[^1], "ms", "at 500/s, latest", Math.Max(calm.Lags[^1], LookEvery.TotalMilliseconds), limit: "1,000 ms");
    }

    private static async Task Add(string database)
    {
        await using var db = new NpgsqlConnection(database);
        await BenchSite.Add(db, Watched, "Heartbeats", Probes, lockersInABank: 1, mode: "rental");
        await BenchSite.Add(db, Crowd, "Many heartbeats", Devices - Probes, lockersInABank: 1, mode: "rental");
        await db.ExecuteAsync("analyze device, bank, locker");
    }

    private static byte[] State(long seq, int battery) => Wire.Write(new StateMessage(1, Guid.CreateVersion7(), 1, seq, TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds(), "c", Battery: battery));

    private static MqttOptions Options(string id) => new() { ClientId = id, QueuedPublishes = 20_000, ReceiveMaximum = 20_000 };

    private static async Task<(MqttClient Client, Task Running)> Connect(MosquittoBroker broker, string id, CancellationToken stop)
    {
        var client = new MqttClient(Options(id), MqttDialer.Tcp("127.0.0.1", broker.Port), TimeProvider.System);
        Task running = client.Run(stop);
        await client.WhenConnected(stop);
        return (client, running);
    }

    /// <summary>A second: what comes through when everybody says as much as they can.</summary>
    private static async Task<double> Delivered(MosquittoBroker broker, TimeSpan lasts)
    {
        using var stop = new CancellationTokenSource();
        (MqttClient reader, Task reading) = await Connect(broker, "reader", stop.Token);
        await reader.Subscribe(Topics.AllReports, Qos.AtMostOnce, stop.Token);
        (MqttClient Client, Task Running)[] speakers = await Task.WhenAll(Enumerable.Range(0, Publishers).Select(n => Connect(broker, $"speaker-{n}", stop.Token)));
        long come = 0;
        Task counting = Task.Run(async () =>
        {
            await foreach (MqttMessage _ in reader.Messages.ReadAllAsync())
                come++;
        });
        using var over = new CancellationTokenSource(lasts);
        long begun = Stopwatch.GetTimestamp();
        await Task.WhenAll(speakers.Select((s, n) => Task.Run(async () =>
        {
            for (int i = n; !over.IsCancellationRequested; i += 200 * Publishers)
                await Task.WhenAll(Enumerable.Range(0, 200).Select(k => s.Client.Publish(Topics.State(Device((i + (k * Publishers)) % Devices)), State(i, 90), Qos.AtMostOnce, null, default).AsTask()));
        })));
        double perSecond = come / Stopwatch.GetElapsedTime(begun).TotalSeconds;
        await stop.CancelAsync();
        await Task.WhenAll([reading, counting, .. speakers.Select(s => s.Running)]);
        await reader.DisposeAsync();
        foreach ((MqttClient client, _) in speakers)
            await client.DisposeAsync();
        return perSecond;
    }

    /// <param name="Sent">A second.</param>
    /// <param name="Dropped">By the broker, for want of room.</param>
    /// <param name="Lags">From the heartbeat to the API's word, in milliseconds, the shortest first.</param>
    private sealed record Kept(double Sent, long Dropped, List<double> Lags);

    /// <summary>All devices, each saying again and again that it is there.</summary>
    private sealed class Hearts : IAsyncDisposable
    {
        private readonly CancellationTokenSource _stop = new();
        private readonly List<(MqttClient Client, Task Running)> _speakers = [];
        // When each probe has said each fullness last, and all times at which it has spoken, newest last; both in ticks of the wall clock, which the node shares.
        private readonly long[,] _said = new long[Probes, Fullness];
        private readonly ConcurrentQueue<long>[] _spoken = [.. Enumerable.Range(0, Probes).Select(_ => new ConcurrentQueue<long>())];
        private long _seq = 1, _dropped, _sent;

        public static async Task<Hearts> Connect(MosquittoBroker broker)
        {
            var hearts = new Hearts();
            for (int n = 0; n < Publishers; n++)
                hearts._speakers.Add(await HeartbeatBench.Connect(broker, $"heart-{n}", hearts._stop.Token));
            MqttClient first = hearts._speakers[0].Client;
            await first.Subscribe("$SYS/broker/publish/messages/dropped", Qos.AtMostOnce, hearts._stop.Token);
            hearts._speakers.Add((first, hearts.Watch(first)));
            return hearts;
        }

        public async Task<Kept> Beat(HttpClient desk, int rate, TimeSpan lasts)
        {
            long dropped = Interlocked.Read(ref _dropped);
            _sent = 0;
            using var over = new CancellationTokenSource(lasts);
            var lags = new List<double>();
            long begun = Stopwatch.GetTimestamp();
            Task[] speaking = [.. Enumerable.Range(0, Publishers).Select(n => Task.Run(() => Speak(n, (double)rate / Publishers, over.Token)))];
            while (!over.IsCancellationRequested)
            {
                await Task.Delay(LookEvery, TimeProvider.System);
                long asked = TimeProvider.System.GetUtcNow().UtcTicks;
                JsonNode floor = (await HistoryBench.Ask(desk, $"staff/sites/{Watched}/floor")).Body;
                foreach (JsonNode? bank in floor["banks"]!.AsArray())
                    lags.Add(TimeSpan.FromTicks(Behind(bank!, asked)).TotalMilliseconds);
            }
            await Task.WhenAll(speaking);
            double sent = _sent / Stopwatch.GetElapsedTime(begun).TotalSeconds;
            // The broker says once a second what it has dropped.
            await Task.Delay(TimeSpan.FromSeconds(2), TimeProvider.System);
            return new Kept(sent, Interlocked.Read(ref _dropped) - dropped, [.. lags.Order()]);
        }

        public async ValueTask DisposeAsync()
        {
            await _stop.CancelAsync();
            await Task.WhenAll(_speakers.Select(s => s.Running));
            foreach (MqttClient client in _speakers.Select(s => s.Client).Distinct())
                await client.DisposeAsync();
            _stop.Dispose();
        }

        /// <summary>How long the oldest heartbeat has been said that the answer does not know of, when it was asked for.</summary>
        private long Behind(JsonNode bank, long asked)
        {
            int probe = int.Parse(((string)bank["deviceId"]!)[^2..], CultureInfo.InvariantCulture) - 1;
            long behind = 0;
            if ((int?)bank["battery"] is { } fullness and >= Fullness and < 2 * Fullness)
            {
                long next = Interlocked.Read(ref _said[probe, (fullness - Fullness + 1) % Fullness]), shown = Interlocked.Read(ref _said[probe, fullness - Fullness]);
                behind = next > shown && next < asked ? asked - next : 0;
            }
            if ((DateTimeOffset?)bank["lastSeen"] is { } heard)
            {
                while (_spoken[probe].TryPeek(out long spoken) && spoken <= heard.UtcTicks)
                    _spoken[probe].TryDequeue(out _);
                behind = _spoken[probe].TryPeek(out long unheard) && unheard < asked ? Math.Max(behind, asked - unheard) : behind;
            }
            return behind;
        }

        private async Task Speak(int speaker, double rate, CancellationToken over)
        {
            MqttClient client = _speakers[speaker].Client;
            long begun = Stopwatch.GetTimestamp(), done = 0;
            var batch = new List<Task<PublishResult>>();
            while (!over.IsCancellationRequested)
            {
                long due = (long)(Stopwatch.GetElapsedTime(begun).TotalSeconds * rate);
                for (; done < due; done++)
                    batch.Add(client.Publish(Topics.State(Device(Next(speaker, done))), Say(Next(speaker, done)), Qos.AtMostOnce, null, default).AsTask());
                PublishResult[] ends = await Task.WhenAll(batch);
                Interlocked.Add(ref _sent, ends.Count(e => e.Status == PublishStatus.Sent));
                batch.Clear();
                await Task.Delay(TimeSpan.FromMilliseconds(5), TimeProvider.System, over).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }

        private static int Next(int speaker, long done) => (int)(((done * Publishers) + speaker) % Devices);

        private byte[] Say(int device)
        {
            long seq = Interlocked.Increment(ref _seq);
            if (device >= Probes)
                return State(seq, 90);
            long now = TimeProvider.System.GetUtcNow().UtcTicks;
            int place = 0;
            for (int i = 1; i < Fullness; i++)
                place = _said[device, i] > _said[device, place] ? i : place;
            place = (place + 1) % Fullness;
            Interlocked.Exchange(ref _said[device, place], now);
            _spoken[device].Enqueue(now);
            return State(seq, Fullness + place);
        }

        private async Task Watch(MqttClient client)
        {
            await foreach (MqttMessage told in client.Messages.ReadAllAsync())
                Interlocked.Exchange(ref _dropped, long.Parse(Encoding.ASCII.GetString(told.Payload.Span), CultureInfo.InvariantCulture));
        }
    }
}
