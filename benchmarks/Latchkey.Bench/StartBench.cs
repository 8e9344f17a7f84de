using System.Diagnostics;

namespace Latchkey.Bench;

/// <summary>The first start with nothing there, the next ones, and what it all uses when nobody asks for anything.</summary>
internal static class StartBench
{
    /// <param name="idle">Also what it uses when nobody asks for anything, which takes two minutes.</param>
    public static async Task Run(bool quick, bool idle)
    {
        string data = Directory.CreateDirectory(Path.Combine(Path.GetTempPath(), $"lk-bench-start-{Environment.ProcessId}")).FullName;
        File.SetUnixFileMode(data, (UnixFileMode)0b111_101_101);
        try
        {
            var help = new List<double>();
            for (int i = 0; i < 5; i++)
                help.Add(await Help());
            double nothing = Report.Percentile(help, 0.5);
            double cold = await Start(data);
            var warm = new List<double>();
            for (int i = 0; i < (quick ? 2 : 7); i++)
                warm.Add(await Start(data));
            Report.Line("first start of the demo: database made, places, lockers, accounts; until ready", cold, "s", "the program that only prints its help", nothing);
            Report.Line("next start of the demo, until ready, p50", Report.Percentile(warm, 0.5), "s", "the program that only prints its help", nothing, limit: "under 10 s");
            if (idle)
                await Idle(data, TimeSpan.FromSeconds(90), TimeSpan.FromSeconds(quick ? 10 : 60));
        }
        finally
        {
            Directory.Delete(data, recursive: true);
        }
    }

    private static async Task<double> Start(string data)
    {
        long begun = Stopwatch.GetTimestamp();
        await using ServerUnderTest server = await ServerUnderTest.Launch(data);
        return Stopwatch.GetElapsedTime(begun).TotalSeconds;
    }

    private static async Task<double> Help()
    {
        long begun = Stopwatch.GetTimestamp();
        using var process = Process.Start(new ProcessStartInfo("dotnet", [ServerUnderTest.Program, "--help"]) { RedirectStandardOutput = true, UseShellExecute = false })!;
        await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        return Stopwatch.GetElapsedTime(begun).TotalSeconds;
    }

    /// <param name="rest">What a start leaves behind is let go: connections that nobody needs end after a minute.</param>
    private static async Task Idle(string data, TimeSpan rest, TimeSpan watched)
    {
        await using ServerUnderTest server = await ServerUnderTest.Launch(data, ["--no-demo"]);
        await Task.Delay(rest, TimeProvider.System);
        List<int> all = ProcessTree.Of(server.Pid);
        double before = all.Sum(ProcessTree.SecondsOf);
        long begun = Stopwatch.GetTimestamp();
        await Task.Delay(watched, TimeProvider.System);
        double used = all.Sum(ProcessTree.SecondsOf) - before;
        double memory = all.Sum(ProcessTree.MegabytesOf), others = all.Where(pid => ProcessTree.NameOf(pid) is "postgres" or "mosquitto").Sum(ProcessTree.MegabytesOf);
        Report.Line("server, database and broker together, idle", memory, "MB", "database and broker alone", others, limit: "200 MB");
        Report.Line("the same, processor", used / Stopwatch.GetElapsedTime(begun).TotalSeconds * 100, "% of a core", "a core", 100);
    }
}
