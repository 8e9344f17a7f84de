using System.Globalization;
using Latchkey.Controller.Cabinet;

namespace Latchkey.Tests.Controller.Vectors;

/// <summary>One file of <c>vectors/</c>: a cabinet, and what it does with each input. vectors/README.md has the format.</summary>
/// <param name="Name">Without folder and ending.</param>
/// <param name="Title">The first comment line.</param>
/// <param name="Prose">The comment lines after it; an empty one parts paragraphs.</param>
/// <param name="Cabinet">The settings as they are written.</param>
internal sealed record VectorFile(string Name, string Title, IReadOnlyList<string> Prose, string Cabinet, IReadOnlyList<VectorLine> Lines)
{
    public static VectorFile Parse(string name, IEnumerable<string> text)
    {
        var comments = new List<string>();
        var lines = new List<VectorLine>();
        string? cabinet = null;
        foreach (string line in text.Select(l => l.TrimEnd()))
        {
            if (line.Length == 0)
                continue;
            if (line[0] == '#')
                comments.Add(line[1..].Trim());
            else if (line.StartsWith("cabinet ", StringComparison.Ordinal))
                cabinet = line["cabinet ".Length..];
            else
                lines.Add(VectorLine.Parse(line));
        }
        return new VectorFile(name, comments[0], comments[1..], cabinet ?? throw new FormatException($"{name}: there is no line \"cabinet ...\"."), lines);
    }

    /// <summary>The file's text with these outputs instead of its own.</summary>
    public string With(IReadOnlyList<string> outputs) =>
        $"# {Title}\n{string.Concat(Prose.Select(p => $"# {p}".TrimEnd() + "\n"))}cabinet {Cabinet}\n\n{string.Concat(Lines.Zip(outputs, (line, output) => line.Write(output) + "\n"))}";

    public CabinetSettings Settings()
    {
        Dictionary<string, string> given = Cabinet.Split(' ').Select(pair => pair.Split('=')).ToDictionary(pair => pair[0], pair => pair[1]);
        var settings = new CabinetSettings { Device = MachineRig.Device, Model = "LK-vector", Lockers = int.Parse(given["lockers"], CultureInfo.InvariantCulture) };
        return settings with
        {
            PulseMs = Number("pulse", settings.PulseMs), GapMs = Number("gap", settings.GapMs), DebounceMs = Number("debounce", settings.DebounceMs),
            ProofMs = Number("proof", settings.ProofMs), LateMs = Number("late", settings.LateMs), HeartbeatMs = Number("heartbeat", settings.HeartbeatMs),
            LeftOpenMs = Number("left-open", settings.LeftOpenMs), NeverClosedMs = Number("never-closed", settings.NeverClosedMs),
            BreakerDoors = Number("breaker", settings.BreakerDoors), BreakerMs = Number("breaker-time", settings.BreakerMs), QueueLimit = Number("queue", settings.QueueLimit), PulsesPerMinute = Number("per-minute", settings.PulsesPerMinute), OccupancyMs = Number("occupancy", settings.OccupancyMs),
            BatteryLow = Number("battery-low", settings.BatteryLow), BatteryCritical = Number("battery-critical", settings.BatteryCritical),
            WithoutSensor = Doors("without-sensor"),
            Latched = Doors("latched").ToDictionary(door => door, door => new Latch(
                Doors("locks-at-power-loss").Contains(door) ? PowerLoss.Locks : PowerLoss.Stays, !Doors("without-bolt-sensor").Contains(door), Number("latch-pulse", 500))),
        };

        HashSet<int> Doors(string key) => given.TryGetValue(key, out string? doors) ? [.. doors.Split(',').Select(int.Parse)] : [];

        int Number(string key, int otherwise) => given.TryGetValue(key, out string? value) ? int.Parse(value, CultureInfo.InvariantCulture) : otherwise;
    }
}

/// <summary>One input, and the outputs it must have.</summary>
/// <param name="Ms">Monotonic milliseconds; over a power cut they go on.</param>
internal sealed record VectorLine(long Ms, string[] Input, string Outputs)
{
    private const string Arrow = "=>";

    public string[] OutputList => Outputs.Split("; ", StringSplitOptions.RemoveEmptyEntries);

    /// <summary>How long an order is good for.</summary>
    public int LifeMs => Input.FirstOrDefault(w => w.StartsWith("life=", StringComparison.Ordinal)) is { } given ? int.Parse(given["life=".Length..], CultureInfo.InvariantCulture) : 10_000;

    public static VectorLine Parse(string line)
    {
        int arrow = line.IndexOf(Arrow, StringComparison.Ordinal);
        string[] words = (arrow < 0 ? line : line[..arrow]).Split(' ', StringSplitOptions.RemoveEmptyEntries);
        return new VectorLine(long.Parse(words[0], CultureInfo.InvariantCulture), words[1..], arrow < 0 ? "" : line[(arrow + Arrow.Length)..].Trim());
    }

    public string Write(string outputs) => $"{Ms,7}  {string.Join(' ', Input),-32} {Arrow} {outputs}".TrimEnd();
}
