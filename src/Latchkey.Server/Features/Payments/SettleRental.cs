using Latchkey.Domain;
using Latchkey.Domain.Payments;
using Latchkey.Server.Features.Leases;
using Latchkey.Server.Journal;
using Latchkey.Server.Storage;

namespace Latchkey.Server.Features.Payments;

/// <summary>
/// The money side of a rental's end, and of the proof that its door opened: what it owes is in the books with the same commit, and what follows for the provider
/// is ordered with it. What is owed beyond the reserved amount stays open on the lease's account and on the receipt.
/// </summary>
public static class SettleRental
{
    /// <param name="lease">Locked, and as it was before it ended.</param>
    public static async Task AtEnd(Transaction tx, LeaseRow lease, DateTimeOffset now)
    {
        // Whoever was about to pay for more time or a larger locker does not need it any more.
        await tx.Execute("update lease_change set state = 'gone', settled_at = @now where lease_id = @Id and state = 'waiting'", new { lease.Id, now });
        await MoneyOrders.CloseCheckouts(tx, [lease.Id], now);
        (Money charged, List<Paid> payments) = await Known(tx, lease);
        await Follow(tx, lease, payments, Settlement.AtEnd(lease.Rental(), lease.Id, lease.SiteId, charged, [.. payments.Select(p => p.Standing())], now), now);
        // Nothing was reserved anywhere: there is nobody to tell.
        await tx.Execute("update payment set state = 'voided', captured_minor = 0 where lease_id = @Id and provider = 'none'", new { lease.Id });
        await tx.Execute("update lease set ladder_at = null, charge_at = null where id = @Id", new { lease.Id });
    }

    /// <summary>For rentals that are paid in advance.</summary>
    public static async Task AtProof(Transaction tx, LeaseRow lease, DateTimeOffset now)
    {
        (Money charged, List<Paid> payments) = await Known(tx, lease);
        Settlement settlement = Settlement.AtProof(lease.Rental(), lease.Id, lease.SiteId, charged, [.. payments.Select(p => p.Standing())], now);
        await Follow(tx, lease, payments, settlement, now);
        await tx.Execute("update lease set charge_at = null where id = @Id", new { lease.Id });
        if (settlement.Entries.Count > 0)
            tx.Journal(lease.Entry(now, JournalKinds.LeaseCharged, JournalEntry.ByServer));
    }

    /// <summary>A rental that is paid in advance and was charged already has become longer or larger.</summary>
    /// <param name="lease">Locked, and as it is now.</param>
    public static async Task AtChange(Transaction tx, LeaseRow lease, Guid change, DateTimeOffset now)
    {
        (Money charged, List<Paid> payments) = await Known(tx, lease);
        if (payments.Find(p => p.ChangeId == change) is not { } payment)
            return;
        Settlement settlement = Settlement.AtChange(lease.Rental(), lease.Id, lease.SiteId, charged, payment.Standing(), now);
        await Follow(tx, lease, [payment], settlement, now, change);
        if (settlement.Entries.Count > 0)
            tx.Journal(lease.Entry(now, JournalKinds.LeaseCharged, JournalEntry.ByServer));
    }

    private static async Task Follow(Transaction tx, LeaseRow lease, List<Paid> payments, Settlement settlement, DateTimeOffset now, Guid? change = null)
    {
        await Books.Enter(tx, lease.Id, null, settlement.Entries, now, change);
        foreach ((Paid payment, MoneyOrder? order) in payments.Zip(settlement.Orders))
        {
            if (order is not null && payment.Provider != "none")
                await MoneyOrders.Give(tx, payment.Id, order, now);
        }
    }

    /// <summary>What was charged for its hours, and how its payments stand with what is ordered and not answered yet: its own first, then those of its changes.</summary>
    private static async Task<(Money Charged, List<Paid> Payments)> Known(Transaction tx, LeaseRow lease)
    {
        long charged = await tx.Scalar<long>("select coalesce(sum(minor), 0)::bigint from ledger_entry where lease_id = @Id and kind = 'charge'", new { lease.Id });
        List<Paid> payments =
        [
            .. await tx.Query<Paid>(
                """
                select p.id, p.change_id, p.provider, p.state, p.minor, p.currency, coalesce(p.captured_minor, 0) - p.refunded_minor
                  + (select coalesce(sum(case kind when 'capture' then minor when 'refund' then -minor end), 0)::bigint from payment_order where payment_id = p.id and state = 'waiting') as taken
                from payment p where p.lease_id = @Id and p.state in ('authorised', 'captured') order by p.change_id is not null, p.id
                """,
                new { lease.Id }),
        ];
        return (lease.Rental().Tariff.Amount(charged), payments);
    }

    private sealed class Paid
    {
        public Guid Id { get; init; }
        public Guid? ChangeId { get; init; }
        public string Provider { get; init; } = "";
        public string State { get; init; } = "";
        public long Minor { get; init; }
        public string Currency { get; init; } = "";
        public long Taken { get; init; }

        public Standing Standing() => new(EnumText.Parse<PaymentState>(State), new Money(Minor, Currency), new Money(Taken, Currency));
    }
}
