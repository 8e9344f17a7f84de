namespace Latchkey.SystemTests.Support;

/// <summary>Waiting for something that comes true by itself, with an end to the patience.</summary>
public static class Eventually
{
    private static readonly TimeSpan LookEvery = TimeSpan.FromMilliseconds(25);

    public static Task Holds(Func<bool> condition, TimeSpan within, string what) => Holds(() => Task.FromResult(condition()), within, what);

    public static async Task Holds(Func<Task<bool>> condition, TimeSpan within, string what) =>
        await Is(async () => await condition() ? "" : null, within, what);

    /// <summary>Looks until there is a value.</summary>
    public static async Task<T> Is<T>(Func<Task<T?>> look, TimeSpan within, string what)
        where T : class
    {
        long begun = TimeProvider.System.GetTimestamp();
        while (true)
        {
            if (await look() is { } found)
                return found;
            if (TimeProvider.System.GetElapsedTime(begun) > within)
                throw new TimeoutException($"Not within {within.TotalSeconds:0.#} s: {what}.");
            await Task.Delay(LookEvery, TimeProvider.System);
        }
    }

    /// <summary>For what must not happen before an instant: lets the time pass.</summary>
    public static async Task Passes(DateTimeOffset instant)
    {
        while (instant - TimeProvider.System.GetUtcNow() is { Ticks: > 0 } left)
            await Task.Delay(left, TimeProvider.System);
    }
}
