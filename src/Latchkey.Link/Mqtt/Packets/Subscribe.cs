namespace Latchkey.Link.Mqtt.Packets;

/// <summary>SUBSCRIBE, MQTT 5 section 3.8, with one filter: each is answered by itself.</summary>
internal readonly record struct SubscribePacket(ushort PacketId, string Filter, Qos Qos)
{
    /// <summary>Bits 3 to 0 of the first byte are 0010 [MQTT-3.8.1-1].</summary>
    public const byte Flags = 0x02;

    private static readonly ulong Allowed = PropertyReader.Set(Property.SubscriptionId, Property.User);

    public void Encode(PacketWriter to)
    {
        int packet = to.Open(PacketType.Subscribe, Flags);
        to.UInt16(PacketId);
        to.Close(to.OpenLength());
        to.Text(Filter);
        to.Byte((byte)Qos);
        to.Close(packet);
    }

    public static SubscribePacket Decode(ref PacketReader from)
    {
        ushort id = from.PacketId();
        PropertyReader properties = from.Properties(Allowed);
        while (properties.Next(ref from))
        {
        }
        string filter = from.Text();
        byte options = from.Byte();
        if (filter.Length == 0 || options > 1)
            from.Fail("a subscription that this implementation never makes");
        return new SubscribePacket(id, filter, (Qos)(options & 1));
    }
}

/// <summary>SUBACK, MQTT 5 section 3.9, the answer to one filter.</summary>
internal readonly record struct SubackPacket(ushort PacketId, byte Reason, string? ReasonText = null)
{
    public void Encode(PacketWriter to)
    {
        int packet = to.Open(PacketType.Suback);
        to.UInt16(PacketId);
        int properties = to.OpenLength();
        if (ReasonText is not null)
            to.Property(Property.ReasonText, ReasonText);
        to.Close(properties);
        to.Byte(Reason);
        to.Close(packet);
    }

    public static SubackPacket Decode(ref PacketReader from)
    {
        ushort id = from.PacketId();
        string? text = null;
        PropertyReader properties = from.Properties(PubackPacket.Allowed);
        while (properties.Next(ref from))
            text = properties.Id == Property.ReasonText ? properties.Text : text;
        byte reason = from.Byte();
        if (reason is > 1 and < MqttReasonCode.Failure)
            from.Fail("a grant that was never asked for", MqttReasonCode.ProtocolError); // QoS 2 is one
        return new SubackPacket(id, reason, text);
    }
}
