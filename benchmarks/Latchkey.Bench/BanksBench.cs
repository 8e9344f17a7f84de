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
            await Add(db, banks);
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

    private static Task<int> Add(NpgsqlConnection db, int banks) => db.ExecuteAsync(
        """
        insert into site (id, city_id, name, address, latitude, longitude, time_zone, opening_hours) select @Site, city_id, 'Many banks', address, latitude, longitude, time_zone, '[]' from site limit 1;
        insert into site_tariff (site_id, begins, tariff, set_at) select @Site, begins, tariff, set_at from site_tariff limit 1;
        insert into device (id, model, public_key) select ('00000000-0000-7000-9002-' || lpad(n::text, 12, '0'))::uuid, 'LK-sim', '' from generate_series(1, @banks) n;
        insert into bank (id, site_id, device_id, name, columns, position, mode)
          select ('00000000-0000-7000-a002-' || lpad(n::text, 12, '0'))::uuid, @Site, ('00000000-0000-7000-9002-' || lpad(n::text, 12, '0'))::uuid, 'Bank ' || n, 4, n, 'rental' from generate_series(1, @banks) n;
        insert into locker (id, bank_id, number, label, size, col, row)
          select gen_random_uuid(), ('00000000-0000-7000-a002-' || lpad(b::text, 12, '0'))::uuid, n, (b * 100 + n)::text, 'M', (n - 1) / 3, (n - 1) % 3 from generate_series(1, @banks) b, generate_series(1, 12) n;
        analyze device, bank, locker
        """,
        new { Site = Guid.Parse("00000000-0000-7000-8002-000000000000"), banks });
}
