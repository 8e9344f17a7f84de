using System.Runtime.InteropServices;
using Latchkey.Server.Hosting.Face;

namespace Latchkey.Server.Hosting;

/// <summary>
/// The way out: first "not ready", for as long as a load balancer needs to notice; then live feeds are told and end, and waiting requests are answered; then
/// no new requests, and those under way are finished; then everything else. A second signal cuts the first step short.
/// </summary>
public sealed class GracefulStop(IHostApplicationLifetime life, FaceOptions face) : IHostLifetime, IDisposable
{
    /// <summary>How long requests may take to finish: most need milliseconds, and Docker kills after 10 s.</summary>
    public static readonly TimeSpan RequestsFinishWithin = TimeSpan.FromSeconds(8);

    private readonly List<PosixSignalRegistration> _signals = [];
    private readonly CancellationTokenSource _hurry = new();
    private Task _draining = Task.CompletedTask;
    private int _signalled;

    public bool HasBegun => _signalled > 0 || life.ApplicationStopping.IsCancellationRequested;

    public Task WaitForStartAsync(CancellationToken cancellationToken)
    {
        foreach (PosixSignal signal in (PosixSignal[])[PosixSignal.SIGINT, PosixSignal.SIGTERM, PosixSignal.SIGQUIT])
            _signals.Add(PosixSignalRegistration.Create(signal, OnSignal));
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken) => _draining;

    public void Dispose()
    {
        foreach (PosixSignalRegistration signal in _signals)
            signal.Dispose();
        _hurry.Dispose();
    }

    private void OnSignal(PosixSignalContext context)
    {
        context.Cancel = true;
        if (Interlocked.Increment(ref _signalled) == 1)
            _draining = Drain();
        else
            _hurry.Cancel();
    }

    private async Task Drain()
    {
        try
        {
            if (face.Drain > TimeSpan.Zero)
                await Task.Delay(face.Drain, TimeProvider.System, _hurry.Token);
        }
        catch (OperationCanceledException)
        {
            // Somebody is in a hurry.
        }
        life.StopApplication();
    }
}
