using Latchkey.Domain;
using Latchkey.Domain.Leases;
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
        (Money charged, Standing? payment) = await Known(tx, lease);
        await Follow(tx, lease, Settlement.AtEnd(lease.Rental(), lease.Id, lease.SiteId, charged, payment, now), now);
        // Nothing was reserved anywhere: there is nobody to tell.
        await tx.Execute("update payment set state = 'voided', captured_minor = 0 where id = @PaymentId and provider = 'none'", new { lease.PaymentId });
        await tx.Execute("update lease set ladder_at = null, charge_at = null where id = @Id", new { lease.Id });
    }

    /// <summary>For rentals that are paid in advance.</summary>
    public static async Task AtProof(Transaction tx, LeaseRow lease, DateTimeOffset now)
    {
        (Money charged, Standing? payment) = await Known(tx, lease);
        Settlement settlement = Settlement.AtProof(lease.Rental(), lease.Id, lease.SiteId, charged, payment, now);
        await Follow(tx, lease, settlement, now);
        await tx.Execute("update lease set charge_at = null where id = @Id", new { lease.Id });
        if (settlement.Entries.Count > 0)
            tx.Journal(lease.Entry(now, JournalKinds.LeaseCharged, JournalEntry.ByServer));
    }

    private static async Task Follow(Transaction tx, LeaseRow lease, Settlement settlement, DateTimeOffset now)
    {
        await Books.Enter(tx, lease.Id, null, settlement.Entries, now);
        if (settlement.Order is { } order && lease.PaymentProvider != "none")
            await MoneyOrders.Give(tx, lease.PaymentId!.Value, order, now);
    }

    /// <summary>What was charged for its hours, and how its payment stands with what is ordered and not answered yet.</summary>
    private static async Task<(Money Charged, Standing? Payment)> Known(Transaction tx, LeaseRow lease)
    {
        (long charged, long coming) = await tx.First<(long, long)>(
            """
            select (select coalesce(sum(minor), 0)::bigint from ledger_entry where lease_id = @Id and kind = 'charge'),
              (select coalesce(sum(case kind when 'capture' then minor when 'refund' then -minor end), 0)::bigint from payment_order where payment_id = @PaymentId and state = 'waiting')
            """,
            new { lease.Id, lease.PaymentId });
        Rental rental = lease.Rental();
        Standing? payment = lease.PaymentState is not { } state ? null : new Standing(
            EnumText.Parse<PaymentState>(state),
            new Money(lease.PaymentMinor!.Value, lease.PaymentCurrency!),
            new Money((lease.PaymentCapturedMinor ?? 0) - lease.PaymentRefundedMinor + coming, lease.PaymentCurrency!));
        return (rental.Tariff.Amount(charged), payment);
    }
}
