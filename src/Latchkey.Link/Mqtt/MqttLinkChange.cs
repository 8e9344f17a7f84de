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

    /// <summary>The broker closed the stream, or said DISCONNECT with the reason code given.</summary>
    ServerClosed,

    /// <summary>Another client came with our client id.</summary>
    SessionTakenOver,

    /// <summary>The broker was silent, or took nothing, for one and a half keep-alive times.</summary>
    KeepAliveTimeout,

    /// <summary>The broker sent what MQTT 5 or our limits forbid; the reason code is the one we told it.</summary>
    ProtocolError,

    /// <summary>Whoever runs the client stopped it.</summary>
    Stopped,

    /// <summary>A mistake in this client.</summary>
    InternalError,
}

/// <param name="SessionPresent">With <see cref="MqttLinkState.Connected"/>: the broker still had our session.</param>
public sealed record MqttLinkChange(
    MqttLinkState State, MqttLinkReason Reason = MqttLinkReason.None, byte ReasonCode = 0, string? Detail = null, bool SessionPresent = false);

/// <summary>How one connection ended.</summary>
internal sealed record MqttEnd(MqttLinkReason Reason, byte Code = 0, string? Detail = null);
