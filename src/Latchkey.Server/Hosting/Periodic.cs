namespace Latchkey.Server.Hosting;

/// <summary>Work that is done again and again; one failure is logged and the next round tries anew.</summary>
public static class Periodic
{
    public static async Task Run(TimeSpan every, TimeProvider time, ILogger log, string what, Func<CancellationToken, Task> round, CancellationToken cancel)
    {
        using var timer = new PeriodicTimer(every, time);
        string? lastFailure = null;
        try
        {
            do
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
            }
            while (await timer.WaitForNextTickAsync(cancel));
        }
        catch (OperationCanceledException) when (cancel.IsCancellationRequested)
        {
            // The end of the program.
        }
    }
}
