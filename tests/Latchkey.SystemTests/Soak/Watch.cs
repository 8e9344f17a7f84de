using System.Globalization;

namespace Latchkey.SystemTests.Soak;

/// <summary>One look at everything.</summary>
/// <param name="At">Seconds since the people came.</param>
/// <param name="Megabytes">Resident, by process.</param>
/// <param name="Connections">To the database, without this program's own.</param>
/// <param name="Flows">That had come to their end by then.</param>
internal sealed record Sample(
    double At, IReadOnlyDictionary<string, double> Megabytes, IReadOnlyDictionary<string, double> Files, IReadOnlyDictionary<string, double> Threads, double Connections, IReadOnlyDictionary<string, TableUse> Tables, int Flows);

/// <param name="Bytes">With its indexes and what is stored beside it.</param>
internal sealed record TableUse(double Live, double Dead, double Bytes);

/// <summary>Looks at the nodes, the simulator, the broker and the database every ten seconds.</summary>
internal sealed class Watch(SoakWorld world, Book book)
{
    public static readonly TimeSpan Every = TimeSpan.FromSeconds(10);

    private readonly List<Sample> _samples = [];

    public const string Broker = "broker";

    private IReadOnlyDictionary<string, int> Processes { get; } = new Dictionary<string, int>
    {
        ["node-1"] = world.First.Id, ["node-2"] = world.Second.Id, ["simulator"] = Find(world.Data, "Latchkey.Simulator", "dotnet"), [Broker] = Find(world.Data, "mosquitto.conf", "mosquitto"),
    };

    public IReadOnlyList<Sample> Since(double at) => [.. _samples.Where(s => s.At >= at)];

    public async Task Run(CancellationToken over)
    {
        while (!over.IsCancellationRequested)
        {
            _samples.Add(await Look());
            await Pace.Sleep(Every, over);
        }
    }

    public async Task<Sample> Look()
    {
        Dictionary<string, double> Of(Func<int, double> measure) => Processes.ToDictionary(p => p.Key, p => measure(p.Value));
        IReadOnlyList<TableRow> tables = await world.Rows<TableRow>("select relname::text as name, n_live_tup as live, n_dead_tup as dead, pg_total_relation_size(relid) as bytes from pg_stat_user_tables");
        long connections = await world.Sql<long>("select count(*) from pg_stat_activity where datname = current_database() and backend_type = 'client backend' and application_name <> @DatabaseName", new { SoakWorld.DatabaseName });
        return new Sample(
            book.Now, Of(pid => Status(pid, "VmRSS:") / 1024), Of(pid => Directory.EnumerateFiles($"/proc/{pid}/fd").Count()), Of(pid => Status(pid, "Threads:")), connections,
            tables.ToDictionary(t => t.Name, t => new TableUse(t.Live, t.Dead, t.Bytes)), book.FlowCount);
    }

    /// <summary>Connections that somebody has open to a node, as the kernel lists them.</summary>
    public static int ConnectionsTo(Uri node)
    {
        string port = $":{node.Port.ToString("X4", CultureInfo.InvariantCulture)}";
        const string established = "01";
        return ((string[])["/proc/net/tcp", "/proc/net/tcp6"]).SelectMany(f => Support.Processes.Read(f).Split('\n')).Select(l => l.Split(' ', StringSplitOptions.RemoveEmptyEntries))
            .Count(l => l.Length > 3 && l[1].EndsWith(port, StringComparison.Ordinal) && l[3] == established);
    }

    private static double Status(int pid, string field) =>
        Support.Processes.Read($"/proc/{pid}/status").Split('\n').FirstOrDefault(l => l.StartsWith(field, StringComparison.Ordinal)) is { } line
            ? double.Parse(line.Split((char[])[' ', '\t'], StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture) : throw new InvalidOperationException($"The process {pid} has ended.");

    private static int Find(string data, string part, string program) =>
        Support.Processes.NamedAfter(data, part).Single(pid => Support.Processes.Read($"/proc/{pid}/comm").Trim().StartsWith(program, StringComparison.Ordinal) || Support.Processes.CommandLine(pid).StartsWith(program, StringComparison.Ordinal));

    private sealed class TableRow
    {
        public string Name { get; init; } = "";
        public long Live { get; init; }
        public long Dead { get; init; }
        public long Bytes { get; init; }
    }
}
