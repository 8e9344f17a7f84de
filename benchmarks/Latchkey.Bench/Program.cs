// Measures what has to be fast, each figure beside a baseline of the same run: these machines are noisy, ratios are not.
// One JSON object a line: {"name","value","unit","baseline","baseline_value","ratio"}.
using Latchkey.Bench;

(string Name, Func<ServerUnderTest, bool, Task> Run)[] benches =
[
    ("site", SiteBench.Run), ("hold", HoldBench.Run), ("open", OpenBench.Run), ("tap", TapBench.Run), ("history", HistoryBench.Run), ("deposit", DepositBench.Run), ("page", PageBench.Run), ("live", LiveBench.Run),
    ("sign-in", SignInBench.Run),
];
const string Start = "start", Banks = "banks", Heartbeat = "heartbeat"; // they start servers of their own
bool quick = args.Contains("--quick"), table = args.Contains("--table");
string[] wanted = [.. args.Where(a => a is not ("--quick" or "--table"))];
if (wanted.Except([Start, Banks, Heartbeat, .. benches.Select(b => b.Name)]).Any() || (table && wanted.Length > 0))
{
    await Console.Error.WriteLineAsync(
        $"Usage: ./bench [--quick] [{string.Join("] [", [Start, Banks, Heartbeat, .. benches.Select(b => b.Name)])}]   (nothing named: all of them)\n       ./bench [--quick] --table   all of them, and into the table of docs/performance.md");
    return 1;
}
// A quick look at everything is over in two minutes; these take one each and are looked at by name.
string[] slow = quick && !table ? [Banks, Heartbeat] : [];
bool Wanted(string name) => wanted.Length == 0 ? !slow.Contains(name) : wanted.Contains(name);
string data = Path.Combine(Path.GetTempPath(), $"lk-bench-{Environment.ProcessId}");
try
{
    // First, while nothing else runs. What it uses at rest takes two minutes, which a quick look at everything does not have.
    if (Wanted(Start))
        await StartBench.Run(Folder("start"), quick, idle: !quick || table || wanted.Length > 0);
    if (Wanted(Banks))
        await BanksBench.Run(Folder("banks"), quick);
    if (Wanted(Heartbeat))
    {
        await using ServerUnderTest server = await ServerUnderTest.Start(Folder("heartbeat"));
        await HeartbeatBench.Run(server, quick);
    }
    if (benches.Any(b => Wanted(b.Name)))
    {
        await using ServerUnderTest server = await ServerUnderTest.Start(Folder("server"));
        foreach ((string name, Func<ServerUnderTest, bool, Task> run) in benches.Where(b => Wanted(b.Name)))
            await run(server, quick);
    }
    if (table)
        Table.WriteTo(Path.GetFullPath(Path.Combine(AppContext.BaseDirectory, "../../../../../docs/performance.md")));
    return 0;
}
finally
{
    Directory.Delete(data, recursive: true);
}

// The database may run under another user, who has to get there.
string Folder(string name)
{
    const UnixFileMode Open = (UnixFileMode)0b111_101_101;
    Directory.CreateDirectory(data, Open);
    return Directory.CreateDirectory(Path.Combine(data, name), Open).FullName;
}
