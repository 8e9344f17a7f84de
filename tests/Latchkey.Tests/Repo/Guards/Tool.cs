using System.Diagnostics;

namespace Latchkey.Tests.Repo.Guards;

/// <summary>Runs git and dotnet for the guards.</summary>
internal static class Tool
{
    // A slow machine builds everything in three minutes; no named test takes one.
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(10);

    /// <summary>Its exit code, and what it wrote; null for a program that did not come to its end in ten minutes and was ended.</summary>
    /// <param name="log">It writes here: a compiler that stays for the next build would keep a pipe open.</param>
    public static async Task<(int? Code, string Said)> Run(string folder, string log, params string[] command)
    {
        var start = new ProcessStartInfo("/bin/sh", ["-c", "log=$1; shift; exec \"$@\" >\"$log\" 2>&1 </dev/null", "sh", log, .. command]) { WorkingDirectory = folder };
        // The tests run in their short form, and git reads no repository that happens to lie around the copy.
        foreach (string name in start.Environment.Keys.Where(k => k.StartsWith("LATCHKEY_CAMPAIGN", StringComparison.Ordinal)).ToList())
            start.Environment.Remove(name);
        start.Environment["GIT_CEILING_DIRECTORIES"] = Path.GetDirectoryName(folder);
        using Process process = Process.Start(start)!;
        using var limit = new CancellationTokenSource(Patience);
        try
        {
            await process.WaitForExitAsync(limit.Token);
            return (process.ExitCode, await File.ReadAllTextAsync(log, CancellationToken.None));
        }
        catch (OperationCanceledException) when (limit.IsCancellationRequested)
        {
            process.Kill(entireProcessTree: true);
            await process.WaitForExitAsync(CancellationToken.None);
            return (null, await File.ReadAllTextAsync(log, CancellationToken.None));
        }
    }
}
