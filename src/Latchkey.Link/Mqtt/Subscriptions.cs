using Latchkey.Link.Mqtt.Packets;

namespace Latchkey.Link.Mqtt;

/// <summary>What the client wants to hear, across its connections. A broker that lost the session is told again.</summary>
internal sealed class Subscriptions(PacketIds ids, TimeProvider time)
{
    /// <summary>A device has one subscription, a server node a few; a hundred is a mistake in a loop.</summary>
    private const int MostFilters = 100;

    private readonly Lock _gate = new();
    private readonly List<Entry> _entries = [];
    private ConnackPacket _server = new(0);
    private bool _stopped;

    /// <summary>Tells the present connection's writer that there is something to write. Set by the client.</summary>
    public Action Wake { get; set; } = static () => { };

    public async ValueTask Add(string filter, Qos qos, CancellationToken cancel)
    {
        cancel.ThrowIfCancellationRequested();
        Entry? entry;
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_stopped, typeof(MqttClient));
            entry = _entries.Find(e => e.Filter == filter && e.Qos == qos);
            if (entry is null)
            {
                if (_entries.Count == MostFilters)
                    throw new InvalidOperationException($"More than {MostFilters} subscriptions.");
                _entries.Add(entry = new Entry(filter, qos));
            }
        }
        Wake();
        try
        {
            await entry.Answered.Task.WaitAsync(cancel);
        }
        catch (OperationCanceledException) when (cancel.IsCancellationRequested)
        {
            lock (_gate)
            {
                if (!entry.Answered.Task.IsCompleted)
                    _entries.Remove(entry);
            }
            throw;
        }
    }

    public void OnConnected(ConnackPacket connack)
    {
        lock (_gate)
        {
            _server = connack;
            foreach (Entry entry in _entries)
            {
                Release(entry);
                entry.Held &= connack.SessionPresent;
            }
        }
    }

    public void Compose(PacketWriter to, int limit)
    {
        lock (_gate)
        {
            for (int i = 0; i < _entries.Count; i++)
            {
                Entry entry = _entries[i];
                if (entry.Held || entry.PacketId != 0 || to.Length >= limit)
                    continue;
                entry.PacketId = ids.Take();
                if (entry.PacketId == 0)
                    return;
                int start = to.Length;
                new SubscribePacket(entry.PacketId, entry.Filter, entry.Qos).Encode(to);
                if (WouldBeRefused(entry.Filter, to.Length - start) is not { } refusal)
                {
                    entry.AskedAt = time.GetTimestamp();
                    continue;
                }
                to.Truncate(start);
                Release(entry);
                Refuse(entry, refusal, "the broker has said so before");
                i--;
            }
        }
    }

    /// <summary>Whether a SUBSCRIBE that was sent at or before this timestamp has no answer yet.</summary>
    public bool OwedSince(long timestamp)
    {
        lock (_gate)
            return _entries.Exists(e => e.PacketId != 0 && e.AskedAt <= timestamp);
    }

    /// <summary>Null, or why the connection is of no use: a subscription that once was granted was refused when it was repeated.</summary>
    public MqttEnd? OnSuback(SubackPacket suback)
    {
        lock (_gate)
        {
            Entry? entry = _entries.Find(e => e.PacketId == suback.PacketId);
            if (entry is null)
                return null; // its caller gave up
            Release(entry);
            if (suback.Reason == (byte)entry.Qos)
            {
                entry.Held = true;
                entry.Answered.TrySetResult();
                return null;
            }
            if (suback.Reason < MqttReasonCode.Failure && suback.Reason > (byte)entry.Qos)
                return new MqttEnd(MqttLinkReason.ProtocolError, MqttReasonCode.ProtocolError, "SUBACK: more than was asked for");
            // Less than was asked for is a refusal too: at least once is a promise that others build upon.
            (byte reason, string? text) = suback.Reason < MqttReasonCode.Failure
                ? (MqttReasonCode.QosNotSupported, "granted with QoS 0 only")
                : (suback.Reason, suback.ReasonText);
            if (entry.Answered.Task.IsCompleted)
                return new MqttEnd(MqttLinkReason.RefusedByBroker, reason, $"subscription to {entry.Filter}");
            Refuse(entry, reason, text);
            return null;
        }
    }

    public void Stop()
    {
        lock (_gate)
        {
            _stopped = true;
            foreach (Entry entry in _entries)
            {
                entry.Answered.TrySetException(new ObjectDisposedException(typeof(MqttClient).Name));
                _ = entry.Answered.Task.Exception; // nobody may be waiting any more
            }
        }
    }

    /// <summary>Null, or why the broker of the present connection would not take it: asking could cost the connection [MQTT-3.8.3-4].</summary>
    private byte? WouldBeRefused(string filter, int bytes)
    {
        if (bytes > _server.MaximumPacketSize)
            return MqttReasonCode.PacketTooLarge;
        if (!_server.SharedAvailable && filter.StartsWith("$share/", StringComparison.Ordinal))
            return MqttReasonCode.SharedSubscriptionsNotSupported;
        return !_server.WildcardsAvailable && filter.AsSpan().ContainsAny('+', '#') ? MqttReasonCode.WildcardsNotSupported : null;
    }

    private void Refuse(Entry entry, byte reason, string? text)
    {
        _entries.Remove(entry);
        entry.Answered.TrySetException(new MqttRefusedException(entry.Filter, reason, text));
        _ = entry.Answered.Task.Exception; // whoever asked may have gone
    }

    private void Release(Entry entry)
    {
        if (entry.PacketId != 0)
            ids.Release(entry.PacketId);
        entry.PacketId = 0;
    }

    private sealed class Entry(string filter, Qos qos)
    {
        public string Filter { get; } = filter;
        public Qos Qos { get; } = qos;

        /// <summary>The broker has it in the present session.</summary>
        public bool Held { get; set; }

        /// <summary>Not zero while a SUBSCRIBE waits for its answer on the present connection.</summary>
        public ushort PacketId { get; set; }
        public long AskedAt { get; set; }
        public TaskCompletionSource Answered { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
