using System.Text.Json;
using Latchkey.Server.Features.Places;
using Latchkey.Server.Hosting;
using Latchkey.Server.Journal;
using Latchkey.Server.Storage;

namespace Latchkey.Server.Features.Alerts;

/// <summary>
/// Reads the journal and keeps the list of what somebody must act on: a cause is raised once, by the index, and resolved when the world comes right. What staff are told by message follows from
/// here too, so that a list and a message never disagree. A bank that is away is looked for, because silence writes no entry.
/// </summary>
public sealed class AlertWriter(Db db, PlaceBook places, JournalTail tail, TimeProvider time, ILogger<AlertWriter> log) : JournalFollower(db, tail, log, "alert_cursor", "alerts")
{
    private static readonly TimeSpan LookForTheGone = TimeSpan.FromSeconds(5);

    private readonly Db _db = db;

    /// <summary>What the journal says of an alert.</summary>
    /// <param name="Since">Of a bank that is away: when it was last heard.</param>
    internal sealed record Told(Guid Alert, string Kind, string? Issue = null, Guid? Ticket = null, DateTimeOffset? Since = null);

    protected override Task ExecuteAsync(CancellationToken stoppingToken) => Task.WhenAll(
        base.ExecuteAsync(stoppingToken), Periodic.Run(LookForTheGone, time, log, "look for banks that are away", FindGone, stoppingToken));

    protected override async Task Write(Transaction tx, IReadOnlyList<JournalRead> read)
    {
        DateTimeOffset now = time.GetUtcNow();
        foreach (JournalRead r in read)
        {
            // A lock of somebody's own is its owner's business.
            if (r.Entry is not { SiteId: { } site, BankId: { } bank } || places.Bank(bank) is { Owned: true })
                continue;
            foreach (AlertStep step in AlertRules.Of(r.Entry))
            {
                Guid? locker = step.OfDoor ? r.Entry.LockerId : null;
                if (step.OfDoor && locker is null)
                    continue;
                if (step.Raise)
                    await Raise(tx, step, site, bank, locker, r.Entry.LeaseId, r.Entry.At, now);
                else
                    await Resolve(tx, step.Kind, bank, locker, r.Entry.At, now);
            }
        }
    }

    private static async Task Raise(Transaction tx, AlertStep step, Guid site, Guid bank, Guid? locker, Guid? lease, DateTimeOffset at, DateTimeOffset now)
    {
        (Guid id, string kind) = (Guid.CreateVersion7(now), step.Kind.Text());
        int raised = await tx.Execute(
            """
            insert into alert (id, kind, site_id, bank_id, locker_id, lease_id, ticket_id, detail, raised_at)
            values (@id, @kind, @site, @bank, @locker, @lease, @Ticket, @Detail, @at) on conflict do nothing
            """,
            new { id, kind, site, bank, locker, lease, step.Ticket, step.Detail, at });
        if (raised == 1)
            tx.Journal(Entry(now, JournalKinds.AlertRaised, JournalEntry.ByServer, site, bank, locker, new Told(id, kind, step.Kind is AlertKind.Tamper ? "tamper" : step.Detail, step.Ticket, step.Kind is AlertKind.Offline ? at : null)));
    }

    private static async Task Resolve(Transaction tx, AlertKind kind, Guid bank, Guid? locker, DateTimeOffset at, DateTimeOffset now)
    {
        // An absence is not found in the journal: an entry from before it, read after it was found, says nothing about it. A locker's reports have one alert together, which ends with the last of them.
        foreach ((Guid id, Guid site) in await tx.Query<(Guid, Guid)>(
            "update alert set resolved_at = @now where kind = @kind and bank_id = @bank and locker_id is not distinct from @locker and resolved_at is null and (kind <> 'offline' or raised_at < @at) and (kind <> 'ticket' or not exists (select 1 from ticket t where t.locker_id = alert.locker_id and t.closed_at is null)) returning id, site_id",
            new { now, kind = kind.Text(), bank, locker, at }))
            tx.Journal(Entry(now, JournalKinds.AlertResolved, JournalEntry.ByServer, site, bank, locker, new Told(id, kind.Text())));
    }

    /// <summary>One absence is told once, also where somebody has called it settled while it lasts.</summary>
    public Task FindGone(CancellationToken cancel) => _db.Change(
        async tx =>
        {
            DateTimeOffset now = time.GetUtcNow();
            // One node at a time: another one's look from before a person settled it would tell the same absence again.
            await tx.Execute("select pg_advisory_xact_lock(hashtext('alerts-gone'))");
            foreach ((Guid site, Guid bank, DateTime since) in await tx.Query<(Guid, Guid, DateTime)>(
                """
                select b.site_id, b.id, coalesce(d.gone_at, d.last_seen) from device d join bank b on b.device_id = d.id
                where d.online = false and d.revoked_at is null and not b.owned and coalesce(d.gone_at, d.last_seen) <= @before
                  and not exists (select 1 from alert a where a.bank_id = b.id and a.kind = 'offline' and (a.resolved_at is null or a.raised_at >= coalesce(d.gone_at, d.last_seen)))
                limit 1000
                """,
                new { before = now - AlertRules.OfflineFor }))
                await Raise(tx, new AlertStep(AlertKind.Offline, true, false), site, bank, null, null, new DateTimeOffset(since, TimeSpan.Zero), now);
            return true;
        },
        cancel);

    internal static JournalEntry Entry(DateTimeOffset at, string kind, string authority, Guid site, Guid bank, Guid? locker, Told told) =>
        new(at, kind, authority, SiteId: site, BankId: bank, LockerId: locker, Data: JsonSerializer.Serialize(told, Json.Options));
}
