namespace Latchkey.SystemTests.Soak;

/// <summary>How much more something may be at the end than at the beginning: <paramref name="Factor"/> times, and <paramref name="Step"/> in its own unit.</summary>
internal readonly record struct Room(double Factor, double Step);

/// <summary>What the beginning and the end of a series say.</summary>
/// <param name="Start">The median of its first quarter.</param>
/// <param name="End">The median of its last quarter.</param>
internal readonly record struct Change(double Start, double End, bool Grows);

/// <summary>When a series of measurements counts as one that grows, and a route as one that got slower. Pure: see <see cref="SoakJudgementTests"/>.</summary>
internal static class Judgement
{
    /// <summary>
    /// Resident memory of a .NET process, in MB. Its heap breathes: between two collections of everything it fills by what one generation may hold, and what was collected goes back to the system later.
    /// On this machine medians of quarters lay up to 12 MB apart with nothing leaking. A leak of 5 kB in each flow is 20 MB and more in half an hour, so this finds 10 kB.
    /// </summary>
    public static readonly Room Heap = new(1.1, 16);

    /// <summary>Of a program whose memory does not breathe (the broker), in MB.</summary>
    public static readonly Room Plain = new(1.25, 2);

    /// <summary>Open files: people come and go with two connections each, and pools with theirs. One left open by one flow in ten would be hundreds.</summary>
    public static readonly Room Files = new(1.15, 25);

    /// <summary>Threads: the pool adds one when nobody is free for half a second, and lets it go after twenty idle ones.</summary>
    public static readonly Room Threads = new(1.25, 8);

    /// <summary>Connections to the database: pools take one more in a rush and let it go after a minute.</summary>
    public static readonly Room Connections = new(1.25, 8);

    /// <summary>
    /// What the tables take for one flow, in bytes. They are counted in pages and grow by whole ones, and dead rows are first written beside the living and then over each other: so it falls, and must not rise.
    /// </summary>
    public static readonly Room BytesPerFlow = new(1.25, 1024);

    /// <summary>A series that is too short for quarters says nothing.</summary>
    private const int FewestSamples = 8;

    public static Change Of(IReadOnlyList<double> series, Room room)
    {
        if (series.Count < FewestSamples)
            return new Change(series.Count > 0 ? series[0] : 0, series.Count > 0 ? series[^1] : 0, false);
        int quarter = series.Count / 4;
        (double start, double end) = (Median(series.Take(quarter)), Median(series.TakeLast(quarter)));
        return new Change(start, end, end > (start * room.Factor) + room.Step);
    }

    /// <summary>
    /// Dead rows that no vacuum takes away. PostgreSQL looks once a minute, and vacuums a table with more than 50 dead rows and a fifth of its living ones; so within a quarter of half an hour the fewest dead
    /// are about none. Twice that threshold even at the lowest point of the last quarter means that it does not keep up, or may not (a transaction that sleeps).
    /// </summary>
    public static bool IsBloated(IReadOnlyList<double> dead, double live) =>
        dead.Count >= FewestSamples && dead.TakeLast(dead.Count / 4).Min() > 2 * (50 + (0.2 * live));

    /// <summary>Of so many times two lie above the 99th percentile, so that a single stray one is not what is compared.</summary>
    public const int EnoughTimes = 200;

    /// <summary>Of fewer, but at least so many, the median is compared: a rare route that keeps everybody waiting is found too.</summary>
    public const int EnoughForMedian = 30;

    /// <summary>Below this many milliseconds a ratio means nothing: it is felt as at once, and on two cores that others use too it is the scheduler that is measured.</summary>
    public const double NothingFelt = 50;

    /// <summary>Twice as slow as at the start, and slow enough for somebody to feel it.</summary>
    public static bool IsSlower(double start, double end) => end > NothingFelt && end > 2 * start;

    public static double Percentile(IEnumerable<double> values, double part)
    {
        double[] sorted = [.. values.Order()];
        return sorted.Length == 0 ? 0 : sorted[Math.Clamp((int)Math.Ceiling(part * sorted.Length) - 1, 0, sorted.Length - 1)];
    }

    public static double Median(IEnumerable<double> values) => Percentile(values, 0.5);
}
