using System.Collections.Concurrent;
using System.Diagnostics;

namespace Latchkey.SystemTests.Soak;

/// <summary>Something happened that is nobody's own mistake: it fails the run.</summary>
internal sealed class SoakFault(string what) : Exception(what);

/// <summary>What a soak has seen: flows that came to their end, refusals that were somebody's own, errors, and how long each request took.</summary>
internal sealed class Book
{
    /// <summary>An error that happens all the time needs no more to be understood.</summary>
    private const int MostDetails = 50;

    private readonly ConcurrentDictionary<string, int> _flows = new(), _own = new(), _trouble = new();
    private readonly ConcurrentQueue<string> _errors = new();
    private readonly ConcurrentQueue<(string Route, double At, double Ms)> _times = new();
    private int _errorCount, _flowCount, _liveEvents;

    /// <summary>Seconds since the people came.</summary>
    public double Now => Stopwatch.GetElapsedTime(_begun).TotalSeconds;

    private readonly long _begun = Stopwatch.GetTimestamp();

    public IReadOnlyDictionary<string, int> Flows => _flows;

    /// <summary>By code.</summary>
    public IReadOnlyDictionary<string, int> Own => _own;

    /// <summary>By route, or what was going on.</summary>
    public IReadOnlyDictionary<string, int> Trouble => _trouble;

    public IReadOnlyCollection<string> Errors => _errors;

    public int ErrorCount => Volatile.Read(ref _errorCount);

    public int FlowCount => Volatile.Read(ref _flowCount);

    public int LiveEvents => Volatile.Read(ref _liveEvents);

    public void Done(string kind)
    {
        _flows.AddOrUpdate(kind, 1, (_, n) => n + 1);
        Interlocked.Increment(ref _flowCount);
    }

    public void SaysNo(string code) => _own.AddOrUpdate(code, 1, (_, n) => n + 1);

    public void Sees() => Interlocked.Increment(ref _liveEvents);

    public void Error(string who, string what)
    {
        _trouble.AddOrUpdate(who, 1, (_, n) => n + 1);
        if (Interlocked.Increment(ref _errorCount) > MostDetails)
            return;
        string told = $"{Now:0.0} s, {who}: {what}";
        _errors.Enqueue(told);
        // Nobody waits for half an hour to be told.
        Console.Error.WriteLine(told);
    }

    /// <param name="at">When it was answered; now where null.</param>
    public void Took(string route, double ms, double? at = null) => _times.Enqueue((route, at ?? Now, ms));

    /// <summary>What each route took between two moments, in milliseconds.</summary>
    public ILookup<string, double> Times(double from, double until) => _times.Where(t => t.At >= from && t.At < until).ToLookup(t => t.Route, t => t.Ms);
}
