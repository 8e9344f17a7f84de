using Latchkey.Link.Mqtt;

namespace Latchkey.Server.Devices.Broker;

/// <summary>Tells a running broker of a device: whom it lets in from now on, and whom no longer.</summary>
public static class BrokerControl
{
    /// <summary>Within one round of whoever looks for such devices (10 s), so that rounds do not pile up.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(8);

    /// <summary>Whether it was told, and how: Acknowledged; Refused, where it does not take that from this node; null when it is away, and the next round tells it.</summary>
    /// <param name="command">One of <see cref="BrokerFiles"/>.</param>
    public static async Task<PublishResult?> Tell(DeviceLink link, byte[] command, CancellationToken cancel)
    {
        PublishResult result = await link.Publish(BrokerFiles.ControlTopic, command, Patience, cancel);
        return result.Status is PublishStatus.Expired or PublishStatus.QueueFull or PublishStatus.Lost ? null : result;
    }
}
