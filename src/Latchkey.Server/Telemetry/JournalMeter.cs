using System.Collections.Concurrent;
using System.Diagnostics;
using System.Diagnostics.Metrics;
using System.Text.Json;
using Latchkey.Domain.Commands;
using Latchkey.Link.Messages;
using Latchkey.Server.Devices;
using Latchkey.Server.Hosting;
using Latchkey.Server.Journal;
using Latchkey.Server.Live;
using Latchkey.Server.Storage;

namespace Latchkey.Server.Telemetry;

/// <summary>
/// Counts what this node commits, where everything that happens passes anyway: at the journal's bell. So no feature counts by itself, and nothing is counted
/// that was rolled back. At the end it waits until the commands ordered here have left.
/// </summary>
public sealed class JournalMeter : BackgroundService
{
    private static readonly TimeSpan LookEvery = TimeSpan.FromSeconds(15);

    // A command reaches the broker in milliseconds and is marked as sent within 250 ms; without a broker waiting longer brings nothing.
    private static readonly TimeSpan LeaveWithin = TimeSpan.FromSeconds(2);

    private readonly ConcurrentDictionary<Guid, bool> _leaving = new(); // as many as commands run: ten seconds each
    private readonly JournalBell _bell;
    private readonly JournalTail _tail;
    private readonly Db _db;
    private readonly TimeProvider _time;
    private readonly ILogger<JournalMeter> _log;
    private readonly Meter _meter = new(Instruments.Name);
    private long _online;
    private long _devices;
    private long _behindSince; // ticks; 0 when everything that was committed here has been read
    private JournalCursor _last;

    public JournalMeter(JournalBell bell, JournalTail tail, LiveHub hub, Db db, TimeProvider time, ILogger<JournalMeter> log)
    {
        (_bell, _tail, _db, _time, _log) = (bell, tail, db, time, log);
        _meter.CreateObservableGauge("latchkey.devices", () => _devices, description: "Devices that are known.");
        _meter.CreateObservableGauge("latchkey.devices.online", () => _online, description: "Devices that are connected.");
        _meter.CreateObservableGauge("latchkey.live.connections", () => hub.Readers, description: "Live feeds that are open at this node.");
        _meter.CreateObservableGauge("latchkey.commands.leaving", () => _leaving.Count, description: "Commands ordered here that have not been sent or settled yet.");
        _meter.CreateObservableGauge("latchkey.journal.tail.lag", Lag, "s", "How long the oldest unread commit of this node has waited.");
        bell.Rung += OnRung;
        tail.Read += OnRead;
    }

    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        for (long begun = TimeProvider.System.GetTimestamp(); !_leaving.IsEmpty && _tail.Started.IsCompleted && TimeProvider.System.GetElapsedTime(begun) < LeaveWithin;)
            await Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System, cancellationToken);
        await base.StopAsync(cancellationToken);
    }

    public override void Dispose()
    {
        _bell.Rung -= OnRung;
        _tail.Read -= OnRead;
        _meter.Dispose();
        base.Dispose();
    }

    protected override Task ExecuteAsync(CancellationToken stoppingToken) => Periodic.Run(
        LookEvery,
        TimeProvider.System,
        _log,
        "count of devices",
        async cancel => (_devices, _online) = await _db.Read(
            c => Dapper.SqlMapper.QuerySingleAsync<(long, long)>(c, "select count(*), count(*) filter (where online) from device where model <> 'none'"), cancel),
        stoppingToken);

    private void OnRung(JournalCursor last, IReadOnlyList<JournalEntry> entries)
    {
        lock (_meter)
        {
            _last = last;
            if (_behindSince == 0)
                _behindSince = TimeProvider.System.GetTimestamp();
        }
        foreach (JournalEntry e in entries)
        {
            Instruments.Journal.Add(1, new KeyValuePair<string, object?>("kind", e.Kind));
            if (e.CommandId is not { } command)
                continue;
            if (e.Kind == JournalKinds.CommandCreated)
                Ordered(command, e);
            else if (e.Kind == JournalKinds.CommandSettled)
                Settled(command, e);
        }
    }

    private void OnRead(IReadOnlyList<JournalRead> batch)
    {
        Instruments.TailDelay.Record(Math.Max(0, (_time.GetUtcNow() - batch[^1].Entry.At).TotalSeconds));
        foreach (JournalRead read in batch)
        {
            if (read.Entry is { CommandId: { } command, Kind: JournalKinds.CommandSent or JournalKinds.CommandSettled })
                _leaving.TryRemove(command, out _);
        }
        lock (_meter)
        {
            if (batch[^1].Cursor >= _last)
                _behindSince = 0;
        }
    }

    private void Ordered(Guid command, JournalEntry e)
    {
        _leaving[command] = true;
        // The request that ordered it has a trace of its own; the two point at each other.
        ActivityLink[] links = Activity.Current is { } request ? [new ActivityLink(request.Context)] : [];
        Activity.Current?.SetTag("latchkey.command", command.ToString("D"));
        using Activity? span = Instruments.Traces.StartActivity("order", ActivityKind.Internal, Instruments.TraceOf(command), links: links, startTime: Instruments.MadeAt(command));
        span?.SetTag("latchkey.authority", e.Authority);
    }

    private static void Settled(Guid command, JournalEntry e)
    {
        LiveEvents.Settled outcome = JsonSerializer.Deserialize<LiveEvents.Settled>(e.Data!, Json.Options)!;
        // A device may say anything; a label of a metric has a handful of values.
        string reason = outcome.Reason is null or CommandDispatch.DeviceAbsent || RefusalReasons.All.Contains(outcome.Reason) ? outcome.Reason ?? "" : "other";
        Instruments.Commands.Add(1, new KeyValuePair<string, object?>("outcome", outcome.State.Text()), new KeyValuePair<string, object?>("reason", reason));
        // Not at the door's own entry: where a state came by another node first, that one names no command.
        if (outcome.State == CommandState.Opened)
            Instruments.OpenTime.Record(Math.Max(0, (e.At - Instruments.MadeAt(command)).TotalSeconds));
        using Activity? span = Instruments.Traces.StartActivity("command", ActivityKind.Consumer, Instruments.TraceOf(command), startTime: Instruments.MadeAt(command));
        span?.SetTag("latchkey.outcome", outcome.State.Text()).SetTag("latchkey.reason", outcome.Reason).SetTag("latchkey.settled-by", e.Authority);
        span?.SetStatus(outcome.State is CommandState.Unconfirmed or CommandState.NotOpened or CommandState.NotLocked or CommandState.Unknown ? ActivityStatusCode.Error : ActivityStatusCode.Ok);
    }

    private double Lag()
    {
        lock (_meter)
            return _behindSince == 0 ? 0 : TimeProvider.System.GetElapsedTime(_behindSince).TotalSeconds;
    }
}
