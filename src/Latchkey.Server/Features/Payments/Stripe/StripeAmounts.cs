using Latchkey.Domain;

namespace Latchkey.Server.Features.Payments.Stripe;

/// <summary>
/// Amounts as Stripe counts them (docs.stripe.com/currencies): in the smallest unit, with exceptions. ISK and UGX have no decimals and are told with two; MGA has
/// two and is told without. The last digit of a currency with three decimals must be 0.
/// </summary>
public static class StripeAmounts
{
    /// <exception cref="InvalidOperationException">Stripe cannot take this amount exactly; nothing is ever rounded silently.</exception>
    public static long ToStripe(Money money) => money.Currency switch
    {
        "ISK" or "UGX" => checked(money.Minor * 100),
        "MGA" => money.Minor % 100 == 0 ? money.Minor / 100 : throw new InvalidOperationException($"Stripe takes whole ariary only, not {money.Minor} hundredths."),
        _ when Currencies.Decimals(money.Currency) == 3 && money.Minor % 10 != 0 => throw new InvalidOperationException($"Stripe takes {money.Currency} in steps of ten, not {money.Minor}."),
        _ => money.Minor,
    };

    public static Money FromStripe(long amount, string currency)
    {
        string code = currency.ToUpperInvariant();
        return code switch
        {
            "ISK" or "UGX" => new Money(amount / 100, code),
            "MGA" => new Money(checked(amount * 100), code),
            _ => new Money(amount, code),
        };
    }
}
