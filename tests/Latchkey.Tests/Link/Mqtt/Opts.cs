using Latchkey.Link.Mqtt;

namespace Latchkey.Tests.Link.Mqtt;

internal static class Opts
{
    public static readonly MqttOptions Default = new() { ClientId = "lk" };

    /// <summary>For tests on the real clock: a reconnect is quick.</summary>
    public static readonly MqttOptions Quick = Default with
    {
        FirstRetry = TimeSpan.FromMilliseconds(20),
        LongestRetry = TimeSpan.FromMilliseconds(200),
    };

    public static readonly ReadOnlyMemory<byte> Payload = "!"u8.ToArray();
}
