using Latchkey.Link.Mqtt;
using Latchkey.Server.Devices.Broker;
using Latchkey.Server.Hosting;

namespace Latchkey.Tests.Server.Devices;

/// <summary>Where MQTT may be spoken without TLS: on this machine, and nowhere else.</summary>
public sealed class BrokerAddressTests
{
    [Theory]
    [InlineData("192.0.2.7")]
    [InlineData("0.0.0.0")]
    [InlineData("broker.example")]
    [InlineData("localhost.example")]
    [InlineData("127.0.0.1.example")]
    [InlineData("2001:db8::1")]
    [InlineData("::ffff:192.0.2.7")]
    public void Another_machine_is_not_spoken_to_without_tls(string host)
    {
        Should.Throw<ArgumentException>(() => MqttDialer.Tcp(host, 1883)).Message.ShouldContain("TLS");
        string inUrl = host.Contains(':', StringComparison.Ordinal) ? $"[{host}]" : host;
        Should.Throw<StartUpException>(() => BrokerUrl.Parse($"mqtt://{inUrl}:1883")).Message.ShouldContain("mqtts://");
    }

    [Theory]
    [InlineData("127.0.0.1")]
    [InlineData("127.9.9.9")]
    [InlineData("localhost")]
    [InlineData("::1")]
    public void This_machine_is(string host) => MqttDialer.Tcp(host, 1883).ShouldNotBeNull();

    [Fact]
    public void Every_listener_of_the_private_broker_has_tls_and_asks_for_a_certificate()
    {
        string[] lines = BrokerFiles.Configuration(8883, "/data/mosquitto", "/plugin.so", revocations: true).Split('\n');
        lines.Count(l => l.StartsWith("listener ", StringComparison.Ordinal)).ShouldBe(1);
        foreach (string needed in (string[])["cafile ", "certfile ", "keyfile ", "require_certificate true", "crlfile ", "allow_anonymous false"])
            lines.Count(l => l.StartsWith(needed, StringComparison.Ordinal)).ShouldBe(1, needed);
        lines.ShouldAllBe(l => !l.StartsWith("socket_domain", StringComparison.Ordinal) && !l.StartsWith("port ", StringComparison.Ordinal));
    }
}
