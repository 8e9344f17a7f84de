using Dapper;
using Latchkey.Domain.Lockers;
using Latchkey.Server.Devices;
using Latchkey.Server.Features.Leases;
using Latchkey.Server.Features.Places;
using Latchkey.Server.Hosting;
using Latchkey.Server.Storage;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Latchkey.Server.Features.Console;

/// <summary>
/// Staff see every locker of their site as it is now. A screen reads the whole floor once, follows the live feed (<c>/live?floor=</c>), and reads again what that names.
/// </summary>
public static class ShowFloor
{
    /// <param name="Kind">rental, visit, keypad, deposit or reopen.</param>
    /// <param name="Until">Of a hold, when it runs out; else what is paid for.</param>
    /// <param name="Holder">Masked: <c>A. R.</c>; null without an account.</param>
    /// <param name="Number">The end of the card's or telephone's number that it was got with.</param>
    /// <param name="Called">What staff were called for.</param>
    public sealed record FloorLease(Guid Id, string Kind, string State, DateTimeOffset Since, DateTimeOffset? Until, string? Holder, string? Number, string? Called);

    /// <param name="State"><c>free</c>, <c>held</c>, <c>taken</c>, <c>overdue</c> or <c>out</c> of service.</param>
    /// <param name="Lease">Also of one that was put out of service while somebody has it.</param>
    /// <param name="Command">An order to its door is under way.</param>
    /// <param name="Alerts">What is open about its door.</param>
    public sealed record FloorLocker(
        Guid Id, Guid BankId, int Number, string Label, LockerSize Size, IReadOnlyList<string> Features, int Column, int Row, int RowSpan, string State, DoorState Door, DateTimeOffset? DoorSince, bool? Occupied,
        FloorLease? Lease, bool Command, IReadOnlyList<string> Alerts);

    /// <param name="Alerts">What is open about the bank as a whole.</param>
    public sealed record FloorBank(Guid Id, string Name, string Mode, int Columns, Guid DeviceId, bool? Online, DateTimeOffset? LastSeen, string? Issue, int? Battery, IReadOnlyList<string> Alerts);

    /// <param name="Inside">Visits that run; null where there are none to be had.</param>
    /// <param name="Openings">Doors that were opened since midnight there.</param>
    /// <param name="NotOpened">Of those that should have, and were not seen open.</param>
    /// <param name="Alerts">How much is open at the whole site.</param>
    public sealed record FloorFacts(int Lockers, int Taken, int OutOfService, int? Inside, int Openings, int NotOpened, int Alerts, DateTimeOffset? OldestAlert);

    /// <param name="Facts">With the whole floor only.</param>
    public sealed record Floor(Guid Id, string Name, string TimeZone, IReadOnlyList<FloorBank> Banks, IReadOnlyList<FloorLocker> Lockers, FloorFacts? Facts);

    /// <summary>So many lockers are read again at once; with more the whole floor costs no more.</summary>
    private const int MostNamed = 100;

    public static void Map(IEndpointRouteBuilder routes) => routes.MapGet("/staff/sites/{id:guid}/floor", Handle).WithName("ShowFloor").SignedIn();

    /// <param name="locker">Only these, without the facts.</param>
    private static async Task<Results<Ok<Floor>, ProblemHttpResult>> Handle(Guid id, HttpContext http, Db db, PlaceBook places, TimeProvider time, CancellationToken cancel, Guid[]? locker = null)
    {
        if (await SiteStaff.Refuses(http, db, places.Site(id)?.Id ?? Guid.Empty, cancel) is { } refused)
            return refused;
        Guid[]? only = locker is { Length: > 0 } ? locker : null;
        if (new Check().That(only is null || only.Length <= MostNamed, "locker", $"Name at most {MostNamed} lockers, or none.").Problem is { } invalid)
            return invalid;
        SitePlace site = places.Site(id)!;
        return TypedResults.Ok(await db.Read(
            async c =>
            {
                List<BankRow> banks = [.. await c.QueryAsync<BankRow>(
                    """
                    select b.id, b.name, b.mode, b.columns, b.device_id, d.online, d.last_seen, d.issue, d.battery,
                      (select coalesce(array_agg(a.kind), '{}') from alert a where a.bank_id = b.id and a.locker_id is null and a.resolved_at is null) as alerts
                    from bank b join device d on d.id = b.device_id where b.site_id = @id and not b.owned order by b.position, b.name
                    """,
                    new { id })];
                List<LockerRow> lockers = [.. await c.QueryAsync<LockerRow>(Lockers, new { id, only })];
                FloorFacts? facts = only is not null ? null : await c.QuerySingleAsync<FactsRow>(Facts, new { id, midnight = Midnight(site, time.GetUtcNow()) }) is { } f
                    ? new FloorFacts(
                        lockers.Count, lockers.Count(l => l.LeaseId is not null), lockers.Count(l => !l.InService), site.LockersForVisits.Any() ? lockers.Count(l => l.Kind == "visit") : null, f.Openings, f.NotOpened, f.Alerts,
                        f.Oldest)
                    : null;
                return new Floor(id, site.Name, site.Zone.Id, [.. banks.Select(b => b.View)], [.. lockers.Select(l => l.View)], facts);
            },
            cancel));
    }

