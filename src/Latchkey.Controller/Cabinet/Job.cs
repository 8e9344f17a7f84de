using Latchkey.Controller.Boards;
using Latchkey.Link.Messages;

namespace Latchkey.Controller.Cabinet;

/// <summary>An accepted order between its arrival and its outcome.</summary>
/// <param name="deadlineMs">In monotonic milliseconds.</param>
/// <param name="kind">One of <see cref="CommandKinds"/>.</param>
internal sealed class Job(Guid command, int locker, long expires, long deadlineMs, string kind = CommandKinds.Open)
{
    public Guid Command { get; } = command;
    public int Locker { get; } = locker;
    public long Expires { get; } = expires;
    public string Kind { get; } = kind;
    public Coil Coil => Kind == CommandKinds.Lock ? Coil.Lock : Coil.Release;

    /// <summary>Its intent is on the disk: it may pulse.</summary>
    public bool Ready { get; set; }

    /// <summary>Until when its proof is awaited, in monotonic milliseconds; set when the pulse starts.</summary>
    public long WatchUntil { get; set; }

    /// <summary>Its pulse was cut short because the supply gave way.</summary>
    public bool CutShort { get; set; }

    /// <summary>Expiry by the wall clock, and also by the time that has passed since it came: setting the clock back gives no second life.</summary>
    public bool HasExpired(Moment now) => now.UnixMs >= Expires || now.Ms >= deadlineMs;

    /// <summary>When it expires if the clock is left alone, in monotonic milliseconds.</summary>
    public long ExpiresAtMs(Moment now) => Math.Min(deadlineMs, now.Ms + Math.Max(0, Expires - now.UnixMs));
}
