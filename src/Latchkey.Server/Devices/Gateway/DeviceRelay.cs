using System.Threading.Channels;
using Latchkey.Link.Messages;
using Latchkey.Link.Mqtt;

namespace Latchkey.Server.Devices.Gateway;

/// <summary>
/// One device's place at the broker while it speaks to this node by other means: subscribed to its orders, its last will deposited, its reports
/// published under its name. To everything behind the broker it is a device like any other. It lives as long as its one connection to the broker.
/// </summary>
public sealed class DeviceRelay : IAsyncDisposable
{
    /// <summary>Connecting and subscribing; a broker on the same network takes milliseconds.</summary>
    private static readonly TimeSpan StartWithin = TimeSpan.FromSeconds(5);

    /// <summary>A report that waits longer is said again by its device.</summary>
    private static readonly TimeSpan PublishWithin = TimeSpan.FromSeconds(5);

    private readonly CancellationTokenSource _end = new();
    private readonly MqttClient _client;
    private readonly TimeProvider _time;
    private Task _running = Task.CompletedTask;
    private volatile bool _farewell;

    private DeviceRelay(Guid device, MqttDial dial, StandInDialer standIn, ReadOnlyMemory<byte> will, TimeProvider time)
    {
        (Device, _time) = (device, time);
        _client = new MqttClient(
            new MqttOptions
            {
                ClientId = $"{device:D}",
                Username = standIn.Username,
                Password = standIn.Password,
                QueuedPublishes = 256, // as many as a device's own outbox holds
                NextWill = () => new MqttWill(Topics.State(device), will, Qos.AtLeastOnce),
                WillWhenStopped = () => !_farewell,
            },
            dial,
            time);
        // It never connects a second time: that would be another connection of the device, with another will.
        _client.Changed += change =>
        {
            if (change.State == MqttLinkState.Disconnected)
                _end.Cancel();
        };
    }

    public Guid Device { get; }

    /// <summary>Fires when the device's place at the broker is lost, or is to be given up.</summary>
    public CancellationToken Ended => _end.Token;

    /// <summary>What comes down, in order; each is to be acknowledged when the device has it, or will not need it.</summary>
    public ChannelReader<MqttMessage> Down => _client.Messages;

    /// <summary>Null when the broker cannot be reached in time or does not let this device in.</summary>
    public static async Task<DeviceRelay?> Start(Guid device, ReadOnlyMemory<byte> will, StandInDialer standIn, TimeProvider time, CancellationToken cancel)
    {
        var relay = new DeviceRelay(device, await standIn.For(device, cancel), standIn, will, time);
        relay._running = relay._client.Run(relay._end.Token);
        using var limit = new CancellationTokenSource(StartWithin, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancel, relay.Ended);
        try
        {
            await relay._client.Subscribe(Topics.OrdersTo(device), Qos.AtLeastOnce, either.Token);
            return relay;
        }
        catch (Exception e) when (e is OperationCanceledException or MqttRefusedException or ObjectDisposedException)
        {
            await relay.DisposeAsync();
            cancel.ThrowIfCancellationRequested();
            return null;
        }
    }

    /// <summary>False when the session is of no use any more: no server hears its hello, or the broker is lost.</summary>
    public async Task<bool> Up(string kind, byte[] payload, bool acknowledged, CancellationToken cancel)
    {
        PublishResult result = await _client.Publish(
            Topics.Report(Device, kind), payload, acknowledged ? Qos.AtLeastOnce : Qos.AtMostOnce, PublishWithin, cancel);
        // An event or a result is said again by its device until it has its receipt; a hello is said once on each connection.
        return result.Status is PublishStatus.Acknowledged or PublishStatus.Sent || (kind != "hello" && result.Status is PublishStatus.NobodyListens or PublishStatus.Refused);
    }

    /// <summary>The device has said good-bye: no last will.</summary>
    public void Farewell() => _farewell = true;

    public void End() => _end.Cancel();

    public async ValueTask DisposeAsync()
    {
        await _end.CancelAsync();
        await _running.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await _client.DisposeAsync();
    }
}
