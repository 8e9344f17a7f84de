using System.Threading.Channels;
using Latchkey.Link.Mqtt;

namespace Latchkey.Tests.Support;

/// <summary>A client that runs, with what it said about its link in order. Disposing it stops it and shows what <c>Run</c> threw.</summary>
public sealed class RunningClient : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    private readonly CancellationTokenSource _stop = new();
    private readonly Channel<MqttLinkChange> _changes = Channel.CreateBounded<MqttLinkChange>(1000);

    private volatile int _attempts;

    public RunningClient(MqttOptions options, MqttDial dial, TimeProvider time)
    {
        Client = new MqttClient(options, dial, time);
        Client.Changed += change => _attempts += change.State == MqttLinkState.Connecting ? 1 : 0;
        Client.Changed += change => _changes.Writer.TryWrite(change);
        Running = Client.Run(_stop.Token);
    }

    public MqttClient Client { get; }
    public Task Running { get; }

    /// <summary>How often it has tried to connect.</summary>
    public int Attempts => _attempts;

    public void Stop() => _stop.Cancel();

    /// <summary>The next change to this state; others before it are passed over.</summary>
    public async Task<MqttLinkChange> Next(MqttLinkState state)
    {
        using var patience = new CancellationTokenSource(Patience);
        while (true)
        {
            MqttLinkChange change = await _changes.Reader.ReadAsync(patience.Token);
            if (change.State == state)
                return change;
        }
    }

    /// <summary>
    /// Moves the clock until the client tries again, and not one step further: the attempt has timers of its own. How long it waited.
    /// </summary>
    public async Task<TimeSpan> Retry(ManualTime time)
    {
        long start = time.GetTimestamp();
        int before = _attempts;
        using var patience = new CancellationTokenSource(Patience);
        while (_attempts == before)
        {
            if (time.WaitingTimers > 0)
                time.Advance(TimeSpan.FromMilliseconds(50));
            patience.Token.ThrowIfCancellationRequested();
            await Task.Yield();
        }
        return time.GetElapsedTime(start);
    }

    public async Task<MqttMessage> Receive() => await Client.Messages.ReadAsync().AsTask().WaitAsync(Patience);

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await Running.WaitAsync(Patience);
        await Client.DisposeAsync();
        _stop.Dispose();
    }
}
