using Latchkey.Domain;
using Latchkey.Server.Features.Leases;

namespace Latchkey.Server.Features.Payments;

/// <summary>Money for a lease: reserved when paid, taken at the end.</summary>
/// <param name="Amount">What is or would be authorised.</param>
/// <param name="CheckoutUrl">Where the person pays, while that is still to be done.</param>
public sealed record PaymentView(
    Guid Id, Guid LeaseId, string State, Money Amount, Money? Captured, DateTimeOffset CreatedAt, string? CheckoutUrl, string? DeclineReason, string? Method);

public static class PaymentViews
{
    public static PaymentView? Of(LeaseRow row) => row.PaymentId is not { } id
        ? null
        : new PaymentView(
            id,
            row.Id,
            row.PaymentState!,
            new Money(row.PaymentMinor!.Value, row.PaymentCurrency!),
            row.PaymentCapturedMinor is { } captured ? new Money(captured, row.PaymentCurrency!) : null,
            row.PaymentCreatedAt!.Value,
            row.PaymentState is "pending" or "declined" ? CheckoutUrl(row.PaymentToken!, row.Id) : null,
            row.PaymentDeclineReason,
            row.PaymentMethod);

    public static string CheckoutUrl(string token, Guid lease) => $"/checkout/{token}?return=/lease/{lease:D}";
}
