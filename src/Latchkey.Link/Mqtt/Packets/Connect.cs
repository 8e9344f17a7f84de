namespace Latchkey.Link.Mqtt.Packets;

/// <summary>CONNECT, MQTT 5 section 3.1.</summary>
internal sealed record ConnectPacket(
    string ClientId, bool CleanStart, ushort KeepAliveSeconds, uint SessionExpirySeconds, ushort ReceiveMaximum, uint MaximumPacketSize,
    string? Username = null, string? Password = null, MqttWill? Will = null)
{
    private static readonly ulong Allowed = PropertyReader.Set(
        Property.SessionExpiry, Property.ReceiveMaximum, Property.MaximumPacketSize, Property.TopicAliasMaximum,
        Property.RequestResponseInformation, Property.RequestProblemInformation, Property.User);

    private static readonly ulong AllowedInWill = PropertyReader.Set(
        Property.WillDelay, Property.PayloadFormat, Property.MessageExpiry, Property.ContentType, Property.ResponseTopic,
        Property.CorrelationData, Property.User);

    public void Encode(PacketWriter to)
    {
        int packet = to.Open(PacketType.Connect);
        to.Text("MQTT");
        to.Byte(5);
        to.Byte((byte)(
            (CleanStart ? 0x02 : 0)
            | (Will is null ? 0 : 0x04 | ((byte)Will.Qos << 3))
            | (Password is null ? 0 : 0x40)
            | (Username is null ? 0 : 0x80)));
        to.UInt16(KeepAliveSeconds);
        int properties = to.OpenLength();
        if (SessionExpirySeconds > 0)
            to.Property(Property.SessionExpiry, SessionExpirySeconds);
        to.Property(Property.ReceiveMaximum, ReceiveMaximum);
        to.Property(Property.MaximumPacketSize, MaximumPacketSize);
        // Topic aliases are not supported. Zero is the default, so nothing is said [MQTT-3.1.2-26].
        to.Close(properties);
        to.Text(ClientId);
        if (Will is not null)
        {
            to.Close(to.OpenLength());
            to.Text(Will.Topic);
            to.Binary(Will.Payload.Span);
        }
        if (Username is not null)
            to.Text(Username);
        if (Password is not null)
            to.Text(Password);
        to.Close(packet);
    }

    public static ConnectPacket Decode(ref PacketReader from)
    {
        if (from.Text() != "MQTT" || from.Byte() != 5)
            from.Fail("not MQTT 5", MqttReasonCode.UnsupportedVersion);
        byte flags = from.Byte();
        bool hasWill = (flags & 0x04) != 0;
        if ((flags & 0x01) != 0 || (flags & 0x18) > 0x08 || (flags & 0x20) != 0 || (!hasWill && (flags & 0x38) != 0))
            from.Fail("connect flags that this implementation never sets");
        ushort keepAlive = from.UInt16();
        uint sessionExpiry = 0;
        uint maximumPacketSize = uint.MaxValue;
        ushort receiveMaximum = ushort.MaxValue;
        PropertyReader properties = from.Properties(Allowed);
        while (properties.Next(ref from))
        {
            switch (properties.Id)
            {
                case Property.SessionExpiry:
                    sessionExpiry = properties.Number;
                    break;
                case Property.ReceiveMaximum:
                    receiveMaximum = (ushort)properties.Number;
                    break;
                case Property.MaximumPacketSize:
                    maximumPacketSize = properties.Number;
                    break;
            }
        }
        string clientId = from.Text();
        MqttWill? will = null;
        if (hasWill)
        {
            PropertyReader willProperties = from.Properties(AllowedInWill);
            while (willProperties.Next(ref from))
            {
            }
            string topic = from.Text();
            will = new MqttWill(topic, from.Binary().ToArray(), (Qos)((flags >> 3) & 1));
        }
        string? username = (flags & 0x80) != 0 ? from.Text() : null;
        string? password = (flags & 0x40) != 0 ? from.Text() : null;
        return new ConnectPacket(
            clientId, (flags & 0x02) != 0, keepAlive, sessionExpiry, receiveMaximum, maximumPacketSize, username, password, will);
    }
}

