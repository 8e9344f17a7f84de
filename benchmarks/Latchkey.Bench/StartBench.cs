using System.Diagnostics;
using Latchkey.SystemTests.Support;

namespace Latchkey.Bench;

/// <summary>The first start with nothing there, the next ones, and what it all uses when nobody asks for anything.</summary>
internal static class StartBench
{
    /// <param name="data">An empty folder.</param>
    /// <param name="idle">Also what it uses when nobody asks for anything, which takes two minutes.</param>
    public static async Task Run(string data, bool quick, bool idle)
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
            await Idle(data, TimeSpan.FromSeconds(quick ? 10 : 60));
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

    private static async Task Idle(string data, TimeSpan watched)
    {
        await using ServerUnderTest server = await ServerUnderTest.Launch(data, ["--no-demo"]);
        // What a start leaves behind is let go: connections that nobody needs end after a minute.
        await Task.Delay(TimeSpan.FromSeconds(90), TimeProvider.System);
        IReadOnlyList<int> all = Processes.WithDescendants([server.Pid]);
        double before = all.Sum(ProcessUse.Seconds);
        long begun = Stopwatch.GetTimestamp();
        await Task.Delay(watched, TimeProvider.System);
        double used = all.Sum(ProcessUse.Seconds) - before;
        double memory = all.Sum(ProcessUse.Megabytes), others = memory - ProcessUse.Megabytes(server.Pid);
        Report.Line("server, database and broker together, idle", memory, "MB", "database and broker alone", others, limit: "200 MB");
        Report.Line("the same, processor", used / Stopwatch.GetElapsedTime(begun).TotalSeconds * 100, "% of a core", "a core", 100);
    }
}
