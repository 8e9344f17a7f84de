namespace Latchkey.Controller.Credentials;

/// <summary>What a bank knows of the time, in milliseconds since 1970-01-01 UTC.</summary>
/// <param name="At">The best guess, never below what is certain to have passed.</param>
/// <param name="UncertaintyMs">It may be off by so much either way.</param>
/// <param name="IsCertain">False when the clock was never compared, is behind what has certainly passed, or has drifted for too long.</param>
internal readonly record struct KnownTime(long At, long UncertaintyMs, bool IsCertain);

/// <summary>
/// How sure a bank without a network is of the time. The server's word, proven fresh, sets it; from then on it goes by the monotonic clock, so
/// that setting the wall clock changes nothing. After a restart the wall clock is taken, unless it is behind the floor: what the server, an hourly
/// stamp or a genuine pass have proven to be past.
/// </summary>
internal static class BankClock
{
    /// <summary>A crystal is off by 20 ppm, a bad one by a hundred: nine seconds a day.</summary>
    private const long DriftPpm = 100;

    /// <summary>More and the time is called unknown (after 104 days without a server).</summary>
    public const long MostUncertainMs = 900_000;

    /// <summary>Allowed on either side of any window, beside the uncertainty: two clocks are compared.</summary>
    public const long ToleranceMs = 120_000;

    public const long StampEveryMs = 3_600_000;

    /// <param name="floor">What is certain to have passed.</param>
    /// <param name="syncedAt">When the server was last heard, by this clock; null if never.</param>
    /// <param name="anchor">This start's comparison: monotonic time, and what it was. Null when there was none since the start.</param>
    public static KnownTime Read(Cabinet.Moment now, long floor, long? syncedAt, (long Ms, long UnixMs)? anchor)
    {
        long at = anchor is { } a ? a.UnixMs + (now.Ms - a.Ms) : now.UnixMs;
        long drift = syncedAt is { } synced ? Math.Max(0, at - synced) / (1_000_000 / DriftPpm) : long.MaxValue;
        return at < floor
            ? new KnownTime(floor, MostUncertainMs, IsCertain: false)
            : new KnownTime(at, Math.Min(drift, MostUncertainMs), drift <= MostUncertainMs);
    }
}
