using Latchkey.Link.Mqtt;
using Latchkey.Link.Mqtt.Packets;
using Latchkey.Tests.Support;

namespace Latchkey.Tests.Link.Mqtt;

/// <summary>What becomes of a publish, with a broker that answers as the test wants.</summary>
public sealed class MqttPublishTests
{
    private readonly ManualTime _time = new();

    [Theory]
    [InlineData(0x00, PublishStatus.Acknowledged)]
    [InlineData(0x10, PublishStatus.NobodyListens)]
    [InlineData(0x87, PublishStatus.Refused)]
    [InlineData(0x97, PublishStatus.Refused)]
    public async Task The_answer_of_the_broker_is_the_result(byte reason, PublishStatus status)
    {
        await using var broker = new ScriptedBroker();
        await using var client = new RunningClient(Opts.Default, broker.Dial, _time);
        ScriptedBroker.Peer peer = await broker.Accept();
        ValueTask<PublishResult> result = client.Client.Publish("a", Opts.Payload, Qos.AtLeastOnce, null, default);
        PublishPacket sent = await peer.ReadPublish();
        (sent.Topic, sent.Retain, sent.Duplicate, sent.ExpirySeconds).ShouldBe(("a", false, false, null));
        await peer.Send(new PubackPacket(sent.PacketId, reason).Encode);
        (await result).ShouldBe(new PublishResult(status, reason, true));
    }

    [Fact]
    public async Task Qos_0_is_sent_when_it_was_written()
    {
        await using var broker = new ScriptedBroker();
        await using var client = new RunningClient(Opts.Default, broker.Dial, _time);
        ScriptedBroker.Peer peer = await broker.Accept();
        (await client.Client.Publish("a", Opts.Payload, Qos.AtMostOnce, null, default)).ShouldBe(new PublishResult(PublishStatus.Sent, 0, true));
        (await peer.ReadPublish()).PacketId.ShouldBe((ushort)0);
    }

    [Fact]
    public async Task An_acknowledgement_for_an_unknown_identifier_completes_nobody()
    {
        await using var broker = new ScriptedBroker();
        await using var client = new RunningClient(Opts.Default, broker.Dial, _time);
        ScriptedBroker.Peer peer = await broker.Accept();
        ValueTask<PublishResult> result = client.Client.Publish("a", Opts.Payload, Qos.AtLeastOnce, null, default);
        PublishPacket sent = await peer.ReadPublish();
        await peer.Send(new PubackPacket((ushort)(sent.PacketId + 1), 0x87).Encode);
        await peer.Send(new PubackPacket(sent.PacketId).Encode);
        (await result).Status.ShouldBe(PublishStatus.Acknowledged);
    }

    [Fact]
    public async Task With_a_receive_maximum_of_1_the_next_waits_for_the_answer()
    {
        await using var broker = new ScriptedBroker();
        await using var client = new RunningClient(Opts.Default, broker.Dial, _time);
        ScriptedBroker.Peer peer = await broker.Accept(new ConnackPacket(0) { ReceiveMaximum = 1 });
        var results = Enumerable.Range(0, 5)
            .Select(i => client.Client.Publish($"t/{i}", Opts.Payload, Qos.AtLeastOnce, null, default).AsTask()).ToArray();
        for (int i = 0; i < results.Length; i++)
        {
            PublishPacket sent = await peer.ReadPublish();
            sent.Topic.ShouldBe($"t/{i}");
            // The broker asks, and the answer to that comes without another publish before it.
            results[i].IsCompleted.ShouldBeFalse();
            await peer.Send(new PublishPacket("in", Opts.Payload, Qos.AtLeastOnce, 77).Encode);
            (await client.Receive()).Acknowledge();
            (await peer.ReadPuback()).PacketId.ShouldBe((ushort)77);
            await peer.Send(new PubackPacket(sent.PacketId).Encode);
        }
        (await Task.WhenAll(results)).ShouldAllBe(r => r.Status == PublishStatus.Acknowledged);
    }

    [Fact]
    public async Task A_publish_waits_for_a_connection_and_carries_what_is_left_of_its_time_rounded_up()
    {
        await using var broker = new ScriptedBroker();
        await using var client = new RunningClient(Opts.Default, broker.Dial, _time);
        ScriptedBroker.Peer peer = await broker.Next();
        await peer.ReadConnect();
        ValueTask<PublishResult> result = client.Client.Publish("a", Opts.Payload, Qos.AtLeastOnce, TimeSpan.FromSeconds(10), default);
        _time.Advance(TimeSpan.FromSeconds(2.5));
        await peer.Send(new ConnackPacket(0).Encode);
        PublishPacket sent = await peer.ReadPublish();
        sent.ExpirySeconds.ShouldBe(8u);
        await peer.Send(new PubackPacket(sent.PacketId).Encode);
        (await result).Status.ShouldBe(PublishStatus.Acknowledged);
    }

