using Latchkey.Link.Messages;
using Latchkey.Link.Mqtt;
using Latchkey.Server.Devices;
using Latchkey.Tests.Support;

namespace Latchkey.SystemTests.Support;

/// <summary>Somebody who has a node's rights at the broker, and publishes orders past the server.</summary>
/// <param name="patience">How long one publication may take, a reconnect in it.</param>
public sealed class OrdersAtBroker(BrokerAddress broker, TimeSpan patience) : IAsyncDisposable
{
    private readonly RunningClient _client = new(new MqttOptions { ClientId = broker.ClientId }, broker.Dial, TimeProvider.System);

    public Task<PublishStatus> Publish(Guid device, CommandMessage order, bool retain = false) => Publish(device, Wire.Write(order), retain);

    /// <summary>What was retained is not kept any longer.</summary>
    public Task<PublishStatus> Forget(Guid device) => Publish(device, [], retain: true);

    public ValueTask DisposeAsync() => _client.DisposeAsync();

    private async Task<PublishStatus> Publish(Guid device, byte[] payload, bool retain)
    {
        using var limit = new CancellationTokenSource(patience, TimeProvider.System);
        return (await _client.Client.Publish(Topics.Command(device), payload, Qos.AtLeastOnce, retain, TimeSpan.FromMinutes(5), limit.Token)).Status;
    }
}
