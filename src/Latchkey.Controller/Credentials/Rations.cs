namespace Latchkey.Controller.Credentials;

/// <summary>Passes and cards that are looked at: ten at once, then one a second. Nobody is faster, and a signature takes a small processor 0.3 s.</summary>
internal sealed class LookRation
{
    public const int AtOnce = 10;
    public const long EveryMs = 1_000;

    private double _left = AtOnce;
    private long _at;

    public bool Take(long nowMs)
    {
        _left = Math.Min(AtOnce, _left + ((nowMs - _at) / (double)EveryMs));
        _at = nowMs;
        if (_left < 1)
            return false;
        _left--;
        return true;
    }
}

/// <summary>Refusals that the server is told of: twenty in an hour. A child at the keypad must not push out what the doors have to say.</summary>
internal sealed class RefusalRation
{
    public const int AnHour = 20;
    private const long HourMs = 3_600_000;

    private readonly Queue<long> _told = [];

    public bool Take(long nowMs)
    {
        while (_told.TryPeek(out long told) && nowMs - told >= HourMs)
            _told.Dequeue();
        if (_told.Count >= AnHour)
            return false;
        _told.Enqueue(nowMs);
        return true;
    }
}
