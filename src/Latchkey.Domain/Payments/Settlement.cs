using Latchkey.Domain.Leases;
using Latchkey.Domain.Pricing;

namespace Latchkey.Domain.Payments;

/// <summary>What a provider is told to do; it is told again, under the same name, until it has answered.</summary>
public abstract record MoneyOrder
{
    private MoneyOrder()
    {
    }

    /// <summary>Takes this much of what is reserved and lets the rest go.</summary>
    public sealed record Capture(Money Amount) : MoneyOrder;

    /// <summary>Lets all of it go, and closes the checkout where it is still open.</summary>
    public sealed record Void : MoneyOrder;

    /// <summary>Gives so much back of what was taken.</summary>
    public sealed record Refund(Money Amount) : MoneyOrder;
}

/// <summary>How a lease's payment stands when it is settled.</summary>
/// <param name="Captured">What was taken and not given back, with what was ordered to be taken or given back and is not confirmed yet.</param>
public sealed record Standing(PaymentState State, Money Authorised, Money Captured);

/// <summary>
/// What follows in money when a rental ends or its door is proven open: entries for the books at once, and orders for the providers. What a
/// provider has really done is entered when it has said so.
/// </summary>
/// <param name="Orders">One for each payment, in their order; null where there is nothing to be told.</param>
public sealed record Settlement(IReadOnlyList<LedgerEntry> Entries, IReadOnlyList<MoneyOrder?> Orders)
{
    public static readonly Settlement Nothing = new([], []);

    /// <summary>
    /// A rental has ended, by its holder or by staff: what it owes is charged, as far as it was not before, and taken from what was reserved. What was
    /// taken before and is not owed goes back.
    /// </summary>
    /// <param name="chargedUse">What was charged for its hours already.</param>
    /// <param name="payments">That of the rental first, then those of its extensions and swaps: the first pay first.</param>
    public static Settlement AtEnd(Rental rental, Guid lease, Guid site, Money chargedUse, IReadOnlyList<Standing> payments, DateTimeOffset now)
    {
        Owed owed = rental.Owes(now);
        // A price that was charged at the proof stands, unless all is waived.
        Money use = owed.Use.Minor > chargedUse.Minor ? owed.Use - chargedUse : owed.Use with { Minor = 0 };
        Money back = rental.Waived ? chargedUse : chargedUse with { Minor = 0 };
        List<LedgerEntry> entries =
        [
            .. Charge(rental.Tariff, lease, site, EntryKind.Charge, use), .. Charge(rental.Tariff, lease, site, EntryKind.Overdue, owed.Overdue),
            .. LedgerEntry.Of(EntryKind.Waiver, Account.Revenue(site), Account.Lease(lease), back),
            .. LedgerEntry.Of(EntryKind.Waiver, Account.Tax(site), Account.Revenue(site), Pricing.Pricing.TaxIn(back, rental.Tariff.TaxBasisPoints)),
        ];
        Money left = chargedUse - back + use + owed.Overdue;
        var orders = new MoneyOrder?[payments.Count];
        // What was taken already pays first: giving it back to take it elsewhere would be seen on two statements.
        foreach (int i in Enumerable.Range(0, payments.Count).OrderBy(i => payments[i].Captured.Minor == 0))
        {
            Money share = Money.Min(left, payments[i].Captured.Minor > 0 ? payments[i].Captured : payments[i].Authorised);
            orders[i] = payments[i] switch
            {
                { State: PaymentState.Authorised, Captured.Minor: 0 } when share.Minor > 0 => new MoneyOrder.Capture(share),
                { State: PaymentState.Authorised, Captured.Minor: 0 } => new MoneyOrder.Void(),
                { State: PaymentState.Authorised or PaymentState.Captured } p when p.Captured.Minor > share.Minor => new MoneyOrder.Refund(p.Captured - share),
                _ => null,
            };
            if (payments[i].State is PaymentState.Authorised or PaymentState.Captured)
                left -= share;
        }
        return new Settlement(entries, orders);
    }

    /// <summary>
    /// The door of a rental that is paid for in advance was proven open, and its free minutes are over: its hours are charged. All that is reserved is taken,
    /// the deposit too, because a provider captures once; what is left of it goes back at the end.
    /// </summary>
    public static Settlement AtProof(Rental rental, Guid lease, Guid site, Money chargedUse, IReadOnlyList<Standing> payments, DateTimeOffset now)
    {
        if (rental.Tariff.Billing != Billing.Prepaid || chargedUse.Minor > 0)
            return Nothing;
        Money use = rental.Owes(now).Use;
        return use.Minor == 0 ? Nothing : new Settlement([.. Charge(rental.Tariff, lease, site, EntryKind.Charge, use)], [.. payments.Select(TakeAll)]);
    }

    /// <summary>A rental whose hours were charged in advance has become longer or larger: the difference is charged and taken at once.</summary>
    public static Settlement AtChange(Rental rental, Guid lease, Guid site, Money chargedUse, Standing payment, DateTimeOffset now)
    {
        Money use = rental.Owes(now).Use;
        return rental.Tariff.Billing != Billing.Prepaid || chargedUse.Minor == 0 || use.Minor <= chargedUse.Minor
            ? Nothing
            : new Settlement([.. Charge(rental.Tariff, lease, site, EntryKind.Charge, use - chargedUse)], [TakeAll(payment)]);
    }

    private static MoneyOrder? TakeAll(Standing payment) =>
        payment is { State: PaymentState.Authorised, Captured.Minor: 0, Authorised.Minor: > 0 } ? new MoneyOrder.Capture(payment.Authorised) : null;

    /// <summary>A provider has taken money, or given it back.</summary>
    public static IEnumerable<LedgerEntry> Taken(Guid lease, string provider, Money amount) =>
        LedgerEntry.Of(EntryKind.Payment, Account.Provider(provider), Account.Lease(lease), amount);

    public static IEnumerable<LedgerEntry> GivenBack(Guid lease, string provider, Money amount) =>
        LedgerEntry.Of(EntryKind.Refund, Account.Lease(lease), Account.Provider(provider), amount);

    /// <summary>What had been given back has come back: the person's bank did not take it.</summary>
    public static IEnumerable<LedgerEntry> CameBack(Guid lease, string provider, Money amount) =>
        LedgerEntry.Of(EntryKind.RefundReturned, Account.Provider(provider), Account.Lease(lease), amount);

    /// <summary>What is charged, and the tax that is in it.</summary>
    public static IEnumerable<LedgerEntry> Charge(Tariff tariff, Guid lease, Guid site, EntryKind kind, Money gross) =>
    [
        .. LedgerEntry.Of(kind, Account.Lease(lease), Account.Revenue(site), gross),
        .. LedgerEntry.Of(EntryKind.Tax, Account.Revenue(site), Account.Tax(site), Pricing.Pricing.TaxIn(gross, tariff.TaxBasisPoints)),
    ];
}
