using System.Net.Sockets;
using Latchkey.Link.Mqtt;
using Latchkey.Link.Mqtt.Packets;
using Latchkey.Tests.Support;

namespace Latchkey.Tests.Link.Mqtt;

/// <summary>How a link begins, how it fails to, and that it tries again.</summary>
public sealed class MqttConnectTests
{
    private readonly ManualTime _time = new();

    [Fact]
    public async Task Connect_says_what_the_options_say_and_the_will_is_asked_for_each_time()
    {
        await using var broker = new ScriptedBroker();
        int wills = 0;
        MqttOptions options = Opts.Default with
        {
            ClientId = "bank-7",
            Username = "u",
            CleanStart = false,
            SessionExpiry = TimeSpan.FromMinutes(2),
            ReceiveMaximum = 9,
            NextWill = () => new MqttWill($"gone/{++wills}", Opts.Payload, Qos.AtLeastOnce),
        };
        await using var client = new RunningClient(options, broker.Dial, _time);
        ScriptedBroker.Peer first = await broker.Accept();
        first.Connect!.ShouldSatisfyAllConditions(
            c => c.ClientId.ShouldBe("bank-7"),
            c => c.Username.ShouldBe("u"),
            c => c.Password.ShouldBeNull(),
            c => c.CleanStart.ShouldBeFalse(),
            c => c.SessionExpirySeconds.ShouldBe(120u),
            c => c.KeepAliveSeconds.ShouldBe((ushort)15),
            c => c.ReceiveMaximum.ShouldBe((ushort)9),
            c => c.MaximumPacketSize.ShouldBe(4096u),
            c => c.Will!.Topic.ShouldBe("gone/1"));
        await client.Next(MqttLinkState.Connected);
        client.Client.State.ShouldBe(MqttLinkState.Connected);
        await first.Close();
        await client.Next(MqttLinkState.Disconnected);
        await client.Retry(_time);
        (await broker.Accept()).Connect!.Will!.Topic.ShouldBe("gone/2");
    }

    [Fact]
    public async Task A_refusal_is_named_with_its_code_and_tried_again_after_the_retry_time()
    {
        await using var broker = new ScriptedBroker();
        await using var client = new RunningClient(Opts.Default, broker.Dial, _time);
        ScriptedBroker.Peer peer = await broker.Accept(new ConnackPacket(MqttReasonCode.NotAuthorized) { ReasonText = "who?" });
        (await client.Next(MqttLinkState.Disconnected)).ShouldBe(
            new MqttLinkChange(MqttLinkState.Disconnected, MqttLinkReason.RefusedByBroker, MqttReasonCode.NotAuthorized, "who?"));
        await peer.ShouldBeClosed();
        (await client.Retry(_time)).TotalSeconds.ShouldBeInRange(0.5, 1.05);
        await broker.Accept();
        await client.Next(MqttLinkState.Connected);
    }

    [Fact]
    public async Task A_broker_that_never_answers_is_given_up_after_the_connect_timeout()
    {
        await using var broker = new ScriptedBroker();
        await using var client = new RunningClient(Opts.Default, broker.Dial, _time);
        ScriptedBroker.Peer peer = await broker.Next();
        await peer.ReadConnect();
        _time.Advance(TimeSpan.FromSeconds(10));
        (await client.Next(MqttLinkState.Disconnected)).Reason.ShouldBe(MqttLinkReason.ConnectTimeout);
        await peer.ShouldBeClosed();
    }

