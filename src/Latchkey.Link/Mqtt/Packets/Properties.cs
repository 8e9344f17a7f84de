namespace Latchkey.Link.Mqtt.Packets;

/// <summary>MQTT 5, section 2.2.2.2. Every identifier is below 64, so a set of them is one <see cref="ulong"/>.</summary>
internal enum Property : byte
{
    PayloadFormat = 0x01,
    MessageExpiry = 0x02,
    ContentType = 0x03,
    ResponseTopic = 0x08,
    CorrelationData = 0x09,
    SubscriptionId = 0x0B,
    SessionExpiry = 0x11,
    AssignedClientId = 0x12,
    ServerKeepAlive = 0x13,
    AuthenticationMethod = 0x15,
    AuthenticationData = 0x16,
    RequestProblemInformation = 0x17,
    WillDelay = 0x18,
    RequestResponseInformation = 0x19,
    ResponseInformation = 0x1A,
    ServerReference = 0x1C,
    ReasonText = 0x1F,
    ReceiveMaximum = 0x21,
    TopicAliasMaximum = 0x22,
    TopicAlias = 0x23,
    MaximumQos = 0x24,
    RetainAvailable = 0x25,
    User = 0x26,
    MaximumPacketSize = 0x27,
    WildcardsAvailable = 0x28,
    SubscriptionIdsAvailable = 0x29,
    SharedAvailable = 0x2A,
}

/// <summary>Reads the properties of one packet; what is unknown, not allowed there or said twice is a protocol error.</summary>
internal ref struct PropertyReader(ReadOnlySpan<byte> bytes, ulong allowed)
{
    private const ulong Repeatable = 1ul << (int)Property.User | 1ul << (int)Property.SubscriptionId;

    private PacketReader _reader = new(bytes);
    private ulong _seen;

    public Property Id { get; private set; }

    /// <summary>The value of a numeric property.</summary>
    public uint Number { get; private set; }

    /// <summary>The value of a text property.</summary>
    public string Text { get; private set; } = "";

    public static ulong Set(params ReadOnlySpan<Property> ids)
    {
        ulong set = 0;
        foreach (Property id in ids)
            set |= 1ul << (int)id;
        return set;
    }

    /// <summary>False at the end, and after something malformed, which <paramref name="packet"/> then knows too.</summary>
    public bool Next(ref PacketReader packet)
    {
        if (!_reader.AtEnd)
            ReadOne();
        else
            return false;
        if (_reader.Error is null)
            return true;
        packet.Fail(_reader.Error, _reader.ErrorReason);
        return false;
    }

    private void ReadOne()
    {
        byte id = _reader.Byte();
        ulong bit = id < 64 ? 1ul << id : 0;
        if ((allowed & bit) == 0)
        {
            _reader.Fail($"property 0x{id:X2} does not belong here", MqttReasonCode.ProtocolError);
            return;
        }
        if ((_seen & bit & ~Repeatable) != 0)
        {
            _reader.Fail($"property 0x{id:X2} twice", MqttReasonCode.ProtocolError);
            return;
        }
        _seen |= bit;
        Id = (Property)id;
        switch (Id)
        {
            case Property.PayloadFormat or Property.RequestProblemInformation or Property.RequestResponseInformation
                or Property.MaximumQos or Property.RetainAvailable or Property.WildcardsAvailable
                or Property.SubscriptionIdsAvailable or Property.SharedAvailable:
                Number = _reader.Byte();
                if (Number > 1)
                    _reader.Fail($"property 0x{id:X2} is neither 0 nor 1", MqttReasonCode.ProtocolError);
                break;
            case Property.ServerKeepAlive or Property.ReceiveMaximum or Property.TopicAliasMaximum or Property.TopicAlias:
                Number = _reader.UInt16();
                break;
            case Property.MessageExpiry or Property.SessionExpiry or Property.WillDelay or Property.MaximumPacketSize:
                Number = _reader.UInt32();
                break;
            case Property.SubscriptionId:
                Number = (uint)_reader.VariableByteInteger();
                break;
            case Property.CorrelationData or Property.AuthenticationData:
                _reader.Binary();
                break;
            case Property.User:
                _reader.Text();
                _reader.Text();
                break;
            default:
                Text = _reader.Text();
                break;
        }
        if (Number == 0 && Id is Property.ReceiveMaximum or Property.MaximumPacketSize or Property.SubscriptionId)
            _reader.Fail($"property 0x{id:X2} is zero", MqttReasonCode.ProtocolError);
    }
}
