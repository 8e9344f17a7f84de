using Latchkey.Link.Mqtt;
using Latchkey.Link.Mqtt.Packets;
using Latchkey.Tests.Link.Packets;
using Latchkey.Tests.Support;

namespace Latchkey.Tests.Link.Mqtt;

/// <summary>A link that is up: receiving, subscriptions, keep-alive, and every way it may end.</summary>
public sealed class MqttLinkTests
{
    private readonly ManualTime _time = new();

    [Fact]
    public async Task A_retained_command_is_marked_as_retained()
    {
        await using var broker = new ScriptedBroker();
        await using var client = new RunningClient(Opts.Default, broker.Dial, _time);
        ScriptedBroker.Peer peer = await broker.Accept();
        await peer.Send(new PublishPacket("dn/command", Opts.Payload, Qos.AtMostOnce, Retain: true).Encode);
        await peer.Send(new PublishPacket("dn/command", Opts.Payload, Qos.AtMostOnce).Encode);
        (await client.Receive()).Retained.ShouldBeTrue();
        (await client.Receive()).Retained.ShouldBeFalse();
    }

    [Fact]
    public async Task Acknowledgements_leave_in_the_order_in_which_the_messages_came()
    {
        await using var broker = new ScriptedBroker();
        await using var client = new RunningClient(Opts.Default, broker.Dial, _time);
        ScriptedBroker.Peer peer = await broker.Accept();
        for (ushort id = 1; id <= 3; id++)
            await peer.Send(new PublishPacket("a", new[] { (byte)id }, Qos.AtLeastOnce, id).Encode);
        MqttMessage[] messages = [await client.Receive(), await client.Receive(), await client.Receive()];
        messages[2].Acknowledge();
        messages[1].Acknowledge();
        messages[1].Acknowledge(); // twice is once
        messages[0].Acknowledge();
        for (ushort id = 1; id <= 3; id++)
            (await peer.ReadPuback()).ShouldBe(new PubackPacket(id));
    }

    [Fact]
    public async Task A_broker_that_sends_more_than_we_take_unacknowledged_is_cut_off()
    {
        await using var broker = new ScriptedBroker();
        await using var client = new RunningClient(Opts.Default with { ReceiveMaximum = 2 }, broker.Dial, _time);
        ScriptedBroker.Peer peer = await broker.Accept();
        for (ushort id = 1; id <= 3; id++)
        {
            await peer.Send(new PublishPacket("a", Opts.Payload, Qos.AtLeastOnce, id).Encode);
            if (id < 3)
                await client.Receive();
        }
        (await peer.ReadDisconnect()).Reason.ShouldBe(MqttReasonCode.ReceiveMaximumExceeded);
        (await client.Next(MqttLinkState.Disconnected)).Reason.ShouldBe(MqttLinkReason.ProtocolError);
    }

    [Fact]
    public async Task Acknowledging_after_the_connection_has_gone_does_nothing()
    {
        await using var broker = new ScriptedBroker();
        await using var client = new RunningClient(Opts.Default, broker.Dial, _time);
        ScriptedBroker.Peer first = await broker.Accept();
        await first.Send(new PublishPacket("a", Opts.Payload, Qos.AtLeastOnce, 1).Encode);
        MqttMessage message = await client.Receive();
        await first.Close();
        await client.Next(MqttLinkState.Disconnected);
        message.Acknowledge();
        await client.Retry(_time);
        ScriptedBroker.Peer second = await broker.Accept();
        await client.Client.Publish("b", Opts.Payload, Qos.AtMostOnce, null, default);
        (await second.ReadPublish()).Topic.ShouldBe("b");
    }

