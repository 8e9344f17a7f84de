using System.Threading.Channels;
using Latchkey.Link.Mqtt.Packets;

namespace Latchkey.Link.Mqtt;

/// <summary>
/// An MQTT 5 client: QoS 0 and 1, reconnect with jitter, bounded queues, nothing more. <see cref="Run"/> does all the work; the other
/// members may be called from anywhere, before, during and after it.
/// </summary>
public sealed class MqttClient : IAsyncDisposable
{
    private volatile MqttConnection? _connection;
    private readonly MqttOptions _options;
    private readonly MqttDial _dial;
    private readonly TimeProvider _time;
    private readonly Outbox _outbox;
    private readonly Subscriptions _subscriptions;
    private readonly Channel<MqttMessage> _messages;
    private readonly CancellationTokenSource _disposed = new();
    private readonly Lock _gate = new();
    private TaskCompletionSource _connected = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private Task? _running;
    /// <summary>The name the broker gave us, kept for reconnects so that it finds our session.</summary>
    private string? _assignedClientId;
    private volatile MqttLinkState _state;

    public MqttClient(MqttOptions options, MqttDial dial, TimeProvider time)
    {
        options.Validate();
        (_options, _dial, _time) = (options, dial, time);
        var ids = new PacketIds();
        _outbox = new Outbox(options, time, ids);
        _subscriptions = new Subscriptions(ids, time);
        _messages = Channel.CreateBounded<MqttMessage>(
            new BoundedChannelOptions(options.ReceiveMaximum) { SingleWriter = true, FullMode = BoundedChannelFullMode.Wait });
    }

    /// <summary>What was received, in order. While it is full the socket is not read; nothing is dropped. It completes when the client stops.</summary>
    public ChannelReader<MqttMessage> Messages => _messages.Reader;

    public MqttLinkState State => _state;

    /// <summary>
    /// Every change of <see cref="State"/>, on the client's own task: a handler must be quick. One that throws is a mistake and ends
    /// <see cref="Run"/> with its exception. What a handler publishes at <see cref="MqttLinkState.Connected"/> is queued behind what waits.
    /// </summary>
    public event Action<MqttLinkChange>? Changed;

