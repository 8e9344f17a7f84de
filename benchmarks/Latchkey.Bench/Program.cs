// Measures what has to be fast, each figure beside a baseline of the same run: these machines are noisy, ratios are not.
// One JSON object a line: {"name","value","unit","baseline","baseline_value","ratio"}.
using Latchkey.Bench;

bool quick = args.Contains("--quick");
if (args.Any(a => a is not "--quick"))
{
    await Console.Error.WriteLineAsync("Usage: ./bench [--quick]");
    return 1;
}
string data = Directory.CreateDirectory($"/tmp/lk-bench-{Environment.ProcessId}").FullName;
File.SetUnixFileMode(data, (UnixFileMode)0b111_101_101);
try
{
    await using ServerUnderTest server = await ServerUnderTest.Start(data);
    await SiteBench.Run(server, quick);
    await HoldBench.Run(server, quick);
    await OpenBench.Run(server, quick);
    return 0;
}
finally
{
    Directory.Delete(data, recursive: true);
}
