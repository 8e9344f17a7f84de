using Latchkey.SystemTests.Support;

[assembly: AssemblyFixture(typeof(OneLatchkey))]
[assembly: CollectionBehavior(MaxParallelThreads = 2)]

namespace Latchkey.SystemTests.Support;

/// <summary>
/// One system for all tests that leave it whole, and one more for each other way in which its devices can speak to it; each test keeps to a bank
/// of its own. Started by the first that asks.
/// </summary>
public sealed class OneLatchkey : IAsyncDisposable
{
    private readonly Dictionary<string, Lazy<Task<LatchkeyProcess>>> _byLink = DeviceLinks.All.ToDictionary(
        link => link, link => new Lazy<Task<LatchkeyProcess>>(async () => await LatchkeyProcess.Start(await DemoData.New(), DeviceLinks.Arguments(link))));

    public Task<LatchkeyProcess> Started => By(DeviceLinks.Mqtt);

    public Task<LatchkeyProcess> By(string link) => _byLink[link].Value;

    public async ValueTask DisposeAsync()
    {
        foreach (Lazy<Task<LatchkeyProcess>> started in _byLink.Values.Where(l => l.IsValueCreated))
            await (await started.Value).DisposeAsync();
        await LatchkeyProcess.Discard();
    }
}

/// <summary>The three ways in which a device can speak to the server; the same scenarios run over each.</summary>
public static class DeviceLinks
{
    public const string Mqtt = "mqtt", WebSocket = "ws", Polling = "poll";

    public static readonly string[] All = [Mqtt, WebSocket, Polling];

    public static string[] Arguments(string link) => ["--demo-link", link];
}