    [Fact]
    public async Task A_full_message_queue_stops_the_reading_loses_nothing_and_is_no_silence_of_the_broker()
    {
        await using var broker = new ScriptedBroker(capacity: 256);
        await using var client = new RunningClient(Opts.Default with { ReceiveMaximum = 2 }, broker.Dial, _time);
        ScriptedBroker.Peer peer = await broker.Accept();
        await client.Next(MqttLinkState.Connected);
        Task sending = Task.Run(async () =>
        {
            for (int i = 0; i < 200; i++)
                await peer.Send(new PublishPacket("a", (byte[])[(byte)i, .. new byte[60]], Qos.AtMostOnce).Encode);
        });
        // The queue may be full before the third message has come, and a broker that is slow to send it is silent indeed.
        await Driving.Until(() => Task.FromResult(client.Client.IsHeldUp), "the client reads no more");
        // A minute of our own slowness, with pings that nobody answers: the link stays.
        for (int i = 0; i < 8; i++)
        {
            _time.Advance(TimeSpan.FromSeconds(7.5));
            await peer.Expect(PacketType.Pingreq);
        }
        sending.IsCompleted.ShouldBeFalse(); // back-pressure reached the sender
        for (int i = 0; i < 200; i++)
            (await client.Receive()).Payload.Span[0].ShouldBe((byte)i);
        await sending;
        client.Client.State.ShouldBe(MqttLinkState.Connected);
    }

    [Fact]
    public async Task A_subscription_completes_with_its_grant_and_is_made_again_when_the_session_is_lost()
    {
        await using var broker = new ScriptedBroker();
        await using var client = new RunningClient(Opts.Default with { CleanStart = false }, broker.Dial, _time);
        ScriptedBroker.Peer first = await broker.Accept();
        Task subscribing = client.Client.Subscribe("dn/#", Qos.AtLeastOnce, default).AsTask();
        SubscribePacket subscribe = await first.ReadSubscribe();
        (subscribe.Filter, subscribe.Qos).ShouldBe(("dn/#", Qos.AtLeastOnce));
        subscribing.IsCompleted.ShouldBeFalse();
        await first.Send(new SubackPacket(subscribe.PacketId, 1).Encode);
        await subscribing.WaitAsync(ScriptedBroker.Patience);
        await first.Close();
        await client.Next(MqttLinkState.Disconnected);

        await client.Retry(_time);
        ScriptedBroker.Peer kept = await broker.Accept(new ConnackPacket(0, SessionPresent: true));
        await client.Next(MqttLinkState.Connected);
        await client.Client.Publish("b", Opts.Payload, Qos.AtMostOnce, null, default);
        (await kept.ReadPublish()).Topic.ShouldBe("b"); // and no SUBSCRIBE before it
        await kept.Close();
        await client.Next(MqttLinkState.Disconnected);

        await client.Retry(_time);
        ScriptedBroker.Peer lost = await broker.Accept();
        SubscribePacket again = await lost.ReadSubscribe();
        again.Filter.ShouldBe("dn/#");
        await lost.Send(new SubackPacket(again.PacketId, MqttReasonCode.NotAuthorized).Encode);
        (await client.Next(MqttLinkState.Disconnected)).ShouldBe(new MqttLinkChange(
            MqttLinkState.Disconnected, MqttLinkReason.RefusedByBroker, MqttReasonCode.NotAuthorized, "subscription to dn/#"));
    }

    [Fact]
    public async Task A_refused_subscription_throws_and_is_not_tried_again()
    {
        await using var broker = new ScriptedBroker();
        await using var client = new RunningClient(Opts.Default, broker.Dial, _time);
        ScriptedBroker.Peer first = await broker.Accept();
        Task subscribing = client.Client.Subscribe("#", Qos.AtLeastOnce, default).AsTask();
        SubscribePacket subscribe = await first.ReadSubscribe();
        await first.Send(new SubackPacket(subscribe.PacketId, MqttReasonCode.NotAuthorized).Encode);
        (await Should.ThrowAsync<MqttRefusedException>(() => subscribing)).Reason.ShouldBe(MqttReasonCode.NotAuthorized);
        await first.Close();
        await client.Next(MqttLinkState.Disconnected);
        await client.Retry(_time);
        ScriptedBroker.Peer second = await broker.Accept();
        await client.Client.Publish("b", Opts.Payload, Qos.AtMostOnce, null, default);
        (await second.ReadPublish()).Topic.ShouldBe("b");
    }

