namespace Latchkey.Server.Devices.Gateway;

/// <summary>How much one device may say: a bucket that holds what an outbox holds, and fills again. Used by one task at a time.</summary>
public sealed class MessageRate(TimeProvider time)
{
    /// <summary>A whole outbox of 256 after a night without a network, with its hello and states.</summary>
    private const double Burst = 300;

    /// <summary>Twenty doors that open, close and report in one second.</summary>
    private const double PerSecond = 50;

    private double _left = Burst;
    private long _at = time.GetTimestamp();

    public bool Allows(int messages)
    {
        long now = time.GetTimestamp();
        _left = Math.Min(Burst, _left + time.GetElapsedTime(_at, now).TotalSeconds * PerSecond);
        _at = now;
        if (_left < messages)
            return false;
        _left -= messages;
        return true;
    }
}
