using System.Net.Sockets;
using System.Security.Authentication;
using System.Threading.Channels;
using Latchkey.Link.Mqtt.Packets;

namespace Latchkey.Link.Mqtt;

/// <summary>
/// One connection, from CONNECT to its end. One task reads, one task writes, a timer looks after silence; whoever sees the end first
/// names it, and nobody else's reason counts. The stream is closed and both tasks are over when <see cref="Run"/> returns.
/// </summary>
internal sealed class MqttConnection(
    Stream stream, MqttOptions options, TimeProvider time, Outbox outbox, Subscriptions subscriptions, ChannelWriter<MqttMessage> messages)
    : IAsyncDisposable
{
    /// <summary>What one write to the socket carries at most, before its last packet: enough for 4,000 PUBACKs or 100 reports.</summary>
    private const int BatchBytes = 16 * 1024;

    /// <summary>How long a polite end may take; a peer that does not read must not hold up a stop.</summary>
    private static readonly TimeSpan FarewellTime = TimeSpan.FromSeconds(1);

    /// <summary>
    /// Who wakes the writer lends it their thread for so many writes in a row: enough for an order or a burst, and nobody who publishes is
    /// kept by what others add meanwhile.
    /// </summary>
    private const int WritesOnOneThread = 8;

    private readonly FrameReader _frames = new(stream, options.LargestPacketBytes);
    private readonly PacketWriter _batch = new();
    private readonly List<Outgoing> _unanswered = [];
    private readonly TaskCompletionSource<MqttEnd> _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly CancellationTokenSource _stopReading = new();
    private readonly CancellationTokenSource _stopWriting = new();
    /// <summary>
    /// Holds one token when there may be something to write; full is as good as told. The writer goes on on the thread that wakes it: a
    /// door waits for each change of threads (0.3 ms of an opening's 7.3).
    /// </summary>
    private readonly Channel<bool> _wake = Channel.CreateBounded<bool>(
        new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite, SingleReader = true, AllowSynchronousContinuations = true });
    private Inbox _inbox = null!;
    private KeepAlive _keepAlive = null!;
    private volatile bool _pingDue;

    public void Wake() => _wake.Writer.TryWrite(true);

    /// <param name="nextConnect">Makes the first packet, as late as possible: it carries the will.</param>
    /// <param name="onConnected">Called once, when the broker has accepted.</param>
    /// <param name="connectBy">Fires when accepting takes too long.</param>
    /// <param name="cancel">Ends the connection politely.</param>
    public async Task<MqttEnd> Run(
        Func<ConnectPacket> nextConnect, Action<ConnackPacket> onConnected, CancellationToken connectBy, CancellationToken cancel)
    {
        (ConnackPacket? connack, MqttEnd? refused) = await ShakeHandsGuarded(nextConnect, connectBy, cancel);
        if (connack is null)
            return refused!;
        TimeSpan interval = connack.ServerKeepAlive is { } seconds ? TimeSpan.FromSeconds(seconds) : options.KeepAlive;
        _inbox = new Inbox(options.ReceiveMaximum, Wake);
        await using var keepAlive = _keepAlive = new KeepAlive(
            interval, options.AcknowledgeTimeout, time, SendPing, End, since => outbox.OwedSince(since) || subscriptions.OwedSince(since));
        await using CancellationTokenRegistration stop = cancel.UnsafeRegister(_ => End(new MqttEnd(MqttLinkReason.Stopped)), null);
        outbox.OnConnected(connack);
        subscriptions.OnConnected(connack);
        onConnected(connack);
        return await RunLoops();
    }

    /// <summary>See <see cref="KeepAlive.IsPaused"/>.</summary>
    public bool IsHeldUp => _keepAlive?.IsPaused == true;

    public async ValueTask DisposeAsync()
    {
        await CloseStream();
        _stopReading.Dispose();
        _stopWriting.Dispose();
    }

    private async Task<MqttEnd> RunLoops()
    {
        Task reading = RunToItsEnd(Read);
        Task writing = RunToItsEnd(Write);
        MqttEnd end = await _ended.Task;
        await _stopReading.CancelAsync();
        bool polite = end.Reason is MqttLinkReason.Stopped or MqttLinkReason.ProtocolError or MqttLinkReason.RefusedByBroker or MqttLinkReason.AcknowledgementTimeout;
        if (polite)
        {
            // The writer must be done first: nothing may come into the middle of its packet.
            Wake();
            if (await EndsInTime(writing))
                await SayFarewell(end);
        }
        await _stopWriting.CancelAsync();
        // An aborted write may wait for the peer all the same, with TLS: closing the stream below it ends that.
        await CloseStream();
        await Task.WhenAll(reading, writing);
        foreach (Outgoing publish in _unanswered)
            publish.Complete(PublishStatus.Lost, 0);
        return end;
    }

    private async Task<(ConnackPacket?, MqttEnd?)> ShakeHandsGuarded(
        Func<ConnectPacket> nextConnect, CancellationToken connectBy, CancellationToken cancel)
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(connectBy, cancel);
        try
        {
            return await ShakeHands(nextConnect(), either.Token);
        }
        catch (Exception e)
        {
            return (null, Meaning(e, connectBy, cancel));
        }
    }

    private async Task<(ConnackPacket?, MqttEnd?)> ShakeHands(ConnectPacket connect, CancellationToken cancel)
    {
        connect.Encode(_batch);
        await stream.WriteAsync(_batch.Written, cancel);
        _batch.Clear();
        (Frame frame, MqttEnd? closed) = await _frames.Next(cancel);
        if (closed is not null)
            return (null, closed);
        if (frame is not { Type: PacketType.Connack, Flags: 0 })
            return (null, Violation(MqttReasonCode.ProtocolError, $"{frame.Type} before CONNACK"));
        var reader = new PacketReader(_frames.Body);
        ConnackPacket connack = ConnackPacket.Decode(ref reader);
        if (!reader.Finish())
            return (null, Violation(reader.ErrorReason, $"CONNACK: {reader.Error}"));
        if (connack.Reason is MqttReasonCode.UseAnotherServer or MqttReasonCode.ServerMoved)
            return (null, new MqttEnd(MqttLinkReason.UseAnotherServer, connack.Reason, connack.ReasonText, connack.ServerReference));
        if (connack.Reason != 0)
            return (null, new MqttEnd(MqttLinkReason.RefusedByBroker, connack.Reason, connack.ReasonText));
        // Believing it would skip the subscriptions, and mark as duplicates what the broker has never seen [MQTT-3.2.2-4].
        if (connack.SessionPresent && connect.CleanStart)
            return (null, Violation(MqttReasonCode.ProtocolError, "CONNACK: a session, though a clean start was asked for"));
        return (connack, null);
    }

    private async Task Read()
    {
        while (true)
        {
            (Frame frame, MqttEnd? end) = await _frames.Next(_stopReading.Token);
            end ??= Handle(frame, out MqttMessage? message, _frames.Body) ?? (message is null ? null : await Deliver(message));
            if (end is not null)
            {
                End(end);
                return;
            }
            _keepAlive.Received();
        }
    }

    /// <summary>What one packet means; an end when the connection cannot go on after it.</summary>
    private MqttEnd? Handle(Frame frame, out MqttMessage? message, ReadOnlySpan<byte> body)
    {
        message = null;
        var reader = new PacketReader(body);
        if (frame.Flags != 0 && frame.Type != PacketType.Publish)
            reader.Fail("flags that are reserved");
        switch (frame.Type)
        {
            case PacketType.Publish:
                PublishPacket publish = PublishPacket.Decode(frame.Flags, ref reader);
                if (reader.Finish())
                    message = new MqttMessage(publish.Topic, publish.Payload, publish.Qos, publish.Retain, publish.PacketId,
                        publish.Qos == Qos.AtMostOnce ? null : _inbox);
                if (message is { Qos: Qos.AtLeastOnce } && _inbox.Add(message) is { } refusal)
                    return Violation(refusal, refusal == MqttReasonCode.ReceiveMaximumExceeded
                        ? "more unacknowledged messages than we take"
                        : "PUBLISH: an identifier that is in use");
                break;
            case PacketType.Puback:
                PubackPacket puback = PubackPacket.Decode(ref reader);
                if (reader.Finish())
                    outbox.OnPuback(puback);
                break;
            case PacketType.Suback:
                SubackPacket suback = SubackPacket.Decode(ref reader);
                if (reader.Finish() && subscriptions.OnSuback(suback) is { } refused)
                    return refused;
                break;
            case PacketType.Pingresp:
                if (reader.Finish())
                    _keepAlive.PingAnswered();
                break;
            case PacketType.Disconnect:
                DisconnectPacket disconnect = DisconnectPacket.Decode(ref reader);
                if (reader.Finish())
                    return new MqttEnd(MeaningOf(disconnect.Reason), disconnect.Reason, disconnect.ReasonText, disconnect.ServerReference);
                break;
            default:
                reader.Fail("not a packet that a broker sends here", MqttReasonCode.ProtocolError);
                break;
        }
        return reader.Error is null ? null : Violation(reader.ErrorReason, $"{frame.Type}: {reader.Error}");
    }

    private static MqttLinkReason MeaningOf(byte disconnect) => disconnect switch
    {
        MqttReasonCode.SessionTakenOver => MqttLinkReason.SessionTakenOver,
        MqttReasonCode.KeepAliveTimeout => MqttLinkReason.KeepAliveTimeout,
        MqttReasonCode.UseAnotherServer or MqttReasonCode.ServerMoved => MqttLinkReason.UseAnotherServer,
        _ => MqttLinkReason.ServerClosed,
    };

    /// <summary>While the application does not take messages the socket is not read. That silence is ours, not the broker's.</summary>
    private async ValueTask<MqttEnd?> Deliver(MqttMessage message)
    {
        if (messages.TryWrite(message))
            return null;
        using (_keepAlive.PauseReceiving())
            await messages.WriteAsync(message, _stopReading.Token);
        return null;
    }

    private async Task Write()
    {
        int writes = 0;
        while (!_ended.Task.IsCompleted)
        {
            Compose();
            if (_batch.Length == 0)
            {
                writes = 0;
                if (!_wake.Reader.TryRead(out _))
                    await _wake.Reader.ReadAsync(_stopWriting.Token);
                continue;
            }
            if (++writes % WritesOnOneThread == 0)
                await Task.Yield();
            _keepAlive.WriteStarts();
            await stream.WriteAsync(_batch.Written, _stopWriting.Token);
            _keepAlive.WriteDone();
            foreach (Outgoing publish in _unanswered)
                publish.Complete(PublishStatus.Sent, 0);
            _unanswered.Clear();
        }
    }

    /// <summary>Acknowledgements first, because they free the broker; subscriptions before publishes, because an answer may follow.</summary>
    private void Compose()
    {
        _batch.Clear();
        if (_pingDue)
        {
            _pingDue = false;
            PingPackets.EncodeRequest(_batch);
        }
        _inbox.Compose(_batch, BatchBytes);
        subscriptions.Compose(_batch, BatchBytes);
        outbox.Compose(_batch, BatchBytes, _unanswered);
    }

    private void SendPing()
    {
        _pingDue = true;
        Wake();
    }

    private async Task SayFarewell(MqttEnd end)
    {
        _batch.Clear();
        _inbox.Compose(_batch, BatchBytes);
        new DisconnectPacket(FarewellCode(end)).Encode(_batch);
        using var limit = new CancellationTokenSource(FarewellTime, time);
        try
        {
            await stream.WriteAsync(_batch.Written, limit.Token);
        }
        catch (Exception e) when (IsBrokenStream(e) || e is OperationCanceledException)
        {
            // The end already has its reason, and the peer sees the stream close.
        }
    }

    private byte FarewellCode(MqttEnd end)
    {
        if (end.Reason == MqttLinkReason.ProtocolError)
            return end.Code;
        // "With will" wherever it is not our own wish to go: an orderly end would make the broker forget the will.
        return end.Reason != MqttLinkReason.Stopped || options.WillWhenStopped?.Invoke() == true ? MqttReasonCode.DisconnectWithWill : (byte)0;
    }

    private void End(MqttEnd end) => _ended.TrySetResult(end);

    /// <summary>No loop ends without a reason: what it throws becomes one.</summary>
    private async Task RunToItsEnd(Func<Task> loop)
    {
        await Task.Yield();
        try
        {
            await loop();
        }
        catch (OperationCanceledException)
        {
            End(new MqttEnd(MqttLinkReason.Stopped)); // an end was named before; this is for the reader of this code
        }
        catch (Exception e)
        {
            End(Meaning(e));
        }
    }

    private async Task<bool> EndsInTime(Task writing)
    {
        try
        {
            await writing.WaitAsync(FarewellTime, time);
            return true;
        }
        catch (TimeoutException)
        {
            return false;
        }
    }

    /// <summary>What an exception while connecting or connected says about the link.</summary>
    public static MqttEnd Meaning(Exception e, CancellationToken connectBy = default, CancellationToken cancel = default)
    {
        if (cancel.IsCancellationRequested)
            return new MqttEnd(MqttLinkReason.Stopped);
        if (connectBy.IsCancellationRequested)
            return new MqttEnd(MqttLinkReason.ConnectTimeout);
        return IsBrokenStream(e)
            ? new MqttEnd(MqttLinkReason.NetworkError, 0, (e.InnerException ?? e).Message)
            : new MqttEnd(MqttLinkReason.InternalError, 0, e.ToString());
    }

    private static bool IsBrokenStream(Exception e) =>
        e is IOException or SocketException or ObjectDisposedException or AuthenticationException;

    private static MqttEnd Violation(byte reason, string detail) => new(MqttLinkReason.ProtocolError, reason, detail);

    private async ValueTask CloseStream()
    {
        try
        {
            await stream.DisposeAsync();
        }
        catch (Exception e) when (IsBrokenStream(e))
        {
            // TLS says good-bye when it closes, and the peer may be gone.
        }
    }
}
