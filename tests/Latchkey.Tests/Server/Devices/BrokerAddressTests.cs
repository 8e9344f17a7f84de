using System.Net;
using Latchkey.Link.Mqtt;
using Latchkey.Server.Devices.Broker;
using Latchkey.Server.Hosting;

namespace Latchkey.Tests.Server.Devices;

/// <summary>Where MQTT may be spoken without TLS: on this machine, and nowhere else.</summary>
public sealed class BrokerAddressTests
{
    [Theory]
    [InlineData("0.0.0.0:8883/broker.example", "0.0.0.0:8883", "broker.example")]
    [InlineData("[::]:8883/192.0.2.7,broker.example", "[::]:8883", "192.0.2.7,broker.example")]
    public void The_private_broker_may_be_told_to_listen_for_devices_elsewhere(string text, string at, string names)
    {
        BrokerListener listener = BrokerListener.Parse(text);
        (listener.At.ToString(), string.Join(',', listener.Names)).ShouldBe((at, names));
    }

    [Theory]
    [InlineData("")]
    [InlineData("8883")]
    [InlineData("0.0.0.0:8883")] // no certificate could be made for no name
    [InlineData("0.0.0.0/broker.example")]
    [InlineData("broker.example:8883/broker.example")]
    [InlineData("0.0.0.0:8883/a b")]
    public void And_says_so_when_it_does_not_understand(string text) =>
        Should.Throw<StartUpException>(() => BrokerListener.Parse(text)).Message.ShouldContain("0.0.0.0:8883/broker.example");

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
        string[] lines = BrokerFiles.Configuration([new(IPAddress.Loopback, 8883), new(IPAddress.Any, 8884)], "/data/mosquitto", "/plugin.so", revocations: true).Split('\n');
        lines.Count(l => l == "allow_anonymous false").ShouldBe(1);
        string[][] listeners = [.. string.Join('\n', lines).Split("\nlistener ").Skip(1).Select(l => l.Split('\n'))];
        listeners.Select(l => l[0]).ShouldBe(["8883 127.0.0.1", "8884 0.0.0.0"]);
        foreach (string[] listener in listeners)
        {
            foreach (string needed in (string[])["cafile ", "certfile ", "keyfile ", "require_certificate true", "use_identity_as_username true", "use_username_as_clientid true", "crlfile "])
                listener.Count(l => l.StartsWith(needed, StringComparison.Ordinal)).ShouldBe(1, needed);
        }
        lines.ShouldAllBe(l => !l.StartsWith("socket_domain", StringComparison.Ordinal) && !l.StartsWith("port ", StringComparison.Ordinal));
    }
}
