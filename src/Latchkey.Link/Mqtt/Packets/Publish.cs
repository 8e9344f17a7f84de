namespace Latchkey.Link.Mqtt.Packets;

/// <summary>PUBLISH, MQTT 5 section 3.3.</summary>
/// <param name="PacketId">Zero with QoS 0, which has none.</param>
/// <param name="ExpirySeconds">The broker forgets the message after so many seconds; null: never.</param>
internal readonly record struct PublishPacket(
    string Topic, ReadOnlyMemory<byte> Payload, Qos Qos, ushort PacketId = 0, bool Retain = false, bool Duplicate = false,
    uint? ExpirySeconds = null)
{
    private static readonly ulong Allowed = PropertyReader.Set(
        Property.PayloadFormat, Property.MessageExpiry, Property.TopicAlias, Property.ResponseTopic, Property.CorrelationData,
        Property.User, Property.SubscriptionId, Property.ContentType);

    public void Encode(PacketWriter to)
    {
        int packet = to.Open(PacketType.Publish, (byte)((Duplicate ? 0x08 : 0) | ((byte)Qos << 1) | (Retain ? 0x01 : 0)));
        to.Text(Topic);
        if (Qos != Qos.AtMostOnce)
            to.UInt16(PacketId);
        int properties = to.OpenLength();
        if (ExpirySeconds is { } seconds)
            to.Property(Property.MessageExpiry, seconds);
        to.Close(properties);
        to.Raw(Payload.Span);
        to.Close(packet);
    }

    /// <summary>The payload is a copy: the bytes it was read from belong to the connection.</summary>
    public static PublishPacket Decode(byte flags, ref PacketReader from)
    {
        int qos = (flags >> 1) & 3;
        if (qos > 1 || (qos == 0 && (flags & 0x08) != 0))
            from.Fail("a quality of service that was never asked for"); // [MQTT-3.3.1-4], [MQTT-3.3.1-2]
        string topic = from.Text();
        ushort id = qos == 0 ? (ushort)0 : from.PacketId();
        uint? expiry = null;
        PropertyReader properties = from.Properties(Allowed);
        while (properties.Next(ref from))
        {
            if (properties.Id == Property.MessageExpiry)
                expiry = properties.Number;
            else if (properties.Id == Property.TopicAlias)
                from.Fail("a topic alias, which this client does not allow", MqttReasonCode.TopicAliasInvalid);
        }
        if (topic.Length == 0 || topic.AsSpan().ContainsAny('+', '#'))
            from.Fail("a topic that is empty or has wildcards", MqttReasonCode.TopicNameInvalid); // [MQTT-3.3.2-2]
        return new PublishPacket(topic, from.Rest().ToArray(), (Qos)qos, id, (flags & 0x01) != 0, (flags & 0x08) != 0, expiry);
    }
}

/// <summary>PUBACK, MQTT 5 section 3.4.</summary>
internal readonly record struct PubackPacket(ushort PacketId, byte Reason = 0, string? ReasonText = null)
{
    internal static readonly ulong Allowed = PropertyReader.Set(Property.ReasonText, Property.User);

    public void Encode(PacketWriter to)
    {
        int packet = to.Open(PacketType.Puback);
        to.UInt16(PacketId);
        if (Reason != 0 || ReasonText is not null)
            to.Byte(Reason);
        if (ReasonText is not null)
        {
            int properties = to.OpenLength();
            to.Property(Property.ReasonText, ReasonText);
            to.Close(properties);
        }
        to.Close(packet);
    }

    public static PubackPacket Decode(ref PacketReader from)
    {
        ushort id = from.PacketId();
        byte reason = from.AtEnd ? (byte)0 : from.Byte();
        string? text = null;
        if (!from.AtEnd)
        {
            PropertyReader properties = from.Properties(Allowed);
            while (properties.Next(ref from))
                text = properties.Id == Property.ReasonText ? properties.Text : text;
        }
        if (reason is > 0 and < MqttReasonCode.Failure and not MqttReasonCode.NoMatchingSubscribers)
            from.Fail("a reason that is none for PUBACK", MqttReasonCode.ProtocolError);
        return new PubackPacket(id, reason, text);
    }
}
