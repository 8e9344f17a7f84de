namespace Latchkey.Link.Mqtt;

public enum MqttLinkState
{
    Disconnected,
    Connecting,
    Connected,
}

/// <summary>Why a connection ended, or could not be made.</summary>
public enum MqttLinkReason
{
    /// <summary>Nothing ended: the change is toward a connection.</summary>
    None,

    /// <summary>The stream could not be opened, or broke. A refused certificate looks like this with TLS 1.3.</summary>
    NetworkError,

    /// <summary>No connection and CONNACK within <see cref="MqttOptions.ConnectTimeout"/>.</summary>
    ConnectTimeout,

    /// <summary>CONNACK, or SUBACK to a remembered subscription, with a refusal.</summary>
    RefusedByBroker,

    /// <summary>
    /// The broker is to be found elsewhere (CONNACK or DISCONNECT with 0x9C or 0x9D); <see cref="MqttLinkChange.ServerReference"/> may say
    /// where. It is not followed: which broker a device trusts is not for the broker to say.
    /// </summary>
    UseAnotherServer,

    /// <summary>The broker closed the stream, or said DISCONNECT with the reason code given.</summary>
    ServerClosed,

    /// <summary>Another client came with our client id.</summary>
    SessionTakenOver,

    /// <summary>The broker was silent, took nothing, or left a ping unanswered for one and a half keep-alive times; or it said the same of us.</summary>
    KeepAliveTimeout,

    /// <summary>The broker is there, but owes an acknowledgement for longer than <see cref="MqttOptions.AcknowledgeTimeout"/>. On the next
    /// connection the message is sent again, which on this one it may not be [MQTT-4.4.0-1].</summary>
    AcknowledgementTimeout,

    /// <summary>The broker sent what MQTT 5 or our limits forbid; the reason code is the one we told it.</summary>
    ProtocolError,

    /// <summary>Whoever runs the client stopped it.</summary>
    Stopped,

    /// <summary>A mistake in this client.</summary>
    InternalError,
}

/// <param name="SessionPresent">With <see cref="MqttLinkState.Connected"/>: the broker still had our session.</param>
/// <param name="ServerReference">With <see cref="MqttLinkReason.UseAnotherServer"/>: where, in the broker's words.</param>
public sealed record MqttLinkChange(
    MqttLinkState State, MqttLinkReason Reason = MqttLinkReason.None, byte ReasonCode = 0, string? Detail = null, bool SessionPresent = false,
    string? ServerReference = null)
{
    /// <summary>What the standard calls the reason code.</summary>
    public string ReasonName => MqttReasonCode.Name(ReasonCode);
}

/// <summary>How one connection ended.</summary>
internal sealed record MqttEnd(MqttLinkReason Reason, byte Code = 0, string? Detail = null, string? ServerReference = null);