/// <summary>CONNACK, MQTT 5 section 3.2. What the server does not say has the standard's default here.</summary>
internal sealed record ConnackPacket(byte Reason, bool SessionPresent = false)
{
    private static readonly ulong Allowed = PropertyReader.Set(
        Property.SessionExpiry, Property.ReceiveMaximum, Property.MaximumQos, Property.RetainAvailable, Property.MaximumPacketSize,
        Property.AssignedClientId, Property.TopicAliasMaximum, Property.ReasonText, Property.User, Property.WildcardsAvailable,
        Property.SubscriptionIdsAvailable, Property.SharedAvailable, Property.ServerKeepAlive, Property.ResponseInformation,
        Property.ServerReference, Property.AuthenticationMethod, Property.AuthenticationData);

    public ushort ReceiveMaximum { get; init; } = ushort.MaxValue;
    public uint MaximumPacketSize { get; init; } = uint.MaxValue;
    public Qos MaximumQos { get; init; } = Qos.AtLeastOnce;
    public bool RetainAvailable { get; init; } = true;
    public ushort? ServerKeepAlive { get; init; }
    public string? AssignedClientId { get; init; }
    public string? ReasonText { get; init; }
    public string? ServerReference { get; init; }
    public bool WildcardsAvailable { get; init; } = true;
    public bool SharedAvailable { get; init; } = true;

    public void Encode(PacketWriter to)
    {
        int packet = to.Open(PacketType.Connack);
        to.Byte(SessionPresent ? (byte)1 : (byte)0);
        to.Byte(Reason);
        int properties = to.OpenLength();
        if (ReceiveMaximum != ushort.MaxValue)
            to.Property(Property.ReceiveMaximum, ReceiveMaximum);
        if (MaximumQos == Qos.AtMostOnce)
            to.Property(Property.MaximumQos, (byte)0);
        if (!RetainAvailable)
            to.Property(Property.RetainAvailable, (byte)0);
        if (MaximumPacketSize != uint.MaxValue)
            to.Property(Property.MaximumPacketSize, MaximumPacketSize);
        if (AssignedClientId is not null)
            to.Property(Property.AssignedClientId, AssignedClientId);
        if (ReasonText is not null)
            to.Property(Property.ReasonText, ReasonText);
        if (!WildcardsAvailable)
            to.Property(Property.WildcardsAvailable, (byte)0);
        if (!SharedAvailable)
            to.Property(Property.SharedAvailable, (byte)0);
        if (ServerKeepAlive is { } keepAlive)
            to.Property(Property.ServerKeepAlive, keepAlive);
        if (ServerReference is not null)
            to.Property(Property.ServerReference, ServerReference);
        to.Close(properties);
        to.Close(packet);
    }

    public static ConnackPacket Decode(ref PacketReader from)
    {
        byte flags = from.Byte();
        if (flags > 1)
            from.Fail("connect acknowledge flags that are reserved");
        var connack = new ConnackPacket(from.Byte(), flags == 1);
        PropertyReader properties = from.Properties(Allowed);
        while (properties.Next(ref from))
        {
            connack = properties.Id switch
            {
                Property.ReceiveMaximum => connack with { ReceiveMaximum = (ushort)properties.Number },
                Property.MaximumPacketSize => connack with { MaximumPacketSize = properties.Number },
                Property.MaximumQos => connack with { MaximumQos = (Qos)properties.Number },
                Property.RetainAvailable => connack with { RetainAvailable = properties.Number == 1 },
                Property.ServerKeepAlive => connack with { ServerKeepAlive = (ushort)properties.Number },
                Property.AssignedClientId => connack with { AssignedClientId = properties.Text },
                Property.ReasonText => connack with { ReasonText = properties.Text },
                Property.ServerReference => connack with { ServerReference = properties.Text },
                Property.WildcardsAvailable => connack with { WildcardsAvailable = properties.Number == 1 },
                Property.SharedAvailable => connack with { SharedAvailable = properties.Number == 1 },
                _ => connack,
            };
        }
        if (connack.Reason is > 0 and < MqttReasonCode.Failure)
            from.Fail("neither accepted nor refused", MqttReasonCode.ProtocolError);
        if (connack is { SessionPresent: true, Reason: not 0 })
            from.Fail("a refusal with a session", MqttReasonCode.ProtocolError); // [MQTT-3.2.2-6]
        return connack;
    }
}
