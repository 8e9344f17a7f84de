using System.Collections.Concurrent;
using System.Diagnostics;
using Dapper;
using Latchkey.Controller.Cabinet;
using Latchkey.Link.Messages;
using Npgsql;

namespace Latchkey.Bench;

/// <summary>
/// A crowd at the gates: 400 cards held to the readers of one site within a second, through the real broker and two server processes, from the tap to the answer with
/// the locker; beside a bare commit with as many clients as reports are taken at a time.
/// </summary>
internal static class TapBench
{
    private const int Taps = 400, Gates = 8, Banks = 4;

    private static readonly Guid Site = Guid.Parse("00000000-0000-7000-8000-000000000400");

    private static Guid Gate(int n) => Guid.Parse($"00000000-0000-7000-9000-0000000004{n:00}");

    /// <summary>The site, before the server's second start: the gates get their certificates with the demo's devices.</summary>
    public static Task Add(NpgsqlConnection db) => db.ExecuteAsync(
        """
        insert into site (id, city_id, name, address, latitude, longitude, time_zone, opening_hours, uid_cards) select @Site, city_id, 'Pool', address, latitude, longitude, time_zone, '[]', true from site limit 1;
        insert into site_tariff (site_id, begins, tariff, set_at) select @Site, begins, tariff, set_at from site_tariff limit 1;
        insert into device (id, model, public_key) select ('00000000-0000-7000-9000-0000000004' || lpad(n::text, 2, '0'))::uuid, case when n <= @Gates then 'LK-sim' else 'none' end, '' from generate_series(1, @Gates + @Banks) n;
        insert into bank (id, site_id, device_id, name, columns, position, mode)
          select ('00000000-0000-7000-a000-0000000004' || lpad(n::text, 2, '0'))::uuid, @Site, ('00000000-0000-7000-9000-0000000004' || lpad(n::text, 2, '0'))::uuid, 'Pool ' || n, 10, n,
            case when n <= @Gates then 'gate' else 'visit' end from generate_series(1, @Gates + @Banks) n;
        insert into locker (id, bank_id, number, label, size, col, row)
          select gen_random_uuid(), ('00000000-0000-7000-a000-0000000004' || lpad((@Gates + b)::text, 2, '0'))::uuid, n, (100 * b + n)::text, 'S', (n - 1) / 10, (n - 1) % 10
          from generate_series(1, @Banks) b, generate_series(1, @Taps / @Banks) n
        """,
        new { Site, Gates, Banks, Taps });

    public static async Task Run(ServerUnderTest server, bool quick)
    {
        // The simulator's gates make room for the ones that this program plays with their certificates.
        for (int n = 1; n <= Gates; n++)
            (await server.Http.PostAsync($"demo/banks/00000000-0000-7000-a000-0000000004{n:00}/hardware/power-off", null)).EnsureSuccessStatusCode();
        // Banks that nobody plays need a key all the same, for what they are told is signed.
        await using (var db = new NpgsqlConnection(server.Database))
            await db.ExecuteAsync("update device set public_key = (select public_key from device where id = @gate) where public_key = '' and id in (select device_id from bank where site_id = @Site)", new { gate = Gate(1), Site });
        await using ServerUnderTest second = await server.Second();
        using var stop = new CancellationTokenSource();
        GateAtBroker[] gates = [.. Enumerable.Range(1, Gates).Select(n => new GateAtBroker(Gate(n), $"{server.Data}/simulator/keys", stop.Token))];
        await Task.WhenAll(gates.Select(g => g.Ready));
        var all = new List<double>();
        List<double> commits = [];
        await HoldBench.Commits(server.Database, 1, 5); // makes the table
        await Warm(gates);
        for (int round = 1; round <= (quick ? 2 : 10); round++)
        {
            commits.AddRange(await HoldBench.Commits(server.Database, 16, 25));
            (List<double> times, int answered) = await Crowd(gates, round, TimeSpan.FromSeconds(1), "in", "begun");
            if (answered != Taps)
            {
                await using var db = new NpgsqlConnection(server.Database);
                throw new InvalidOperationException(
                    $"{answered} of {Taps} taps were answered; the server says {string.Join(", ", await db.QueryAsync<string>("select said || ' ' || count(*) from tap where at > now() - interval '30 seconds' group by said"))}.");
            }
            all.AddRange(times);
            await Leave(gates, round, Taps);
        }
        await stop.CancelAsync();
        Report.Line($"{Taps} taps in a second through two processes, to the answer, p50", Report.Percentile(all, 0.5), "ms", "bare commit at 16 clients, p50", Report.Percentile(commits, 0.5));
        Report.Line($"{Taps} taps in a second through two processes, to the answer, p99", Report.Percentile(all, 0.99), "ms", "bare commit at 16 clients, p99", Report.Percentile(commits, 0.99), limit: "250 ms");
    }

