using System.Text.Json;
using Latchkey.Domain;
using Latchkey.Domain.Leases;
using Latchkey.Server.Devices;
using Latchkey.Server.Features.Leases;
using Latchkey.Server.Features.Payments;
using Latchkey.Server.Features.Places;
using Latchkey.Server.Features.Shares;
using Latchkey.Server.Hosting;
using Latchkey.Server.Journal;
using Latchkey.Server.Storage;

namespace Latchkey.Server.Features.Deposits;

/// <summary>What a deposit costs, and who pays when: the sender beforehand, or whoever takes it out before the door opens.</summary>
internal static class DepositMoney
{
    /// <summary>A checkout for what is owed now; the one that is open already while what it says still stands.</summary>
    /// <param name="payer"><c>sender</c> or <c>receiver</c>: to whose page they come back.</param>
    public static async Task<PaymentView> Ask(Transaction tx, DepositRow deposit, string payer, string provider, DateTimeOffset now)
    {
        LeaseRow lease = deposit.Lease;
        if (lease.PaymentState is "processing" || (lease.PaymentState is "pending" or "declined" && deposit.PayUntil > now && deposit.Payer == payer))
            return PaymentViews.Of(lease)!;
        await MoneyOrders.CloseCheckouts(tx, [lease.Id], now);
        Money amount = deposit.Owes(now).Total;
        await tx.Execute(
            """
            insert into payment (id, lease_id, state, provider, minor, currency, created_at) values (@payment, @Id, 'pending', @provider, @Minor, @Currency, @now);
            update deposit set payer = @payer, pay_until = @until, billed_until = @now where lease_id = @Id;
            """,
            new { payment = Guid.CreateVersion7(now), lease.Id, provider, amount.Minor, amount.Currency, now, payer, until = now + Deposit.PayWithin });
        return PaymentViews.Of((await LeaseRow.LockPaid(tx, lease.Id, lease.PersonId))!)!;
    }

    /// <summary>What was owed is paid: the door may be opened, at the bank too. False when nobody waits for it any more.</summary>
    public static async Task<bool> Arrived(Transaction tx, LeaseRow lease, PlaceBook places, DateTimeOffset now)
    {
        if (await tx.Execute("update deposit set paid_at = @now where lease_id = @Id and stage = 'stored' and payer is not null and paid_at is null", new { lease.Id, now }) == 0)
            return false;
        (LockerPlace locker, BankPlace bank) = (places.Locker(lease.LockerId)!, places.Bank(lease.BankId)!);
        foreach (ShareRow share in (await tx.Query<ShareRow>(ShareRow.Select + " where s.lease_id = @Id and s.ended_at is null and s.role in ('receiver', 'delegate')", new { lease.Id })).ToList())
        {
            // Where another device has taken the place of the bank's, its hash is worth nothing: they get a new code when they ask.
            if (share.Tries >= Deposit.MostTries)
                continue;
            await share.Tell(tx, bank, locker, share.PinHash!, now);
            tx.Journal(share.Entry(now, JournalKinds.ShareTold, JournalEntry.ByServer));
        }
        return true;
    }

    /// <summary>Everything that ends with a deposit, whoever ends it: it is billed, and the locker is free at that commit.</summary>
    /// <param name="deposit">Locked, and as it was before.</param>
    /// <param name="how">The stage that it ends in.</param>
    public static async Task End(Transaction tx, DepositRow deposit, DepositStage how, PlaceBook places, string authority, string? reason, DateTimeOffset now)
    {
        LeaseRow lease = deposit.Lease;
        // Nothing was ever put in: nothing is charged, also where the door was opened.
        bool waived = deposit.StoredAt is null;
        await tx.Execute(
            """
            update lease set state = 'ended', ended_at = @now, receipt_number = nextval('receipt_number'), waived = @waived where id = @Id;
            update deposit set stage = @how, over_at = @now where lease_id = @Id;
            """,
            new { lease.Id, now, waived, how = how.Text() });
        await ShareLocker.EndAll(tx, lease.Id, places, now);
        await Grants.End(tx, lease.Id, places.Locker(lease.LockerId)!, places.Bank(lease.BankId)!, now);
        tx.Journal(deposit.Entry(now, JournalKinds.LeaseEnded, authority, JsonSerializer.Serialize(new Over(how.Text(), reason), Json.Options)));
        LeaseRow ending = (await tx.First<LeaseRow>(LeaseRow.Select + "\nwhere l.id = @Id", new { lease.Id }))!;
        await SettleRental.AtEnd(tx, ending, Deposit.BilledUntil(deposit.TakenAt ?? now, deposit.BilledUntil, deposit.PaidAt));
    }

    /// <summary>What the journal says of a deposit's end.</summary>
    internal sealed record Over(string Deposit, string? Reason);
}