    [Fact]
    public async Task What_expires_before_there_is_a_connection_is_never_sent()
    {
        await using var broker = new ScriptedBroker();
        await using var client = new RunningClient(Opts.Default, broker.Dial, _time);
        ScriptedBroker.Peer peer = await broker.Next();
        await peer.ReadConnect();
        ValueTask<PublishResult> late = client.Client.Publish("late", Opts.Payload, Qos.AtLeastOnce, TimeSpan.FromSeconds(2), default);
        ValueTask<PublishResult> later = client.Client.Publish("later", Opts.Payload, Qos.AtLeastOnce, TimeSpan.FromSeconds(5), default);
        _time.Advance(TimeSpan.FromSeconds(2));
        (await late).ShouldBe(new PublishResult(PublishStatus.Expired, 0, false));
        await peer.Send(new ConnackPacket(0).Encode);
        (await peer.ReadPublish()).Topic.ShouldBe("later");
        _time.Advance(TimeSpan.FromSeconds(3));
        (await later).ShouldBe(new PublishResult(PublishStatus.Expired, 0, true));
    }

    [Fact]
    public async Task An_expiry_that_has_passed_is_refused_at_once()
    {
        await using var client = new MqttClient(Opts.Default, _ => default, _time);
        (await client.Publish("a", Opts.Payload, Qos.AtLeastOnce, TimeSpan.Zero, default)).Status.ShouldBe(PublishStatus.Expired);
    }

