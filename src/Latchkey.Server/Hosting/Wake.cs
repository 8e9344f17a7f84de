using System.Threading.Channels;

namespace Latchkey.Server.Hosting;

/// <summary>Wakes one waiting loop. Called any number of times before the loop looks, it wakes it once.</summary>
public sealed class Wake
{
    private readonly Channel<bool> _called = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });

    public void Call() => _called.Writer.TryWrite(true);

    public Task Wait(CancellationToken cancel) => _called.Reader.ReadAsync(cancel).AsTask();

    /// <summary>Whether it was called; false when the time was up.</summary>
    public async Task<bool> Wait(TimeSpan longest, CancellationToken cancel)
    {
        // The machine's clock: a test that holds the business's still must not stop the loop.
        using var limit = new CancellationTokenSource(longest, TimeProvider.System);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancel);
        try
        {
            return await _called.Reader.ReadAsync(either.Token);
        }
        catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
        {
            return false;
        }
    }
}
