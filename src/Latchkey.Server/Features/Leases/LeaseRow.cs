using System.Text.Json;
using Dapper;
using Latchkey.Domain.Commands;
using Latchkey.Domain.Leases;
using Latchkey.Domain.Lockers;
using Latchkey.Domain.Pricing;
using Latchkey.Server.Devices;
using Latchkey.Server.Hosting;
using Latchkey.Server.Journal;
using Latchkey.Server.Storage;

namespace Latchkey.Server.Features.Leases;

/// <summary>A rental, or another lease that is paid for, as it is stored, with its door, its latest command and its payment.</summary>
public sealed class LeaseRow
{
    /// <summary>SQL: the states of a lease that is live (<see cref="LeaseMoves.IsLive"/>).</summary>
    public const string Live = "('held', 'active', 'overdue')";

    /// <summary>SQL: lease <c>l</c> is one that its holder has now; a hold whose time is up is over, also before it is swept.</summary>
    public const string IsCurrent = "(l.state in ('active', 'overdue') or (l.state = 'held' and l.hold_until > @now))";

    public Guid Id { get; init; }
    public string Kind { get; init; } = "";
    public string State { get; init; } = "";
    public Guid PersonId { get; init; }
    public Guid SiteId { get; init; }
    public Guid BankId { get; init; }
    public Guid LockerId { get; init; }
    public int Hours { get; init; }
    public string SizePriced { get; init; } = "";
    public string Tariff { get; init; } = "";
    public DateTimeOffset HoldUntil { get; init; }
    public DateTimeOffset? PaidFrom { get; init; }
    public DateTimeOffset? PaidUntil { get; init; }
    public DateTimeOffset? EndedAt { get; init; }
    public bool OpenedEver { get; init; }
    public long? ReceiptNumber { get; init; }
    public Guid? ReplacedBy { get; init; }
    public DateTimeOffset CreatedAt { get; init; }
    public string Door { get; init; } = "";
    public DateTimeOffset? DoorSince { get; init; }
    public bool? Occupied { get; init; }
    public bool? BankOnline { get; init; }
    public bool OfflineReady { get; init; }
    public DateTimeOffset? PinSetAt { get; init; }
    public string Cards { get; init; } = "[]";
    public string Earlier { get; init; } = "[]";
    public bool Waived { get; init; }
    public int Substitutes { get; init; }

    /// <summary>Nobody has had the locker since this lease has ended, and its holder has ended it.</summary>
    public bool Reopenable { get; init; }

    public Guid? CommandId { get; init; }
    public string? CommandState { get; init; }
    public string? CommandReason { get; init; }
    public DateTimeOffset? CommandCreatedAt { get; init; }
    public DateTimeOffset? CommandExpiresAt { get; init; }
    public DateTimeOffset? CommandSettledAt { get; init; }

    public Guid? PaymentId { get; init; }
    public string? PaymentState { get; init; }
    public long? PaymentMinor { get; init; }
    public string? PaymentCurrency { get; init; }
    public long? PaymentCapturedMinor { get; init; }
    public long PaymentRefundedMinor { get; init; }
    public string? PaymentProvider { get; init; }
    public string? PaymentUrl { get; init; }
    public string? PaymentDeskCode { get; init; }
    public string? PaymentMethod { get; init; }
    public string? PaymentDeclineReason { get; init; }
    public DateTimeOffset? PaymentCreatedAt { get; init; }

    /// <summary>All columns above; joins cost two index look-ups a lease.</summary>
    public static readonly string Select = SelectWithPayment("true");

