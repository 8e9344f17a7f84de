using System.Text.Json;
using Latchkey.Link.Messages;
using Latchkey.Server.Devices;
using Latchkey.Server.Features.Places;
using Latchkey.Server.Hosting;
using Latchkey.Server.Journal;
using Latchkey.Server.Storage;

namespace Latchkey.Server.Features.Visits;

/// <summary>
/// Keeps each gate's list of who is inside, so that it lets them go on while it is off line. It is written a moment after the taps and not with them: all visitors of a site
/// would wait for one row, the gate's.
/// </summary>
public sealed class GateRoll(Db db, PlaceBook places, TimeProvider time, ILogger<GateRoll> log) : BackgroundService
{
    private static readonly TimeSpan Every = TimeSpan.FromSeconds(1);

    /// <summary>At once for one gate; the rest a second later.</summary>
    private const int MostAtOnce = 200;

    /// <summary>A visit that ended longer ago was told then, or the gate was told everything anew since.</summary>
    private static readonly TimeSpan Within = TimeSpan.FromDays(2);

    protected override Task ExecuteAsync(CancellationToken stoppingToken) => Periodic.Run(Every, time, log, "telling gates who is inside", Sweep, stoppingToken);

    public async Task Sweep(CancellationToken cancel)
    {
        foreach (BankPlace gate in places.Sites.SelectMany(s => s.Others).Where(b => b.Mode == BankMode.Gate))
            await db.Change(tx => Tell(tx, gate), cancel);
    }

    private async Task<bool> Tell(Transaction tx, BankPlace gate)
    {
        DateTimeOffset now = time.GetUtcNow();
        // Another node is at it.
        if (await tx.First<Guid?>("select id from device where id = @DeviceId for update skip locked", new { gate.DeviceId }) is null)
            return false;
        List<Row> rows =
        [
            .. await tx.Query<Row>(
                """
                select l.id, l.cards::text as cards, l.paid_from, l.state, l.locker_id from lease l
                where l.kind = 'visit' and l.site_id = @SiteId and l.state = 'active' and not exists (select 1 from device_grant g where g.lease_id = l.id and g.device_id = @DeviceId and g.kind = 'lease')
                union all
                select l.id, '[]', l.paid_from, l.state, l.locker_id from lease l
                where l.kind = 'visit' and l.site_id = @SiteId and l.ended_at > @since and exists (select 1 from device_grant g where g.lease_id = l.id and g.device_id = @DeviceId and g.kind = 'lease')
                  and not exists (select 1 from device_grant g where g.lease_id = l.id and g.device_id = @DeviceId and g.kind = 'ended')
                limit @MostAtOnce
                """,
                new { gate.SiteId, gate.DeviceId, since = now - Within, MostAtOnce }),
        ];
        await Write(tx, gate, [.. rows.Select(Change)], now);
        return true;
    }

    /// <summary>Tells a gate what has changed on its list; nothing where nothing has.</summary>
    internal static async Task Write(Transaction tx, BankPlace gate, IReadOnlyList<GrantsBody> changes, DateTimeOffset now)
    {
        if (await Grants.Roll(tx, gate.DeviceId, changes, now))
            tx.Journal(new JournalEntry(now, JournalKinds.VisitRoll, JournalEntry.ByServer, SiteId: gate.SiteId, BankId: gate.Id, DeviceId: gate.DeviceId));
    }

    private GrantsBody Change(Row row) => row.State == "active"
        ? Inside(row.Id, places.Locker(row.LockerId)!, JsonSerializer.Deserialize<GrantedCard[]>(row.Cards, Json.Options)!, row.PaidFrom)
        : new GrantsBody.Ended(row.Id, GateDoors.In, 0);

    /// <summary>What a gate is told of a visit. Its doors have no assignments that follow each other: every generation is 0.</summary>
    internal static GrantsBody.Lease Inside(Guid lease, LockerPlace locker, IReadOnlyList<GrantedCard> cards, DateTimeOffset from) =>
        new(lease, GateDoors.In, 0, Grants.Whose(locker), cards, from.ToUnixTimeSeconds(), 0);

    private sealed class Row
    {
        public Guid Id { get; init; }
        public string Cards { get; init; } = "";
        public DateTimeOffset PaidFrom { get; init; }
        public string State { get; init; } = "";
        public Guid LockerId { get; init; }
    }
}
