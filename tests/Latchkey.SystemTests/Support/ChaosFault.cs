using System.Globalization;

namespace Latchkey.SystemTests.Support;

/// <summary>One thing that is broken for a while. All of it follows from its seed.</summary>
/// <param name="Kind">As it is counted: <c>banks-BlackHole</c>, <c>database-stopped</c>, ...</param>
/// <param name="Where">Which node's, or which bank's.</param>
/// <param name="For">How long.</param>
public sealed record ChaosFault(int Seed, string Kind, string Where, TimeSpan For, Func<Task> Break, Func<Task> Mend)
{
    private static readonly string[] Lines = ["database", "broker", "banks", "people"];

    /// <summary>A database whose files may not grow beyond this has no room for its next entry, wherever that goes.</summary>
    private const long NoRoom = 64 * 1024;

    private static readonly string[] Others = ["database-stopped", "database-killed", "database-disk-full", "broker-killed", "banks-disk-full", "bank-clock", "node-frozen"];

    /// <summary>Every kind: six faults on each of the four lines, and what can happen to the ends.</summary>
    public static readonly IReadOnlyList<string> Kinds =
        [.. Enum.GetValues<LineFault>().Where(f => f != LineFault.None).SelectMany(f => Lines.Select(l => $"{l}-{f}")), .. Others];

    /// <summary>Seeds that follow each other go round all kinds.</summary>
    /// <param name="freeze">How long a frozen node is frozen.</param>
    public static ChaosFault Of(ChaosSystem system, int seed, TimeSpan freeze)
    {
        var random = new Random(seed);
        string kind = Kinds[(int)((uint)seed % Kinds.Count)];
        // Mostly as short as a hiccup, now and then as long as a restart.
        TimeSpan length = TimeSpan.FromMilliseconds(random.Next(5) > 0 ? random.Next(300, 2_000) : random.Next(2_000, 8_000));
        int node = random.Next(ChaosSystem.Nodes + 1); // the last: both
        string where = node == ChaosSystem.Nodes ? "both nodes" : $"node {node + 1}";
        string[] parts = kind.Split('-', 2);
        if (Enum.TryParse(parts[1], out LineFault line))
        {
            FaultProxy[] all = parts[0] switch
            {
                "database" => system.ToDatabase,
                "broker" => system.ToBroker,
                "people" => system.FromPeople,
                _ => [system.FromBanks],
            };
            FaultProxy[] some = node == ChaosSystem.Nodes || all.Length == 1 ? all : [all[node]];
            return new ChaosFault(
                seed, kind, all.Length == 1 ? "all banks" : where, length,
                () => Task.WhenAll(some.Select(p => p.Set(line))), () => Task.WhenAll(some.Select(p => p.Set(LineFault.None))));
        }
        int which = random.Next(system.Doors.Devices.Count);
        Guid device = system.Doors.Devices[which];
        // From a second to a year, either way.
        long seconds = (long)Math.Pow(10, random.NextDouble() * 7.49) * (random.Next(2) == 0 ? 1 : -1);
        return kind switch
        {
            "database-stopped" => new ChaosFault(seed, kind, "fast", length, () => system.StopDatabase("INT"), system.StartDatabase),
            "database-killed" => new ChaosFault(seed, kind, "immediate", length, () => system.StopDatabase("QUIT"), system.StartDatabase),
            "database-disk-full" => new ChaosFault(seed, kind, "database", length, () => system.LimitDatabaseFiles(NoRoom), system.GiveDatabaseRoom),
            "broker-killed" => new ChaosFault(seed, kind, "broker", TimeSpan.Zero, system.KillBroker, () => Task.CompletedTask),
            "banks-disk-full" => new ChaosFault(seed, kind, "all banks", length, () => system.FillBanksDisk(full: true), () => system.FillBanksDisk(full: false)),
            "bank-clock" => new ChaosFault(
                seed, kind, string.Create(CultureInfo.InvariantCulture, $"device {which} by {seconds} s"), length, () => system.Doors.SetClock(device, seconds), () => system.Doors.SetClock(device, 0)),
            _ => new ChaosFault(
                seed, kind, $"node {(node % ChaosSystem.Nodes) + 1}", freeze,
                () => Processes.Signal(system.Processes[node % ChaosSystem.Nodes].Id, "STOP"), () => Processes.Signal(system.Processes[node % ChaosSystem.Nodes].Id, "CONT")),
        };
    }

    /// <summary>Whether this machine lets it be done.</summary>
    public bool IsPossible(ChaosSystem system) => Kind != "banks-disk-full" || system.BanksDiskIsTheirOwn;

    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Kind} ({Where}, {For.TotalSeconds:0.0} s, seed {Seed})");
}
