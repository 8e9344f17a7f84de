namespace Latchkey.Domain.Payments;

/// <summary>Why money moved from one account to another.</summary>
public enum EntryKind
{
    /// <summary>What a rental costs by its hours, tax included.</summary>
    Charge,

    /// <summary>What it costs to have stayed past the paid time.</summary>
    Overdue,

    /// <summary>A charge that is taken back, with its tax: the locker failed.</summary>
    Waiver,

    /// <summary>The tax within a charge: from what was earned to what is owed to the state.</summary>
    Tax,

    /// <summary>A provider has taken money for a rental.</summary>
    Payment,

    /// <summary>A provider has given money back.</summary>
    Refund,

    /// <summary>What was given back was not taken there, and is in the provider's hands again.</summary>
    RefundReturned,
}

/// <summary>An amount that is debited in one account and credited in another; never zero, never negative, never to the same account.</summary>
public sealed record LedgerEntry(EntryKind Kind, string Debit, string Credit, Money Amount)
{
    public static IEnumerable<LedgerEntry> Of(EntryKind kind, string debit, string credit, Money amount) =>
        amount.Minor switch
        {
            > 0 => [new LedgerEntry(kind, debit, credit, amount)],
            0 => [],
            _ => throw new ArgumentOutOfRangeException(nameof(amount), "Money flows the other way: swap the accounts."),
        };
}

/// <summary>The accounts. A lease's own is what its holder still owes (above zero) or has in advance (below).</summary>
public static class Account
{
    public static string Lease(Guid lease) => $"lease:{lease:D}";

    public static string Revenue(Guid site) => $"revenue:{site:D}";

    public static string Tax(Guid site) => $"tax:{site:D}";

    /// <summary>What a provider has in its hands for us.</summary>
    public static string Provider(string name) => $"provider:{name}";
}

/// <summary>The books: what stands on each account after any history.</summary>
public static class Ledger
{
    /// <summary>Debits above zero, credits below. The sum over all accounts of a currency is zero, whatever the entries.</summary>
    public static IReadOnlyDictionary<(string Account, string Currency), long> Balances(IEnumerable<LedgerEntry> entries)
    {
        var balances = new Dictionary<(string, string), long>();
        foreach (LedgerEntry e in entries)
        {
            Add((e.Debit, e.Amount.Currency), e.Amount.Minor);
            Add((e.Credit, e.Amount.Currency), -e.Amount.Minor);
        }
        return balances;

        void Add((string, string) account, long minor) => balances[account] = checked(balances.GetValueOrDefault(account) + minor);
    }
}
