using System.Text.Json;
using Latchkey.Domain;
using Latchkey.Server.Features.Leases;
using Latchkey.Server.Journal;
using Latchkey.Server.Storage;

namespace Latchkey.Server.Features.Payments;

/// <summary>
/// What a rental owes is charged once and captured from what was authorised; the rest of the authorisation is let go. Each ledger row debits
/// one account and credits another, so that every history balances by itself. What is owed beyond the authorised amount stays open on the
/// customer's account and on the receipt.
/// </summary>
public static class SettleRental
{
    public static async Task Settle(Transaction tx, LeaseRow lease, Money owed, DateTimeOffset now)
    {
        string customer = $"lease:{lease.Id:D}";
        if (owed.Minor > 0)
            await Enter(tx, lease.Id, null, "charge", customer, $"revenue:{lease.SiteId:D}", owed, now);
        if (lease.PaymentState != "authorised")
            return;
        var authorised = new Money(lease.PaymentMinor!.Value, lease.PaymentCurrency!);
        Money captured = Money.Min(owed, authorised);
        if (captured.Minor > 0)
            await Enter(tx, lease.Id, lease.PaymentId, "payment", "provider:sandbox", customer, captured, now);
        await tx.Execute(
            "update payment set state = @state, captured_minor = @Minor where id = @PaymentId and state = 'authorised'",
            new { lease.PaymentId, captured.Minor, state = captured.Minor > 0 ? "captured" : "voided" });
        tx.Journal(lease.Entry(
            now,
            captured.Minor > 0 ? JournalKinds.PaymentCaptured : JournalKinds.PaymentVoided,
            JournalEntry.ByServer,
            JsonSerializer.Serialize(new { minor = captured.Minor, currency = captured.Currency, payment = lease.PaymentId })));
    }

    private static Task<int> Enter(Transaction tx, Guid lease, Guid? payment, string kind, string debit, string credit, Money amount, DateTimeOffset now) => tx.Execute(
        """
        insert into ledger_entry (at, lease_id, payment_id, kind, debit, credit, minor, currency)
        values (@now, @lease, @payment, @kind, @debit, @credit, @Minor, @Currency)
        """,
        new { now, lease, payment, kind, debit, credit, amount.Minor, amount.Currency });
}
