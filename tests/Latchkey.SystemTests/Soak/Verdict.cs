namespace Latchkey.SystemTests.Soak;

/// <summary>What a soak comes to: numbers from its beginning and its end, and what is wrong with them. See <see cref="VerdictTests"/>.</summary>
internal sealed class Verdict
{
    private readonly List<string> _wrong = [];

    public IReadOnlyList<string> Wrong => _wrong;

    public SortedDictionary<string, double[]> Megabytes { get; } = [];

    public SortedDictionary<string, double[]> Files { get; } = [];

    public SortedDictionary<string, double[]> Threads { get; } = [];

    public double[] Connections { get; }

    public double[] DeadRows { get; }

    /// <summary>In the first and in the second half.</summary>
    public double[] BytesPerFlow { get; }

    /// <summary>Milliseconds: start, end, and how many times the fewer of both quarters has.</summary>
    public SortedDictionary<string, double[]> P99 { get; } = [];

    /// <param name="samples">After warm-up.</param>
    public Verdict(IReadOnlyList<Sample> samples, Book book)
    {
        foreach (string process in samples[0].Megabytes.Keys)
        {
            Megabytes[process] = Grows($"memory of {process}, MB", samples, s => s.Megabytes[process], process == Watch.Broker ? Judgement.Plain : Judgement.Heap);
            Files[process] = Grows($"open files of {process}", samples, s => s.Files[process], Judgement.Files);
            Threads[process] = Grows($"threads of {process}", samples, s => s.Threads[process], Judgement.Threads);
        }
        Connections = Grows("connections to the database", samples, s => s.Connections, Judgement.Connections);
        DeadRows = Tables(samples);
        BytesPerFlow = PerFlow(samples);
        Routes(samples, book);
    }

    private double[] Grows(string what, IReadOnlyList<Sample> samples, Func<Sample, double> of, Room room)
    {
        Change change = Judgement.Of([.. samples.Select(of)], room);
        if (change.Grows)
            _wrong.Add($"{what}: {change.Start:0.#} -> {change.End:0.#}");
        return [Math.Round(change.Start, 1), Math.Round(change.End, 1)];
    }

    private double[] Tables(IReadOnlyList<Sample> samples)
    {
        foreach ((string table, TableUse last) in samples[^1].Tables)
        {
            if (Judgement.IsBloated([.. samples.Select(s => s.Tables[table].Dead)], last.Live))
                _wrong.Add($"dead rows of {table}: {last.Dead} beside {last.Live}");
        }
        Change all = Judgement.Of([.. samples.Select(s => s.Tables.Values.Sum(t => t.Dead))], new Room(1, double.MaxValue));
        return [all.Start, all.End];
    }

    private double[] PerFlow(IReadOnlyList<Sample> samples)
    {
        Sample middle = samples[samples.Count / 2];
        (double first, double second) = (Between(samples[0], middle), Between(middle, samples[^1]));
        if (second > (first * Judgement.BytesPerFlow.Factor) + Judgement.BytesPerFlow.Step)
            _wrong.Add($"bytes of all tables for a flow: {first:0} -> {second:0}");
        return [Math.Round(first), Math.Round(second)];
    }

    private static double Between(Sample from, Sample until) => (until.Tables.Values.Sum(t => t.Bytes) - from.Tables.Values.Sum(t => t.Bytes)) / Math.Max(1, until.Flows - from.Flows);

    private void Routes(IReadOnlyList<Sample> samples, Book book)
    {
        (double begun, double ended) = (samples[0].At, samples[^1].At);
        double quarter = (ended - begun) / 4;
        ILookup<string, double> start = book.Times(begun, begun + quarter), end = book.Times(ended - quarter, ended);
        Compare("all", [.. start.SelectMany(r => r)], [.. end.SelectMany(r => r)]);
        foreach (string route in start.Select(r => r.Key).Union(end.Select(r => r.Key)))
            Compare(route, [.. start[route]], [.. end[route]]);
    }

    private void Compare(string route, double[] start, double[] end)
    {
        int times = Math.Min(start.Length, end.Length);
        (double before, double after) = (Judgement.Percentile(start, 0.99), Judgement.Percentile(end, 0.99));
        P99[route] = [Math.Round(before, 1), Math.Round(after, 1), times];
        if (times >= Judgement.EnoughTimes)
        {
            if (Judgement.IsSlower(before, after))
                _wrong.Add($"p99 of {route}, ms: {before:0.#} -> {after:0.#} ({times} times)");
        }
        else if (times >= Judgement.EnoughForMedian && (Judgement.Median(start), Judgement.Median(end)) is var (usual, now) && Judgement.IsSlower(usual, now))
        {
            _wrong.Add($"median of {route}, ms: {usual:0.#} -> {now:0.#} ({times} times)");
        }
    }
}
