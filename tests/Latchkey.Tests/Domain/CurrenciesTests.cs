using System.Globalization;
using Latchkey.Domain;

namespace Latchkey.Tests.Domain;

public sealed class CurrenciesTests
{
    [Theory]
    [InlineData(5000, "INR", "50.00 INR")]
    [InlineData(5, "EUR", "0.05 EUR")]
    [InlineData(120, "JPY", "120 JPY")]
    [InlineData(1250, "KWD", "1.250 KWD")]
    [InlineData(-150, "USD", "-1.50 USD")]
    [InlineData(long.MaxValue, "TND", "9223372036854775.807 TND")]
    public void Every_currency_is_written_with_its_own_decimals(long minor, string currency, string text) => Currencies.Text(new Money(minor, currency)).ShouldBe(text);

    [Theory]
    [InlineData("XXX")]
    [InlineData("inr")]
    [InlineData("")]
    [InlineData("BTC")]
    public void What_is_no_currency_is_not_known(string code) => Currencies.Knows(code).ShouldBeFalse();

    [Fact]
    public void The_list_is_whole() =>
        ((string[])["INR", "EUR", "USD", "GBP", "JPY", "KRW", "BHD", "KWD", "OMR", "TND", "CLP", "VND", "ISK", "HUF", "IDR", "MGA", "ZWG"]).ShouldAllBe(c => Currencies.Decimals(c).ToString(CultureInfo.InvariantCulture).Length == 1);
}