    /// <summary>
    /// Two processes that have just started compile what they do for the first time: crowds, until one is answered as a crowd should be. What they leave unanswered counts nowhere.
    /// </summary>
    private static async Task Warm(GateAtBroker[] gates)
    {
        const int MostTimes = 8;
        for (int time = 0; time < MostTimes; time++)
        {
            (List<double> times, int answered) = await Crowd(gates, 0xf0 + time, TimeSpan.FromSeconds(1), "in", "begun");
            await Leave(gates, 0xf0 + time, answered);
            if (answered == Taps && Report.Percentile(times, 0.99) < 250)
                return;
        }
    }

    private static async Task<(List<double> Milliseconds, int Answered)> Crowd(GateAtBroker[] gates, int round, TimeSpan within, string way, string said)
    {
        long begun = Stopwatch.GetTimestamp();
        var taps = new List<Task<double?>>(Taps);
        for (int n = 0; n < Taps; n++)
        {
            TimeSpan due = within * (n / (double)Taps) - Stopwatch.GetElapsedTime(begun);
            if (due > TimeSpan.FromMilliseconds(1))
                await Task.Delay(due, TimeProvider.System);
            taps.Add(gates[n % gates.Length].Tap($"04{round:x2}{n:x6}", way, said));
        }
        double?[] times = await Task.WhenAll(taps);
        return ([.. times.OfType<double>()], times.Count(t => t is not null));
    }

    /// <summary>Everybody leaves, with a tap at the exit and less of a hurry: only coming in is measured.</summary>
    private static async Task Leave(GateAtBroker[] gates, int round, int inside)
    {
        (_, int left) = await Crowd(gates, round, TimeSpan.FromSeconds(3), "out", "ended");
        if (left < inside)
            throw new InvalidOperationException($"{left} of {inside} visits ended.");
    }

    /// <summary>A gate that says what it is told to say, and no more.</summary>
    private sealed class GateAtBroker : ICabinetLinkListener
    {
        private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

        private readonly TaskCompletionSource _ready = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly ConcurrentDictionary<long, (string Said, TaskCompletionSource<long> Answer)> _waiting = new();
        private readonly DeviceIdentity _identity;
        private readonly MqttCabinetLink _link;
        private readonly long _boot = TimeProvider.System.GetUtcNow().ToUnixTimeSeconds();
        private long _seq;

        public GateAtBroker(Guid device, string keys, CancellationToken stop)
        {
            (LinkFile link, var trust) = DeviceFolder.ReadLink(keys);
            _identity = DeviceFolder.ReadIdentity(device, keys, link);
            _link = new MqttCabinetLink(device, DeviceFolder.Dialer(_identity, link, trust), TimeProvider.System, TimeSpan.FromSeconds(1));
            _ = _link.Run(this, stop);
        }

        public Task Ready => _ready.Task.WaitAsync(Patience);

        /// <summary>Milliseconds until it is answered so; null where it is not.</summary>
        public async Task<double?> Tap(string card, string way, string said)
        {
            long seq = Interlocked.Increment(ref _seq), at = TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds();
            TaskCompletionSource<long> answer = new(TaskCreationOptions.RunContinuationsAsynchronously);
            _waiting[seq] = (said, answer);
            byte[] tap = Wire.Write(new EventMessage(Wire.Version, Guid.CreateVersion7(), _boot, seq, at, EventKinds.Tap, 0, Tap: new TapPart(card, "uid", way, at)));
            long begun = Stopwatch.GetTimestamp();
            // As a device does: what is not answered is said again, unchanged, and given up after five seconds.
            for (int time = 0; time < 4; time++)
            {
                await _link.Send(Topics.Event(_identity.Device), tap, acknowledged: false, CancellationToken.None);
                if (await Task.WhenAny(answer.Task, Task.Delay(TimeSpan.FromSeconds(1.5), TimeProvider.System)) == answer.Task)
                    return Stopwatch.GetElapsedTime(begun, await answer.Task).TotalMilliseconds;
            }
            return null;
        }

        public (long Link, StateMessage Will) NextWill()
        {
            long seq = Interlocked.Increment(ref _seq);
            return (seq, new StateMessage(Wire.Version, Guid.CreateVersion7(), _boot, seq, 0, "", Link: seq, Gone: true));
        }

        public ValueTask Connected(long link, CancellationToken cancel)
        {
            _ready.TrySetResult();
            return default;
        }

        public ValueTask Disconnected(CancellationToken cancel) => default;

        public ValueTask Received(ReceiptMessage receipt, CancellationToken cancel) => default;

        public ValueTask GrantsArrived(GrantsMessage change, CancellationToken cancel)
        {
            if (_identity.Commands.Open(change) is GrantsBody.Tapped answer && _waiting.TryRemove(answer.Seq, out var waiting) && waiting.Said == answer.Says)
                waiting.Answer.TrySetResult(Stopwatch.GetTimestamp());
            return default;
        }

        public ValueTask CommandArrived(CommandMessage command, bool retained, CancellationToken cancel) => default;
    }
}
