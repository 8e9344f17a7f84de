using Latchkey.Link.Messages;

namespace Latchkey.Controller.Cabinet;

/// <summary>One door as its sensor shows it, and the release that it is expected to follow.</summary>
internal sealed class Door(int number, bool hasSensor)
{
    private bool? _raw;
    private long _rawSince;

    public int Number { get; } = number;
    public bool HasSensor { get; } = hasSensor;

    /// <summary>The debounced level; null where there is no sensor or it cannot be read.</summary>
    public bool? Open { get; private set; }

    /// <summary>A pulse was given, the door was not seen open, and it has not moved since.</summary>
    public bool Jammed { get; set; }

    /// <summary>The command whose pulse awaits its proof.</summary>
    public Job? Watched { get; set; }

    /// <summary>Until when an opening belongs to <see cref="ReleasedBy"/>, in monotonic milliseconds.</summary>
    public long ReleasedUntil { get; set; } = long.MinValue;

    public Guid? ReleasedBy { get; set; }

    /// <summary>Since when it stands open, in monotonic milliseconds; from the start where it stood open then. Null while it does not.</summary>
    public long? OpenSince { get; private set; }

    /// <summary>What was said of its standing open: nothing, that it was left open, that it was never closed.</summary>
    public int Complaints { get; private set; }

    public char Letter => Jammed ? DoorLetters.Jammed : Open switch
    {
        null => DoorLetters.Unknown,
        true => DoorLetters.Open,
        false => DoorLetters.Closed,
    };

    /// <summary>The level at the start is taken as it is: there was no edge.</summary>
    public void Begin(bool? open, long ms)
    {
        Open = _raw = HasSensor ? open : null;
        OpenSince = Open is true ? ms : null;
    }

    public void See(bool? open, long ms)
    {
        if (!HasSensor || open == _raw)
            return;
        _raw = open;
        _rawSince = ms;
    }

    /// <summary>Whether a new level has lasted long enough; from then on it is <see cref="Open"/>.</summary>
    public bool Settle(long ms, int debounceMs)
    {
        if (_raw == Open || ms - _rawSince < debounceMs)
            return false;
        Open = _raw;
        (OpenSince, Complaints) = (Open is true ? ms : null, 0);
        return true;
    }

    /// <summary>When it has stood open for too long, next; null when there is nothing more to say.</summary>
    public long? ComplaintDue(CabinetSettings settings) => (OpenSince, Complaints) switch
    {
        ({ } since, 0) => since + settings.LeftOpenMs,
        ({ } since, 1) => since + settings.NeverClosedMs,
        _ => null,
    };

    /// <summary>Whether it is time, and then it is said: once each.</summary>
    public bool Complains(long ms, CabinetSettings settings)
    {
        if (ComplaintDue(settings) is not { } due || ms < due)
            return false;
        Complaints++;
        return true;
    }

    /// <summary>When <see cref="Settle"/> is worth asking; null while nothing changes.</summary>
    public long? SettleDue(int debounceMs) => _raw == Open ? null : _rawSince + debounceMs;
}

/// <summary>An accepted command between its arrival and its outcome.</summary>
internal sealed class Job(Guid command, int locker, long expires, long deadlineMs)
{
    public Guid Command { get; } = command;
    public int Locker { get; } = locker;
    public long Expires { get; } = expires;

    /// <summary>Its intent is on the disk: it may pulse.</summary>
    public bool Ready { get; set; }

    /// <summary>Until when its proof is awaited, in monotonic milliseconds; set when the pulse starts.</summary>
    public long WatchUntil { get; set; }

    /// <summary>Expiry by the wall clock, and also by the time that has passed since it came: setting the clock back gives no second life.</summary>
    public bool HasExpired(Moment now) => now.UnixMs >= Expires || now.Ms >= deadlineMs;

    /// <summary>When it expires if the clock is left alone, in monotonic milliseconds.</summary>
    public long ExpiresAtMs(Moment now) => Math.Min(deadlineMs, now.Ms + Math.Max(0, Expires - now.UnixMs));
}
