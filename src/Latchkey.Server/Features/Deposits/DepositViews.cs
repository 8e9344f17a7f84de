using Latchkey.Domain;
using Latchkey.Domain.Leases;
using Latchkey.Domain.Lockers;
using Latchkey.Server.Features.Commands;
using Latchkey.Server.Features.Leases;
using Latchkey.Server.Features.Payments;
using Latchkey.Server.Features.Places;

namespace Latchkey.Server.Features.Deposits;

/// <param name="Email">With <paramref name="Phone"/>: null a month after the deposit was over.</param>
public sealed record ReceiverView(string Name, string? Email, string? Phone);

public sealed record DepositLockerView(Guid Id, string Label, LockerSize Size, string TypeFirst);

/// <param name="Stage"><c>paying</c> (the sender has to pay until <paramref name="HoldUntil"/>), <c>placing</c>, <c>stored</c>, <c>collecting</c>, <c>returning</c>, <c>collected</c>, <c>returned</c>, <c>cancelled</c>, <c>cleared</c> or <c>expired</c>.</param>
/// <param name="Pays"><c>sender</c> or <c>receiver</c>.</param>
/// <param name="Until">When it should be collected; null before it was stored.</param>
/// <param name="Owed">What storing has cost so far, or in all.</param>
/// <param name="Empty">True where the locker's own sensor saw nothing inside after the door was shut.</param>
/// <param name="Said">No sensor has seen that it was put in: the sender said so.</param>
/// <param name="May">What its sender may do now: <c>pay</c>, <c>open</c>, <c>stored</c> (say that it is inside, where the bank cannot see it), <c>other-locker</c>, <c>cancel</c>, <c>return</c>.</param>
public sealed record DepositView(
    Guid Id, string Stage, bool Overdue, DateTimeOffset CreatedAt, LeaseSiteView Site, LeaseBankView Bank, DepositLockerView Locker, string Pays, ReceiverView Receiver, int Hours,
    DateTimeOffset HoldUntil, DateTimeOffset? StoredAt, DateTimeOffset? Until, DateTimeOffset? OverAt, Money PerHour, Money Owed, bool Empty, bool Said, DoorState Door, CommandView? Command, PaymentView? Payment, IReadOnlyList<string> May);

/// <summary>How a deposit looks to its sender.</summary>
public static class DepositViews
{
    public static DepositView Of(DepositRow row, PlaceBook places, DateTimeOffset now)
    {
        LeaseRow lease = row.Lease;
        (SitePlace site, BankPlace bank, LockerPlace locker) = (places.Site(lease.SiteId)!, places.Bank(lease.BankId)!, places.Locker(lease.LockerId)!);
        Rental rental = lease.Rental();
        string stage = StageOf(row, rental, now);
        bool runs = row.Runs, empty = stage == "placing" && lease is { OpenedEver: true, Occupied: false, Door: "closed" or "locked" };
        return new DepositView(
            lease.Id, stage, lease.State == "overdue", lease.CreatedAt, LeaseSiteView.Of(site), new LeaseBankView(bank.Id, bank.Name, lease.BankOnline),
            Locker(locker), row.Pays, new ReceiverView(row.Name, row.Email, row.Phone), lease.Hours, lease.HoldUntil, row.StoredAt, row.StoredAt is null ? null : lease.PaidUntil, row.OverAt ?? lease.EndedAt,
            row.PerHour, row.Owes(row.OverAt ?? now).Total, empty, row.Said, runs ? lease.DoorState() : DoorState.Unknown,
            LeaseViews.CommandOf(lease), PaymentViews.Of(lease), May(stage, row));
    }

    public static DepositLockerView Locker(LockerPlace locker) => new(locker.Id, locker.Label, locker.Size, Server.Devices.Grants.Whose(locker)[0]);

    private static string StageOf(DepositRow row, Rental rental, DateTimeOffset now) => rental.State switch
    {
        LeaseState.Held => rental.HoldHasRunOut(now) ? "expired" : "paying",
        LeaseState.Expired => "expired",
        LeaseState.Cancelled => "cancelled",
        _ => row.Stage,
    };

    private static IReadOnlyList<string> May(string stage, DepositRow row) => stage switch
    {
        "paying" => ["pay", "cancel"],
        "placing" when row.OnlySenderKnows && !row.Lease.CommandUnderWay => ["stored", "open", "other-locker", "cancel"],
        "placing" => ["open", "other-locker", "cancel"],
        "stored" => ["return"],
        _ => [],
    };
}
