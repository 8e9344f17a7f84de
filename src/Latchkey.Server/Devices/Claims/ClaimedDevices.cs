using Dapper;
using Latchkey.Link.Mqtt;
using Latchkey.Server.Devices.Broker;
using Latchkey.Server.Features.Places;
using Latchkey.Server.Hosting;
using Latchkey.Server.Journal;
using Latchkey.Server.Storage;

namespace Latchkey.Server.Devices.Claims;

/// <summary>
/// A device that was claimed a moment ago is let in by the running broker, and every node learns whose bank it runs. Heard of through the journal; looking
/// every ten seconds is for a word that was missed and for a broker that was away.
/// </summary>
public sealed class ClaimedDevices : BackgroundService
{
    private static readonly TimeSpan LookEvery = TimeSpan.FromSeconds(10);

    /// <summary>Within one round, so that rounds do not pile up.</summary>
    private static readonly TimeSpan BrokerPatience = TimeSpan.FromSeconds(8);

    /// <summary>A broker that was away for longer is given new files: each start of a node would otherwise tell it of every device there is.</summary>
    private static readonly TimeSpan Recent = TimeSpan.FromDays(1);

    private readonly Db _db;
    private readonly PlaceBook _places;
    private readonly DeviceKeys _keys;
    private readonly DeviceLink _link;
    private readonly TimeProvider _time;
    private readonly ILogger<ClaimedDevices> _log;
    private readonly HashSet<Guid> _added = [];
    private readonly SemaphoreSlim _looking = new(1);
    private CancellationToken _stopping;
    private Task _soon = Task.CompletedTask;

    public ClaimedDevices(Db db, PlaceBook places, DeviceKeys keys, DeviceLink link, JournalTail tail, TimeProvider time, ILogger<ClaimedDevices> log)
    {
        (_db, _places, _keys, _link, _time, _log) = (db, places, keys, link, time, log);
        tail.Read += OnJournal;
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        _stopping = stoppingToken;
        await Periodic.Run(LookEvery, _time, _log, "look for claimed devices", Look, stoppingToken);
        await _soon;
    }

    private void OnJournal(IReadOnlyList<JournalRead> batch)
    {
        bool any = false;
        foreach (JournalEntry entry in batch.Select(r => r.Entry).Where(e => e.Kind is JournalKinds.DeviceClaimed or JournalKinds.DeviceKeyChanged && e.DeviceId is not null))
        {
            _keys.Forget(entry.DeviceId!.Value);
            any |= entry.Kind == JournalKinds.DeviceClaimed;
        }
        if (any && !_stopping.IsCancellationRequested)
            _soon = Task.WhenAll(_soon, LookSoon(_stopping));
    }

    private async Task LookSoon(CancellationToken cancel)
    {
        try
        {
            await _places.Reload(cancel);
            await Look(cancel);
        }
        catch (Exception e) when (!cancel.IsCancellationRequested)
        {
            _log.LogWarning("A claimed device is let in with the next round ({Reason}).", e.Message);
        }
        catch (OperationCanceledException)
        {
            // The end of the program.
        }
    }

    private async Task Look(CancellationToken cancel)
    {
        await _looking.WaitAsync(cancel);
        try
        {
            DateTimeOffset since = _time.GetUtcNow() - Recent;
            foreach (Guid device in await _db.Read(c => c.QueryAsync<Guid>("select id from device where claimed_at > @since and revoked_at is null", new { since }), cancel))
            {
                if (_added.Contains(device))
                    continue;
                await _places.FindBankOfDevice(device, cancel);
                if (await Add(device, cancel))
                    _added.Add(device);
            }
        }
        finally
        {
            _looking.Release();
        }
    }

    private async Task<bool> Add(Guid device, CancellationToken cancel)
    {
        PublishResult result = await _link.Publish(BrokerFiles.ControlTopic, BrokerFiles.AddDevice(device), BrokerPatience, cancel);
        if (result.Status is PublishStatus.Expired or PublishStatus.QueueFull or PublishStatus.Lost)
            return false;
        if (result.Status == PublishStatus.Refused)
            _log.LogWarning("The broker lets this node not add device {Device} ({Reason}). Give it access there.", device, MqttReasonCode.Name(result.Reason));
        return true;
    }

    public override void Dispose()
    {
        _looking.Dispose();
        base.Dispose();
    }
}
