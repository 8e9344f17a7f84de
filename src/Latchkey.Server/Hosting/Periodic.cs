namespace Latchkey.Server.Hosting;

/// <summary>Work that is done again and again; one failure is logged and the next round tries anew.</summary>
public static class Periodic
{
    /// <param name="soon">Calls for a round before its time. Rounds come one after another: what is called for during one is done in the next.</param>
    public static async Task Run(
        TimeSpan every, TimeProvider time, ILogger log, string what, Func<CancellationToken, Task> round, CancellationToken cancel, Wake? soon = null)
    {
        using var timer = new PeriodicTimer(every, time);
        string? lastFailure = null;
        try
        {
            Task tick = timer.WaitForNextTickAsync(cancel).AsTask();
            Task? call = soon?.Wait(cancel);
            while (true)
            {
                try
                {
                    await round(cancel);
                    lastFailure = null;
                }
                catch (Exception e) when (!cancel.IsCancellationRequested)
                {
                    // The same failure every second is told once; the log is for reading.
                    if (e.Message != lastFailure)
                        log.LogWarning(e, "The {What} failed and will be tried again.", what);
                    lastFailure = e.Message;
                }
                Task first = call is null ? tick : await Task.WhenAny(tick, call);
                await first;
                if (first == tick)
                    tick = timer.WaitForNextTickAsync(cancel).AsTask();
                else
                    call = soon!.Wait(cancel);
            }
        }
        catch (OperationCanceledException) when (cancel.IsCancellationRequested)
        {
            // The end of the program.
        }
    }
}
