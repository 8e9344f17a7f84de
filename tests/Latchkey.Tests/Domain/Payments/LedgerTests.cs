using FsCheck;
using FsCheck.Fluent;
using Latchkey.Domain;
using Latchkey.Domain.Leases;
using Latchkey.Domain.Lockers;
using Latchkey.Domain.Payments;
using Latchkey.Domain.Pricing;
using Latchkey.Tests.Domain.Pricing;
using Latchkey.Tests.Support;

namespace Latchkey.Tests.Domain.Payments;

/// <summary>Random lives of rentals in many currencies, with providers that answer when they like: the books sum to zero after every step.</summary>
public sealed class LedgerTests
{
    private static readonly DateTimeOffset Start = new(2026, 11, 21, 9, 0, 0, TimeSpan.Zero);

    [Fact]
    public void The_books_sum_to_zero_after_any_history_and_in_the_end_everybody_has_what_is_theirs() => Generated.Holds(Histories, history =>
    {
        var books = new Books();
        foreach (Life life in history)
            Play(life, books);
    });

    [Fact]
    public void An_entry_is_above_zero_between_two_accounts()
    {
        LedgerEntry.Of(EntryKind.Charge, "a", "b", new Money(0, "INR")).ShouldBeEmpty();
        Should.Throw<ArgumentOutOfRangeException>(() => LedgerEntry.Of(EntryKind.Charge, "a", "b", new Money(-1, "INR")));
    }

    [Fact]
    public void A_prepaid_rental_is_taken_with_its_deposit_when_the_door_was_proven_open_and_the_deposit_goes_back_at_the_end()
    {
        Tariff tariff = Tariffs.Of("INR", new Rate(5000, 40000, 6000, 20000, Deposit: 10000), 0, 15) with { Billing = Billing.Prepaid };
        Rental used = Rental.Hold(tariff, LockerSize.M, 2, Start).Pay(Start).Value with { OpenedEver = true };
        used.ToAuthorise.Minor.ShouldBe(20000);
        var reserved = new Standing(PaymentState.Authorised, used.ToAuthorise, tariff.Amount(0));
        Settlement proof = Settlement.AtProof(used, default, default, tariff.Amount(0), [reserved], Start.AddMinutes(1));
        proof.Orders.Single().ShouldBe(new MoneyOrder.Capture(new Money(20000, "INR")));
        proof.Entries.Single().Amount.Minor.ShouldBe(10000);
        var taken = new Standing(PaymentState.Captured, used.ToAuthorise, used.ToAuthorise);
        // An hour overdue costs 60 of the 100.
        Settlement.AtEnd(used, default, default, tariff.Amount(10000), [taken], Start.AddHours(2).AddMinutes(30)).Orders.Single().ShouldBe(new MoneyOrder.Refund(new Money(4000, "INR")));
        // Twice is once.
        Settlement.AtProof(used, default, default, tariff.Amount(10000), [taken], Start.AddMinutes(2)).ShouldBe(Settlement.Nothing);
    }

    [Fact]
    public void A_running_rental_is_taken_at_the_end_from_price_and_deposit_and_what_is_beyond_them_stays_due()
    {
        Tariff tariff = Tariffs.Of("INR", new Rate(5000, 40000, 6000, 20000, Deposit: 1000), 0, 15);
        Rental used = Rental.Hold(tariff, LockerSize.M, 1, Start).Pay(Start).Value with { OpenedEver = true };
        var reserved = new Standing(PaymentState.Authorised, used.ToAuthorise, tariff.Amount(0));
        Settlement.AtProof(used, default, default, tariff.Amount(0), [reserved], Start.AddMinutes(1)).ShouldBe(Settlement.Nothing);
        Settlement end = Settlement.AtEnd(used, default, default, tariff.Amount(0), [reserved], Start.AddHours(2));
        end.Orders.Single().ShouldBe(new MoneyOrder.Capture(new Money(6000, "INR")));
        end.Entries.Sum(e => e.Amount.Minor).ShouldBe(11000);
    }