    [Fact]
    public async Task A_quiet_link_is_pinged_and_a_silent_one_is_dead_after_one_and_a_half_keep_alives()
    {
        await using var broker = new ScriptedBroker();
        await using var client = new RunningClient(Opts.Default with { KeepAlive = TimeSpan.FromSeconds(10) }, broker.Dial, _time);
        ScriptedBroker.Peer peer = await broker.Accept();
        await client.Next(MqttLinkState.Connected);
        _time.Advance(TimeSpan.FromSeconds(5));
        await peer.Expect(PacketType.Pingreq);
        await peer.Send(PingPackets.EncodeResponse);
        await peer.Send(new PublishPacket("a", Opts.Payload, Qos.AtMostOnce).Encode);
        await client.Receive(); // so the answer was read too, at 5 s
        _time.Advance(TimeSpan.FromSeconds(14.9));
        client.Client.State.ShouldBe(MqttLinkState.Connected);
        _time.Advance(TimeSpan.FromSeconds(0.1));
        (await client.Next(MqttLinkState.Disconnected)).Reason.ShouldBe(MqttLinkReason.KeepAliveTimeout);
    }

    [Fact]
    public async Task The_keep_alive_of_the_server_counts()
    {
        await using var broker = new ScriptedBroker();
        await using var client = new RunningClient(Opts.Default, broker.Dial, _time);
        await broker.Accept(new ConnackPacket(0) { ServerKeepAlive = 2 });
        await client.Next(MqttLinkState.Connected);
        _time.Advance(TimeSpan.FromSeconds(3));
        (await client.Next(MqttLinkState.Disconnected)).Reason.ShouldBe(MqttLinkReason.KeepAliveTimeout);
    }

    [Fact]
    public async Task A_broker_that_talks_but_does_not_read_is_dead_too()
    {
        await using var broker = new ScriptedBroker(capacity: 512);
        await using var client = new RunningClient(Opts.Default with { KeepAlive = TimeSpan.FromSeconds(10) }, broker.Dial, _time);
        ScriptedBroker.Peer peer = await broker.Accept();
        await client.Next(MqttLinkState.Connected);
        Task<PublishResult> stuck = client.Client.Publish("a", new byte[1000], Qos.AtMostOnce, null, default).AsTask();
        // The write has begun when its first byte can be read; the test then leaves the rest alone. One that had not begun would wait for the next connection, and the clock stands still.
        await peer.ReadRaw(1);
        await peer.Send(new PublishPacket("in", Opts.Payload, Qos.AtMostOnce).Encode);
        await client.Receive();
        for (int i = 0; i < 5 && client.Client.State == MqttLinkState.Connected; i++)
        {
            _time.Advance(TimeSpan.FromSeconds(5));
            if (client.Client.State == MqttLinkState.Connected)
                await Quietly(() => peer.Send(PingPackets.EncodeResponse));
        }
        (await client.Next(MqttLinkState.Disconnected)).Reason.ShouldBe(MqttLinkReason.KeepAliveTimeout);
        (await stuck.WaitAsync(ScriptedBroker.Patience)).ShouldBe(new PublishResult(PublishStatus.Lost, 0, true));
    }

    [Theory]
    [InlineData("E0 01 8E", MqttLinkReason.SessionTakenOver, 0x8E)]
    [InlineData("E0 01 8B", MqttLinkReason.ServerClosed, 0x8B)]
    [InlineData("E0 00", MqttLinkReason.ServerClosed, 0)]
    public async Task A_disconnect_from_the_broker_is_the_reason(string hex, MqttLinkReason reason, byte code)
    {
        await using var broker = new ScriptedBroker();
        await using var client = new RunningClient(Opts.Default, broker.Dial, _time);
        ScriptedBroker.Peer peer = await broker.Accept();
        await peer.SendRaw(Codec.Hex(hex));
        await peer.ShouldBeClosed();
        MqttLinkChange end = await client.Next(MqttLinkState.Disconnected);
        (end.Reason, end.ReasonCode).ShouldBe((reason, code));
    }

