using Latchkey.Link.Mqtt;
using Latchkey.Link.Mqtt.Packets;
using Latchkey.Tests.Support;

namespace Latchkey.Tests.Link.Mqtt;

/// <summary>Every reason code that a broker may give has a name and a consequence.</summary>
public sealed class MqttReasonCodeTests
{
    private readonly ManualTime _time = new();

    /// <summary>MQTT 5, table 3-1, and one that the standard does not know.</summary>
    public static TheoryData<byte, MqttLinkReason, bool> Connack => new()
    {
        { 0x80, MqttLinkReason.RefusedByBroker, false },
        { 0x81, MqttLinkReason.RefusedByBroker, false },
        { 0x82, MqttLinkReason.RefusedByBroker, false },
        { 0x83, MqttLinkReason.RefusedByBroker, false },
        { 0x84, MqttLinkReason.RefusedByBroker, false },
        { 0x85, MqttLinkReason.RefusedByBroker, false },
        { 0x86, MqttLinkReason.RefusedByBroker, false },
        { 0x87, MqttLinkReason.RefusedByBroker, false },
        { 0x88, MqttLinkReason.RefusedByBroker, false },
        { 0x89, MqttLinkReason.RefusedByBroker, true },
        { 0x8A, MqttLinkReason.RefusedByBroker, false },
        { 0x8C, MqttLinkReason.RefusedByBroker, false },
        { 0x90, MqttLinkReason.RefusedByBroker, false },
        { 0x95, MqttLinkReason.RefusedByBroker, false },
        { 0x97, MqttLinkReason.RefusedByBroker, true },
        { 0x99, MqttLinkReason.RefusedByBroker, false },
        { 0x9A, MqttLinkReason.RefusedByBroker, false },
        { 0x9B, MqttLinkReason.RefusedByBroker, false },
        { 0x9C, MqttLinkReason.UseAnotherServer, true },
        { 0x9D, MqttLinkReason.UseAnotherServer, true },
        { 0x9F, MqttLinkReason.RefusedByBroker, true },
        { 0xEE, MqttLinkReason.RefusedByBroker, false },
    };

    [Theory, MemberData(nameof(Connack))]
    public async Task Connack_codes_are_named_and_a_busy_broker_is_left_in_peace(byte code, MqttLinkReason reason, bool patience)
    {
        await using var broker = new ScriptedBroker();
        await using var client = new RunningClient(Opts.Default, broker.Dial, _time);
        await broker.Accept(new ConnackPacket(code) { ServerReference = "other.example:8883" });
        MqttLinkChange end = await client.Next(MqttLinkState.Disconnected);
        (end.Reason, end.ReasonCode).ShouldBe((reason, code));
        end.ServerReference.ShouldBe(reason == MqttLinkReason.UseAnotherServer ? "other.example:8883" : null);
        end.ReasonName.ShouldNotBeEmpty();
        end.ReasonName.StartsWith("code ", StringComparison.Ordinal).ShouldBe(code == 0xEE);
        (await client.Retry(_time)).TotalSeconds.ShouldBeInRange(patience ? 15 : 0.5, patience ? 30.05 : 1.05);
        await broker.Accept(); // and it is asked again, at the same address
        await client.Next(MqttLinkState.Connected);
    }

    [Theory]
    [InlineData(0x01)]
    [InlineData(0x7F)]
    public async Task A_connack_that_neither_accepts_nor_refuses_is_malformed(byte code)
    {
        await using var broker = new ScriptedBroker();
        await using var client = new RunningClient(Opts.Default, broker.Dial, _time);
        await broker.Accept(new ConnackPacket(code));
        (await client.Next(MqttLinkState.Disconnected)).Reason.ShouldBe(MqttLinkReason.ProtocolError);
    }