    private static void Play(Life life, Books books)
    {
        (Guid lease, Guid site) = (Guid.CreateVersion7(Start), Guid.CreateVersion7(Start));
        Rental rental = Rental.Hold(life.Tariff, LockerSize.M, life.Hours, Start).Pay(Start).Value with { OpenedEver = life.Opened };
        Money nothing = life.Tariff.Amount(0), authorised = rental.ToAuthorise, taken = nothing, ordered = nothing, charged = nothing;
        PaymentState state = PaymentState.Authorised;
        var orders = new Queue<MoneyOrder>();

        void Do(Settlement settlement)
        {
            books.Enter(settlement.Entries);
            charged += settlement.Entries.Where(e => e.Kind == EntryKind.Charge).Aggregate(nothing, (sum, e) => sum + e.Amount);
            MoneyOrder? next = settlement.Orders.Count > 0 ? settlement.Orders[0] : null;
            if (next is { } order)
                orders.Enqueue(order);
            ordered = next switch
            {
                MoneyOrder.Capture c => c.Amount,
                MoneyOrder.Refund r => ordered - r.Amount,
                _ => ordered,
            };
        }

        void Answer()
        {
            if (!orders.TryDequeue(out MoneyOrder? order))
                return;
            (state, taken) = order switch
            {
                MoneyOrder.Capture c => (PaymentState.Captured, c.Amount),
                MoneyOrder.Refund r => (taken == r.Amount ? PaymentState.Refunded : state, taken - r.Amount),
                _ => (PaymentState.Voided, taken),
            };
            books.Enter(order switch
            {
                MoneyOrder.Capture c => Settlement.Taken(lease, "any", c.Amount),
                MoneyOrder.Refund r => Settlement.GivenBack(lease, "any", r.Amount),
                _ => [],
            });
        }

        for (int look = 0; look < life.Looks; look++)
            Do(Settlement.AtProof(rental, lease, site, charged, [new Standing(state, authorised, ordered)], Start + (life.After * look / 3)));
        if (life.AnswersEarly)
            Answer();
        DateTimeOffset end = Start + life.After;
        Do(Settlement.AtEnd(rental, lease, site, charged, [new Standing(state, authorised, ordered)], end));
        while (orders.Count > 0)
            Answer();

        Money owed = rental.Owed(end);
        books.Of(Account.Lease(lease), life.Tariff).ShouldBe(owed.Minor - taken.Minor);
        // What is taken is what is owed, as far as it was reserved; nobody has paid more.
        taken.ShouldBe(Money.Min(owed, authorised));
        (-books.Of(Account.Revenue(site), life.Tariff) - books.Of(Account.Tax(site), life.Tariff)).ShouldBe(owed.Minor);
        if (owed.Minor == 0)
            state.ShouldBeOneOf(PaymentState.Voided, PaymentState.Refunded);
    }

    private sealed class Books
    {
        private readonly List<LedgerEntry> _entries = [];

        public void Enter(IEnumerable<LedgerEntry> entries)
        {
            _entries.AddRange(entries);
            foreach (var currency in Ledger.Balances(_entries).GroupBy(b => b.Key.Currency))
                currency.Sum(b => b.Value).ShouldBe(0);
        }

        public long Of(string account, Tariff tariff) => Ledger.Balances(_entries).GetValueOrDefault((account, tariff.Currency));
    }

    private sealed record Life(Tariff Tariff, int Hours, bool Opened, TimeSpan After, int Looks, bool AnswersEarly);

    private static Gen<Life> Lives =>
        from currency in Gen.Elements("INR", "JPY", "KWD")
        from perHour in Gen.Choose(0, 100_000)
        from overdue in Gen.Choose(0, 100_000)
        from overdueCap in Gen.Choose(0, 500_000)
        from deposit in Gen.Choose(0, 50_000)
        from free in Gen.Choose(0, 30)
        from tax in Gen.Choose(0, 3000)
        from prepaid in Gen.Elements(true, false)
        from hours in Gen.Choose(1, 30)
        from opened in Gen.Frequency((5, Gen.Constant(true)), (1, Gen.Constant(false)))
        from after in Gen.Choose(0, 60 * 60 * 48)
        from looks in Gen.Choose(0, 3)
        from early in Gen.Elements(true, false)
        select new Life(
            Tariffs.Of(currency, new Rate(perHour, perHour * 8L, overdue, overdueCap, deposit), free, 15) with { TaxBasisPoints = tax, Billing = prepaid ? Billing.Prepaid : Billing.Running },
            hours, opened, TimeSpan.FromSeconds(after), looks, early);

    private static Gen<List<Life>> Histories => Lives.ListOf(5).Select(l => l.ToList());
}
