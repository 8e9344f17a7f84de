using Latchkey.Domain;
using Latchkey.Domain.Leases;
using Latchkey.Domain.Lockers;
using Latchkey.Domain.Pricing;
using Latchkey.Server.Storage;
using Latchkey.Tests.Support;

namespace Latchkey.Tests.Domain.Leases;

public sealed class DepositRulesTests
{
    private static readonly DateTimeOffset Noon = new(2026, 11, 20, 12, 0, 0, TimeSpan.Zero);

    [Fact]
    public void The_page_has_the_same_table()
    {
        string page = File.ReadAllText(Path.Combine(Repository.Root, "docs", "states.md"));
        string[] table = page.Split("<!-- deposit-moves:begin -->")[1].Split("<!-- deposit-moves:end -->")[0].Trim().Split('\n');
        DepositMove[] moves = Enum.GetValues<DepositMove>();
        table[0].ShouldBe($"| stage | {string.Join(" | ", moves.Select(m => m.Text()))} |");
        table[2..].ShouldBe(Enum.GetValues<DepositStage>().Select(s => $"| {s.Text()} | {string.Join(" | ", moves.Select(m => Deposit.Next(s, m)?.Text() ?? "-"))} |"));
    }

    [Theory]
    [InlineData(60, false, 15)]
    [InlineData(60, true, 30)]
    [InlineData(3, false, 1)]
    [InlineData(1, true, 1)]
    public void Nobody_fills_a_place(int lockers, bool courier, int most) => Deposit.MostAtSite(lockers, courier).ShouldBe(most);

    [Fact]
    public void Who_has_paid_walks_to_the_door_for_nothing_more_but_not_for_ever()
    {
        DateTimeOffset asked = Noon, paid = Noon.AddMinutes(3);
        Deposit.BilledUntil(paid + Deposit.PaidFor, asked, paid).ShouldBe(asked);
        Deposit.BilledUntil(paid + Deposit.PaidFor + TimeSpan.FromTicks(1), asked, paid).ShouldBe(paid + Deposit.PaidFor + TimeSpan.FromTicks(1));
        Deposit.BilledUntil(Noon.AddHours(5), asked, null).ShouldBe(Noon.AddHours(5));
    }

    [Theory]
    [InlineData(24, 0, 2.0)]
    [InlineData(24, 2, 14.0)]
    [InlineData(24, 13.9, 14.0)]
    [InlineData(24, 14, null)] // 26 is after the end
    [InlineData(16, 2, null)] // 14 is too near to it
    [InlineData(4, 0, null)]
    [InlineData(72, 50, 62.0)] // what was missed is not caught up with
    public void The_receiver_is_reminded_after_two_hours_and_every_twelve_but_not_just_before_the_ladders_own_word(int hours, double now, double? next) =>
        Deposit.NextReminder(Noon, Noon.AddHours(hours), Noon.AddHours(now)).ShouldBe(next is { } at ? Noon.AddHours(at) : null);

    [Fact]
    public void Every_size_is_stored_at_the_same_price_in_the_sites_currency_with_its_tax()
    {
        Tariff storage = Deposit.StorageOf(Driving.Rupees, 5000);
        (storage.Currency, storage.TaxBasisPoints, storage.Rates.Count).ShouldBe((Driving.Rupees.Currency, Driving.Rupees.TaxBasisPoints, 4));
        Latchkey.Domain.Pricing.Pricing.Owes(storage, LockerSize.XL, Noon, Noon.AddHours(24), Noon.AddMinutes(61), openedEver: true).Total.ShouldBe(new Money(10_000, "INR"));
        TariffBook.Faults(Deposit.StorageOf(Driving.Rupees, 1_000_000)).ShouldBeEmpty();
    }
}
