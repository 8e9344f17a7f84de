namespace Latchkey.Domain;

/// <summary>An amount in the smallest unit of a currency (paise, cents, yen): never a fraction, never a float.</summary>
/// <param name="Minor">In minor units; ISO 4217 says how many of them make one major unit.</param>
/// <param name="Currency">ISO 4217 letters, upper case.</param>
public readonly record struct Money(long Minor, string Currency)
{
    public static Money operator +(Money a, Money b) => new(checked(a.Minor + b.Minor), Common(a, b));
    public static Money operator -(Money a, Money b) => new(checked(a.Minor - b.Minor), Common(a, b));

    public static Money Min(Money a, Money b) => new(Math.Min(a.Minor, b.Minor), Common(a, b));

    /// <exception cref="InvalidOperationException">Amounts of two currencies were mixed: a bug, never a customer's doing.</exception>
    private static string Common(Money a, Money b) =>
        a.Currency == b.Currency ? a.Currency : throw new InvalidOperationException($"{a.Currency} and {b.Currency} cannot be mixed.");
}
