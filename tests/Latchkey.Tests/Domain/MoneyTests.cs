using Latchkey.Domain;

namespace Latchkey.Tests.Domain;

public sealed class MoneyTests
{
    private static readonly Money Ten = new(1000, "EUR");

    [Fact]
    public void Amounts_of_one_currency_add_subtract_and_compare()
    {
        (Ten + new Money(250, "EUR")).ShouldBe(new Money(1250, "EUR"));
        (Ten - new Money(1250, "EUR")).ShouldBe(new Money(-250, "EUR"));
        Money.Min(Ten, new Money(999, "EUR")).ShouldBe(new Money(999, "EUR"));
    }

    [Fact]
    public void Two_currencies_are_never_mixed()
    {
        var yen = new Money(1000, "JPY");
        Should.Throw<InvalidOperationException>(() => Ten + yen);
        Should.Throw<InvalidOperationException>(() => Ten - yen);
        Should.Throw<InvalidOperationException>(() => Money.Min(Ten, yen));
        Ten.ShouldNotBe(yen);
    }

    [Fact]
    public void A_sum_too_large_is_an_error_and_never_a_small_sum()
    {
        Should.Throw<OverflowException>(() => new Money(long.MaxValue, "EUR") + Ten);
        Should.Throw<OverflowException>(() => new Money(long.MinValue, "EUR") - Ten);
    }
}
