using Latchkey.Link.Mqtt.Packets;

namespace Latchkey.Link.Mqtt;

/// <summary>
/// The QoS 1 messages of one connection that are not acknowledged yet. PUBACKs leave in the order in which the messages came
/// [MQTT-4.6.0-2], however the application acknowledges them. It ends with its connection; the broker's session remembers, if anybody.
/// </summary>
internal sealed class Inbox(ushort receiveMaximum, Action wakeWriter)
{
    private readonly Lock _gate = new();
    private readonly Queue<MqttMessage> _unacknowledged = new();
    private readonly Queue<ushort> _due = new();
    private readonly HashSet<ushort> _ids = [];

    /// <summary>
    /// Null, or the code for a broker that sends more than it may [MQTT-3.3.4-9], or again what it has not had acknowledged on this
    /// connection [MQTT-2.2.1-4]. The first is also what bounds the queues.
    /// </summary>
    public byte? Add(MqttMessage message)
    {
        lock (_gate)
        {
            if (_ids.Count >= receiveMaximum)
                return MqttReasonCode.ReceiveMaximumExceeded;
            if (!_ids.Add(message.PacketId))
                return MqttReasonCode.ProtocolError;
            _unacknowledged.Enqueue(message);
            return null;
        }
    }

    public void Acknowledge(MqttMessage message)
    {
        bool due = false;
        lock (_gate)
        {
            message.Acknowledged = true;
            while (_unacknowledged.TryPeek(out MqttMessage? oldest) && oldest.Acknowledged)
            {
                _due.Enqueue(_unacknowledged.Dequeue().PacketId);
                due = true;
            }
        }
        if (due)
            wakeWriter();
    }

    /// <summary>Writes the PUBACKs that are due, as many as fit into <paramref name="limit"/> bytes.</summary>
    public void Compose(PacketWriter to, int limit)
    {
        lock (_gate)
        {
            while (to.Length < limit && _due.TryDequeue(out ushort id))
            {
                new PubackPacket(id).Encode(to);
                _ids.Remove(id);
            }
        }
    }
}
