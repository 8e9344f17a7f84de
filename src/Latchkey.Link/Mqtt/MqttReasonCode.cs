namespace Latchkey.Link.Mqtt;

/// <summary>The reason codes that this client says or tells apart (MQTT 5, section 2.4). From 0x80 on they are failures.</summary>
public static class MqttReasonCode
{
    public const byte Success = 0x00;
    public const byte NoMatchingSubscribers = 0x10;
    public const byte Failure = 0x80;
    public const byte MalformedPacket = 0x81;
    public const byte ProtocolError = 0x82;
    public const byte UnsupportedVersion = 0x84;
    public const byte NotAuthorized = 0x87;
    public const byte KeepAliveTimeout = 0x8D;
    public const byte SessionTakenOver = 0x8E;
    public const byte TopicNameInvalid = 0x90;
    public const byte ReceiveMaximumExceeded = 0x93;
    public const byte TopicAliasInvalid = 0x94;
    public const byte PacketTooLarge = 0x95;
    public const byte RetainNotSupported = 0x9A;
    public const byte QosNotSupported = 0x9B;
}
