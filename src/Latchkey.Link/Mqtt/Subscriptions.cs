using Latchkey.Link.Mqtt.Packets;

namespace Latchkey.Link.Mqtt;

/// <summary>What the client wants to hear, across its connections. A broker that lost the session is told again.</summary>
internal sealed class Subscriptions(PacketIds ids)
{
    /// <summary>A device has one subscription, a server node a few; a hundred is a mistake in a loop.</summary>
    private const int MostFilters = 100;

    private readonly Lock _gate = new();
    private readonly List<Entry> _entries = [];
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

    public void OnConnected(bool sessionPresent)
    {
        lock (_gate)
        {
            foreach (Entry entry in _entries)
            {
                Release(entry);
                entry.Held &= sessionPresent;
            }
        }
    }

    public void Compose(PacketWriter to, int limit)
    {
        lock (_gate)
        {
            foreach (Entry entry in _entries)
            {
                if (entry.Held || entry.PacketId != 0 || to.Length >= limit)
                    continue;
                entry.PacketId = ids.Take();
                if (entry.PacketId == 0)
                    return;
                new SubscribePacket(entry.PacketId, entry.Filter, entry.Qos).Encode(to);
            }
        }
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
            if (suback.Reason < MqttReasonCode.Failure)
            {
                entry.Held = true;
                entry.Answered.TrySetResult();
                return null;
            }
            if (entry.Answered.Task.IsCompleted)
                return new MqttEnd(MqttLinkReason.RefusedByBroker, suback.Reason, $"subscription to {entry.Filter}");
            _entries.Remove(entry);
            entry.Answered.TrySetException(new MqttRefusedException(entry.Filter, suback.Reason, suback.ReasonText));
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
        public TaskCompletionSource Answered { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
