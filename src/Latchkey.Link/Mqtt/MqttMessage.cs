namespace Latchkey.Link.Mqtt;

/// <summary>One message that the broker delivered.</summary>
public sealed class MqttMessage
{
    private readonly Inbox? _inbox;

    internal MqttMessage(string topic, ReadOnlyMemory<byte> payload, Qos qos, bool retained, ushort packetId, Inbox? inbox)
    {
        (Topic, Payload, Qos, Retained) = (topic, payload, qos, retained);
        (PacketId, _inbox) = (packetId, inbox);
    }

    public string Topic { get; }
    public ReadOnlyMemory<byte> Payload { get; }
    public Qos Qos { get; }

    /// <summary>It was stored at the broker and may be of any age. A command like this is refused.</summary>
    public bool Retained { get; }

    internal ushort PacketId { get; }

    /// <summary>Written and read under the inbox's lock.</summary>
    internal bool Acknowledged { get; set; }

    /// <summary>
    /// Tells the broker that it may forget the message; without this it sends no more than the receive maximum. Does nothing
    /// with QoS 0, and nothing after the connection that brought it has ended.
    /// </summary>
    public void Acknowledge() => _inbox?.Acknowledge(this);
}
