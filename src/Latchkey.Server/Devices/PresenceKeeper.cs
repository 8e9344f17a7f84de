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

    /// <summary>A bank that was off line for that long reports uses of passes that nobody can look up any more.</summary>
    private static readonly TimeSpan PassesKept = TimeSpan.FromDays(30);

    /// <summary>In one transaction; some 50 ms.</summary>
    private const int MostForgotten = 10_000;

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

    private async Task Forget(CancellationToken cancel)
    {
        DateTimeOffset now = time.GetUtcNow();
        foreach ((string table, string instant, DateTimeOffset before) in ((string, string, DateTimeOffset)[])
            [
                ("device_report", "at", now - ReportNamesKept), ("idempotency", "created_at", now - Idempotency.KeptFor), ("refresh_token", "expires_at", now),
                // Codes name addresses of people who never came; what was tried with them is forgotten as CodeRules says.
                ("one_time_code", "expires_at", now - CodeRules.ForgottenAfter), ("code_tries", "last_at", now - CodeRules.ForgottenAfter),
                // What a pass was is asked for while somebody may still report its use.
                ("lease_pass", "share_id is null and expires_at", now - PassesKept),
            ])
        {
            // A few at a time, each a transaction of its own: nobody on any node reads the journal past one that lasts.
            while (await db.Change(
                tx => tx.Execute($"delete from {table} where ctid in (select ctid from {table} where {instant} < @before limit @MostForgotten)", new { before, MostForgotten }), cancel) == MostForgotten)
            {
            }
        }
    }

    private static JournalEntry Entry(string kind, Guid device, BankPlace bank, DateTimeOffset now) =>
        new(now, kind, JournalEntry.ByDevice(device), SiteId: bank.SiteId, BankId: bank.Id, DeviceId: device);
}
