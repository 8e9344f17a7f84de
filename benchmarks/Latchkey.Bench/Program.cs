// Measures what has to be fast, each figure beside a baseline of the same run: these machines are noisy, ratios are not.
// One JSON object a line: {"name","value","unit","baseline","baseline_value","ratio"}.
using Latchkey.Bench;

bool quick = args.Contains("--quick"), table = args.Contains("--table");
string[] wanted = [.. args.Where(a => a is "site" or "hold" or "open" or "sign-in" or "tap" or "history" or "deposit" or "page" or "live" or "start")];
if (args.Length > wanted.Length + (quick ? 1 : 0) + (table ? 1 : 0) || (table && wanted.Length > 0))
{
    await Console.Error.WriteLineAsync("Usage: ./bench [--quick] [site] [hold] [open] [sign-in] [tap] [history] [deposit] [page] [live] [start]   (nothing named: all of them)\n       ./bench [--quick] --table   all of them, and into the table of docs/performance.md");
    return 1;
}
bool Wanted(string name) => wanted.Length == 0 || wanted.Contains(name);
string data = Directory.CreateDirectory(Path.Combine(Path.GetTempPath(), $"lk-bench-{Environment.ProcessId}")).FullName;
File.SetUnixFileMode(data, (UnixFileMode)0b111_101_101);
try
{
    // Alone: nothing else runs yet.
    if (Wanted("start"))
        await StartBench.Run(quick, idle: !quick || table || wanted.Length > 0);
    if (wanted is ["start"])
        return 0;
    await using ServerUnderTest server = await ServerUnderTest.Start(data);
    if (Wanted("site"))
        await SiteBench.Run(server, quick);
    if (Wanted("hold"))
        await HoldBench.Run(server, quick);
    if (Wanted("open"))
        await OpenBench.Run(server, quick);
    if (Wanted("tap"))
        await TapBench.Run(server, quick);
    if (Wanted("history"))
        await HistoryBench.Run(server, quick);
    if (Wanted("deposit"))
        await DepositBench.Run(server, quick);
    if (Wanted("page"))
        await PageBench.Run(server, quick);
    if (Wanted("live"))
        await LiveBench.Run(server, quick);
    if (Wanted("sign-in"))
        await SignInBench.Run(server, quick);
    if (table)
        Table.WriteTo(Path.GetFullPath(Path.Combine(AppContext.BaseDirectory, "../../../../../docs/performance.md")));
    return 0;
}
finally
{
    Directory.Delete(data, recursive: true);
}
