using System.Text.Json;
using Latchkey.Domain;
using Latchkey.Domain.Leases;
using Latchkey.Link.Messages;
using Latchkey.Server.Hosting;
using Latchkey.Domain.Lockers;
using Latchkey.Server.Features.Commands;
using Latchkey.Server.Features.Payments;
using Latchkey.Server.Features.Places;

namespace Latchkey.Server.Features.Leases;

public sealed record LeaseSiteView(Guid Id, string Name, string Address, string City, string TimeZone)
{
    internal static LeaseSiteView Of(SitePlace site) => new(site.Id, site.Name, site.Address, site.City, site.Zone.Id);
}

public sealed record LeaseBankView(Guid Id, string Name, bool? Online);

public sealed record NeighbourView(string Label, LockerSize Size, int Column, int Row, int RowSpan);

public sealed record LeaseLockerView(
    Guid Id, int Number, string Label, LockerSize Size, IReadOnlyList<string> Features, int Column, int Row, int RowSpan, int Columns,
    IReadOnlyList<NeighbourView> Neighbours);

/// <param name="Occupied">Whether something lies behind it; null where nobody can tell.</param>
public sealed record DoorView(DoorState State, DateTimeOffset? Since, bool? Occupied);

/// <param name="ReopenUntil">Until when it can be opened once more for what was left inside; null once that is over, or somebody else has the locker.</param>
public sealed record LeaseView(
    Guid Id,
    string Kind,
    LeaseState State,
    DateTimeOffset CreatedAt,
    LeaseSiteView Site,
    LeaseBankView Bank,
    LeaseLockerView Locker,
    DateTimeOffset HoldUntil,
    int Hours,
    DateTimeOffset? PaidFrom,
    DateTimeOffset? PaidUntil,
    DateTimeOffset? EndedAt,
    TariffView Tariff,
    LockerSize SizePriced,
    Money Quote,
    Money SoFar,
    bool OpenedEver,
    DoorView Door,
    CommandView? Command,
    PaymentView? Payment,
    IReadOnlyList<string> May,
    OfflineView Offline,
    Money ToAuthorise,
    bool Desk,
    Guid? ReplacedBy,
    DateTimeOffset? ReopenUntil);

/// <param name="Ready">The bank has this lease on its disk: a PIN opens the locker also while the bank is off line.</param>
/// <param name="PinSetAt">When the present PIN was made; null without one.</param>
/// <param name="Cards">The cards that open it.</param>
public sealed record OfflineView(bool Ready, DateTimeOffset? PinSetAt, IReadOnlyList<CardView> Cards);

/// <summary>How a lease looks to the person who has it.</summary>
public static class LeaseViews
{
    public static LeaseView Of(LeaseRow row, PlaceBook places, DateTimeOffset now)
    {
        SitePlace site = places.Site(row.SiteId) ?? throw new InvalidOperationException($"Lease {row.Id} is at a site that is not in the book.");
        BankPlace bank = places.Bank(row.BankId)!;
        LockerPlace locker = places.Locker(row.LockerId)!;
        Rental rental = row.Rental();
        // A hold whose time is up is over for its holder at that instant, whoever ends the row.
        LeaseState state = rental.HoldHasRunOut(now) ? LeaseState.Expired : rental.State;
        return new LeaseView(
            row.Id,
            row.Kind,
            state,
            row.CreatedAt,
            LeaseSiteView.Of(site),
            new LeaseBankView(bank.Id, bank.Name, row.BankOnline),
            new LeaseLockerView(
                locker.Id, locker.Number, locker.Label, locker.Size, locker.Features, locker.Column, locker.Row, locker.RowSpan, bank.Columns,
                [.. bank.Lockers.Where(l => l.Id != locker.Id).Select(l => new NeighbourView(l.Label, l.Size, l.Column, l.Row, l.RowSpan))]),
            row.HoldUntil,
            row.Hours,
            row.PaidFrom,
            row.PaidUntil,
            row.EndedAt,
            TariffView.Of(rental.Tariff),
            rental.SizePriced,
            rental.Quote,
            rental.Owed(row.EndedAt ?? now),
            rental.OpenedEver,
            // Somebody who has given the locker back no longer learns what its door does.
            LeaseMoves.IsLive(state) ? new DoorView(row.DoorState(), row.DoorSince, row.Occupied) : new DoorView(DoorState.Unknown, null, null),
            CommandOf(row),
            PaymentViews.Of(row),
            May(state),
            // Only while it opens anything: what a bank still holds of a lease that is over is not the holder's business.
            state is LeaseState.Active or LeaseState.Overdue ? new OfflineView(row.OfflineReady, row.PinSetAt, CardsOf(row.Cards)) : new OfflineView(false, null, []),
            rental.ToAuthorise,
            site.Desk,
            row.ReplacedBy,
            row.EndedAt is { } ended && state == LeaseState.Ended && row.Reopenable && now < ended + ReopenLocker.Grace ? ended + ReopenLocker.Grace : null);
    }

    internal static IReadOnlyList<CardView> CardsOf(string cards) => CardView.Of(JsonSerializer.Deserialize<GrantedCard[]>(cards, Json.Options)!);

    internal static CommandView? CommandOf(LeaseRow row) => row.CommandId is { } command
        ? CommandView.Of(command, row.Id, row.LockerId, CommandKinds.Open, row.CommandState!, row.CommandReason, row.CommandCreatedAt!.Value, row.CommandExpiresAt!.Value, row.CommandSettledAt)
        : null;

    private static IReadOnlyList<string> May(LeaseState state) => state switch
    {
        LeaseState.Held => ["pay", "cancel"],
        LeaseState.Active or LeaseState.Overdue => ["open", "finish", "share", "extend", "swap", "report"],
        _ => [],
    };
}
