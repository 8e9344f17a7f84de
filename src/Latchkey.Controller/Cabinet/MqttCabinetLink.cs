using System.Diagnostics.CodeAnalysis;
using System.Threading.Channels;
using Latchkey.Link.Messages;
using Latchkey.Link.Mqtt;

namespace Latchkey.Controller.Cabinet;

/// <summary>A cabinet's link over MQTT. Each connection is a fresh session, so that no order waits at the broker for a device that was away.</summary>
/// <param name="device">Also the client's id, which the broker compares with the certificate.</param>
/// <param name="longestRetry">The longest wait between two attempts, at least 500 ms.</param>
/// <param name="willWhenStopped">Whether the last will is published also when it is stopped: then the device is known to be gone at once.</param>
[SuppressMessage("Design", "CA1001", Justification = "A source without timer or parent holds nothing, and a sender may look at it after its end.")]
public sealed class MqttCabinetLink(Guid device, MqttDial dial, TimeProvider time, TimeSpan longestRetry, bool willWhenStopped = false) : ICabinetLink
{
    /// <summary>The broker publishes the last will after one and a half of these, 15 s. The heartbeat comes more often, so that no ping is needed.</summary>
    private static readonly TimeSpan KeepAlive = TimeSpan.FromSeconds(10);

    private static readonly TimeSpan FirstRetry = TimeSpan.FromMilliseconds(500);

    private readonly Channel<Change> _changes = Channel.CreateBounded<Change>(
        // Two for each connection: whoever is eight connections late needs only the newest.
        new BoundedChannelOptions(16) { FullMode = BoundedChannelFullMode.DropOldest, SingleReader = true });

    private MqttClient? _client;
    private volatile CancellationTokenSource? _connection;
    private long _link;

    private sealed record Change(long Link, bool Connected, CancellationToken Connection);

    public async Task Run(ICabinetLinkListener listener, CancellationToken cancel)
    {
        var options = new MqttOptions
        {
            ClientId = device.ToString("D"),
            KeepAlive = KeepAlive,
            FirstRetry = FirstRetry,
            LongestRetry = longestRetry,
            NextWill = () => NextWill(listener),
            WillWhenStopped = () => willWhenStopped,
        };
        await using var client = new MqttClient(options, dial, time);
        client.Changed += Note;
        Volatile.Write(ref _client, client);
        await Together.Run(cancel, client.Run, ended => Follow(listener, client, ended), ended => Receive(listener, client, ended));
        cancel.ThrowIfCancellationRequested();
    }

    public async ValueTask<Delivery> Send(string topic, ReadOnlyMemory<byte> payload, bool acknowledged, CancellationToken cancel)
    {
        if (Volatile.Read(ref _client) is not { } client || _connection is not { IsCancellationRequested: false } connection)
            return Delivery.Lost;
        try
        {
            // The client would keep it for the next connection; there the hello has to come first, and the outbox sends it again after it.
            PublishResult result = await client.Publish(topic, payload, acknowledged ? Qos.AtLeastOnce : Qos.AtMostOnce, null, connection.Token);
            return result.Status switch
            {
                PublishStatus.Sent or PublishStatus.Acknowledged => Delivery.Taken,
                PublishStatus.NobodyListens => Delivery.NobodyListens,
                PublishStatus.Refused => result.IsLastingRefusal ? Delivery.Refused : Delivery.NobodyListens,
                _ => Delivery.Lost,
            };
        }
        catch (OperationCanceledException) when (connection.IsCancellationRequested)
        {
            cancel.ThrowIfCancellationRequested();
            return Delivery.Lost;
        }
    }

    private MqttWill NextWill(ICabinetLinkListener listener)
    {
        (_link, StateMessage will) = listener.NextWill();
        return new MqttWill(Topics.State(device), Wire.Write(will), Qos.AtLeastOnce);
    }

    // On the client's own task: quick, and in the order of what happened.
    private void Note(MqttLinkChange change)
    {
        if (change.State == MqttLinkState.Connected)
        {
            _connection = new CancellationTokenSource();
            _changes.Writer.TryWrite(new Change(_link, true, _connection.Token));
        }
        else if (_connection is { } connection)
        {
            _connection = null;
            connection.Cancel();
            _changes.Writer.TryWrite(new Change(_link, false, CancellationToken.None));
        }
    }

    private async Task Follow(ICabinetLinkListener listener, MqttClient client, CancellationToken cancel)
    {
        await foreach (Change change in _changes.Reader.ReadAllAsync(cancel))
        {
            if (!change.Connected)
            {
                await listener.Disconnected(cancel);
                continue;
            }
            try
            {
                // Granted once, the client repeats it at each connection before anything else is sent.
                await client.SubscribePatiently(Topics.OrdersTo(device), Qos.AtLeastOnce, longestRetry, change.Connection);
                await listener.Connected(change.Link, cancel);
            }
            catch (OperationCanceledException) when (change.Connection.IsCancellationRequested)
            {
            }
        }
    }

    private static async Task Receive(ICabinetLinkListener listener, MqttClient client, CancellationToken cancel)
    {
        // The subscription is to this device's own topics, so that the last part says all.
        await foreach (MqttMessage message in client.Messages.ReadAllAsync(cancel))
        {
            await DownMessages.Hand(listener, Topics.KindOf(message.Topic), message.Payload, message.Retained, cancel);
            message.Acknowledge();
        }
    }
}
