using System.Globalization;
using Latchkey.SystemTests.Support;

namespace Latchkey.Bench;

/// <summary>What a process uses, as the kernel counts it; nothing when it has ended.</summary>
internal static class ProcessUse
{
    /// <summary>Pages that several share are counted to each in part (Pss), so that a sum counts them once.</summary>
    public static double Megabytes(int pid) =>
        Processes.Read($"/proc/{pid}/smaps_rollup").Split('\n').FirstOrDefault(l => l.StartsWith("Pss:", StringComparison.Ordinal)) is { } line
            ? double.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture) / 1024 : 0;

    /// <summary>Processor time until now: user and system, in hundredths of a second (proc(5), fields 14 and 15).</summary>
    public static double Seconds(int pid) =>
        Processes.StatOf(pid) is { Length: > 0 } stat ? (long.Parse(stat[11], CultureInfo.InvariantCulture) + long.Parse(stat[12], CultureInfo.InvariantCulture)) / 100.0 : 0;
}
