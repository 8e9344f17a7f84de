using Latchkey.Link.Mqtt;
using Latchkey.Link.Mqtt.Packets;
using Latchkey.Tests.Support;

namespace Latchkey.Tests.Link.Mqtt;

/// <summary>A broker that lies, is slow, or owes what it should have said: it is found out, named and left, or does no harm.</summary>
[Collection(AloneInTheProcess.Name)] // one of them measures the process's memory
public sealed class BadBrokerTests
{
    private static readonly TimeSpan KeepAlive = TimeSpan.FromSeconds(10);
    private readonly ManualTime _time = new();

    [Fact]
    public async Task A_session_that_nobody_asked_for_is_a_lie()
    {
        await using var broker = new ScriptedBroker();
        await using var client = new RunningClient(Opts.Default, broker.Dial, _time);
        await broker.Accept(new ConnackPacket(0, SessionPresent: true));
        MqttLinkChange end = await client.Next(MqttLinkState.Disconnected);
        (end.Reason, end.ReasonCode).ShouldBe((MqttLinkReason.ProtocolError, MqttReasonCode.ProtocolError));
    }

    [Fact]
    public async Task A_client_id_that_nobody_asked_for_is_not_taken()
    {
        await using var broker = new ScriptedBroker();
        await using var client = new RunningClient(Opts.Default, broker.Dial, _time);
        ScriptedBroker.Peer first = await broker.Accept(new ConnackPacket(0) { AssignedClientId = "another" });
        await client.Next(MqttLinkState.Connected);
        await first.Close();
        await client.Next(MqttLinkState.Disconnected);
        await client.Retry(_time);
        (await broker.Accept()).Connect!.ClientId.ShouldBe(Opts.Default.ClientId);
    }