    [Theory] // MQTT 5, table 3-2
    [InlineData(0x00, PublishStatus.Acknowledged, false)]
    [InlineData(0x10, PublishStatus.NobodyListens, false)]
    [InlineData(0x80, PublishStatus.Refused, false)]
    [InlineData(0x83, PublishStatus.Refused, false)]
    [InlineData(0x87, PublishStatus.Refused, false)] // a right may be given later: the message is not to blame
    [InlineData(0x90, PublishStatus.Refused, true)]
    [InlineData(0x91, PublishStatus.Refused, false)]
    [InlineData(0x95, PublishStatus.Refused, true)] // Mosquitto says it, though the table does not have it
    [InlineData(0x97, PublishStatus.Refused, false)]
    [InlineData(0x99, PublishStatus.Refused, true)]
    [InlineData(0xEE, PublishStatus.Refused, false)]
    public async Task Puback_codes_say_whether_the_same_message_may_be_tried_again(byte code, PublishStatus status, bool lasting)
    {
        await using var broker = new ScriptedBroker();
        await using var client = new RunningClient(Opts.Default, broker.Dial, _time);
        ScriptedBroker.Peer peer = await broker.Accept();
        ValueTask<PublishResult> publish = client.Client.Publish("a", Opts.Payload, Qos.AtLeastOnce, null, default);
        await peer.Send(new PubackPacket((await peer.ReadPublish()).PacketId, code).Encode);
        PublishResult result = await publish;
        (result.Status, result.Reason, result.IsLastingRefusal).ShouldBe((status, code, lasting));
    }

    [Fact]
    public async Task A_puback_with_a_code_of_something_else_ends_the_link()
    {
        await using var broker = new ScriptedBroker();
        await using var client = new RunningClient(Opts.Default, broker.Dial, _time);
        ScriptedBroker.Peer peer = await broker.Accept();
        _ = client.Client.Publish("a", Opts.Payload, Qos.AtLeastOnce, null, default).AsTask();
        await peer.Send(new PubackPacket((await peer.ReadPublish()).PacketId, 0x18).Encode);
        (await client.Next(MqttLinkState.Disconnected)).Reason.ShouldBe(MqttLinkReason.ProtocolError);
    }

    [Theory] // MQTT 5, table 3-13: what a server may say
    [InlineData(0x00, MqttLinkReason.ServerClosed)]
    [InlineData(0x80, MqttLinkReason.ServerClosed)]
    [InlineData(0x81, MqttLinkReason.ServerClosed)]
    [InlineData(0x82, MqttLinkReason.ServerClosed)]
    [InlineData(0x83, MqttLinkReason.ServerClosed)]
    [InlineData(0x87, MqttLinkReason.ServerClosed)]
    [InlineData(0x89, MqttLinkReason.ServerClosed)]
    [InlineData(0x8B, MqttLinkReason.ServerClosed)]
    [InlineData(0x8D, MqttLinkReason.KeepAliveTimeout)]
    [InlineData(0x8E, MqttLinkReason.SessionTakenOver)]
    [InlineData(0x8F, MqttLinkReason.ServerClosed)]
    [InlineData(0x90, MqttLinkReason.ServerClosed)]
    [InlineData(0x93, MqttLinkReason.ServerClosed)]
    [InlineData(0x94, MqttLinkReason.ServerClosed)]
    [InlineData(0x95, MqttLinkReason.ServerClosed)]
    [InlineData(0x96, MqttLinkReason.ServerClosed)]
    [InlineData(0x97, MqttLinkReason.ServerClosed)]
    [InlineData(0x98, MqttLinkReason.ServerClosed)]
    [InlineData(0x99, MqttLinkReason.ServerClosed)]
    [InlineData(0x9A, MqttLinkReason.ServerClosed)]
    [InlineData(0x9B, MqttLinkReason.ServerClosed)]
    [InlineData(0x9C, MqttLinkReason.UseAnotherServer)]
    [InlineData(0x9D, MqttLinkReason.UseAnotherServer)]
    [InlineData(0x9E, MqttLinkReason.ServerClosed)]
    [InlineData(0x9F, MqttLinkReason.ServerClosed)]
    [InlineData(0xA0, MqttLinkReason.ServerClosed)]
    [InlineData(0xA1, MqttLinkReason.ServerClosed)]
    [InlineData(0xA2, MqttLinkReason.ServerClosed)]
    public async Task Disconnect_codes_are_named(byte code, MqttLinkReason reason)
    {
        await using var broker = new ScriptedBroker();
        await using var client = new RunningClient(Opts.Default, broker.Dial, _time);
        ScriptedBroker.Peer peer = await broker.Accept();
        await client.Next(MqttLinkState.Connected);
        await peer.Send(new DisconnectPacket(code, "why", code is 0x9C or 0x9D ? "other.example" : null).Encode);
        MqttLinkChange end = await client.Next(MqttLinkState.Disconnected);
        (end.Reason, end.ReasonCode, end.Detail).ShouldBe((reason, code, "why"));
        end.ReasonName.StartsWith("code ", StringComparison.Ordinal).ShouldBeFalse();
        end.ServerReference.ShouldBe(reason == MqttLinkReason.UseAnotherServer ? "other.example" : null);
    }
}
