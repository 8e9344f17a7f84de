namespace Latchkey.Link.Mqtt;

/// <summary>
/// Looks twice in each keep-alive time: a quiet link gets a PINGREQ, and a peer that was silent, or took nothing, for one and a half of
/// them is dead (the standard gives the server the same grace [MQTT-3.1.2-22]). Sending and receiving only note the time.
/// </summary>
internal sealed class KeepAlive : IAsyncDisposable
{
    private readonly TimeProvider _time;
    private readonly TimeSpan _half;
    private readonly TimeSpan _grace;
    private readonly Action _ping;
    private readonly Action<MqttEnd> _end;
    private readonly ITimer? _timer;
    private long _lastReceived;
    private long _lastSent;
    /// <summary>When the write that is under way began; zero between writes.</summary>
    private long _writeStarted;
    private volatile bool _paused;

    /// <param name="interval">Zero: the link is never looked after.</param>
    public KeepAlive(TimeSpan interval, TimeProvider time, Action ping, Action<MqttEnd> end)
    {
        (_time, _ping, _end) = (time, ping, end);
        (_half, _grace) = (interval / 2, interval * 1.5);
        _lastReceived = _lastSent = time.GetTimestamp();
        if (interval > TimeSpan.Zero)
            _timer = time.CreateTimer(_ => Look(), null, _half, _half);
    }

    public void Received() => Volatile.Write(ref _lastReceived, _time.GetTimestamp());

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
        TimeSpan silent = _time.GetElapsedTime(Volatile.Read(ref _lastReceived));
        long writing = Volatile.Read(ref _writeStarted);
        if (writing != 0 && _time.GetElapsedTime(writing) >= _grace)
            _end(new MqttEnd(MqttLinkReason.KeepAliveTimeout, 0, "the peer takes nothing"));
        else if (!_paused && silent >= _grace)
            _end(new MqttEnd(MqttLinkReason.KeepAliveTimeout, 0, "the peer is silent"));
        else if (silent >= _half || _time.GetElapsedTime(Volatile.Read(ref _lastSent)) >= _half)
            _ping();
    }

    public readonly struct Pause(KeepAlive keepAlive) : IDisposable
    {
        public void Dispose()
        {
            keepAlive.Received();
            keepAlive._paused = false;
        }
    }
}