    [Fact]
    public async Task After_a_take_over_the_longest_wait_comes_first()
    {
        await using var broker = new ScriptedBroker();
        await using var client = new RunningClient(Opts.Default, broker.Dial, _time);
        await (await broker.Accept()).Send(new DisconnectPacket(0x8E).Encode);
        await client.Next(MqttLinkState.Disconnected);
        (await client.Retry(_time)).TotalSeconds.ShouldBeInRange(15, 30.05);
        await broker.Accept();
    }

    [Theory]
    [InlineData("20 03 00 00 00", 0x82)] // a second CONNACK
    [InlineData("10 02 00 00", 0x82)] // CONNECT
    [InlineData("50 02 00 01", 0x82)] // PUBREC
    [InlineData("62 02 00 01", 0x81)] // PUBREL
    [InlineData("82 09 0001 00 0003 612F23 01", 0x81)] // SUBSCRIBE
    [InlineData("B0 04 0001 00 00", 0x82)] // UNSUBACK, though nothing was unsubscribed
    [InlineData("F0 00", 0x82)] // AUTH
    [InlineData("00 00", 0x82)]
    [InlineData("C0 00", 0x82)] // PINGREQ
    [InlineData("D0 01 00", 0x81)]
    [InlineData("30 04 0001 61 05", 0x81)]
    [InlineData("30 07 0001 61 03 23 0001", 0x94)]
    [InlineData("30 FF FF FF 7F", 0x95)]
    [InlineData("30 FF FF FF FF", 0x81)]
    public async Task What_a_broker_may_not_send_ends_the_link_with_the_code_for_it(string hex, byte code)
    {
        await using var broker = new ScriptedBroker();
        await using var client = new RunningClient(Opts.Default, broker.Dial, _time);
        ScriptedBroker.Peer peer = await broker.Accept();
        await peer.SendRaw(Codec.Hex(hex));
        (await peer.ReadDisconnect()).Reason.ShouldBe(code);
        await peer.ShouldBeClosed();
        MqttLinkChange end = await client.Next(MqttLinkState.Disconnected);
        (end.Reason, end.ReasonCode).ShouldBe((MqttLinkReason.ProtocolError, code));
        client.Running.IsCompleted.ShouldBeFalse();
    }

    [Fact]
    public async Task A_stream_that_ends_in_the_middle_of_a_packet_is_named_so()
    {
        await using var broker = new ScriptedBroker();
        await using var client = new RunningClient(Opts.Default, broker.Dial, _time);
        ScriptedBroker.Peer peer = await broker.Accept();
        await peer.SendRaw(Codec.Hex("30 10 0001"));
        await peer.Close();
        (await client.Next(MqttLinkState.Disconnected)).Detail.ShouldBe("in the middle of a packet");
    }

    [Fact]
    public async Task A_packet_may_come_byte_by_byte()
    {
        await using var broker = new ScriptedBroker();
        await using var client = new RunningClient(Opts.Default, broker.Dial, _time);
        ScriptedBroker.Peer peer = await broker.Accept();
        foreach (byte one in Codec.Bytes(new PublishPacket("slow", new byte[2000], Qos.AtMostOnce).Encode))
            await peer.SendRaw(one);
        (await client.Receive()).Payload.Length.ShouldBe(2000);
    }

    private static async Task Quietly(Func<Task> act)
    {
        try
        {
            await act();
        }
        catch (IOException)
        {
            // The client has closed meanwhile, which is what the test waits for.
        }
    }
}