    /// <summary>The same with a payment of the caller's choice beside it; else it is the good one, or the newest that is not being closed.</summary>
    public static string SelectWithPayment(string which) =>
        $"""
        select l.id, l.kind, l.state, l.person_id, l.site_id, l.bank_id, l.locker_id, l.hours, l.size_priced, l.tariff::text as tariff, l.hold_until,
          l.paid_from, l.paid_until, l.ended_at, l.opened_ever, l.receipt_number, l.replaced_by, l.created_at, k.door, k.door_since, k.occupied, d.online as bank_online, l.pin_set_at, l.cards::text as cards, l.earlier::text as earlier, l.waived, l.substitutes,
          l.state = 'ended' and l.opened_ever and k.in_service and not exists (select 1 from lease n where n.locker_id = l.locker_id and n.state in {Live} and n.id <> l.id and n.reopens is distinct from l.id)
            and not exists (select 1 from lease n where n.locker_id = l.locker_id and n.ended_at > l.ended_at and n.reopens is distinct from l.id)
            and not exists (select 1 from journal j where j.lease_id = l.id and j.kind = 'lease-ended' and j.data is not null) as reopenable,
          {Grants.LeaseIsHeld} as offline_ready,
          c.id as command_id, c.state as command_state, c.reason as command_reason, c.created_at as command_created_at,
          c.expires_at as command_expires_at, c.settled_at as command_settled_at,
          p.id as payment_id, p.state as payment_state, p.minor as payment_minor, p.currency as payment_currency,
          p.captured_minor as payment_captured_minor, coalesce(p.refunded_minor, 0) as payment_refunded_minor, p.provider as payment_provider,
          p.checkout_url as payment_url, p.desk_code as payment_desk_code, p.method as payment_method,
          p.decline_reason as payment_decline_reason, p.created_at as payment_created_at
        from lease l
        join locker k on k.id = l.locker_id
        join bank b on b.id = l.bank_id
        join device d on d.id = b.device_id
        left join lateral (select * from command where lease_id = l.id and locker_id = l.locker_id order by id desc limit 1) c on true
        left join lateral (select * from payment p where p.lease_id = l.id and p.change_id is null and {which}
          order by (p.state in ('authorised', 'captured')) desc, exists (select 1 from payment_order o where o.payment_id = p.id and o.kind = 'close'), p.id desc limit 1) p on true
        """;

    /// <summary>The lease, locked against other moves until the transaction ends; null when it is not this person's.</summary>
    public static Task<LeaseRow?> Lock(Transaction tx, Guid lease, Guid person) => Lock(tx, lease, person, ["rental"]);

    /// <summary>The same for the assignment of a lock too: it has no price and no <see cref="Rental"/>.</summary>
    public static Task<LeaseRow?> LockAny(Transaction tx, Guid lease, Guid person) => Lock(tx, lease, person, ["rental", "assignment"]);

    /// <summary>The same for every lease that has a price and a <see cref="Rental"/>.</summary>
    public static Task<LeaseRow?> LockPaid(Transaction tx, Guid lease, Guid person) => Lock(tx, lease, person, ["rental", "deposit"]);

    private static async Task<LeaseRow?> Lock(Transaction tx, Guid lease, Guid person, string[] kinds)
    {
        // Two statements, because a statement that waited for a lock sees the new lease but the old commands and payments beside it.
        await using SqlMapper.GridReader rows = await tx.Several(
            "select 1 from lease where id = @lease and person_id = @person and kind = any(@kinds) for no key update;\n" + Select
            + "\nwhere l.id = @lease and l.person_id = @person and l.kind = any(@kinds)", new { lease, person, kinds });
        await rows.ReadAsync<int>();
        return await rows.ReadFirstOrDefaultAsync<LeaseRow>();
    }

    /// <summary>The same for the lease that a payment is for, whosever it is.</summary>
    public static async Task<LeaseRow?> LockOfPayment(Transaction tx, Guid payment)
    {
        // A late payment may get another lease between the look and the lock: then it is looked for again, and it moves once only.
        for (int look = 0; look < 3; look++)
        {
            (Guid lease, Guid person) = await tx.First<(Guid, Guid)>("select l.id, l.person_id from payment p join lease l on l.id = p.lease_id where p.id = @payment", new { payment });
            if (lease == Guid.Empty)
                return null;
            LeaseRow? row = await LockPaid(tx, lease, person);
            if (row is not null && await tx.Scalar<Guid>("select lease_id from payment where id = @payment", new { payment }) == lease)
                return row;
        }
        return null;
    }

    public Rental Rental() => new(
        EnumText.Parse<LeaseState>(State),
        HoldUntil,
        Hours,
        JsonSerializer.Deserialize<Tariff>(Tariff, Json.Options)!,
        EnumText.Parse<LockerSize>(SizePriced),
        PaidFrom,
        PaidUntil,
        OpenedEver,
        Earlier == "[]" ? null : JsonSerializer.Deserialize<SizedHours[]>(Earlier, Json.Options),
        Waived);

    public DoorState DoorState() => EnumText.Parse<DoorState>(Door);

    /// <summary>The same for a lease that has no price.</summary>
    public LeaseState LeaseState() => EnumText.Parse<LeaseState>(State);

    public bool CommandUnderWay => CommandState is { } state && CommandRules.IsUnderWay(EnumText.Parse<CommandState>(state));

    /// <summary>A journal entry about this lease.</summary>
    public JournalEntry Entry(DateTimeOffset at, string kind, string authority, string? data = null) =>
        new(at, kind, authority, PersonId, SiteId, BankId, LockerId, Id, Data: data);
}