    [Fact]
    public async Task A_dial_that_hangs_is_given_up_after_the_connect_timeout()
    {
        var dialled = new TaskCompletionSource();
        MqttDial hang = async cancel =>
        {
            dialled.TrySetResult();
            await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, cancel);
            return Stream.Null;
        };
        await using var client = new RunningClient(Opts.Default, hang, _time);
        await dialled.Task.WaitAsync(ScriptedBroker.Patience);
        _time.Advance(TimeSpan.FromSeconds(10));
        (await client.Next(MqttLinkState.Disconnected)).Reason.ShouldBe(MqttLinkReason.ConnectTimeout);
    }

    [Theory]
    [InlineData("20 03 00")] // ends in the middle
    [InlineData("")]
    public async Task A_broker_that_closes_in_the_middle_of_connack_is_named_so(string hex)
    {
        await using var broker = new ScriptedBroker();
        await using var client = new RunningClient(Opts.Default, broker.Dial, _time);
        ScriptedBroker.Peer peer = await broker.Next();
        await peer.ReadConnect();
        await peer.SendRaw(Packets.Codec.Hex(hex));
        await peer.Close();
        MqttLinkChange end = await client.Next(MqttLinkState.Disconnected);
        end.Reason.ShouldBe(MqttLinkReason.ServerClosed);
        end.Detail.ShouldBe(hex.Length > 0 ? "in the middle of a packet" : null);
    }

    [Theory]
    [InlineData("D0 00")] // PINGRESP
    [InlineData("30 04 0001 61 00")] // PUBLISH
    [InlineData("F0 00")] // AUTH
    [InlineData("21 03 00 00 00")] // CONNACK with flags
    [InlineData("20 FF FF FF 7F")] // 256 MB of CONNACK
    public async Task Anything_but_connack_comes_too_early(string hex)
    {
        await using var broker = new ScriptedBroker();
        await using var client = new RunningClient(Opts.Default, broker.Dial, _time);
        ScriptedBroker.Peer peer = await broker.Next();
        await peer.ReadConnect();
        await peer.SendRaw(Packets.Codec.Hex(hex));
        (await client.Next(MqttLinkState.Disconnected)).Reason.ShouldBe(MqttLinkReason.ProtocolError);
        await peer.ShouldBeClosed();
    }

    [Fact]
    public async Task Failed_dials_are_network_errors_and_their_waits_double_up_to_the_longest()
    {
        MqttDial refuse = _ => throw new SocketException((int)SocketError.ConnectionRefused);
        MqttOptions options = Opts.Default with { FirstRetry = TimeSpan.FromSeconds(1), LongestRetry = TimeSpan.FromSeconds(4) };
        await using var client = new RunningClient(options, refuse, _time);
        foreach (int ceiling in new[] { 1, 2, 4, 4, 4 })
        {
            (await client.Next(MqttLinkState.Disconnected)).Reason.ShouldBe(MqttLinkReason.NetworkError);
            (await client.Retry(_time)).TotalSeconds.ShouldBeInRange(ceiling / 2.0, ceiling + 0.05);
        }
    }

    [Fact]
    public async Task A_dial_may_throw_anything()
    {
        await using var client = new RunningClient(Opts.Default, _ => throw new NotSupportedException("no"), _time);
        (await client.Next(MqttLinkState.Disconnected)).Reason.ShouldBe(MqttLinkReason.NetworkError);
        client.Running.IsCompleted.ShouldBeFalse();
    }

    [Fact]
    public async Task The_client_id_that_the_broker_gave_is_used_again()
    {
        await using var broker = new ScriptedBroker();
        await using var client = new RunningClient(Opts.Default with { ClientId = "" }, broker.Dial, _time);
        ScriptedBroker.Peer first = await broker.Accept(new ConnackPacket(0) { AssignedClientId = "given" });
        first.Connect!.ClientId.ShouldBe("");
        await client.Next(MqttLinkState.Connected);
        await first.Close();
        await client.Next(MqttLinkState.Disconnected);
        await client.Retry(_time);
        (await broker.Accept()).Connect!.ClientId.ShouldBe("given");
    }

    [Fact]
    public async Task Stopping_says_disconnect_and_ends_everything()
    {
        await using var broker = new ScriptedBroker();
        var client = new RunningClient(Opts.Default, broker.Dial, _time);
        ScriptedBroker.Peer peer = await broker.Accept();
        await client.Next(MqttLinkState.Connected);
        ValueTask<PublishResult> unanswered = client.Client.Publish("a", Opts.Payload, Qos.AtLeastOnce, null, default);
        await peer.ReadPublish();
        client.Stop();
        (await peer.ReadDisconnect()).ShouldBe(new DisconnectPacket());
        await peer.ShouldBeClosed();
        await client.Running.WaitAsync(ScriptedBroker.Patience);
        (await client.Next(MqttLinkState.Disconnected)).Reason.ShouldBe(MqttLinkReason.Stopped);
        (await unanswered).ShouldBe(new PublishResult(PublishStatus.Lost, 0, true));
        (await client.Client.Publish("a", Opts.Payload, Qos.AtLeastOnce, null, default)).Status.ShouldBe(PublishStatus.Lost);
        await Should.ThrowAsync<ObjectDisposedException>(async () => await client.Client.Subscribe("a", Qos.AtMostOnce, default));
        await Should.ThrowAsync<OperationCanceledException>(() => client.Client.WhenConnected(default));
        await client.Client.Messages.Completion.WaitAsync(ScriptedBroker.Patience);
        await client.DisposeAsync();
    }

    [Fact]
    public async Task A_client_can_be_disposed_without_ever_running()
    {
        var client = new MqttClient(Opts.Default, _ => default, _time);
        ValueTask<PublishResult> waiting = client.Publish("a", Opts.Payload, Qos.AtLeastOnce, null, default);
        await client.DisposeAsync();
        (await waiting).ShouldBe(new PublishResult(PublishStatus.Lost, 0, false));
    }
}
