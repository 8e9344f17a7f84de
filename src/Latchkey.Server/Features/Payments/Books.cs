using Latchkey.Domain.Payments;
using Latchkey.Server.Storage;

namespace Latchkey.Server.Features.Payments;

/// <summary>The ledger's table. A row debits one account and credits another, so that no history of rows can fail to balance.</summary>
public static class Books
{
    public static async Task Enter(Transaction tx, Guid lease, Guid? payment, IEnumerable<LedgerEntry> entries, DateTimeOffset now, Guid? change = null)
    {
        foreach (LedgerEntry e in entries)
        {
            await tx.Execute(
                """
                insert into ledger_entry (at, lease_id, payment_id, change_id, kind, debit, credit, minor, currency)
                values (@now, @lease, @payment, @change, @kind, @Debit, @Credit, @Minor, @Currency)
                """,
                new { now, lease, payment, change, kind = e.Kind.Text(), e.Debit, e.Credit, e.Amount.Minor, e.Amount.Currency });
        }
    }
}
