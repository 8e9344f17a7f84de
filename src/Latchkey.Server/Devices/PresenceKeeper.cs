using System.Collections.Concurrent;
using Latchkey.Domain.Accounts;
using Latchkey.Domain.Devices;
using Latchkey.Server.Features.Places;
using Latchkey.Server.Hosting;
using Latchkey.Server.Journal;
using Latchkey.Server.Storage;

namespace Latchkey.Server.Devices;

/// <summary>
/// Who is there. Sightings are kept in memory and written twice a second, all in one statement: a heartbeat is not a row. A last will is
/// believed at once, silence after a while. Commands that nobody answered are swept here too, once a second.
/// </summary>
public sealed class PresenceKeeper(Db db, PlaceBook places, TimeProvider time, ILogger<PresenceKeeper> log) : BackgroundService
{
    /// <summary>What the API says of a device is less than a second old, the writing of 5,000 rows included.</summary>
    private static readonly TimeSpan FlushEvery = TimeSpan.FromMilliseconds(500);

    private static readonly TimeSpan SweepEvery = TimeSpan.FromSeconds(1);

    // How long the names of applied reports are kept. A broker forgets an unacknowledged message within minutes; a device's own outbox
    // may hold one for days.
    private static readonly TimeSpan ReportNamesKept = TimeSpan.FromDays(7);

    private readonly ConcurrentDictionary<Guid, DateTimeOffset> _seen = new();
    private readonly DateTimeOffset _listeningSince = time.GetUtcNow();

    /// <summary>The device has spoken.</summary>
    public void Seen(Guid device, DateTimeOffset at) => _seen[device] = at;

    /// <summary>The device has said hello: it is online now, not a second later.</summary>
    public async Task Online(Transaction tx, Guid device, BankPlace bank, DateTimeOffset now)
    {
        int changed = await tx.Execute(
            "update device set online = true, last_seen = @now, gone_at = null where id = @device and online is distinct from true", new { device, now });
        if (changed == 1)
            tx.Journal(await LockOwners.Told(tx, bank, Entry(JournalKinds.DeviceOnline, device, bank, now)));
    }

    /// <summary>The broker has published the device's last will.</summary>
    public Task Gone(Guid device, BankPlace bank, (long Boot, long Link) gone) => db.Change(
        async tx =>
        {
            DateTimeOffset now = time.GetUtcNow();
            // A later hello makes a will void (Presence.WillCounts): the same comparison, where the database holds the other side of it.
            int changed = await tx.Execute(
                """
                update device set online = false, gone_at = @now
                where id = @device and online is distinct from false and (link_boot, link_seq) <= (@Boot, @Link)
                """,
                new { device, now, gone.Boot, gone.Link });
            if (changed == 1)
                tx.Journal(await LockOwners.Told(tx, bank, Entry(JournalKinds.DeviceOffline, device, bank, now)));
            return changed;
        },
        CancellationToken.None);

    protected override Task ExecuteAsync(CancellationToken stoppingToken) => Task.WhenAll(
        Periodic.Run(FlushEvery, time, log, "flush of presence", Flush, stoppingToken),
        Periodic.Run(SweepEvery, time, log, "sweep of commands", cancel => CommandLedger.Sweep(db, time.GetUtcNow(), cancel), stoppingToken),
        Periodic.Run(Presence.CheckEvery, time, log, "check for silent devices", FindSilent, stoppingToken),
        Periodic.Run(TimeSpan.FromHours(1), time, log, "forgetting of old report names and idempotency keys", Forget, stoppingToken));

    public async Task Flush(CancellationToken cancel)
    {
        // The dictionary's own: an array made by anybody else fails when a device is heard for the first time meanwhile.
        KeyValuePair<Guid, DateTimeOffset>[] seen = _seen.ToArray();
        if (seen.Length == 0)
            return;
        await db.Change(
            async tx =>
            {
                // A sighting from before the last will does not bring a device back. Not "for update": whoever writes what a device said names its row, and all would wait for the slowest.
                foreach (Guid? back in await tx.Query<Guid?>(
                    """
                    with seen as (select * from unnest(@devices, @times) as s (id, at)),
                    known as (select d.id, d.online from device d join seen s on s.id = d.id order by d.id for no key update of d)
                    update device d set last_seen = greatest(d.last_seen, seen.at), online = true, gone_at = null
                    from seen, known
                    where d.id = seen.id and known.id = d.id and (d.gone_at is null or seen.at > d.gone_at)
                    returning case when known.online is distinct from true then d.id end
                    """,
                    new { devices = seen.Select(s => s.Key).ToArray(), times = seen.Select(s => s.Value).ToArray() }))
                {
                    if (back is { } device && places.BankOfDevice(device) is { } bank)
                        tx.Journal(await LockOwners.Told(tx, bank, Entry(JournalKinds.DeviceOnline, device, bank, time.GetUtcNow())));
                }
                return true;
            },
            cancel);
        foreach (KeyValuePair<Guid, DateTimeOffset> flushed in seen)
            _seen.TryRemove(flushed); // only if nothing newer has come since
    }

    public async Task FindSilent(CancellationToken cancel)
    {
        DateTimeOffset now = time.GetUtcNow();
        // A node that has just started has heard nobody yet, and may not call that silence.
        if (!Presence.IsSilent(_listeningSince, now))
            return;
        // Who was heard and is not written down yet is not silent: a slow database must not make the screens flap.
        await Flush(cancel);
        await MarkSilent(now, cancel);
    }

    private Task<bool> MarkSilent(DateTimeOffset now, CancellationToken cancel) => db.Change(
        async tx =>
        {
            foreach (Guid silent in await tx.Query<Guid>(
                "update device set online = false where online and last_seen <= @before returning id", new { before = now - Presence.SilenceAllowed }))
            {
                if (places.BankOfDevice(silent) is { } bank)
                    tx.Journal(await LockOwners.Told(tx, bank, Entry(JournalKinds.DeviceOffline, silent, bank, now)));
            }
            return true;
        },
        cancel);

    private async Task Forget(CancellationToken cancel) => await db.Change(
        async tx =>
        {
            DateTimeOffset now = time.GetUtcNow();
            await tx.Execute("delete from device_report where at < @before", new { before = now - ReportNamesKept });
            await tx.Execute("delete from idempotency where created_at < @before", new { before = now - Idempotency.KeptFor });
            // Codes name addresses of people who never came; what was tried with them is forgotten as CodeRules says.
            await tx.Execute("delete from one_time_code where expires_at < @before", new { before = now - CodeRules.ForgottenAfter });
            await tx.Execute("delete from code_tries where last_at < @before", new { before = now - CodeRules.ForgottenAfter });
            return await tx.Execute("delete from refresh_token where expires_at < @now", new { now });
        },
        cancel);

    private static JournalEntry Entry(string kind, Guid device, BankPlace bank, DateTimeOffset now) =>
        new(now, kind, JournalEntry.ByDevice(device), SiteId: bank.SiteId, BankId: bank.Id, DeviceId: device);
}
