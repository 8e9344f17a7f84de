namespace Latchkey.Link.Mqtt;

/// <summary>Quality of service. QoS 2 does not exist here: what must have one effect carries an id of its own.</summary>
public enum Qos : byte
{
    AtMostOnce = 0,
    AtLeastOnce = 1,
}

/// <summary>What the broker publishes for a client that vanished. Never retained.</summary>
public sealed record MqttWill(string Topic, ReadOnlyMemory<byte> Payload, Qos Qos);

/// <summary>How one client behaves. Every limit says where its number comes from.</summary>
public sealed record MqttOptions
{
    /// <summary>Empty lets the broker choose one.</summary>
    public required string ClientId { get; init; }

    public string? Username { get; init; }
    public string? Password { get; init; }

    /// <summary>Said at every connect, also at a reconnect: with true there is never a session to come back to.</summary>
    public bool CleanStart { get; init; } = true;

    /// <summary>How long the broker keeps subscriptions and messages after a disconnect. Servers: zero, because a dead member of a
    /// shared group would keep its part of the messages.</summary>
    public TimeSpan SessionExpiry { get; init; }

    /// <summary>Zero switches it off. 15 s: a dead link is known after 22.5 s, within the 40 s in which a device must be shown offline.</summary>
    public TimeSpan KeepAlive { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>Asked before every connect, because a controller's will names its connection. Null: no will.</summary>
    public Func<MqttWill?>? NextWill { get; init; }

    /// <summary>How many QoS 1 messages the broker may have sent without our acknowledgement, and how many messages
    /// <see cref="MqttClient.Messages"/> holds. A device gets a few commands; servers take 65,535.</summary>
    public ushort ReceiveMaximum { get; init; } = 64;

    /// <summary>The broker's own limit is 2,048; twice that leaves room for properties. Also the size of the receive buffer at most,
    /// which thousands of simulated devices in one process have to afford.</summary>
    public int LargestPacketBytes { get; init; } = 4096;

    /// <summary>How many publishes may wait or be unacknowledged at a time; one more is answered <see cref="PublishStatus.QueueFull"/>.
    /// 1,000 messages of 1 KB are one megabyte, and twenty times what Mosquitto takes unacknowledged by default.</summary>
    public int QueuedPublishes { get; init; } = 1000;

    /// <summary>The first wait after a failure is between half of this and this; it doubles with every further failure.</summary>
    public TimeSpan FirstRetry { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>The longest wait between two attempts, also jittered. A connection that lived longer than this starts over at
    /// <see cref="FirstRetry"/>. 30 s: after a power cut in a whole street the broker sees the banks spread over half a minute.</summary>
    public TimeSpan LongestRetry { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>From dialling to CONNACK. 10 s: three lost TCP segments in a row still fit.</summary>
    public TimeSpan ConnectTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>A broker that owes an acknowledgement for so long is left and asked again on a new connection. It is noticed within half a
    /// keep-alive time after that. 30 s: a healthy broker takes milliseconds, one that writes to a busy disk a second or two.</summary>
    public TimeSpan AcknowledgeTimeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Whether the broker is to publish the will also when the client is stopped (DISCONNECT with 0x04). Looked at when it stops.</summary>
    public Func<bool>? WillWhenStopped { get; init; }

    /// <exception cref="ArgumentException">A value is outside what MQTT or common sense allow.</exception>
    internal void Validate()
    {
        Require(KeepAlive >= TimeSpan.Zero && KeepAlive.TotalSeconds <= ushort.MaxValue, nameof(KeepAlive));
        Require(SessionExpiry >= TimeSpan.Zero && SessionExpiry.TotalSeconds < uint.MaxValue, nameof(SessionExpiry));
        Require(ReceiveMaximum > 0, nameof(ReceiveMaximum));
        Require(LargestPacketBytes is >= 128 and <= 1_048_576, nameof(LargestPacketBytes));
        Require(QueuedPublishes is > 0 and <= 1_000_000, nameof(QueuedPublishes));
        Require(FirstRetry > TimeSpan.Zero && LongestRetry >= FirstRetry && LongestRetry <= TimeSpan.FromDays(1), nameof(LongestRetry));
        Require(ConnectTimeout > TimeSpan.Zero, nameof(ConnectTimeout));
        Require(AcknowledgeTimeout > TimeSpan.Zero, nameof(AcknowledgeTimeout));

        static void Require(bool good, string name)
        {
            if (!good)
                throw new ArgumentException($"MqttOptions.{name} is out of its range.", name);
        }
    }
}
