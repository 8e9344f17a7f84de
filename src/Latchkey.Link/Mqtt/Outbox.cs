using Latchkey.Link.Mqtt.Packets;

namespace Latchkey.Link.Mqtt;

/// <summary>
/// The publishes of one client, across its connections: those that wait, in order, and those that were sent and not acknowledged.
/// The connection's writer draws from it with <see cref="Compose"/>; a publish that was sent when a connection ended goes back to the
/// front, so that order is kept. One lock guards everything; nothing is awaited under it.
/// </summary>
internal sealed class Outbox : IDisposable
{
    private readonly Lock _gate = new();
    private readonly MqttOptions _options;
    private readonly TimeProvider _time;
    private readonly PacketIds _ids;
    private readonly LinkedList<Outgoing> _waiting = new();
    /// <summary>QoS 1 on the wire of the present connection, in the order of sending.</summary>
    private readonly LinkedList<Outgoing> _sent = new();
    private readonly Dictionary<ushort, Outgoing> _sentById = [];
    /// <summary>One timer for all: it is set to the earliest deadline, and not moved when that one is done in time.</summary>
    private readonly ITimer _expiryTimer;
    private long _timerDue = long.MaxValue;
    private ConnackPacket _server = new(0);
    private bool _stopped;

    public Outbox(MqttOptions options, TimeProvider time, PacketIds ids)
    {
        (_options, _time, _ids) = (options, time, ids);
        _expiryTimer = time.CreateTimer(_ => Expire(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <summary>Tells the present connection's writer that there is something to write. Set by the client.</summary>
    public Action Wake { get; set; } = static () => { };

    public ValueTask<PublishResult> Add(Outgoing publish, TimeSpan? expiry, CancellationToken cancel)
    {
        cancel.ThrowIfCancellationRequested();
        lock (_gate)
        {
            if (_stopped)
                return new(new PublishResult(PublishStatus.Lost, 0, false));
            if (expiry <= TimeSpan.Zero)
                return new(new PublishResult(PublishStatus.Expired, 0, false));
            if (_waiting.Count + _sent.Count >= _options.QueuedPublishes)
                return new(new PublishResult(PublishStatus.QueueFull, 0, false));
            if (expiry is { } wait)
            {
                long now = _time.GetTimestamp();
                publish.Deadline = now + (long)(wait.TotalSeconds * _time.TimestampFrequency);
                ArmTimer(publish.Deadline, now);
            }
            // Registered under the lock, so that nothing completes the publish before it knows its registration.
            if (cancel.CanBeCanceled)
                publish.Cancellation = cancel.UnsafeRegister(_ => Cancel(publish, cancel), null);
            if (!publish.IsCompleted)
                publish.Place(_waiting);
        }
        Wake();
        return new(publish.Done);
    }

    /// <summary>A connection is there. With the session, what was sent keeps its identifier and is marked as a duplicate [MQTT-4.4.0-1].</summary>
    public void OnConnected(ConnackPacket connack)
    {
        lock (_gate)
        {
            _server = connack;
            while (_sent.Last is { } last)
            {
                Outgoing publish = last.Value;
                _sent.RemoveLast();
                if (publish.IsCompleted || !connack.SessionPresent)
                {
                    _sentById.Remove(publish.PacketId);
                    _ids.Release(publish.PacketId);
                    publish.PacketId = publish.SentAs = 0;
                }
                if (!publish.IsCompleted)
                    publish.PlaceFirst(_waiting);
            }
        }
    }

    /// <summary>
    /// Writes what may be sent now, until <paramref name="limit"/> bytes are there. QoS 0 messages are added to
    /// <paramref name="unanswered"/>: they are done when the batch has been written.
    /// </summary>
    public void Compose(PacketWriter to, int limit, List<Outgoing> unanswered)
    {
        lock (_gate)
        {
            while (to.Length < limit && _waiting.First is { } first)
            {
                Outgoing publish = first.Value;
                long now = _time.GetTimestamp();
                if (publish.Deadline <= now)
                {
                    Finish(publish, PublishStatus.Expired);
                    continue;
                }
                if (publish.Qos == Qos.AtLeastOnce && (_sent.Count >= _server.ReceiveMaximum || !TryGiveId(publish)))
                    return; // a PUBACK wakes the writer again
                int start = to.Length;
                byte refusal = Encode(publish, to, now);
                if (refusal != 0)
                {
                    to.Truncate(start);
                    Finish(publish, PublishStatus.Refused, refusal);
                    continue;
                }
                publish.Repeated = publish.Written;
                publish.Written = true;
                publish.SentAt = now;
                if (publish.Qos == Qos.AtLeastOnce)
                {
                    publish.Place(_sent);
                }
                else
                {
                    publish.Leave();
                    unanswered.Add(publish);
                }
            }
        }
    }

    /// <summary>A PUBACK for an identifier that is not in use changes nothing: it can complete nobody else's publish.</summary>
    public void OnPuback(PubackPacket puback)
    {
        lock (_gate)
        {
            if (!_sentById.TryGetValue(puback.PacketId, out Outgoing? publish) || publish.List != _sent)
                return;
            Finish(publish, puback.Reason switch
            {
                >= 0x80 => PublishStatus.Refused,
                MqttReasonCode.NoMatchingSubscribers => PublishStatus.NobodyListens,
                _ => PublishStatus.Acknowledged,
            }, puback.Reason);
        }
        Wake();
    }

    /// <summary>
    /// Whether something that was sent at or before this timestamp has no answer yet. One that nobody waits for any more counts as well: its
    /// place in the broker's window is taken until the answer comes.
    /// </summary>
    public bool OwedSince(long timestamp)
    {
        lock (_gate)
            return _sent.First is { } oldest && oldest.Value.SentAt <= timestamp;
    }

    /// <summary>The client ends: nobody is left waiting.</summary>
    public void Stop()
    {
        lock (_gate)
        {
            _stopped = true;
            while (_waiting.First is { } waiting)
                Finish(waiting.Value, PublishStatus.Lost);
            while (_sent.First is { } sent)
                Finish(sent.Value, PublishStatus.Lost);
        }
    }

    public void Dispose() => _expiryTimer.Dispose();

    private bool TryGiveId(Outgoing publish)
    {
        if (publish.PacketId != 0)
            return true;
        publish.PacketId = _ids.Take();
        if (publish.PacketId == 0)
            return false;
        _sentById.Add(publish.PacketId, publish);
        return true;
    }

    /// <summary>Zero, or why the server would refuse it: saying it anyway would cost the connection.</summary>
    private byte Encode(Outgoing publish, PacketWriter to, long now)
    {
        if (publish.Qos > _server.MaximumQos)
            return MqttReasonCode.QosNotSupported;
        if (publish.Retain && !_server.RetainAvailable)
            return MqttReasonCode.RetainNotSupported;
        int start = to.Length;
        uint? seconds = publish.Deadline == long.MaxValue
            ? null
            : (uint)Math.Min(uint.MaxValue, Math.Ceiling((double)(publish.Deadline - now) / _time.TimestampFrequency));
        // Only what kept its identifier can be a duplicate: after a lost session it is a new packet.
        bool duplicate = publish.PacketId != 0 && publish.SentAs == publish.PacketId;
        publish.SentAs = publish.PacketId;
        new PublishPacket(publish.Topic, publish.Payload, publish.Qos, publish.PacketId, publish.Retain, duplicate, seconds).Encode(to);
        return to.Length - start > _server.MaximumPacketSize ? MqttReasonCode.PacketTooLarge : (byte)0;
    }

    private void Finish(Outgoing publish, PublishStatus status, byte reason = 0)
    {
        publish.Leave();
        if (publish.PacketId != 0)
        {
            _sentById.Remove(publish.PacketId);
            _ids.Release(publish.PacketId);
        }
        publish.Complete(status, reason);
    }

    private void Cancel(Outgoing publish, CancellationToken cancel)
    {
        lock (_gate)
        {
            publish.CompleteCancelled(cancel);
            // One that is on the wire stays until its PUBACK: its identifier must not be used for another.
            if (publish.List == _waiting)
                Finish(publish, PublishStatus.Lost);
        }
    }

    private void Expire()
    {
        lock (_gate)
        {
            long now = _time.GetTimestamp();
            long earliest = long.MaxValue;
            for (LinkedListNode<Outgoing>? node = _waiting.First, next; node is not null; node = next)
            {
                next = node.Next;
                if (node.Value.Deadline <= now)
                    Finish(node.Value, PublishStatus.Expired);
                else
                    earliest = Math.Min(earliest, node.Value.Deadline);
            }
            foreach (Outgoing publish in _sent)
            {
                if (publish.IsCompleted)
                    continue;
                if (publish.Deadline <= now)
                    publish.Complete(PublishStatus.Expired, 0);
                else
                    earliest = Math.Min(earliest, publish.Deadline);
            }
            _timerDue = long.MaxValue;
            ArmTimer(earliest, now);
        }
    }

    private void ArmTimer(long deadline, long now)
    {
        if (deadline >= _timerDue)
            return;
        _timerDue = deadline;
        // Timers count whole milliseconds and may fire a little early: rounded up, so that firing finds it due.
        TimeSpan wait = TimeSpan.FromMilliseconds(Math.Ceiling(_time.GetElapsedTime(now, deadline).TotalMilliseconds));
        _expiryTimer.Change(wait < LongestTimer ? wait : LongestTimer, Timeout.InfiniteTimeSpan);
    }

    /// <summary>A timer cannot wait longer than 49 days; one that fires too soon only looks again.</summary>
    private static readonly TimeSpan LongestTimer = TimeSpan.FromDays(40);
}
