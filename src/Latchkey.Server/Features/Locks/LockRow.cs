using Dapper;
using Latchkey.Domain.Lockers;
using Latchkey.Server.Devices;
using Latchkey.Server.Features.Commands;
using Latchkey.Server.Features.Leases;
using Latchkey.Server.Storage;
using Npgsql;

namespace Latchkey.Server.Features.Locks;

/// <summary>A lock as its owner sees it.</summary>
/// <param name="Id">Of the lease that makes them its owner: somebody who owns the lock later has another.</param>
/// <param name="Status">As it was heard last; with <c>online</c> false it may have been moved since.</param>
/// <param name="Door">More exactly than the status: also <c>open</c> and <c>jammed</c>.</param>
/// <param name="Since">When it came to be so, as far as anybody heard.</param>
/// <param name="Online">Null: nothing was ever heard of it.</param>
/// <param name="Issue">Words with blanks between them, such as <c>no-power</c> and <c>tamper</c>; null: nothing is wrong.</param>
/// <param name="Battery">Percent; null where there is none.</param>
/// <param name="Command">The newest order and what became of it.</param>
/// <param name="Offline">What opens it at the lock itself, also without a network.</param>
public sealed record LockView(
    Guid Id, Guid BankId, Guid DeviceId, string Name, string Site, string TimeZone, LockStatus Status, DoorState Door, DateTimeOffset? Since, bool? Online, DateTimeOffset? LastSeen, string? Issue,
    int? Battery, DateTimeOffset OwnedSince, CommandView? Command, OfflineView Offline);

internal sealed class LockRow
{
    public Guid Id { get; init; }
    public Guid BankId { get; init; }
    public Guid DeviceId { get; init; }
    public string Name { get; init; } = "";
    public string Site { get; init; } = "";
    public string TimeZone { get; init; } = "";
    public string Owner { get; init; } = "";
    public string Door { get; init; } = "";
    public DateTimeOffset? DoorSince { get; init; }
    public bool? Online { get; init; }
    public DateTimeOffset? LastSeen { get; init; }
    public string? Issue { get; init; }
    public int? Battery { get; init; }
    public DateTimeOffset CreatedAt { get; init; }
    public Guid LockerId { get; init; }
    public DateTimeOffset? PinSetAt { get; init; }
    public string Cards { get; init; } = "[]";
    public bool OfflineReady { get; init; }
    public Guid? CommandId { get; init; }
    public string? CommandKind { get; init; }
    public string? CommandState { get; init; }
    public string? CommandReason { get; init; }
    public DateTimeOffset? CommandCreatedAt { get; init; }
    public DateTimeOffset? CommandExpiresAt { get; init; }
    public DateTimeOffset? CommandSettledAt { get; init; }

    private const string Select =
        $"""
        select l.id, l.bank_id, l.locker_id, b.device_id, b.name, s.name as site, s.time_zone, p.name as owner, k.door, k.door_since, d.online, d.last_seen, d.issue, d.battery, l.created_at, l.pin_set_at, l.cards::text as cards,
          {Grants.LeaseIsHeld} as offline_ready,
          c.id as command_id, c.kind as command_kind, c.state as command_state, c.reason as command_reason, c.created_at as command_created_at,
          c.expires_at as command_expires_at, c.settled_at as command_settled_at
        from lease l join bank b on b.id = l.bank_id join site s on s.id = l.site_id join locker k on k.id = l.locker_id join device d on d.id = b.device_id join person p on p.id = l.person_id
        left join lateral (select * from command where lease_id = l.id order by id desc limit 1) c on true
        where l.kind = 'assignment' and l.state = 'active' and b.owned and l.person_id = @person
        """;

    /// <summary>Nobody owns more than they can look at.</summary>
    private const int Most = 200;

    public static async Task<IReadOnlyList<LockRow>> Of(NpgsqlConnection db, Guid person) =>
        [.. await db.QueryAsync<LockRow>($"{Select} order by b.name, l.id limit {Most}", new { person })];

    public static Task<LockRow?> One(NpgsqlConnection db, Guid lease, Guid person) => db.QueryFirstOrDefaultAsync<LockRow>($"{Select} and l.id = @lease", new { lease, person });

    public static Task<LockRow?> OfDevice(NpgsqlConnection db, Guid device, Guid person) => db.QueryFirstOrDefaultAsync<LockRow>($"{Select} and b.device_id = @device", new { device, person });

    public DoorState DoorState => EnumText.Parse<DoorState>(Door);

    public LockView View() => new(
        Id, BankId, DeviceId, Name, Site, TimeZone, LockStatuses.Of(DoorState), DoorState, DoorSince, Online, LastSeen, Issue, Battery, CreatedAt,
        CommandId is { } command ? CommandView.Of(command, Id, LockerId, CommandKind!, CommandState!, CommandReason, CommandCreatedAt!.Value, CommandExpiresAt!.Value, CommandSettledAt) : null,
        new OfflineView(OfflineReady, PinSetAt, LeaseViews.CardsOf(Cards)));
}
