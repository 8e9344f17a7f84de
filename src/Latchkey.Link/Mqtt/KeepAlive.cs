namespace Latchkey.Link.Mqtt;

/// <summary>
/// Looks twice in each keep-alive time: a quiet link gets a PINGREQ, and a peer that was silent, took nothing or left a ping unanswered for
/// one and a half of them is dead (the standard gives the server the same grace [MQTT-3.1.2-22]). So is one that is lively but owes an
/// acknowledgement for too long. Sending and receiving only note the time.
/// </summary>
internal sealed class KeepAlive : IAsyncDisposable
{
    private readonly TimeProvider _time;
    private readonly TimeSpan _half;
    private readonly TimeSpan _grace;
    private readonly Action _ping;
    private readonly Action<MqttEnd> _end;
    private readonly Func<long, bool> _owesSince;
    private readonly TimeSpan _acknowledgeTimeout;
    private readonly ITimer? _timer;
    private long _lastReceived;
    private long _lastSent;
    /// <summary>When the write that is under way began; zero between writes.</summary>
    private long _writeStarted;
    /// <summary>When the oldest ping without an answer was asked for; zero when there is none.</summary>
    private long _pinged;
    /// <summary>Since when the socket is read without a break of ours; what the peer said during a break may still wait in it.</summary>
    private long _readingSince;
    private volatile bool _paused;

    /// <param name="interval">Zero: the link is never looked after.</param>
    /// <param name="acknowledgeTimeout">See <see cref="MqttOptions.AcknowledgeTimeout"/>.</param>
    /// <param name="owesSince">Whether an acknowledgement is owed for something that was sent at or before this timestamp.</param>
    public KeepAlive(TimeSpan interval, TimeSpan acknowledgeTimeout, TimeProvider time, Action ping, Action<MqttEnd> end, Func<long, bool> owesSince)
    {
        (_time, _ping, _end, _owesSince, _acknowledgeTimeout) = (time, ping, end, owesSince, acknowledgeTimeout);
        (_half, _grace) = (interval / 2, interval * 1.5);
        _lastReceived = _lastSent = _readingSince = time.GetTimestamp();
        if (interval > TimeSpan.Zero)
            _timer = time.CreateTimer(_ => Look(), null, _half, _half);
    }

    /// <summary>The application does not take what has come, so the socket is not read.</summary>
    public bool IsPaused => _paused;

    public void Received() => Volatile.Write(ref _lastReceived, _time.GetTimestamp());

    public void PingAnswered() => Volatile.Write(ref _pinged, 0);

    public void WriteStarts() => Volatile.Write(ref _writeStarted, _time.GetTimestamp());

    public void WriteDone()
    {
        Volatile.Write(ref _writeStarted, 0);
        Volatile.Write(ref _lastSent, _time.GetTimestamp());
    }

    public Pause PauseReceiving()
    {
        _paused = true;
        return new Pause(this);
    }

    public ValueTask DisposeAsync() => _timer?.DisposeAsync() ?? ValueTask.CompletedTask;

    private void Look()
    {
        long now = _time.GetTimestamp();
        // Before the times: a break that ends just now has set them, and what was read before would look like the peer's silence.
        bool paused = _paused;
        long writing = Volatile.Read(ref _writeStarted), received = Volatile.Read(ref _lastReceived);
        if (writing != 0 && _time.GetElapsedTime(writing, now) >= _grace)
            _end(new MqttEnd(MqttLinkReason.KeepAliveTimeout, 0, "the peer takes nothing"));
        else if (!paused && _time.GetElapsedTime(received, now) >= _grace)
            _end(new MqttEnd(MqttLinkReason.KeepAliveTimeout, 0, "the peer is silent"));
        else if (!paused && PingIsOverdue(now))
            _end(new MqttEnd(MqttLinkReason.KeepAliveTimeout, 0, "the peer talks and answers no ping"));
        else if (!paused && OwesForTooLong(now))
            _end(new MqttEnd(MqttLinkReason.AcknowledgementTimeout, 0, "the peer lives and acknowledges nothing"));
        else if (_time.GetElapsedTime(received, now) >= _half || _time.GetElapsedTime(Volatile.Read(ref _lastSent), now) >= _half)
            Ping(now);
    }

    private void Ping(long now)
    {
        Interlocked.CompareExchange(ref _pinged, now, 0);
        _ping();
    }

    private bool PingIsOverdue(long now)
    {
        long pinged = Volatile.Read(ref _pinged);
        return pinged != 0 && _time.GetElapsedTime(Math.Max(pinged, Volatile.Read(ref _readingSince)), now) >= _grace;
    }

    private bool OwesForTooLong(long now)
    {
        long limit = (long)(_acknowledgeTimeout.TotalSeconds * _time.TimestampFrequency);
        return now - Volatile.Read(ref _readingSince) >= limit && _owesSince(now - limit);
    }

    public readonly struct Pause(KeepAlive keepAlive) : IDisposable
    {
        public void Dispose()
        {
            keepAlive.Received();
            Volatile.Write(ref keepAlive._readingSince, keepAlive._time.GetTimestamp());
            keepAlive._paused = false;
        }
    }
}
