namespace Latchkey.SystemTests.Support;

/// <summary>Waiting for something that comes true by itself, with an end to the patience.</summary>
public static class Eventually
{
    // Soon at first, for what comes at once; later rarely, because each look is a request that takes its time from what is waited for.
    private static readonly TimeSpan FirstLook = TimeSpan.FromMilliseconds(10), RarestLook = TimeSpan.FromMilliseconds(100);

    public static Task Holds(Func<bool> condition, TimeSpan within, string what) => Holds(() => Task.FromResult(condition()), within, what);

    public static async Task Holds(Func<Task<bool>> condition, TimeSpan within, string what) =>
        await Is(async () => await condition() ? "" : null, within, what);

    /// <summary>Looks until there is a value.</summary>
    public static async Task<T> Is<T>(Func<Task<T?>> look, TimeSpan within, string what)
        where T : class
    {
        long begun = TimeProvider.System.GetTimestamp();
        for (TimeSpan wait = FirstLook; ; wait = wait * 1.3 < RarestLook ? wait * 1.3 : RarestLook)
        {
            if (await look() is { } found)
                return found;
            if (TimeProvider.System.GetElapsedTime(begun) > within)
                throw new TimeoutException($"Not within {within.TotalSeconds:0.#} s: {what}.");
            await Task.Delay(wait, TimeProvider.System);
        }
    }

    /// <summary>For what must not happen before an instant: lets the time pass.</summary>
    public static async Task Passes(DateTimeOffset instant)
    {
        while (instant - TimeProvider.System.GetUtcNow() is { Ticks: > 0 } left)
            await Task.Delay(left, TimeProvider.System);
    }
}
