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

    /// <summary>A broker that was away for longer is given new files: each start of a node would otherwise tell it of every device there is.</summary>
    private static readonly TimeSpan Recent = TimeSpan.FromDays(1);

    private readonly Db _db;
    private readonly PlaceBook _places;
    private readonly DeviceKeys _keys;
    private readonly DeviceLink _link;
    private readonly TimeProvider _time;
    private readonly ILogger<ClaimedDevices> _log;
    private readonly HashSet<Guid> _added = [];
    private readonly Wake _soon = new();

    public ClaimedDevices(Db db, PlaceBook places, DeviceKeys keys, DeviceLink link, JournalTail tail, TimeProvider time, ILogger<ClaimedDevices> log)
    {
        (_db, _places, _keys, _link, _time, _log) = (db, places, keys, link, time, log);
        tail.Read += OnJournal;
    }

    protected override Task ExecuteAsync(CancellationToken stoppingToken) => Periodic.Run(LookEvery, _time, _log, "look for claimed devices", Look, stoppingToken, _soon);

    private void OnJournal(IReadOnlyList<JournalRead> batch)
    {
        foreach (JournalEntry entry in batch.Select(r => r.Entry).Where(e => e.Kind is JournalKinds.DeviceClaimed or JournalKinds.DeviceKeyOffered or JournalKinds.DeviceKeyChanged && e.DeviceId is not null))
        {
            _keys.Forget(entry.DeviceId!.Value);
            if (entry.Kind == JournalKinds.DeviceClaimed)
                _soon.Call();
        }
    }

    private async Task Look(CancellationToken cancel)
    {
        DateTimeOffset since = _time.GetUtcNow() - Recent;
        IEnumerable<Guid> claimed = await _db.Read(c => c.QueryAsync<Guid>("select id from device where claimed_at > @since and revoked_at is null", new { since }), cancel);
        List<Guid> due = [.. claimed.Where(d => !_added.Contains(d))];
        if (due.Count > 0)
            await _places.Reload(cancel); // whose banks they run
        foreach (Guid device in due)
        {
            if (await Add(device, cancel))
                _added.Add(device);
        }
    }

    private async Task<bool> Add(Guid device, CancellationToken cancel)
    {
        if (await BrokerControl.Tell(_link, BrokerFiles.AddDevice(device), cancel) is not { } result)
            return false;
        if (result.Status == PublishStatus.Refused)
            _log.LogWarning("The broker lets this node not add device {Device} ({Reason}). Give it access there.", device, MqttReasonCode.Name(result.Reason));
        return true;
    }
}
