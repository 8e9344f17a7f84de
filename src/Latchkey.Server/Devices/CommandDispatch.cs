using System.Diagnostics;
using System.Threading.Channels;
using Latchkey.Domain.Commands;
using Latchkey.Link.Messages;
using Latchkey.Link.Mqtt;
using Latchkey.Server.Hosting;
using Latchkey.Server.Journal;
using Latchkey.Server.Storage;
using Latchkey.Server.Telemetry;

namespace Latchkey.Server.Devices;

/// <summary>A command that is written down and waits to be sent.</summary>
/// <param name="Number">The door's number at its controller.</param>
public sealed record DispatchOrder(Guid Command, Guid Device, Guid Locker, int Number, string Kind, string Authority, DateTimeOffset Expires);

/// <summary>
/// Signs commands and hands them to the broker, each as soon as it is committed. What the broker says is written down only where it decides
/// something: "nobody listens" ends a command at once, and one that never left this node by its expiry has certainly moved nothing.
/// </summary>
public sealed class CommandDispatch(DeviceLink link, Db db, DeviceKeys keys, TimeProvider time, ILogger<CommandDispatch> log) : BackgroundService
{
    // More orders than a whole city gives in ten seconds. Beyond it the link takes no more, and a command that has certainly not left is called expired.
    private const int MostWaiting = 1000;

    /// <summary>Why the server itself refuses: the broker says that nobody listens. Beside what devices say (<see cref="RefusalReasons"/>).</summary>
    public const string DeviceAbsent = "device-absent";

    // Signed and written to the socket by the thread that has committed it: waking another one took 0.2 ms, while somebody stands at the door.
    private readonly Channel<DispatchOrder> _orders = Channel.CreateBounded<DispatchOrder>(
        new BoundedChannelOptions(MostWaiting) { SingleReader = true, AllowSynchronousContinuations = true });
    private readonly Channel<Guid> _acknowledged = Channel.CreateBounded<Guid>(
        new BoundedChannelOptions(MostWaiting) { FullMode = BoundedChannelFullMode.DropWrite }); // only a nicer word on a screen is lost

    /// <summary>Sends it. One that cannot even wait here is left to the sweep.</summary>
    public void Send(DispatchOrder order)
    {
        if (!_orders.Writer.TryWrite(order))
            log.LogError("More than {Most} commands wait to be sent; command {Command} was not.", MostWaiting, order.Command);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        Task marking = Periodic.Run(TimeSpan.FromMilliseconds(250), time, log, "marking of sent commands", MarkSent, stoppingToken);
        var underWay = new HashSet<Task>();
        try
        {
            await foreach (DispatchOrder order in _orders.Reader.ReadAllAsync(stoppingToken))
            {
                underWay.RemoveWhere(t => t.IsCompleted);
                if (underWay.Count >= MostWaiting)
                    await Task.WhenAny(underWay);
                underWay.Add(SendOne(order, stoppingToken));
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The end of the program: what was sent may still be answered, through another node.
        }
        await Task.WhenAll([.. underWay, marking]);
    }

    private async Task SendOne(DispatchOrder order, CancellationToken stopping)
    {
        try
        {
            CommandKey key = await keys.Of(order.Device, stopping);
            byte[] payload = Wire.Write(key.Sign(order.Command, order.Kind, order.Number, order.Expires, order.Authority));
            KillPoint.At(KillPoint.OrderSigned);
            using Activity? span = Instruments.Traces.StartActivity("publish", ActivityKind.Producer, Instruments.TraceOf(order.Command));
            PublishResult result = await link.Publish(Topics.Command(order.Device), payload, order.Expires - time.GetUtcNow(), stopping);
            KillPoint.At(KillPoint.OrderPublished);
            if (result.Status == PublishStatus.Acknowledged)
                _acknowledged.Writer.TryWrite(order.Command);
            else if (result is { Status: PublishStatus.NobodyListens, Repeated: false })
                await CommandLedger.Settle(db, order.Command, CommandState.Refused, DeviceAbsent, JournalEntry.ByServer, time.GetUtcNow());
            else if (!result.Written)
                await CommandLedger.Settle(db, order.Command, CommandState.Expired, null, JournalEntry.ByServer, time.GetUtcNow());
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            // Written down as pending; the sweep of any node ends it.
        }
        catch (Exception e)
        {
            log.LogError(e, "Command {Command} could not be sent; the sweep will end it.", order.Command);
        }
    }

    /// <summary>
    /// Off the fast path: most commands are answered before anybody could read the word "sent", and need no row written for it.
    /// </summary>
    private async Task MarkSent(CancellationToken cancel)
    {
        var acknowledged = new List<Guid>();
        while (acknowledged.Count < MostWaiting && _acknowledged.Reader.TryRead(out Guid command))
            acknowledged.Add(command);
        if (acknowledged.Count > 0)
            await CommandLedger.MarkSent(db, acknowledged, time.GetUtcNow(), cancel);
    }
}
