namespace Latchkey.Controller.Boards;

/// <summary>
/// Stands between the machine and its board, and knows nothing of either but two limits that hold whatever the machine, its settings or its
/// thread do: one coil at a time, and none for longer than <see cref="LongestMs"/>. A timer of its own switches off what a program that
/// hangs has left on.
/// </summary>
internal sealed class CoilGuard : IBoard, IDisposable
{
    /// <summary>In milliseconds. A quarter of a second above the longest pulse that can be set, so that a late timer of the machine is no fault, and
    /// below the 1.5 s that a lock's coil bears.</summary>
    public const int LongestMs = 1_250;

    private readonly IBoard _board;
    private readonly ITimer _limit;
    private readonly Lock _gate = new();
    private (int Door, Coil Coil)? _on;

    public CoilGuard(IBoard board, TimeProvider time)
    {
        _board = board;
        _limit = time.CreateTimer(_ => AllOff(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    public void AllOff()
    {
        lock (_gate)
            _on = null;
        // Outside: a board that hangs in Drive must not keep this from being tried.
        _board.AllOff();
    }

    public void Drive(int door, Coil coil, bool on)
    {
        bool second;
        lock (_gate)
        {
            second = on && _on is { } other && other != (door, coil);
            if (on && !second && _on is null)
                _limit.Change(TimeSpan.FromMilliseconds(LongestMs), Timeout.InfiniteTimeSpan);
            if (!on && _on == (door, coil))
                _limit.Change(Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
            _on = second ? _on : on ? (door, coil) : _on == (door, coil) ? null : _on;
        }
        if (second)
        {
            AllOff();
            throw new IOException($"A second coil, {coil} of door {door}, was to be switched on beside another. All are off.");
        }
        _board.Drive(door, coil, on);
    }

    public BoardLevels Read() => _board.Read();

    public void Watch(Action<BoardChange>? changed) => _board.Watch(changed);

    public void Dispose() => _limit.Dispose();
}