    /// <summary>Connects, and connects again, until it is cancelled; then it says DISCONNECT and returns. It can run once.</summary>
    public Task Run(CancellationToken cancel)
    {
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_disposed.IsCancellationRequested, this);
            if (_running is not null)
                throw new InvalidOperationException("The client has been run before.");
            return _running = RunUntil(cancel);
        }
    }

    /// <summary>
    /// Sends a message, never a retained one. Waits for a connection, and with QoS 1 for the broker's answer, at most
    /// <paramref name="expiry"/>; after a broken connection it is sent again. The payload must not change until then.
    /// </summary>
    /// <param name="expiry">The broker, too, forgets the message when this has passed, rounded up to seconds. Null: no limit.</param>
    /// <param name="cancel">Gives up waiting. A message that was sent before that may arrive.</param>
    public ValueTask<PublishResult> Publish(string topic, ReadOnlyMemory<byte> payload, Qos qos, TimeSpan? expiry, CancellationToken cancel) =>
        Publish(topic, payload, qos, retain: false, expiry, cancel);

    /// <summary>For tests only: nothing in the product may be retained.</summary>
    internal ValueTask<PublishResult> Publish(
        string topic, ReadOnlyMemory<byte> payload, Qos qos, bool retain, TimeSpan? expiry, CancellationToken cancel)
    {
        if (topic.Length is 0 or > 1024 || topic.AsSpan().ContainsAny('+', '#', '\0'))
            throw new ArgumentException("Not the name of a topic.", nameof(topic));
        return _outbox.Add(new Outgoing(topic, payload, qos, retain), expiry, cancel);
    }

    /// <summary>
    /// Subscribes now or at the next connection, and again whenever the broker has lost the session. Returns when the broker has granted it.
    /// </summary>
    /// <exception cref="MqttRefusedException">The broker refused; it is not asked again.</exception>
    public ValueTask Subscribe(string filter, Qos qos, CancellationToken cancel)
    {
        if (filter.Length is 0 or > 1024 || filter.Contains('\0', StringComparison.Ordinal))
            throw new ArgumentException("Not a topic filter.", nameof(filter));
        return _subscriptions.Add(filter, qos, cancel);
    }

    /// <summary>The same, for whoever has other things to do without it: a broker that refuses, because a right is missing there, is asked again until it grants.</summary>
    /// <param name="again">How long after a refusal.</param>
    public async Task SubscribePatiently(string filter, Qos qos, TimeSpan again, CancellationToken cancel)
    {
        while (true)
        {
            try
            {
                await Subscribe(filter, qos, cancel);
                return;
            }
            catch (MqttRefusedException)
            {
                await Task.Delay(again, _time, cancel);
            }
        }
    }

    /// <summary>Nobody takes the messages that have come, so that no more are read. For tests.</summary>
    internal bool IsHeldUp => _connection?.IsHeldUp == true;

    /// <summary>Returns at once when connected, otherwise at the next connection.</summary>
    /// <exception cref="OperationCanceledException">Cancelled, or the client was stopped.</exception>
    public Task WhenConnected(CancellationToken cancel)
    {
        lock (_gate)
            return _connected.Task.WaitAsync(cancel);
    }

    public async ValueTask DisposeAsync()
    {
        Task? running;
        lock (_gate)
        {
            running = _running;
            _disposed.Cancel();
        }
        if (running is not null)
            await running.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing); // whoever called Run gets what it threw
        Stop();
    }

    private async Task RunUntil(CancellationToken cancel)
    {
        await Task.Yield();
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancel, _disposed.Token);
        try
        {
            var backOff = new BackOff(_options.FirstRetry, _options.LongestRetry);
            while (true)
            {
                Change(new MqttLinkChange(MqttLinkState.Connecting));
                long started = _time.GetTimestamp();
                MqttEnd end = await ConnectOnce(either.Token);
                Change(new MqttLinkChange(MqttLinkState.Disconnected, end.Reason, end.Code, end.Detail, ServerReference: end.ServerReference));
                if (either.IsCancellationRequested)
                    return;
                await Task.Delay(backOff.Next(end, _time.GetElapsedTime(started)), _time, either.Token)
                    .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                if (either.IsCancellationRequested)
                    return;
            }
        }
        finally
        {
            _state = MqttLinkState.Disconnected;
            Stop();
        }
    }

    private async Task<MqttEnd> ConnectOnce(CancellationToken cancel)
    {
        using var limit = new CancellationTokenSource(_options.ConnectTimeout, _time);
        Stream stream;
        try
        {
            using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancel);
            stream = await _dial(either.Token);
        }
        catch (Exception e)
        {
            MqttEnd end = MqttConnection.Meaning(e, limit.Token, cancel);
            // Whatever a dialler throws, the link was not made, and it will be tried again.
            return end.Reason == MqttLinkReason.InternalError ? end with { Reason = MqttLinkReason.NetworkError } : end;
        }
        await using var connection = new MqttConnection(stream, _options, _time, _outbox, _subscriptions, _messages.Writer);
        _connection = connection;
        _outbox.Wake = _subscriptions.Wake = connection.Wake;
        return await connection.Run(NextConnect, OnConnected, limit.Token, cancel);
    }

    private ConnectPacket NextConnect() => new(
        _assignedClientId ?? _options.ClientId,
        _options.CleanStart,
        (ushort)_options.KeepAlive.TotalSeconds,
        (uint)_options.SessionExpiry.TotalSeconds,
        _options.ReceiveMaximum,
        (uint)_options.LargestPacketBytes,
        _options.Username,
        _options.Password,
        _options.NextWill?.Invoke());

    private void OnConnected(ConnackPacket connack)
    {
        // A name that nobody asked for would let the broker turn this client into another.
        if (_options.ClientId.Length == 0)
            _assignedClientId = connack.AssignedClientId ?? _assignedClientId;
        Change(new MqttLinkChange(MqttLinkState.Connected, SessionPresent: connack.SessionPresent));
    }

    private void Change(MqttLinkChange change)
    {
        lock (_gate)
        {
            if (change.State == MqttLinkState.Connected)
                _connected.TrySetResult();
            else if (_connected.Task.IsCompleted)
                _connected = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            _state = change.State;
        }
        Changed?.Invoke(change);
    }

    private void Stop()
    {
        _outbox.Stop();
        _outbox.Dispose();
        _subscriptions.Stop();
        _messages.Writer.TryComplete();
        lock (_gate)
        {
            if (_connected.Task.IsCompletedSuccessfully)
                _connected = new TaskCompletionSource();
            _connected.TrySetCanceled(CancellationToken.None);
        }
    }
}