    [Fact]
    public async Task One_that_talks_and_answers_no_ping_is_dead()
    {
        await using var broker = new ScriptedBroker();
        await using var client = new RunningClient(Opts.Default with { KeepAlive = KeepAlive }, broker.Dial, _time);
        ScriptedBroker.Peer peer = await broker.Accept();
        await client.Next(MqttLinkState.Connected);
        // The first ping goes out after 5 s; nothing is due to it for 15 s more.
        for (int i = 0; i < 3; i++)
        {
            _time.Advance(KeepAlive / 2);
            await peer.Send(new PublishPacket("noise", Opts.Payload, Qos.AtMostOnce).Encode);
            await client.Receive();
        }
        client.Client.State.ShouldBe(MqttLinkState.Connected);
        _time.Advance(KeepAlive / 2);
        MqttLinkChange end = await client.Next(MqttLinkState.Disconnected);
        (end.Reason, end.Detail).ShouldBe((MqttLinkReason.KeepAliveTimeout, "the peer talks and answers no ping"));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task One_that_never_acknowledges_is_left_and_asked_again(bool session)
    {
        await using var broker = new ScriptedBroker();
        MqttOptions options = Opts.Default with { KeepAlive = KeepAlive, CleanStart = !session, SessionExpiry = TimeSpan.FromSeconds(session ? 60 : 0) };
        await using var client = new RunningClient(options, broker.Dial, _time);
        ScriptedBroker.Peer first = await broker.Accept();
        Task<PublishResult> door = client.Client.Publish("door", Opts.Payload, Qos.AtLeastOnce, null, default).AsTask();
        PublishPacket sent = await first.ReadPublish();
        await AnswersPingsUntilLeft(client, first);
        await client.Retry(_time);
        ScriptedBroker.Peer second = await broker.Accept(new ConnackPacket(0, session));
        PublishPacket again = await second.ReadPublish();
        (again.Duplicate, again.PacketId == sent.PacketId || !session).ShouldBe((session, true));
        await second.Send(new PubackPacket(again.PacketId).Encode);
        (await door).ShouldBe(new PublishResult(PublishStatus.Acknowledged, 0, Written: true, Repeated: true));
    }

    [Fact]
    public async Task One_that_never_answers_a_subscription_is_left_and_asked_again()
    {
        await using var broker = new ScriptedBroker();
        await using var client = new RunningClient(Opts.Default with { KeepAlive = KeepAlive }, broker.Dial, _time);
        ScriptedBroker.Peer first = await broker.Accept();
        Task subscribing = client.Client.Subscribe("dn/#", Qos.AtLeastOnce, default).AsTask();
        await first.ReadSubscribe();
        await AnswersPingsUntilLeft(client, first);
        await client.Retry(_time);
        ScriptedBroker.Peer second = await broker.Accept();
        await second.Send(new SubackPacket((await second.ReadSubscribe()).PacketId, 1).Encode);
        await subscribing.WaitAsync(ScriptedBroker.Patience);
    }

    private async Task AnswersPingsUntilLeft(RunningClient client, ScriptedBroker.Peer peer)
    {
        Task answering = Task.Run(async () =>
        {
            while (await peer.ReadFrame() is { } frame)
            {
                if (frame.Type == PacketType.Disconnect)
                    return;
                await peer.Send(PingPackets.EncodeResponse);
                // Something to read, so that the test knows when the answer has been.
                await peer.Send(new PublishPacket("pong", Opts.Payload, Qos.AtMostOnce).Encode);
            }
        });
        for (int i = 0; i < 5; i++)
        {
            _time.Advance(KeepAlive / 2);
            await client.Receive();
        }
        client.Client.State.ShouldBe(MqttLinkState.Connected);
        _time.Advance(KeepAlive / 2); // 30 s
        (await client.Next(MqttLinkState.Disconnected)).Reason.ShouldBe(MqttLinkReason.AcknowledgementTimeout);
        await answering.WaitAsync(ScriptedBroker.Patience);
    }

    [Fact]
    public async Task An_identifier_that_is_in_use_may_not_come_again_before_its_acknowledgement()
    {
        await using var broker = new ScriptedBroker();
        await using var client = new RunningClient(Opts.Default, broker.Dial, _time);
        ScriptedBroker.Peer peer = await broker.Accept();
        await peer.Send(new PublishPacket("a", Opts.Payload, Qos.AtLeastOnce, 7).Encode);
        (await client.Receive()).Acknowledge();
        (await peer.ReadPuback()).PacketId.ShouldBe((ushort)7);
        await peer.Send(new PublishPacket("a", Opts.Payload, Qos.AtLeastOnce, 7).Encode);
        await client.Receive();
        await peer.Send(new PublishPacket("a", Opts.Payload, Qos.AtLeastOnce, 7, Duplicate: true).Encode);
        (await peer.ReadDisconnect()).Reason.ShouldBe(MqttReasonCode.ProtocolError);
    }

    [Theory]
    [InlineData(Qos.AtLeastOnce, 0x00, MqttReasonCode.QosNotSupported)] // less than was asked for
    [InlineData(Qos.AtLeastOnce, 0x80, 0x80)]
    [InlineData(Qos.AtLeastOnce, 0x87, 0x87)]
    [InlineData(Qos.AtLeastOnce, 0x97, 0x97)]
    [InlineData(Qos.AtLeastOnce, 0x9E, 0x9E)]
    [InlineData(Qos.AtLeastOnce, 0xFE, 0xFE)] // no code of the standard
    public async Task A_subscription_that_is_not_granted_as_asked_is_refused_by_name(Qos asked, byte answered, byte refused)
    {
        await using var broker = new ScriptedBroker();
        await using var client = new RunningClient(Opts.Default, broker.Dial, _time);
        ScriptedBroker.Peer peer = await broker.Accept();
        Task subscribing = client.Client.Subscribe("dn/#", asked, default).AsTask();
        await peer.Send(new SubackPacket((await peer.ReadSubscribe()).PacketId, answered).Encode);
        MqttRefusedException said = await Should.ThrowAsync<MqttRefusedException>(() => subscribing);
        (said.Reason, said.Message.Contains(MqttReasonCode.Name(refused), StringComparison.Ordinal)).ShouldBe((refused, true));
        client.Client.State.ShouldBe(MqttLinkState.Connected);
    }

    [Theory]
    [InlineData(Qos.AtMostOnce, 0x01)]
    [InlineData(Qos.AtLeastOnce, 0x02)] // QoS 2 was never asked for
    [InlineData(Qos.AtLeastOnce, 0x10)]
    public async Task A_grant_of_more_than_was_asked_for_ends_the_link(Qos asked, byte answered)
    {
        await using var broker = new ScriptedBroker();
        await using var client = new RunningClient(Opts.Default, broker.Dial, _time);
        ScriptedBroker.Peer peer = await broker.Accept();
        using var giveUp = new CancellationTokenSource();
        Task subscribing = client.Client.Subscribe("dn/#", asked, giveUp.Token).AsTask();
        await peer.Send(new SubackPacket((await peer.ReadSubscribe()).PacketId, answered).Encode);
        (await client.Next(MqttLinkState.Disconnected)).Reason.ShouldBe(MqttLinkReason.ProtocolError);
        await giveUp.CancelAsync();
        await Should.ThrowAsync<OperationCanceledException>(() => subscribing);
    }

    [Fact]
    public async Task What_the_broker_cannot_do_is_not_asked_of_it()
    {
        await using var broker = new ScriptedBroker();
        await using var client = new RunningClient(Opts.Default, broker.Dial, _time);
        ScriptedBroker.Peer peer = await broker.Accept(new ConnackPacket(0) { SharedAvailable = false, WildcardsAvailable = false, MaximumPacketSize = 40 });
        await client.Next(MqttLinkState.Connected);
        await Refused("$share/latchkey/up", MqttReasonCode.SharedSubscriptionsNotSupported);
        await Refused("up/+", MqttReasonCode.WildcardsNotSupported);
        await Refused(new string('a', 40), MqttReasonCode.PacketTooLarge);
        ValueTask granted = client.Client.Subscribe("up", Qos.AtLeastOnce, default);
        SubscribePacket asked = await peer.ReadSubscribe();
        asked.Filter.ShouldBe("up");
        await peer.Send(new SubackPacket(asked.PacketId, 1).Encode);
        await granted;

        async Task Refused(string filter, byte reason) =>
            (await Should.ThrowAsync<MqttRefusedException>(async () => await client.Client.Subscribe(filter, Qos.AtLeastOnce, default))).Reason.ShouldBe(reason);
    }

    [Fact]
    public async Task Answers_that_nobody_asked_for_do_nothing()
    {
        await using var broker = new ScriptedBroker();
        await using var client = new RunningClient(Opts.Default, broker.Dial, _time);
        ScriptedBroker.Peer peer = await broker.Accept();
        await client.Next(MqttLinkState.Connected);
        ValueTask<PublishResult> door = client.Client.Publish("door", Opts.Payload, Qos.AtLeastOnce, null, default);
        PublishPacket sent = await peer.ReadPublish();
        long before = GC.GetTotalMemory(forceFullCollection: true);
        for (int i = 0; i < 50_000; i++)
        {
            ushort other = (ushort)(sent.PacketId + 1 + i % 60_000);
            await peer.Send(i % 3 == 0 ? PingPackets.EncodeResponse : i % 3 == 1 ? new PubackPacket(other).Encode : new SubackPacket(other, 1).Encode);
        }
        await peer.Send(new PublishPacket("a", Opts.Payload, Qos.AtMostOnce).Encode);
        await client.Receive();
        (GC.GetTotalMemory(forceFullCollection: true) - before).ShouldBeLessThan(10 * 1024 * 1024);
        door.IsCompleted.ShouldBeFalse();
        await peer.Send(new PubackPacket(sent.PacketId).Encode);
        (await door).Status.ShouldBe(PublishStatus.Acknowledged);
    }

    [Fact]
    public async Task A_slow_broker_never_has_more_than_it_takes_gets_all_in_order_and_costs_no_memory()
    {
        const int Window = 10, Count = 2000;
        await using var broker = new ScriptedBroker(capacity: 4096);
        MqttOptions options = Opts.Default with { QueuedPublishes = Count / 2 };
        await using var client = new RunningClient(options, broker.Dial, _time);
        ScriptedBroker.Peer peer = await broker.Accept(new ConnackPacket(0) { ReceiveMaximum = Window });
        await client.Next(MqttLinkState.Connected);
        Task<PublishResult>[] results =
            [.. Enumerable.Range(0, Count).Select(i => client.Client.Publish("t", BitConverter.GetBytes(i), Qos.AtLeastOnce, null, default).AsTask())];
        results.Count(r => r.IsCompleted).ShouldBe(Count / 2); // the queue's limit, said at once
        var unanswered = new Queue<ushort>();
        for (int next = 0; next < Count / 2;)
        {
            PublishPacket publish = await peer.ReadPublish();
            BitConverter.ToInt32(publish.Payload.Span).ShouldBe(next++);
            unanswered.Enqueue(publish.PacketId);
            unanswered.Count.ShouldBeLessThanOrEqualTo(Window);
            // It answers only when it is full, the oldest first.
            if (unanswered.Count == Window || next == Count / 2)
            {
                while (unanswered.TryDequeue(out ushort id))
                    await peer.Send(new PubackPacket(id).Encode);
            }
        }
        (await Task.WhenAll(results)).CountBy(r => r.Status).ToDictionary()
            .ShouldBe(new Dictionary<PublishStatus, int> { [PublishStatus.Acknowledged] = Count / 2, [PublishStatus.QueueFull] = Count / 2 }, ignoreOrder: true);
    }

    [Fact]
    public async Task A_client_that_is_stopped_may_leave_its_will_behind()
    {
        await using var broker = new ScriptedBroker();
        var client = new RunningClient(Opts.Default with { WillWhenStopped = () => true }, broker.Dial, _time);
        ScriptedBroker.Peer peer = await broker.Accept();
        await client.Next(MqttLinkState.Connected);
        client.Stop();
        (await peer.ReadDisconnect()).Reason.ShouldBe(MqttReasonCode.DisconnectWithWill);
        await client.DisposeAsync();
    }

    [Fact]
    public async Task Whatever_a_broker_says_in_whatever_order_the_client_comes_back_and_works()
    {
        var mutation = new Packets.Mutation(20261121);
#pragma warning disable CA5394 // A seeded generator is what makes a failure repeatable.
        var random = new Random(20261121);
        await using var broker = new ScriptedBroker();
        await using var client = new RunningClient(Opts.Default with { FirstRetry = TimeSpan.FromMilliseconds(1), LongestRetry = TimeSpan.FromMilliseconds(2) }, broker.Dial, TimeProvider.System);
        Task<PublishResult> door = client.Client.Publish("door", Opts.Payload, Qos.AtLeastOnce, null, default).AsTask();
        for (int connection = 0; connection < 200; connection++)
        {
            ScriptedBroker.Peer peer = random.Next(4) == 0 ? await broker.Next() : await broker.Accept();
            await Quietly(async () =>
            {
                for (int packets = random.Next(1, 10); packets > 0; packets--)
                    await peer.SendRaw(random.Next(3) == 0 ? mutation.Next() : Packets.Mutation.Honest[random.Next(Packets.Mutation.Honest.Length)]);
            });
            await peer.Close();
            while (client.Client.Messages.TryRead(out MqttMessage? message))
                message.Acknowledge();
        }
#pragma warning restore CA5394
        ScriptedBroker.Peer honest = await broker.Accept();
        if (!door.IsCompleted) // among the lies there may have been its acknowledgement
            await honest.Send(new PubackPacket((await honest.ReadPublish()).PacketId).Encode);
        await door.WaitAsync(ScriptedBroker.Patience);
    }

    private static async Task Quietly(Func<Task> act)
    {
        try
        {
            await act();
        }
        catch (IOException)
        {
            // The client has left, as it should.
        }
    }
}
