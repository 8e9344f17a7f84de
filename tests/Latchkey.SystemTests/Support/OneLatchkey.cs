using Latchkey.SystemTests.Support;

[assembly: AssemblyFixture(typeof(OneLatchkey))]
[assembly: CollectionBehavior(MaxParallelThreads = 2)]

namespace Latchkey.SystemTests.Support;

/// <summary>One system for all tests that leave it whole; each keeps to a bank of its own. Started by the first that asks.</summary>
public sealed class OneLatchkey : IAsyncDisposable
{
    private readonly Lazy<Task<LatchkeyProcess>> _started = new(() => LatchkeyProcess.Start(LatchkeyProcess.NewData()));

    public Task<LatchkeyProcess> Started => _started.Value;

    public async ValueTask DisposeAsync()
    {
        if (_started.IsValueCreated)
            await (await Started).DisposeAsync();
        await LatchkeyProcess.Discard();
    }
}
