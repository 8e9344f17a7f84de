using Latchkey.Link.Messages;

namespace Latchkey.Controller.Cabinet;

/// <content>
/// The breaker against mass opening: whoever holds the server, or the broker and the server's key, opens no more than a few doors a minute. It counts
/// remote orders and never what is presented at the bank: a pool at closing time must not trip it.
/// </content>
public sealed partial class CabinetMachine
{
    private readonly List<(long Ms, int Door)> _remote = [];
    private long _breakerToldMs = long.MinValue;

    /// <summary>Whether this order is one door too many. The same door again is not another one.</summary>
    private bool Breaks(int door)
    {
        _remote.RemoveAll(r => _now.Ms - r.Ms >= _settings.BreakerMs);
        return _remote.TrueForAll(r => r.Door != door) && _remote.DistinctBy(r => r.Door).Count() >= _settings.BreakerDoors;
    }

    private void CountRemote(int door)
    {
        _remote.RemoveAll(r => r.Door == door);
        _remote.Add((_now.Ms, door));
    }

    private void TellBreaker(int door)
    {
        if (_breakerToldMs != long.MinValue && _now.Ms - _breakerToldMs < _settings.BreakerMs)
            return;
        _breakerToldMs = _now.Ms;
        SendEvent(EventKinds.BreakerTripped, door, null);
    }
}
