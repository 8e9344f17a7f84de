using System.Collections.Concurrent;
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
/// would wait for one row, the gate's. The journal says whose visits have begun or ended; once a minute all are compared, for what a node that died had heard and not told.
/// </summary>
public sealed class GateRoll : BackgroundService
{
    private static readonly TimeSpan Every = TimeSpan.FromSeconds(1), CompareEvery = TimeSpan.FromMinutes(1);

    /// <summary>Of one site at once; the rest a second later.</summary>
    private const int MostAtOnce = 200;

    /// <summary>Heard and not yet told. What does not fit is found by the comparison.</summary>
    private const int MostWaiting = 20_000;

    /// <summary>A visit that ended longer ago was told then, or the gate was told everything anew since.</summary>
    private static readonly TimeSpan Within = TimeSpan.FromDays(2);

    private readonly ConcurrentDictionary<Guid, Guid> _heard = new(); // lease -> site
    private readonly Db _db;
    private readonly PlaceBook _places;
    private readonly TimeProvider _time;
    private readonly ILogger<GateRoll> _log;

    public GateRoll(Db db, PlaceBook places, JournalTail tail, TimeProvider time, ILogger<GateRoll> log)
    {
        (_db, _places, _time, _log) = (db, places, time, log);
        tail.Read += batch =>
        {
            foreach (JournalEntry entry in batch.Select(r => r.Entry))
            {
                if (entry is { Kind: JournalKinds.VisitBegun or JournalKinds.VisitEnded, LeaseId: { } lease, SiteId: { } site } && _heard.Count < MostWaiting)
                    _heard[lease] = site;
            }
        };
    }

    protected override Task ExecuteAsync(CancellationToken stoppingToken) => Task.WhenAll(
        Periodic.Run(Every, _time, _log, "telling gates who is inside", TellHeard, stoppingToken), Periodic.Run(CompareEvery, _time, _log, "comparing of gates' lists", Sweep, stoppingToken));

    /// <summary>Compares the lists of all gates with who is inside.</summary>
    public async Task Sweep(CancellationToken cancel)
    {
        foreach (SitePlace site in _places.Sites)
        {
            if (GatesOf(site) is { Length: > 0 } gates)
                await _db.Change(tx => Tell(tx, gates, "l.site_id = @SiteId and (l.state = 'active' or l.ended_at > @since)", new { SiteId = site.Id, since = _time.GetUtcNow() - Within }), cancel);
        }
    }

    private async Task TellHeard(CancellationToken cancel)
    {
        foreach (var heard in _heard.GroupBy(h => h.Value).ToList())
        {
            Guid[] leases = [.. heard.Select(h => h.Key).Order().Take(MostAtOnce)];
            // Forgotten before it is read: what happens to it after that is heard again.
            foreach (Guid lease in leases)
                _heard.TryRemove(lease, out _);
            try
            {
                if (_places.Site(heard.Key) is { } site && GatesOf(site) is { Length: > 0 } gates
                    && !await _db.Change(tx => Tell(tx, gates, "l.id = any(@leases)", new { leases }), cancel))
                    Again(leases, heard.Key);
            }
            catch
            {
                Again(leases, heard.Key);
                throw;
            }
        }
    }

    private void Again(Guid[] leases, Guid site)
    {
        foreach (Guid lease in leases)
            _heard[lease] = site;
    }

    private static BankPlace[] GatesOf(SitePlace site) => [.. site.Others.Where(b => b.Mode == BankMode.Gate)];

    /// <returns>False when another node is telling one of them at this moment.</returns>
    private async Task<bool> Tell(Transaction tx, BankPlace[] gates, string which, object parameters)
    {
        DateTimeOffset now = _time.GetUtcNow();
        // Not "for update": each tap at a gate names the gate's row, and would wait.
        int mine = (await tx.Query<Guid>("select id from device where id = any(@ids) order by id for no key update skip locked", new { ids = gates.Select(g => g.DeviceId).ToArray() })).Count();
        if (mine < gates.Length)
            return false;
        List<Row> rows =
        [
            .. await tx.Query<Row>(
                $"""
                select l.id, l.cards::text as cards, l.paid_from, l.state, l.locker_id, g.inside, g.gone
                from lease l cross join lateral (
                  select coalesce(array_agg(g.device_id) filter (where g.kind = 'lease'), array[]::uuid[]) as inside, coalesce(array_agg(g.device_id) filter (where g.kind = 'ended'), array[]::uuid[]) as gone
                  from device_grant g where g.lease_id = l.id) g
                where l.kind = 'visit' and {which} order by l.id
                """,
                parameters),
        ];
        foreach (BankPlace gate in gates)
            await Write(tx, gate, [.. rows.Where(r => r.IsNewsTo(gate.DeviceId)).Take(MostAtOnce).Select(Change)], now);
        return true;
    }

    /// <summary>Tells a gate what has changed on its list; nothing where nothing has.</summary>
    internal static async Task Write(Transaction tx, BankPlace gate, IReadOnlyList<GrantsBody> changes, DateTimeOffset now)
    {
        if (await Grants.Roll(tx, gate.DeviceId, changes, now))
            tx.Journal(new JournalEntry(now, JournalKinds.VisitRoll, JournalEntry.ByServer, SiteId: gate.SiteId, BankId: gate.Id, DeviceId: gate.DeviceId));
    }

    private GrantsBody Change(Row row) => row.State == "active"
        ? Inside(row.Id, _places.Locker(row.LockerId)!, JsonSerializer.Deserialize<GrantedCard[]>(row.Cards, Json.Options)!, row.PaidFrom)
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

        /// <summary>The devices, the bank's own among them, that were told of it, and of its end.</summary>
        public Guid[] Inside { get; init; } = [];
        public Guid[] Gone { get; init; } = [];

        public bool IsNewsTo(Guid gate) => State == "active" ? !Inside.Contains(gate) : Inside.Contains(gate) && !Gone.Contains(gate);
    }
}
