using System.Diagnostics;

namespace Latchkey.SystemTests.Support;

/// <summary>What runs on this machine, as /proc tells it.</summary>
public static class Processes
{
    /// <summary>Whose command line names this folder: servers, databases, brokers and simulators name their data directory.</summary>
    public static IReadOnlyList<int> NamedAfter(string folder, string program = "") =>
    [
        .. All().Where(pid => pid != Environment.ProcessId && CommandLine(pid) is var line && line.Contains(folder, StringComparison.Ordinal)
            && line.Contains(program, StringComparison.Ordinal)),
    ];

    /// <summary>These and all that descend from them: the database's workers name no folder.</summary>
    public static IReadOnlyList<int> WithDescendants(IEnumerable<int> roots)
    {
        ILookup<int, int> children = All().ToLookup(ParentOf);
        var found = new List<int>(roots);
        for (int i = 0; i < found.Count; i++)
            found.AddRange(children[found[i]].Except(found));
        return found;
    }

    /// <summary>One that has ended and was not fetched by its parent does not count.</summary>
    public static bool IsAlive(int pid) => CommandLine(pid).Length > 0;

    public static string CommandLine(int pid) => Read($"/proc/{pid}/cmdline").Replace('\0', ' ');

    public static async Task Signal(int pid, string signal)
    {
        using Process kill = Process.Start(new ProcessStartInfo("kill", [$"-{signal}", $"{pid}"]) { RedirectStandardError = true, UseShellExecute = false })!;
        await kill.WaitForExitAsync();
    }

    /// <summary>Runs a program to its end: exit code and all it said.</summary>
    public static async Task<(int ExitCode, string Said)> Run(string program, params string[] arguments)
    {
        using Process process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true, UseShellExecute = false })!;
        Task<string> errors = process.StandardError.ReadToEndAsync();
        string said = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        return (process.ExitCode, said + await errors);
    }

    private static IEnumerable<int> All() =>
        Directory.EnumerateDirectories("/proc").Select(Path.GetFileName).Where(name => int.TryParse(name, out _)).Select(name => int.Parse(name!));

    private static int ParentOf(int pid) => StatOf(pid) is { Length: > 0 } stat ? int.Parse(stat[1]) : 0;

    /// <summary>The fields behind the program's name: state, parent, ... (proc(5)); none of a process that has ended.</summary>
    internal static string[] StatOf(int pid) => Read($"/proc/{pid}/stat") is { Length: > 0 } stat ? stat[(stat.LastIndexOf(')') + 2)..].Split(' ') : []; // the name may hold anything

    /// <summary>Nothing where it cannot be read: the process has ended, or is somebody else's.</summary>
    internal static string Read(string file)
    {
        try
        {
            return File.ReadAllText(file);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return "";
        }
    }
}
