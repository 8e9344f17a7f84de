using System.Text.RegularExpressions;
using Latchkey.SystemTests.Support;

[assembly: AssemblyFixture(typeof(OneLatchkey))]
[assembly: CollectionBehavior(MaxParallelThreads = 2)]

namespace Latchkey.SystemTests.Support;

/// <summary>
/// One system for all tests that leave it whole, and one more for each other way in which its devices can speak to it; each test keeps to a bank
/// of its own. Started by the first that asks.
/// </summary>
public sealed partial class OneLatchkey : IAsyncDisposable
{
    private readonly Dictionary<string, Lazy<Task<LatchkeyProcess>>> _byLink = DeviceLinks.All.ToDictionary(
        link => link, link => new Lazy<Task<LatchkeyProcess>>(async () => await LatchkeyProcess.Start(await DemoData.New(), DeviceLinks.Arguments(link))));

    public Task<LatchkeyProcess> Started => By(DeviceLinks.Mqtt);

    public Task<LatchkeyProcess> By(string link) => _byLink[link].Value;

    public async ValueTask DisposeAsync()
    {
        List<string> ended = [];
        foreach (Lazy<Task<LatchkeyProcess>> started in _byLink.Values.Where(l => l.IsValueCreated))
        {
            LatchkeyProcess latchkey = await started.Value;
            await latchkey.DisposeAsync();
            ended.AddRange(File.ReadLines($"{latchkey.Data}/simulator/simulator.log").Where(line => EndedByItself().IsMatch(line)));
        }
        await LatchkeyProcess.Discard();
        // Its supervisor starts it again, and a test that did not look at that moment would not know.
        if (ended.Count > 0)
            throw new InvalidOperationException($"A controller has ended by itself:\n{string.Join('\n', ended)}");
    }

    [GeneratedRegex("Cabinet [0-9a-f]{8}-[0-9a-f-]{27}: ")]
    private static partial Regex EndedByItself();
}

/// <summary>The three ways in which a device can speak to the server; the same scenarios run over each.</summary>
public static class DeviceLinks
{
    public const string Mqtt = "mqtt", WebSocket = "ws", Polling = "poll";

    public static readonly string[] All = [Mqtt, WebSocket, Polling];

    public static string[] Arguments(string link) => ["--demo-link", link];
}
