using Latchkey.Domain;
using Latchkey.Domain.Payments;

namespace Latchkey.Server.Features.Payments.Providers;

/// <summary>
/// Another party that takes money. Each call can fail after it had its effect, so each carries a name of ours, and the same name twice has one effect.
/// Nothing of it is called inside a transaction of ours.
/// </summary>
public interface IPaymentProvider
{
    string Name { get; }

    /// <summary>Opens a checkout, or finds the one that was opened under this payment's id.</summary>
    /// <exception cref="ProviderAwayException">It is not known what became of it: ask again.</exception>
    Task<Checkout> Open(CheckoutRequest request, CancellationToken cancel);

    /// <summary>How it stands at the provider now.</summary>
    /// <exception cref="ProviderAwayException">It did not say.</exception>
    Task<ProviderStanding> Ask(string reference, CancellationToken cancel);

    /// <summary>Closes the checkout unless somebody has paid there, and says how it stands then.</summary>
    /// <exception cref="ProviderAwayException">It is not known what became of it: tell again.</exception>
    Task<ProviderStanding> Close(string reference, Guid key, CancellationToken cancel);

    /// <summary>Takes so much of what is reserved and lets the rest go.</summary>
    /// <returns>Null when it is done, else the provider's reason why never.</returns>
    /// <exception cref="ProviderAwayException">It is not known what became of it: tell again.</exception>
    Task<string?> Capture(string reference, Guid key, Money amount, CancellationToken cancel);

    /// <summary>Lets all that is reserved go.</summary>
    /// <inheritdoc cref="Capture"/>
    Task<string?> Void(string reference, Guid key, CancellationToken cancel);

    /// <summary>Gives so much back of what was taken.</summary>
    /// <inheritdoc cref="Capture"/>
    Task<string?> Refund(string reference, Guid key, Money amount, CancellationToken cancel);

    /// <summary>Whether what was given back under this name still is: a bank may send it back weeks later.</summary>
    /// <returns>Null when it is, else the provider's reason why it came back.</returns>
    /// <exception cref="ProviderAwayException">It did not say.</exception>
    Task<string?> AskRefund(string reference, Guid key, CancellationToken cancel);
}

/// <param name="Payment">Our name for it, which makes opening twice open once.</param>
/// <param name="ReturnPath">Where the person comes back to, on this server.</param>
/// <param name="Expires">The hold's deadline: a checkout is not to outlive it, as far as the provider can.</param>
public sealed record CheckoutRequest(Guid Payment, Money Amount, string Description, string ReturnPath, DateTimeOffset Expires);

/// <param name="Reference">What the provider calls it.</param>
/// <param name="Url">Where the person pays; null where there is nothing to open.</param>
public sealed record Checkout(string Reference, string? Url);

/// <param name="Amount">What is reserved or was taken, where it says so.</param>
/// <param name="Reason">Why it was declined, as a word.</param>
/// <param name="Method">How it was paid, in words a person knows it by: a card's last four digits at most.</param>
public sealed record ProviderStanding(ProviderWord Word, Money? Amount = null, string? Reason = null, string? Method = null);

/// <summary>A provider did not answer, or not so that one could tell what it has done.</summary>
public sealed class ProviderAwayException : Exception
{
    public ProviderAwayException()
    {
    }

    public ProviderAwayException(string message)
        : base(message)
    {
    }

    /// <summary>It has taken the order and its own bank is slow, for days perhaps: it need not be asked every minute.</summary>
    public bool IsPending { get; init; }

    public ProviderAwayException(string message, Exception inner)
        : base(message, inner)
    {
    }
}

/// <summary>The providers of this installation, by name, and the one that takes cards.</summary>
public sealed class PaymentProviders(IEnumerable<IPaymentProvider> all)
{
    private readonly Dictionary<string, IPaymentProvider> _byName = all.ToDictionary(p => p.Name);

    /// <summary>A provider that was configured goes before the sandbox.</summary>
    public IPaymentProvider ForCards => _byName.GetValueOrDefault("stripe") ?? _byName["sandbox"];

    /// <exception cref="ProviderAwayException">It was configured once and is not any more: its payments wait until it is again.</exception>
    public IPaymentProvider Of(string name) => _byName.GetValueOrDefault(name) ?? throw new ProviderAwayException($"The provider {name} is not configured.");
}
