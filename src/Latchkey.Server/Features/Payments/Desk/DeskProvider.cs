using Latchkey.Domain;
using Latchkey.Domain.Payments;
using Latchkey.Server.Features.Payments.Providers;

namespace Latchkey.Server.Features.Payments.Desk;

/// <summary>
/// People who take money at a counter. There is nobody to ask: what they took they say themselves (<see cref="TakeAtDesk"/>), and what they gave back too,
/// so that refunds of a desk are never told here.
/// </summary>
public sealed class DeskProvider : IPaymentProvider
{
    public string Name => "desk";

    public Task<Checkout> Open(CheckoutRequest request, CancellationToken cancel) => Task.FromResult(new Checkout($"desk:{request.Payment:N}", null));

    public Task<ProviderStanding> Ask(string reference, CancellationToken cancel) => Task.FromResult(new ProviderStanding(ProviderWord.Open));

    public Task<ProviderStanding> Close(string reference, Guid key, CancellationToken cancel) => Task.FromResult(new ProviderStanding(ProviderWord.Closed));

    public Task<string?> Capture(string reference, Guid key, Money amount, CancellationToken cancel) => Task.FromResult<string?>("taken-at-once");

    public Task<string?> Void(string reference, Guid key, CancellationToken cancel) => Task.FromResult<string?>(null);

    public Task<string?> Refund(string reference, Guid key, Money amount, CancellationToken cancel) => throw new ProviderAwayException("Staff give it back.");

    /// <summary>What was handed out stays handed out.</summary>
    public Task<string?> AskRefund(string reference, Guid key, CancellationToken cancel) => Task.FromResult<string?>(null);
}
