using System.Diagnostics;
using System.Net.Sockets;
using System.Text;
using System.Text.Json.Nodes;

namespace Latchkey.Bench;

/// <summary>A thousand screens follow a place: from the POST of a hold until each has heard of it, beside one screen.</summary>
internal static class LiveBench
{
    private const int Screens = 1000;

    /// <summary>A screen that has heard nothing for so long has missed it.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    public static async Task Run(ServerUnderTest server, bool quick)
    {
        using HttpClient customer = await server.Customer();
        int rounds = quick ? 10 : 40;
        List<double> alone, crowd;
        await using (var one = await Crowd.Of(server.Address, 1))
        {
            await one.Changes(customer, 5); // warm
            alone = await one.Changes(customer, rounds);
        }
        double before = ProcessUse.Megabytes(server.Pid);
        double memory;
        await using (var all = await Crowd.Of(server.Address, Screens))
        {
            await all.Changes(customer, 2);
            crowd = await all.Changes(customer, rounds);
            memory = (ProcessUse.Megabytes(server.Pid) - before) * 1024 / Screens;
        }
        Report.Line($"a change on {Screens:N0} screens, from the POST, p50", Report.Percentile(crowd, 0.5), "ms", "on one screen, p50", Report.Percentile(alone, 0.5));
        Report.Line($"a change on {Screens:N0} screens, from the POST, p99", Report.Percentile(crowd, 0.99), "ms", "on one screen, p99", Report.Percentile(alone, 0.99));
        Report.Line("memory of the server for a screen", memory, "kB", "a page of memory", 4);
    }

    private sealed class Crowd : IAsyncDisposable
    {
        private readonly CancellationTokenSource _stop = new();
        private readonly List<Screen> _screens = [];
        private Task _reading = Task.CompletedTask;

        public static async Task<Crowd> Of(Uri address, int screens)
        {
            var crowd = new Crowd();
            for (int i = 0; i < screens; i++)
                crowd._screens.Add(await Screen.Open(address));
            crowd._reading = Task.WhenAll(crowd._screens.Select(s => s.Read(crowd._stop.Token)));
            return crowd;
        }

        /// <summary>Milliseconds from a POST that changes what is free until each screen heard of it.</summary>
        public async Task<List<double>> Changes(HttpClient customer, int rounds)
        {
            var times = new List<double>();
            for (int round = 0; round < rounds; round++)
            {
                JsonNode lease = await Change(customer, $"sites/{ServerUnderTest.LargeSite}/holds", new { size = "M", hours = 1 }, times);
                await Change(customer, $"leases/{lease["id"]}/cancel", null, times);
            }
            return times;
        }

        private async Task<JsonNode> Change(HttpClient customer, string path, object? body, List<double> times)
        {
            int[] heard = [.. _screens.Select(s => s.Heard)];
            long begun = Stopwatch.GetTimestamp();
            JsonNode answer = await OpenBench.Post(customer, path, body);
            while (_screens.Where((s, i) => s.Heard == heard[i]).Any())
            {
                if (Stopwatch.GetElapsedTime(begun) > Patience)
                    throw new InvalidOperationException($"{_screens.Where((s, i) => s.Heard == heard[i]).Count()} screens were not told.");
                await Task.Delay(TimeSpan.FromMilliseconds(2), TimeProvider.System);
            }
            times.AddRange(_screens.Select(s => Stopwatch.GetElapsedTime(begun, s.At).TotalMilliseconds));
            return answer;
        }

        public async ValueTask DisposeAsync()
        {
            await _stop.CancelAsync();
            await _reading;
            _screens.ForEach(s => s.Dispose());
            _stop.Dispose();
        }
    }

    /// <summary>As cheap as can be, so that the server is what is measured: it only counts what it is told.</summary>
    private sealed class Screen(Socket socket) : IDisposable
    {
        private volatile int _heard;
        private long _at;

        public int Heard => _heard;
        public long At => Volatile.Read(ref _at);

        public static async Task<Screen> Open(Uri address)
        {
            var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
            await socket.ConnectAsync(address.Host, address.Port);
            await socket.SendAsync(Encoding.ASCII.GetBytes($"GET /api/v1/live?site={ServerUnderTest.LargeSite} HTTP/1.1\r\nHost: {address.Authority}\r\nAccept: text/event-stream\r\n\r\n"));
            byte[] buffer = new byte[4096];
            int length = 0;
            // Joined is who has been greeted.
            while (buffer.AsSpan(0, length).IndexOf("event: hello"u8) < 0)
            {
                int read = await socket.ReceiveAsync(buffer.AsMemory(length));
                length += read;
                if (read == 0 || (length > 12 && !buffer.AsSpan().StartsWith("HTTP/1.1 200"u8)))
                    throw new IOException(Encoding.ASCII.GetString(buffer, 0, Math.Min(length, 300)));
            }
            return new Screen(socket);
        }

        public async Task Read(CancellationToken cancel)
        {
            byte[] buffer = new byte[4096];
            try
            {
                while (await socket.ReceiveAsync(buffer, cancel) is > 0 and int read)
                {
                    if (buffer.AsSpan(0, read).IndexOf("event: availability"u8) < 0)
                        continue;
                    Volatile.Write(ref _at, Stopwatch.GetTimestamp());
                    _heard++;
                }
            }
            catch (OperationCanceledException)
            {
                // The end of the measurement.
            }
        }

        public void Dispose() => socket.Dispose();
    }
}
