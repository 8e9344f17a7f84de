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
/// What follows in money when a rental ends or its door is proven open: entries for the books at once, and an order for the provider. What a
/// provider has really done is entered when it has said so.
/// </summary>
public sealed record Settlement(IReadOnlyList<LedgerEntry> Entries, MoneyOrder? Order)
{
    public static readonly Settlement Nothing = new([], null);

    /// <summary>
    /// A rental has ended, by its holder or by staff: what it owes is charged, as far as it was not before, and taken from what was reserved. What was
    /// taken before and is not owed goes back.
    /// </summary>
    /// <param name="chargedUse">What was charged for its hours already.</param>
    public static Settlement AtEnd(Rental rental, Guid lease, Guid site, Money chargedUse, Standing? payment, DateTimeOffset now)
    {
        Owed owed = rental.Owes(now);
        // A price that was charged at the proof stands.
        Money use = owed.Use.Minor > chargedUse.Minor ? owed.Use - chargedUse : owed.Use with { Minor = 0 };
        List<LedgerEntry> entries = [.. Charge(rental.Tariff, lease, site, EntryKind.Charge, use), .. Charge(rental.Tariff, lease, site, EntryKind.Overdue, owed.Overdue)];
        Money total = chargedUse + use + owed.Overdue;
        return new Settlement(entries, payment switch
        {
            { State: PaymentState.Authorised, Captured.Minor: 0 } when total.Minor > 0 => new MoneyOrder.Capture(Money.Min(total, payment.Authorised)),
            { State: PaymentState.Authorised, Captured.Minor: 0 } => new MoneyOrder.Void(),
            { State: PaymentState.Authorised or PaymentState.Captured } when payment.Captured.Minor > total.Minor => new MoneyOrder.Refund(payment.Captured - total),
            _ => null,
        });
    }

    /// <summary>
    /// The door of a rental that is paid for in advance was proven open, and its free minutes are over: its hours are charged. All that is reserved is taken,
    /// the deposit too, because a provider captures once; what is left of it goes back at the end.
    /// </summary>
    public static Settlement AtProof(Rental rental, Guid lease, Guid site, Money chargedUse, Standing? payment, DateTimeOffset now)
    {
        if (rental.Tariff.Billing != Billing.Prepaid || chargedUse.Minor > 0)
            return Nothing;
        Money use = rental.Owes(now).Use;
        if (use.Minor == 0)
            return Nothing;
        return new Settlement(
            [.. Charge(rental.Tariff, lease, site, EntryKind.Charge, use)],
            payment is { State: PaymentState.Authorised, Captured.Minor: 0, Authorised.Minor: > 0 } ? new MoneyOrder.Capture(payment.Authorised) : null);
    }

    /// <summary>A provider has taken money, or given it back.</summary>
    public static IEnumerable<LedgerEntry> Taken(Guid lease, string provider, Money amount) =>
        LedgerEntry.Of(EntryKind.Payment, Account.Provider(provider), Account.Lease(lease), amount);

    public static IEnumerable<LedgerEntry> GivenBack(Guid lease, string provider, Money amount) =>
        LedgerEntry.Of(EntryKind.Refund, Account.Lease(lease), Account.Provider(provider), amount);

    private static IEnumerable<LedgerEntry> Charge(Tariff tariff, Guid lease, Guid site, EntryKind kind, Money gross) =>
    [
        .. LedgerEntry.Of(kind, Account.Lease(lease), Account.Revenue(site), gross),
        .. LedgerEntry.Of(EntryKind.Tax, Account.Revenue(site), Account.Tax(site), Pricing.Pricing.TaxIn(gross, tariff.TaxBasisPoints)),
    ];
}
