using System.Text.Json;
using Latchkey.Domain;
using Latchkey.Domain.Leases;
using Latchkey.Domain.Lockers;
using Latchkey.Domain.Payments;
using Latchkey.Domain.Pricing;
using Latchkey.Server.Devices;
using Latchkey.Server.Features.Payments;
using Latchkey.Server.Features.Places;
using Latchkey.Server.Hosting;
using Latchkey.Server.Journal;
using Latchkey.Server.Storage;

namespace Latchkey.Server.Features.Visits;

/// <summary>A visit as it is stored, with its door.</summary>
public sealed class VisitRow
{
    public Guid Id { get; init; }
    public string State { get; init; } = "";
    public Guid SiteId { get; init; }
    public Guid BankId { get; init; }
    public Guid LockerId { get; init; }
    public string Card { get; init; } = "";
    public string SizePriced { get; init; } = "";
    public string Tariff { get; init; } = "";
    public DateTimeOffset PaidFrom { get; init; }
    public DateTimeOffset? EndedAt { get; init; }
    public bool OpenedEver { get; init; }
    public string Door { get; init; } = "";
    public bool? Occupied { get; init; }
    public bool CommandUnderWay { get; init; }
    public bool? BankOnline { get; init; }
    public DateTimeOffset? CalledAt { get; init; }
    public string? CalledFor { get; init; }
    public DateTimeOffset? LeftAt { get; init; }
    public string Cards { get; init; } = "[]";
    public int Generation { get; init; }
    public long PaidMinor { get; init; }
    public DateTimeOffset? PaidAt { get; init; }

    /// <summary>The taps of one card follow each other, over all readers and nodes; those of different cards do not meet. A count, so that it is one row.</summary>
    public const string LockCard = "select count(l.*) from (select pg_advisory_xact_lock(hashtextextended(@Card, ('x' || left(md5(@site::text), 8))::bit(32)::int))) l";

    /// <summary>SQL: lease <c>l</c> is the visit of a card that is inside.</summary>
    public const string IsInside = "l.kind = 'visit' and l.state = 'active' and l.site_id = @site and l.card = @Card";

    /// <summary>
    /// SQL: lease <c>l</c> is the last visit of a card that has left. The sums are for the planner: by the bare instant it reads all visits of the site in the order of their
    /// ends until one is this card's, where no statistics are yet.
    /// </summary>
    public const string IsLast = "l.kind = 'visit' and l.site_id = @site and l.card = @Card and l.ended_at + interval '0' is not null order by l.ended_at + interval '0' desc limit 1";

    public const string Select =
        $"""
        select l.id, l.state, l.site_id, l.bank_id, l.locker_id, l.card, l.size_priced, l.tariff::text as tariff, l.paid_from, l.ended_at, l.opened_ever, k.door, k.occupied, d.online as bank_online,
          l.called_at, l.called_for, l.left_at, l.cards::text as cards, l.generation,
          (select coalesce(sum(p.captured_minor), 0)::bigint from payment p where p.lease_id = l.id and p.state = 'captured') as paid_minor,
          (select max(p.created_at) from payment p where p.lease_id = l.id and p.state = 'captured') as paid_at,
          {CommandLedger.LeaseHasOne} as command_under_way
        from lease l join locker k on k.id = l.locker_id join bank b on b.id = l.bank_id join device d on d.id = b.device_id
        """;

    public Visit Visit() => new(
        PaidFrom, EnumText.Parse<LockerSize>(SizePriced), JsonSerializer.Deserialize<Tariff>(Tariff, Json.Options)!, OpenedEver, EnumText.Parse<DoorState>(Door), Occupied, CommandUnderWay, PaidMinor, PaidAt);

    public JournalEntry Entry(DateTimeOffset at, string kind, string authority, Guid? device = null, string? data = null) =>
        new(at, kind, authority, null, SiteId, BankId, LockerId, Id, device, Data: data);

    /// <summary>Everything that ends with a visit, whoever ends it: what it owes is in the books, the locker is free, its card opens it no more.</summary>
    /// <param name="row">Locked, and active.</param>
    public static async Task<Money> End(Transaction tx, VisitRow row, PlaceBook places, string authority, Guid? device, string? data, DateTimeOffset now)
    {
        Visit visit = row.Visit();
        Money owed = visit.Owed(now);
        await tx.Execute("update lease set state = 'ended', ended_at = @now, called_at = null, receipt_number = nextval('receipt_number') where id = @Id", new { row.Id, now });
        Grants.EndLate(tx, row.Id, places.Locker(row.LockerId)!, row.Generation, now);
        await Books.Enter(tx, row.Id, null, Settlement.Charge(visit.Tariff, row.Id, row.SiteId, EntryKind.Charge, owed), now);
        tx.Journal(row.Entry(now, JournalKinds.VisitEnded, authority, device, data));
        return owed;
    }
}
