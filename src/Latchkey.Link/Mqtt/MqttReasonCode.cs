using System.Collections.Frozen;
using System.Globalization;

namespace Latchkey.Link.Mqtt;

/// <summary>The reason codes of MQTT 5, section 2.4. From 0x80 on they are failures.</summary>
public static class MqttReasonCode
{
    public const byte Success = 0x00;
    public const byte DisconnectWithWill = 0x04;
    public const byte NoMatchingSubscribers = 0x10;
    public const byte Failure = 0x80;
    public const byte MalformedPacket = 0x81;
    public const byte ProtocolError = 0x82;
    public const byte UnsupportedVersion = 0x84;
    public const byte NotAuthorized = 0x87;
    public const byte ServerUnavailable = 0x88;
    public const byte ServerBusy = 0x89;
    public const byte KeepAliveTimeout = 0x8D;
    public const byte SessionTakenOver = 0x8E;
    public const byte TopicNameInvalid = 0x90;
    public const byte ReceiveMaximumExceeded = 0x93;
    public const byte TopicAliasInvalid = 0x94;
    public const byte PacketTooLarge = 0x95;
    public const byte QuotaExceeded = 0x97;
    public const byte PayloadFormatInvalid = 0x99;
    public const byte RetainNotSupported = 0x9A;
    public const byte QosNotSupported = 0x9B;
    public const byte UseAnotherServer = 0x9C;
    public const byte ServerMoved = 0x9D;
    public const byte SharedSubscriptionsNotSupported = 0x9E;
    public const byte ConnectionRateExceeded = 0x9F;
    public const byte WildcardsNotSupported = 0xA2;

    private static readonly FrozenDictionary<byte, string> Names = new Dictionary<byte, string>
    {
        [Success] = "success",
        [DisconnectWithWill] = "disconnect with will",
        [NoMatchingSubscribers] = "no matching subscribers",
        [Failure] = "unspecified error",
        [MalformedPacket] = "malformed packet",
        [ProtocolError] = "protocol error",
        [0x83] = "implementation specific error",
        [UnsupportedVersion] = "unsupported protocol version",
        [0x85] = "client identifier not valid",
        [0x86] = "bad user name or password",
        [NotAuthorized] = "not authorized",
        [ServerUnavailable] = "server unavailable",
        [ServerBusy] = "server busy",
        [0x8A] = "banned",
        [0x8B] = "server shutting down",
        [0x8C] = "bad authentication method",
        [KeepAliveTimeout] = "keep alive timeout",
        [SessionTakenOver] = "session taken over",
        [0x8F] = "topic filter invalid",
        [TopicNameInvalid] = "topic name invalid",
        [0x91] = "packet identifier in use",
        [0x92] = "packet identifier not found",
        [ReceiveMaximumExceeded] = "receive maximum exceeded",
        [TopicAliasInvalid] = "topic alias invalid",
        [PacketTooLarge] = "packet too large",
        [0x96] = "message rate too high",
        [QuotaExceeded] = "quota exceeded",
        [0x98] = "administrative action",
        [PayloadFormatInvalid] = "payload format invalid",
        [RetainNotSupported] = "retain not supported",
        [QosNotSupported] = "QoS not supported",
        [UseAnotherServer] = "use another server",
        [ServerMoved] = "server moved",
        [SharedSubscriptionsNotSupported] = "shared subscriptions not supported",
        [ConnectionRateExceeded] = "connection rate exceeded",
        [0xA0] = "maximum connect time",
        [0xA1] = "subscription identifiers not supported",
        [WildcardsNotSupported] = "wildcard subscriptions not supported",
    }.ToFrozenDictionary();

    /// <summary>What the standard calls it; the number for a code that it does not have.</summary>
    public static string Name(byte code) => Names.GetValueOrDefault(code) ?? string.Create(CultureInfo.InvariantCulture, $"code 0x{code:X2}");

    /// <summary>
    /// The same message will never be taken, however often it is sent: it is the message that is wrong. Anything else (a quota, a right
    /// that is missing today) may change without it.
    /// </summary>
    public static bool IsLasting(byte code) =>
        code is TopicNameInvalid or PacketTooLarge or PayloadFormatInvalid or RetainNotSupported or QosNotSupported;

    /// <summary>The broker has too much to do; whoever comes back soon makes it worse.</summary>
    internal static bool AsksForPatience(byte code) =>
        code is ServerBusy or QuotaExceeded or ConnectionRateExceeded or 0x96 or UseAnotherServer or ServerMoved;
}
