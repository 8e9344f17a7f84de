using System.Diagnostics;

namespace Latchkey.Controller.Cabinet;

/// <summary>
/// The system's time with timers fit for relays and contacts. The runtime's own timers count in steps of the kernel's coarse clock, 4 ms on most
/// Linux builds, so that 30 ms of debouncing took 31.6 ms in the median; these are never early and late only by what it takes to wake a thread
/// (or up to 1 ms when several timers overlap). One thread serves all timers of the process; callbacks run on the pool.
/// </summary>
public sealed class ExactTime : TimeProvider
{
    public static readonly ExactTime Instance = new();

    // The longest that one wait may last, in milliseconds: the thread looks again, so that longer timers need nothing of their own.
    private const long LongestWait = 60_000;

    private readonly Lock _starting = new();
    private readonly object _gate = new();
    private readonly SortedSet<ExactTimer> _armed = new(Comparer<ExactTimer>.Create(static (a, b) => (a.Due, a.Id).CompareTo((b.Due, b.Id))));
    private Thread? _thread;
    private long _lastId;

    private ExactTime()
    {
    }

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        ArgumentNullException.ThrowIfNull(callback);
        Start();
        var timer = new ExactTimer(this, Interlocked.Increment(ref _lastId), callback, state);
        timer.Change(dueTime, period);
        return timer;
    }

    private void Start()
    {
        if (Volatile.Read(ref _thread) is not null)
            return;
        lock (_starting)
        {
            if (_thread is not null)
                return;
            var thread = new Thread(Serve) { IsBackground = true, Name = "exact timers", Priority = ThreadPriority.AboveNormal };
            thread.Start();
            Volatile.Write(ref _thread, thread);
        }
    }

    private void Serve()
    {
        lock (_gate)
        {
            while (true)
            {
                if (_armed.Min is not { } first)
                {
                    Monitor.Wait(_gate);
                    continue;
                }
                double left = (first.Due - Stopwatch.GetTimestamp()) * 1000.0 / Stopwatch.Frequency;
                if (left > 0)
                {
                    Monitor.Wait(_gate, (int)Math.Min(LongestWait, Math.Ceiling(left)));
                    continue;
                }
                _armed.Remove(first);
                if (first.Period is { } period)
                {
                    first.Due += period;
                    _armed.Add(first);
                }
                ThreadPool.UnsafeQueueUserWorkItem(static timer => timer.Call(), first, preferLocal: false);
            }
        }
    }

    private sealed class ExactTimer(ExactTime time, long id, TimerCallback callback, object? state) : ITimer
    {
        private bool _disposed;

        public long Id => id;
        public long Due { get; set; }
        public long? Period { get; private set; }

        public void Call() => callback(state);

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            lock (time._gate)
            {
                if (_disposed)
                    return false;
                time._armed.Remove(this); // before its place in the order changes
                if (dueTime == Timeout.InfiniteTimeSpan)
                    return true;
                ArgumentOutOfRangeException.ThrowIfLessThan(dueTime, TimeSpan.Zero);
                Due = Stopwatch.GetTimestamp() + Ticks(dueTime);
                Period = period > TimeSpan.Zero ? Ticks(period) : null;
                time._armed.Add(this);
                if (ReferenceEquals(time._armed.Min, this))
                    Monitor.Pulse(time._gate);
                return true;
            }
        }

        public void Dispose()
        {
            lock (time._gate)
            {
                _disposed = true;
                time._armed.Remove(this);
            }
        }

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }

        private static long Ticks(TimeSpan span) => (long)(span.TotalSeconds * Stopwatch.Frequency);
    }
}
