using Dapper;
using Latchkey.Domain;
using Latchkey.Domain.Leases;
using Latchkey.Domain.Pricing;
using Latchkey.Server.Features.Leases;
using Latchkey.Server.Journal;
using Latchkey.Server.Storage;

namespace Latchkey.Server.Features.Deposits;

/// <summary>A deposit as it is stored, beside its lease.</summary>
public sealed class DepositRow
{
    public const string Sender = "sender", Receiver = "receiver";

    public const string Columns = "d.lease_id, d.stage, d.pays, d.email, d.phone, d.name, d.language, d.stored_at, d.taken_at, d.over_at, d.payer, d.pay_until, d.billed_until, d.paid_at, d.said";

    public Guid LeaseId { get; init; }
    public string Stage { get; init; } = "";
    public string Pays { get; init; } = "";
    public string? Email { get; init; }
    public string? Phone { get; init; }
    public string Name { get; init; } = "";
    public string Language { get; init; } = "";
    public DateTimeOffset? StoredAt { get; init; }
    public DateTimeOffset? TakenAt { get; init; }
    public DateTimeOffset? OverAt { get; init; }
    public string? Payer { get; init; }
    public DateTimeOffset? PayUntil { get; init; }
    public DateTimeOffset? BilledUntil { get; init; }
    public DateTimeOffset? PaidAt { get; init; }
    public bool Said { get; init; }

    /// <summary>Filled in by <see cref="Lock(Transaction, Guid, Guid)"/>.</summary>
    public LeaseRow Lease { get; private set; } = new();

    public DepositStage At => EnumText.Parse<DepositStage>(Stage);

    /// <summary>Its bank cannot see this door, and has let it go: whether the thing is inside only its sender can say.</summary>
    public bool OnlySenderKnows => At == DepositStage.Placing && Lease is { Door: "unknown", CommandState: "pulsed" };

    /// <summary>It can still be opened by somebody: its lease runs.</summary>
    public bool Runs => Lease.State is "active" or "overdue";

    /// <summary>Deposits with their leases, unlocked.</summary>
    public static Task<List<DepositRow>> Load(Db db, string where, object parameters, CancellationToken cancel) => db.Read(
        async c =>
        {
            List<LeaseRow> leases = [.. await c.QueryAsync<LeaseRow>($"{LeaseRow.Select}\nwhere l.kind = 'deposit' and {where}", parameters)];
            Dictionary<Guid, DepositRow> deposits = (await c.QueryAsync<DepositRow>($"select {Columns} from deposit d where d.lease_id = any(@ids)", new { ids = leases.Select(l => l.Id).ToArray() })).ToDictionary(d => d.LeaseId);
            return leases.Select(l => deposits[l.Id].With(l)).ToList();
        },
        cancel);

    /// <summary>The deposit, locked with its lease until the transaction ends; null when there is none, or it is not this sender's.</summary>
    public static async Task<DepositRow?> Lock(Transaction tx, Guid lease, Guid sender)
    {
        if (await LeaseRow.LockPaid(tx, lease, sender) is not { Kind: "deposit" } row || await tx.First<DepositRow>($"select {Columns} from deposit d where d.lease_id = @lease for no key update", new { lease }) is not { } deposit)
            return null;
        deposit.Lease = row;
        return deposit;
    }

    /// <summary>The same for whoever has another right to it, which the caller looks at.</summary>
    public static async Task<DepositRow?> Lock(Transaction tx, Guid lease)
    {
        Guid sender = await tx.First<Guid>("select person_id from lease where id = @lease", new { lease });
        return sender == Guid.Empty ? null : await Lock(tx, lease, sender);
    }

    /// <summary>The one that runs at this locker.</summary>
    public static async Task<DepositRow?> LockAt(Transaction tx, Guid locker)
    {
        Guid lease = await tx.First<Guid>("select l.id from lease l join deposit d on d.lease_id = l.id where l.locker_id = @locker and l.state in ('active', 'overdue')", new { locker });
        // It may have ended, or moved to another locker, while this waited for it.
        return lease != Guid.Empty && await Lock(tx, lease) is { Runs: true } deposit && deposit.Lease.LockerId == locker ? deposit : null;
    }

    public DepositRow With(LeaseRow lease)
    {
        Lease = lease;
        return this;
    }

    /// <summary>What it owes if the door opens now; nothing before it was stored.</summary>
    public Owed Owes(DateTimeOffset now)
    {
        Rental rental = Lease.Rental();
        return StoredAt is null ? new Owed(rental.Tariff.Amount(0), rental.Tariff.Amount(0)) : rental.Owes(Deposit.BilledUntil(TakenAt ?? now, BilledUntil, PaidAt));
    }

    /// <summary>What each started hour costs.</summary>
    public Money PerHour
    {
        get
        {
            Rental rental = Lease.Rental();
            return rental.Tariff.Amount(rental.Tariff.Rates[rental.SizePriced].PerHour);
        }
    }

    /// <summary>Whoever takes it out pays before: until then its bank is told no code.</summary>
    public bool WaitsForPayment => Pays == Receiver && PaidAt is null && PerHour.Minor > 0;

    /// <summary>Whether somebody has to pay before the door opens.</summary>
    public bool MustBePaid(DateTimeOffset now) => WaitsForPayment && Owes(now).Total.Minor > 0;

    public JournalEntry Entry(DateTimeOffset at, string kind, string authority, string? data = null) => Lease.Entry(at, kind, authority, data);
}
