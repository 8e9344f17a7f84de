using Latchkey.Domain;
using Latchkey.Server.Features.Leases;

namespace Latchkey.Server.Features.Payments;

/// <summary>Money for a lease: reserved when paid, taken once the door was proven open or at the end.</summary>
/// <param name="Amount">What is or would be authorised: price and deposit.</param>
/// <param name="Captured">What was taken, once the provider has said so.</param>
/// <param name="Refunded">What of it has gone back.</param>
/// <param name="CheckoutUrl">Where the person pays, while that is still to be done.</param>
/// <param name="DeskCode">What they tell at the desk, while that is still to be done.</param>
public sealed record PaymentView(
    Guid Id, Guid LeaseId, string State, Money Amount, Money? Captured, Money? Refunded, DateTimeOffset CreatedAt, string? CheckoutUrl, string? DeskCode, string? DeclineReason, string? Method);

public static class PaymentViews
{
    public static PaymentView? Of(LeaseRow row)
    {
        if (row.PaymentId is not { } id)
            return null;
        bool open = row.PaymentState is "pending" or "declined" && (row.State == "held" || row.Kind == "deposit"); // what a deposit owes is paid before its door opens
        return new PaymentView(
            id,
            row.Id,
            row.PaymentState!,
            new Money(row.PaymentMinor!.Value, row.PaymentCurrency!),
            row.PaymentCapturedMinor is { } captured ? new Money(captured, row.PaymentCurrency!) : null,
            row.PaymentRefundedMinor > 0 ? new Money(row.PaymentRefundedMinor, row.PaymentCurrency!) : null,
            row.PaymentCreatedAt!.Value,
            open ? row.PaymentUrl : null,
            open ? row.PaymentDeskCode : null,
            row.PaymentDeclineReason,
            row.PaymentMethod);
    }
}
