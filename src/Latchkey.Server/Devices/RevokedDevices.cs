using System.Collections.Concurrent;
using Dapper;
using Latchkey.Link.Mqtt;
using Latchkey.Server.Devices.Broker;
using Latchkey.Server.Hosting;
using Latchkey.Server.Journal;
using Latchkey.Server.Storage;

namespace Latchkey.Server.Devices;

/// <summary>
/// Which devices' credentials were taken away, and that they are cut off: at the broker's access list, which ends a live connection at once; in
/// the private broker's list of revoked certificates, so that none comes back; and for whoever asks here. A revocation is heard of through the
/// journal within a second or two; looking every ten seconds is for a word that was missed and for a broker that was away.
/// </summary>
public sealed class RevokedDevices : BackgroundService
{
    private static readonly TimeSpan LookEvery = TimeSpan.FromSeconds(10);

    private readonly Db _db;
    private readonly BrokerAddress _broker;
    private readonly DeviceLink _link;
    private readonly TimeProvider _time;
    private readonly ILogger<RevokedDevices> _log;
    private readonly ConcurrentDictionary<Guid, bool> _revoked = [];
    private readonly HashSet<Guid> _cut = [];
    private readonly Wake _soon = new();
    private long _superseded;

    public RevokedDevices(Db db, BrokerAddress broker, DeviceLink link, JournalTail tail, TimeProvider time, ILogger<RevokedDevices> log)
    {
        (_db, _broker, _link, _time, _log) = (db, broker, link, time, log);
        link.IsRevoked = IsRevoked;
        tail.Read += OnJournal;
    }

    /// <summary>Raised once for each device, and for each that was revoked before this node started. Handlers are short and do not throw.</summary>
    public event Action<Guid>? Revoked;

    public bool IsRevoked(Guid device) => _revoked.ContainsKey(device);

    protected override Task ExecuteAsync(CancellationToken stoppingToken) => Periodic.Run(LookEvery, _time, _log, "look for revoked devices", Look, stoppingToken, _soon);

    private void OnJournal(IReadOnlyList<JournalRead> batch)
    {
        foreach (JournalEntry entry in batch.Select(r => r.Entry).Where(e => e.Kind is JournalKinds.DeviceRevoked or JournalKinds.DeviceKeyChanged && e.DeviceId is not null))
        {
            if (entry.Kind == JournalKinds.DeviceRevoked)
                Note(entry.DeviceId!.Value);
            _soon.Call();
        }
    }

    private void Note(Guid device)
    {
        if (_revoked.TryAdd(device, true))
            Revoked?.Invoke(device);
    }

    private async Task Look(CancellationToken cancel)
    {
        List<Guid> all = [.. await _db.Read(c => c.QueryAsync<Guid>("select id from device where revoked_at is not null"), cancel)];
        all.ForEach(Note);
        List<Guid> due = [.. all.Where(d => !_cut.Contains(d))];
        // Certificates of keys that devices have changed: nobody is cut off, and nobody comes with them again.
        long superseded = await _db.Read(c => c.ExecuteScalarAsync<long>("select count(*) from device_certificate where revoked_at is not null"), cancel);
        if (due.Count == 0 && superseded == _superseded)
            return;
        // First the list, so that whoever is cut off cannot come straight back.
        if (_broker.RefreshRevocations is { } refresh)
            await refresh(cancel);
        _superseded = superseded;
        foreach (Guid device in due)
        {
            if (await CutOff(device, cancel))
                _cut.Add(device);
        }
    }

    private async Task<bool> CutOff(Guid device, CancellationToken cancel)
    {
        // While the broker is away, so are its connections.
        if (await BrokerControl.Tell(_link, BrokerFiles.RemoveDevice(device), cancel) is not { } result)
            return false;
        if (result.Status == PublishStatus.Refused)
            _log.LogWarning("The broker lets this node not remove device {Device} ({Reason}). Take its access away there; what it reports is ignored.", device, MqttReasonCode.Name(result.Reason));
        else
            _log.LogInformation("Device {Device} is cut off.", device);
        return true;
    }
}
