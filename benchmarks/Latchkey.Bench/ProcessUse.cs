using System.Globalization;

namespace Latchkey.Bench;

/// <summary>What a process and those that it has started use, as the kernel counts it.</summary>
internal static class ProcessTree
{
    /// <summary>The process and all below it.</summary>
    public static List<int> Of(int root)
    {
        ILookup<int, int> children = Directory.EnumerateDirectories("/proc").Select(Path.GetFileName).Where(n => int.TryParse(n, out _)).Select(n => int.Parse(n!, CultureInfo.InvariantCulture))
            .Select(pid => (Pid: pid, Parent: Stat(pid) is { } stat ? int.Parse(stat[1], CultureInfo.InvariantCulture) : 0)).ToLookup(p => p.Parent, p => p.Pid);
        List<int> all = [root];
        for (int i = 0; i < all.Count; i++)
            all.AddRange(children[all[i]]);
        return all;
    }

    /// <summary>Of one process. Pages that several share are counted to each in part (Pss), so that a sum counts them once.</summary>
    public static double MegabytesOf(int pid)
    {
        try
        {
            string line = File.ReadLines($"/proc/{pid}/smaps_rollup").First(l => l.StartsWith("Pss:", StringComparison.Ordinal));
            return double.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture) / 1024;
        }
        catch (Exception e) when (e is IOException or InvalidOperationException)
        {
            return 0; // it has ended since
        }
    }

    /// <summary>Seconds of processor time of one process until now.</summary>
    public static double SecondsOf(int pid) => Stat(pid) is { } stat ? (long.Parse(stat[11], CultureInfo.InvariantCulture) + long.Parse(stat[12], CultureInfo.InvariantCulture)) / 100.0 : 0;

    public static string NameOf(int pid)
    {
        try
        {
            return File.ReadAllText($"/proc/{pid}/comm").Trim();
        }
        catch (IOException)
        {
            return "";
        }
    }

    /// <summary>The fields behind the program's name: state, parent, ... (proc(5)).</summary>
    private static string[]? Stat(int pid)
    {
        try
        {
            string text = File.ReadAllText($"/proc/{pid}/stat");
            return text[(text.LastIndexOf(')') + 2)..].Split(' ');
        }
        catch (IOException)
        {
            return null;
        }
    }
}