    [Fact]
    public async Task The_queue_has_an_end_and_says_so()
    {
        await using var client = new MqttClient(Opts.Default with { QueuedPublishes = 2 }, _ => default, _time);
        using var cancel = new CancellationTokenSource();
        Task<PublishResult> first = client.Publish("a", Opts.Payload, Qos.AtLeastOnce, null, cancel.Token).AsTask();
        _ = client.Publish("a", Opts.Payload, Qos.AtMostOnce, null, default).AsTask();
        (await client.Publish("a", Opts.Payload, Qos.AtLeastOnce, null, default)).ShouldBe(new PublishResult(PublishStatus.QueueFull, 0, false));
        await cancel.CancelAsync(); // who gives up makes room
        await Should.ThrowAsync<OperationCanceledException>(() => first);
        client.Publish("a", Opts.Payload, Qos.AtLeastOnce, null, default).AsTask().IsCompleted.ShouldBeFalse();
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task What_was_not_acknowledged_is_sent_again_in_order_and_as_a_duplicate_only_within_the_session(bool sessionPresent)
    {
        await using var broker = new ScriptedBroker();
        await using var client = new RunningClient(Opts.Default with { CleanStart = false, SessionExpiry = TimeSpan.FromHours(1) }, broker.Dial, _time);
        ScriptedBroker.Peer first = await broker.Accept();
        Task<PublishResult>[] results = [.. Enumerable.Range(0, 3)
            .Select(i => client.Client.Publish($"t/{i}", Opts.Payload, Qos.AtLeastOnce, null, default).AsTask())];
        PublishPacket[] before = [await first.ReadPublish(), await first.ReadPublish(), await first.ReadPublish()];
        await first.Send(new PubackPacket(before[1].PacketId).Encode);
        await results[1];
        await first.Close();
        await client.Next(MqttLinkState.Disconnected);
        await client.Retry(_time);
        ScriptedBroker.Peer second = await broker.Accept(new ConnackPacket(0, sessionPresent));
        (await client.Next(MqttLinkState.Connected)).SessionPresent.ShouldBe(sessionPresent);
        foreach (int i in new[] { 0, 2 })
        {
            PublishPacket again = await second.ReadPublish();
            (again.Topic, again.Duplicate).ShouldBe(($"t/{i}", sessionPresent));
            if (sessionPresent)
                again.PacketId.ShouldBe(before[i].PacketId);
            await second.Send(new PubackPacket(again.PacketId).Encode);
            (await results[i]).Status.ShouldBe(PublishStatus.Acknowledged);
        }
    }

    [Fact]
    public async Task What_expired_while_the_link_was_down_is_not_sent_again()
    {
        await using var broker = new ScriptedBroker();
        await using var client = new RunningClient(Opts.Default, broker.Dial, _time);
        ScriptedBroker.Peer first = await broker.Accept();
        ValueTask<PublishResult> door = client.Client.Publish("door", Opts.Payload, Qos.AtLeastOnce, TimeSpan.FromSeconds(10), default);
        await first.ReadPublish();
        await first.Close();
        await client.Next(MqttLinkState.Disconnected);
        await client.Retry(_time);
        ScriptedBroker.Peer second = await broker.Next();
        _time.Advance(TimeSpan.FromSeconds(9.6)); // at least half a second went into the retry; the connect time-out is at ten
        (await door).ShouldBe(new PublishResult(PublishStatus.Expired, 0, true));
        await second.ReadConnect();
        await second.Send(new ConnackPacket(0).Encode);
        ValueTask<PublishResult> other = client.Client.Publish("other", Opts.Payload, Qos.AtMostOnce, null, default);
        (await second.ReadPublish()).Topic.ShouldBe("other");
        (await other).Status.ShouldBe(PublishStatus.Sent);
    }

    [Fact]
    public async Task The_identifier_of_an_expired_publish_is_not_used_again_before_its_answer()
    {
        await using var broker = new ScriptedBroker();
        await using var client = new RunningClient(Opts.Default, broker.Dial, _time);
        ScriptedBroker.Peer peer = await broker.Accept(new ConnackPacket(0) { ReceiveMaximum = 1 });
        ValueTask<PublishResult> first = client.Client.Publish("a", Opts.Payload, Qos.AtLeastOnce, TimeSpan.FromSeconds(1), default);
        PublishPacket sent = await peer.ReadPublish();
        _time.Advance(TimeSpan.FromSeconds(1));
        (await first).Status.ShouldBe(PublishStatus.Expired);
        ValueTask<PublishResult> second = client.Client.Publish("b", Opts.Payload, Qos.AtLeastOnce, null, default);
        await peer.Send(new PubackPacket(sent.PacketId, 0x87).Encode); // belongs to the first, and frees the window
        PublishPacket next = await peer.ReadPublish();
        await peer.Send(new PubackPacket(next.PacketId).Encode);
        (await second).Status.ShouldBe(PublishStatus.Acknowledged);
    }

    [Fact]
    public async Task What_the_broker_said_it_would_not_take_is_refused_without_asking_it()
    {
        await using var broker = new ScriptedBroker();
        await using var client = new RunningClient(Opts.Default, broker.Dial, _time);
        ScriptedBroker.Peer peer = await broker.Accept(
            new ConnackPacket(0) { MaximumPacketSize = 100, RetainAvailable = false, MaximumQos = Qos.AtMostOnce });
        (await client.Client.Publish("a", new byte[100], Qos.AtMostOnce, null, default))
            .ShouldBe(new PublishResult(PublishStatus.Refused, MqttReasonCode.PacketTooLarge, false));
        (await client.Client.Publish("a", Opts.Payload, Qos.AtLeastOnce, null, default))
            .ShouldBe(new PublishResult(PublishStatus.Refused, MqttReasonCode.QosNotSupported, false));
        (await client.Client.Publish("a", Opts.Payload, Qos.AtMostOnce, retain: true, null, default))
            .ShouldBe(new PublishResult(PublishStatus.Refused, MqttReasonCode.RetainNotSupported, false));
        (await client.Client.Publish("b", Opts.Payload, Qos.AtMostOnce, null, default)).Status.ShouldBe(PublishStatus.Sent);
        (await peer.ReadPublish()).Topic.ShouldBe("b");
    }

    [Theory]
    [InlineData("")]
    [InlineData("a/+")]
    [InlineData("#")]
    [InlineData("a\0")]
    public async Task A_topic_that_is_none_is_a_mistake_of_the_caller(string topic)
    {
        await using var client = new MqttClient(Opts.Default, _ => default, _time);
        await Should.ThrowAsync<ArgumentException>(async () => await client.Publish(topic, Opts.Payload, Qos.AtMostOnce, null, default));
    }

    [Fact]
    public async Task Publishes_that_wait_leave_in_one_write()
    {
        await using var broker = new ScriptedBroker();
        var counting = new List<int>();
        MqttDial dial = async cancel => new CountingStream(await broker.Dial(cancel), counting);
        await using var client = new RunningClient(Opts.Default, dial, _time);
        ScriptedBroker.Peer peer = await broker.Next();
        await peer.ReadConnect();
        for (int i = 0; i < 50; i++)
            _ = client.Client.Publish($"t/{i}", Opts.Payload, Qos.AtLeastOnce, null, default).AsTask();
        await peer.Send(new ConnackPacket(0).Encode);
        for (int i = 0; i < 50; i++)
            (await peer.ReadPublish()).Topic.ShouldBe($"t/{i}");
        counting.Count.ShouldBe(2); // CONNECT, and all of them
    }

    private sealed class CountingStream(Stream inner, List<int> writes) : Stream
    {
        public override bool CanRead => true;
        public override bool CanWrite => true;
        public override bool CanSeek => false;
        public override long Length => throw new NotSupportedException();
        public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
            inner.ReadAsync(buffer, cancellationToken);

        public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
        {
            writes.Add(buffer.Length);
            return inner.WriteAsync(buffer, cancellationToken);
        }

        public override void Flush()
        {
        }

        public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();
        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();
        public override void SetLength(long value) => throw new NotSupportedException();
        public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) => throw new NotSupportedException();
        public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) => throw new NotSupportedException();

        protected override void Dispose(bool disposing)
        {
            if (disposing)
                inner.Dispose();
            base.Dispose(disposing);
        }
    }
}
