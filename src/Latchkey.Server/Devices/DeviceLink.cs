using System.Security.Cryptography.X509Certificates;
using System.Threading.Channels;
using Latchkey.Link.Messages;
using Latchkey.Link.Mqtt;
using Latchkey.Server.Hosting;

namespace Latchkey.Server.Devices;

/// <summary>
/// This node's connection to the broker: orders go out, reports come in. Reports of one device are taken in their order, those of different
/// devices beside each other; each is acknowledged to the broker only after it was applied.
/// </summary>
public sealed class DeviceLink(BrokerAddress broker, ReportIntake intake, ReportReceipts receipts, TimeProvider time, ILogger<DeviceLink> log) : BackgroundService
{
    // Each lane waits mostly for the database's flush, which lanes share.
    private const int Lanes = 8;

    // With the client's own receive maximum this bounds what a node has taken and not applied.
    private const int WaitingPerLane = 256;

    // Long enough that an opening's event and result share a message, short against the ten seconds after which a device repeats itself.
    private static readonly TimeSpan ReceiptsEvery = TimeSpan.FromMilliseconds(100);

    private static readonly TimeSpan ReceiptsLive = TimeSpan.FromSeconds(5);

    private readonly MqttClient _client = new(
        new MqttOptions
        {
            ClientId = broker.ClientId,
            Username = broker.Username,
            Password = broker.Password,
            // A dead persistent member of a $share group would keep its part of the messages.
            CleanStart = true,
            SessionExpiry = TimeSpan.Zero,
            ReceiveMaximum = 1024,
            FirstRetry = TimeSpan.FromMilliseconds(200),
            LongestRetry = TimeSpan.FromSeconds(5),
        },
        broker.Dial,
        time);

    /// <summary>Whose reports are not taken any more. Set once, before the first connection.</summary>
    public Func<Guid, bool> IsRevoked { get; set; } = _ => false;

    /// <summary>It has a connection again, or for the first time. On the connection's own task: short, and does not throw.</summary>
    public event Action? Connected;

    public bool IsConnected => _client.State == MqttLinkState.Connected;

    public Task WhenConnected(CancellationToken cancel) => _client.WhenConnected(cancel);

    /// <param name="expiry">How long the message may still be acted on; not sent after that.</param>
    public async Task<PublishResult> Publish(string topic, byte[] payload, TimeSpan expiry, CancellationToken cancel) =>
        expiry <= TimeSpan.Zero
            ? new PublishResult(PublishStatus.Expired, 0, Written: false)
            : await _client.Publish(topic, payload, Qos.AtLeastOnce, expiry, cancel);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        _client.Changed += change =>
        {
            log.LogInformation("Broker: {State} ({Reason}, {Code}, {Detail}, {Reference}).", change.State, change.Reason, change.ReasonName, change.Detail, change.ServerReference);
            if (change.State != MqttLinkState.Connected)
                return;
            intake.TrustNothing();
            Connected?.Invoke();
        };
        Channel<MqttMessage>[] lanes = [.. Enumerable.Range(0, Lanes).Select(_ => Channel.CreateBounded<MqttMessage>(new BoundedChannelOptions(WaitingPerLane) { SingleReader = true }))];
        try
        {
            await Task.WhenAll([_client.Run(stoppingToken), Subscribe(stoppingToken), Sort(lanes, stoppingToken), GiveReceipts(stoppingToken), .. lanes.Select(l => Take(l.Reader, stoppingToken))]);
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The end of the program; what was not acknowledged comes again, to whoever reads then.
        }
    }

    private async Task Subscribe(CancellationToken cancel)
    {
        try
        {
            await _client.Subscribe(Topics.AllReports, Qos.AtLeastOnce, cancel);
        }
        catch (ObjectDisposedException) when (cancel.IsCancellationRequested)
        {
            // Stopped before it had begun.
        }
        catch (MqttRefusedException e)
        {
            log.LogCritical("The broker refuses this server's subscription ({Reason}): no device will be heard. Check the broker's access rules.", e.Message);
        }
    }

    private async Task Sort(Channel<MqttMessage>[] lanes, CancellationToken cancel)
    {
        await foreach (MqttMessage message in _client.Messages.ReadAllAsync(cancel))
        {
            int lane = Topics.TryParseReport(message.Topic, out Guid device, out _) ? (int)((uint)device.GetHashCode() % Lanes) : 0;
            if (IsRevoked(device))
            {
                message.Acknowledge();
                continue;
            }
            await lanes[lane].Writer.WriteAsync(message, cancel);
        }
    }

    private async Task Take(ChannelReader<MqttMessage> lane, CancellationToken cancel)
    {
        await foreach (MqttMessage message in lane.ReadAllAsync(cancel))
        {
            await TakeOne(message, cancel);
            KillPoint.At(KillPoint.ReportApplied);
            message.Acknowledge();
            receipts.Applied(message.Topic, message.Payload.Span);
        }
    }

    private Task GiveReceipts(CancellationToken cancel) => Periodic.Run(
        ReceiptsEvery,
        time,
        log,
        "telling devices what has arrived",
        round => Task.WhenAll(receipts.Take(time.GetUtcNow()).Select(r =>
            _client.Publish(Topics.Receipt(r.Device), Wire.Write(r.Receipt), Qos.AtMostOnce, ReceiptsLive, round).AsTask())),
        cancel);

    /// <summary>Class 22 is data that cannot be stored, 23 a constraint, 0A, 42 and P0 a mistake of ours: trying again would block the lane for ever.</summary>
    private static readonly string[] ForEver = ["0A", "22", "23", "42", "P0"];

    private static bool IsItsOwnFault(string sqlState) => ForEver.Any(c => sqlState.StartsWith(c, StringComparison.Ordinal));

    private async Task TakeOne(MqttMessage message, CancellationToken cancel)
    {
        // While the database is away the report is kept, unacknowledged, and tried again; anything else wrong with it is its own fault.
        for (TimeSpan wait = TimeSpan.FromMilliseconds(100); ; wait = TimeSpan.FromTicks(Math.Min(wait.Ticks * 2, TimeSpan.TicksPerSecond * 5)))
        {
            try
            {
                await intake.Take(message.Topic, message.Payload, cancel);
                return;
            }
            catch (Npgsql.NpgsqlException e) when (e is not Npgsql.PostgresException refused || !IsItsOwnFault(refused.SqlState))
            {
                log.LogWarning("A report on {Topic} waits for the database ({Reason}).", message.Topic, e.Message);
                await Task.Delay(wait, time, cancel);
            }
            catch (Exception e) when (!cancel.IsCancellationRequested)
            {
                log.LogError(e, "A report on {Topic} could not be applied and is dropped.", message.Topic);
                return;
            }
        }
    }
}

/// <summary>Where the broker is and who this node is there.</summary>
public sealed record BrokerAddress(MqttDial Dial, string ClientId, string? Username, string? Password, string Shown)
{
    /// <summary>Where TLS is spoken and with which authorities; null without TLS, or with the system's authorities.</summary>
    public (string Host, int Port, X509Certificate2Collection Trust)? Tls { get; init; }

    /// <summary>When this node's own certificate there ends; null without one.</summary>
    public DateTimeOffset? CertificateEnds { get; init; }

    /// <summary>Tells a broker of this node's own which certificates are revoked; null where the broker is somebody else's.</summary>
    public Func<CancellationToken, Task>? RefreshRevocations { get; init; }
}
