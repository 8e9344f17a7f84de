namespace Latchkey.Link.Mqtt;

/// <summary>How a publish ended.</summary>
public enum PublishStatus
{
    /// <summary>QoS 0: written to the connection. Nobody knows more.</summary>
    Sent,

    /// <summary>QoS 1: the broker has it, and somebody listens.</summary>
    Acknowledged,

    /// <summary>QoS 1: the broker has it, and nobody listens: the device is absent.</summary>
    NobodyListens,

    /// <summary>The broker refused it, or would have: <see cref="PublishResult.Reason"/> says why.</summary>
    Refused,

    /// <summary>Its expiry passed before it was written, or before its acknowledgement came.</summary>
    Expired,

    /// <summary>Too many publishes are waiting; this one was not taken.</summary>
    QueueFull,

    /// <summary>The connection broke while a QoS 0 message was being written, or the client was stopped.</summary>
    Lost,
}

/// <param name="Reason">The broker's reason code where it gave one, or the code it would have given.</param>
/// <param name="Written">True when the message may have reached the broker, whatever the status says.</param>
/// <param name="Repeated">True when it was written more than once: what the broker says of the last copy does not speak for the first.</param>
public readonly record struct PublishResult(PublishStatus Status, byte Reason, bool Written, bool Repeated = false)
{
    /// <summary>Refused for what it is: sending the same again is of no use (<see cref="MqttReasonCode.IsLasting"/>).</summary>
    public bool IsLastingRefusal => Status == PublishStatus.Refused && MqttReasonCode.IsLasting(Reason);
}

/// <summary>The broker refused a subscription.</summary>
public sealed class MqttRefusedException(string filter, byte reason, string? detail)
    : Exception($"The broker refused the subscription to {filter}: {MqttReasonCode.Name(reason)}{(detail is null ? "" : $" ({detail})")}.")
{
    public string Filter { get; } = filter;

    /// <summary>As in MQTT 5, section 3.9.3; <see cref="MqttReasonCode.NotAuthorized"/> is the usual one.</summary>
    public byte Reason { get; } = reason;
}
