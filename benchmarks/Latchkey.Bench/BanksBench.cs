using System.Diagnostics;
using Dapper;
using Latchkey.SystemTests.Support;
using Npgsql;

namespace Latchkey.Bench;

/// <summary>5,000 virtual banks of twelve doors in one simulator process, each the real controller with its own TLS connection, journal and certificate, at a server of their own: what one costs.</summary>
internal static class BanksBench
{
    private const int DemoBanks = 5;

    /// <summary>Certificates are made and TLS is greeted at some 100 a second.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(5);

    /// <param name="data">An empty folder.</param>
    public static async Task Run(string data, bool quick)
    {
        int banks = quick ? 500 : 5_000;
        TimeSpan watched = TimeSpan.FromSeconds(quick ? 10 : 30);
        double before;
        await using (ServerUnderTest few = await ServerUnderTest.Launch(data))
        {
            await using var db = new NpgsqlConnection(few.Database);
            await BenchSite.Add(db, BenchSite.Id(5), "Many banks", banks, lockersInABank: 12, mode: "rental", model: "LK-sim");
            await db.ExecuteAsync("analyze device, bank, locker");
            before = ProcessUse.Megabytes(Simulator(few));
        }
        NpgsqlConnection.ClearAllPools();
        long begun = Stopwatch.GetTimestamp();
        await using ServerUnderTest server = await ServerUnderTest.Launch(data);
        int simulator = Simulator(server);
        await using (var db = new NpgsqlConnection(server.Database))
        {
            while (await db.ExecuteScalarAsync<int>("select count(*)::int from device where model = 'LK-sim' and online") < banks + DemoBanks)
            {
                if (Stopwatch.GetElapsedTime(begun) > Patience)
                    throw new TimeoutException($"Not all of {banks} banks have connected within {Patience}.");
                await Task.Delay(TimeSpan.FromMilliseconds(200), TimeProvider.System);
            }
        }
        double started = Stopwatch.GetElapsedTime(begun).TotalSeconds;
        // A heartbeat every nine seconds: one round, so that what the start has left is let go.
        await Task.Delay(TimeSpan.FromSeconds(15), TimeProvider.System);
        IReadOnlyList<int> all = Processes.WithDescendants([server.Pid]);
        double used = ProcessUse.Seconds(simulator), usedByAll = all.Sum(ProcessUse.Seconds);
        long since = Stopwatch.GetTimestamp();
        await Task.Delay(watched, TimeProvider.System);
        double seconds = Stopwatch.GetElapsedTime(since).TotalSeconds;
        used = (ProcessUse.Seconds(simulator) - used) / seconds * 100;
        usedByAll = (all.Sum(ProcessUse.Seconds) - usedByAll) / seconds * 100;
        double memory = ProcessUse.Megabytes(simulator);
        Report.Line($"{banks:#,0} virtual banks in one simulator, from the start until all are online", started, "s", "a TLS greeting of each, at 200 a second", banks / 200.0);
        Report.Line("memory of the simulator for a bank", (memory - before) / banks * 1024, "kB", "a page of memory", 4);
        Report.Line($"the simulator with {banks:#,0} banks", memory, "MB", $"with {DemoBanks}", before);
        Report.Line("the same, processor, all doors shut", used, "% of a core", "server, database and broker with it", usedByAll);
    }

    private static int Simulator(ServerUnderTest server) =>
        Processes.WithDescendants([server.Pid]).Single(pid => Processes.CommandLine(pid).Contains("Latchkey.Simulator.dll run", StringComparison.Ordinal));
}
