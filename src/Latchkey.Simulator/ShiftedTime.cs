namespace Latchkey.Simulator;

/// <summary>The system's time with a wall clock that somebody has set wrong. Monotonic time and timers are the system's own.</summary>
internal sealed class ShiftedTime(TimeProvider inner) : TimeProvider
{
    private long _ticks;

    /// <summary>How far ahead the clock is; negative: behind.</summary>
    public TimeSpan Offset
    {
        get => TimeSpan.FromTicks(Volatile.Read(ref _ticks));
        set => Volatile.Write(ref _ticks, value.Ticks);
    }

    public override TimeZoneInfo LocalTimeZone => inner.LocalTimeZone;

    public override long TimestampFrequency => inner.TimestampFrequency;

    public override DateTimeOffset GetUtcNow() => inner.GetUtcNow() + Offset;

    public override long GetTimestamp() => inner.GetTimestamp();

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) => inner.CreateTimer(callback, state, dueTime, period);
}
