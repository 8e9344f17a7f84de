namespace Latchkey.Controller.Cabinet;

/// <summary>
/// The breaker against mass opening: whoever holds the server, or the broker and the server's key, opens no more than a few doors a minute. It counts
/// remote orders and never what is presented at the bank: a pool at closing time must not trip it.
/// </summary>
/// <param name="doors">Different doors that may be opened within the time.</param>
/// <param name="withinMs">The time, milliseconds.</param>
internal sealed class DoorBreaker(int doors, long withinMs)
{
    private readonly List<(long Ms, int Door)> _opened = [];
    private long? _toldMs;

    /// <summary>Whether this order is one door too many. The same door again is not another one.</summary>
    public bool Breaks(int door, long nowMs)
    {
        _opened.RemoveAll(r => nowMs - r.Ms >= withinMs);
        return _opened.TrueForAll(r => r.Door != door) && _opened.DistinctBy(r => r.Door).Count() >= doors;
    }

    public void Count(int door, long nowMs)
    {
        _opened.RemoveAll(r => r.Door == door);
        _opened.Add((nowMs, door));
    }

    /// <summary>Whether it is said that it has tripped: once within the time, however many orders it refuses.</summary>
    public bool Tells(long nowMs)
    {
        if (_toldMs is { } told && nowMs - told < withinMs)
            return false;
        _toldMs = nowMs;
        return true;
    }
}