    private const string Lockers =
        $$"""
        select k.id, k.bank_id, k.number, k.label, k.size, k.features, k.col, k.row, k.row_span, k.in_service, k.door, k.door_since, k.occupied,
          l.id as lease_id, l.kind, l.state, coalesce(l.paid_from, l.created_at) as since, case when l.state = 'held' then l.hold_until else l.paid_until end as until, l.called_for, l.called_at, l.left_at,
          coalesce(l.card, l.phone) as got_with, p.name as holder,
          {{CommandLedger.LockerHasOne}} as ordered,
          (select coalesce(array_agg(a.kind), '{}') from alert a where a.bank_id = k.bank_id and a.locker_id = k.id and a.resolved_at is null) as alerts
        from locker k join bank b on b.id = k.bank_id left join lease l on l.locker_id = k.id and l.state in {{LeaseRow.Live}} left join person p on p.id = l.person_id
        where b.site_id = @id and not b.owned and b.mode <> 'gate' and k.removed_at is null and (@only::uuid[] is null or k.id = any(@only)) order by b.position, b.name, k.number
        """;

    private const string Facts =
        """
        select a.open as alerts, a.oldest, j.openings, j.not_opened
        from (select count(*)::int as open, min(raised_at) as oldest from alert where site_id = @id and resolved_at is null) a,
          (select count(*) filter (where data ->> 'state' in ('opened', 'pulsed'))::int as openings, count(*) filter (where data ->> 'state' = 'not-opened')::int as not_opened
           from journal where site_id = @id and at >= @midnight and kind = 'command-settled') j
        """;

    private static DateTimeOffset Midnight(SitePlace site, DateTimeOffset now)
    {
        DateTime there = TimeZoneInfo.ConvertTime(now, site.Zone).Date;
        return new DateTimeOffset(there, site.Zone.GetUtcOffset(there)).ToUniversalTime();
    }

    private sealed class BankRow
    {
        public Guid Id { get; init; }
        public string Name { get; init; } = "";
        public string Mode { get; init; } = "";
        public int Columns { get; init; }
        public Guid DeviceId { get; init; }
        public bool? Online { get; init; }
        public DateTimeOffset? LastSeen { get; init; }
        public string? Issue { get; init; }
        public int? Battery { get; init; }
        public string[] Alerts { get; init; } = [];

        public FloorBank View => new(Id, Name, Mode, Columns, DeviceId, Online, LastSeen, Issue, Battery, Alerts);
    }

    private sealed class LockerRow
    {
        public Guid Id { get; init; }
        public Guid BankId { get; init; }
        public int Number { get; init; }
        public string Label { get; init; } = "";
        public string Size { get; init; } = "";
        public string[] Features { get; init; } = [];
        public int Col { get; init; }
        public int Row { get; init; }
        public int RowSpan { get; init; }
        public bool InService { get; init; }
        public string Door { get; init; } = "";
        public DateTimeOffset? DoorSince { get; init; }
        public bool? Occupied { get; init; }
        public Guid? LeaseId { get; init; }
        public string? Kind { get; init; }
        public string? State { get; init; }
        public DateTimeOffset Since { get; init; }
        public DateTimeOffset? Until { get; init; }
        public string? CalledFor { get; init; }
        public DateTimeOffset? CalledAt { get; init; }
        public DateTimeOffset? LeftAt { get; init; }
        public string? GotWith { get; init; }
        public string? Holder { get; init; }
        public bool Ordered { get; init; }
        public string[] Alerts { get; init; } = [];

        private string Now => !InService ? "out" : State switch { null => "free", "active" => "taken", var other => other };

        public FloorLocker View => new(
            Id, BankId, Number, Label, EnumText.Parse<LockerSize>(Size), Features, Col, Row, RowSpan, Now, EnumText.Parse<DoorState>(Door), DoorSince, Occupied,
            LeaseId is { } lease ? new FloorLease(lease, Kind!, State!, Since, Until, Masked.Name(Holder), Masked.End(GotWith), CalledAt is not null ? CalledFor : LeftAt is not null ? "left" : null) : null, Ordered, Alerts);
    }

    private sealed class FactsRow
    {
        public int Alerts { get; init; }
        public DateTimeOffset? Oldest { get; init; }
        public int Openings { get; init; }
        public int NotOpened { get; init; }
    }
}
