namespace Latchkey.Controller.Cabinet;

/// <summary>Parts of which none is of use without the others.</summary>
internal static class Together
{
    /// <summary>
    /// Runs these side by side. Whichever ends first, for whatever reason, ends the others, and what made it end is thrown when all have ended. A part that is not needed
    /// must not be given: it would end all at once.
    /// </summary>
    /// <param name="cancel">Ends all; that is no failure.</param>
    public static async Task Run(CancellationToken cancel, params IReadOnlyList<Func<CancellationToken, Task>> parts)
    {
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        Task[] running = [.. parts.Select(part => Begin(part, ended.Token))];
        Task first = await Task.WhenAny(running);
        await ended.CancelAsync();
        await Task.WhenAll(running).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        // Also what fails on its way out is seen: a relay may not have answered.
        Task cause = first.IsFaulted ? first : Array.Find(running, part => part.IsFaulted) ?? first;
        if (cause.IsFaulted || !cancel.IsCancellationRequested)
            await cause;
    }

    /// <summary>A part that throws before it waits for anything fails like the others, when all have begun.</summary>
    private static async Task Begin(Func<CancellationToken, Task> part, CancellationToken ended) => await part(ended);
}
