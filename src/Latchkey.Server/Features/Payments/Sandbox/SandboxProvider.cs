using Dapper;
using Latchkey.Domain;
using Latchkey.Domain.Payments;
using Latchkey.Server.Features.Payments.Providers;
using Latchkey.Server.Storage;

namespace Latchkey.Server.Features.Payments.Sandbox;

/// <summary>
/// The built-in provider, so that the whole product works on a fresh machine. It plays another party: it has books of its own, learns of us only what this
/// interface tells it, and keeps the merchant's names, so that an order told twice has one effect.
/// </summary>
public sealed class SandboxProvider(Db db, TimeProvider time) : IPaymentProvider
{
    public string Name => "sandbox";

    public async Task<Checkout> Open(CheckoutRequest request, CancellationToken cancel)
    {
        string token = await db.Change(
            async tx =>
            {
                await tx.Execute(
                    """
                    insert into sandbox_payment (token, merchant_key, minor, currency, description, return_url, expires_at, state, created_at)
                    values (@token, @Payment, @Minor, @Currency, @Description, @ReturnPath, @Expires, 'open', @now) on conflict (merchant_key) do nothing
                    """,
                    new
                    {
                        token = SandboxPayment.NewToken(), request.Payment, request.Amount.Minor, request.Amount.Currency, request.Description, request.ReturnPath, request.Expires,
                        now = time.GetUtcNow(),
                    });
                return await tx.Scalar<string>("select token from sandbox_payment where merchant_key = @Payment", new { request.Payment });
            },
            cancel);
        return new Checkout(token, $"/checkout/{token}?return={request.ReturnPath}");
    }

    public async Task<ProviderStanding> Ask(string reference, CancellationToken cancel)
    {
        SandboxPayment? row = await db.Read(c => c.QueryFirstOrDefaultAsync<SandboxPayment>(SandboxPayment.Select, new { token = reference }), cancel);
        return row?.Standing(time.GetUtcNow()) ?? throw new ProviderAwayException("The sandbox knows no such payment.");
    }

    public Task<ProviderStanding> Close(string reference, Guid key, CancellationToken cancel) => Change(
        reference,
        async (tx, row) =>
        {
            ProviderStanding standing = row.Standing(time.GetUtcNow());
            if (standing.Word is not (ProviderWord.Open or ProviderWord.Declined))
                return standing;
            await tx.Execute("update sandbox_payment set state = 'closed' where token = @reference", new { reference });
            return new ProviderStanding(ProviderWord.Closed);
        },
        cancel);

    public Task<string?> Capture(string reference, Guid key, Money amount, CancellationToken cancel) => Once(
        reference, key, "capture", amount.Minor,
        row => row.Standing(time.GetUtcNow()).Word != ProviderWord.Authorised ? "not-authorised" : amount != row.Amount with { Minor = amount.Minor } || amount.Minor > row.Minor ? "amount-too-large" : null,
        "update sandbox_payment set state = 'captured', captured_minor = @minor where token = @reference",
        cancel);

    public Task<string?> Void(string reference, Guid key, CancellationToken cancel) => Once(
        reference, key, "void", 0,
        row => row.Standing(time.GetUtcNow()).Word == ProviderWord.Captured ? "already-captured" : null,
        "update sandbox_payment set state = 'closed' where token = @reference",
        cancel);

    public Task<string?> Refund(string reference, Guid key, Money amount, CancellationToken cancel) => Once(
        reference, key, "refund", amount.Minor,
        row => row.CapturedMinor - row.RefundedMinor < amount.Minor ? "amount-too-large" : null,
        "update sandbox_payment set refunded_minor = refunded_minor + @minor where token = @reference",
        cancel);

    /// <summary>The sandbox's banks take everything.</summary>
    public Task<string?> AskRefund(string reference, Guid key, CancellationToken cancel) => Task.FromResult<string?>(null);

    /// <summary>The same key has no second effect: it gets the first answer.</summary>
    private Task<string?> Once(string reference, Guid key, string kind, long minor, Func<SandboxPayment, string?> refuse, string effect, CancellationToken cancel) => Change<string?>(
        reference,
        async (tx, row) =>
        {
            if (await tx.Scalar<bool>("select exists (select 1 from sandbox_operation where key = @key)", new { key }))
                return null;
            if (refuse(row) is { } no)
                return no;
            await tx.Execute(effect, new { reference, minor });
            await tx.Execute(
                "insert into sandbox_operation (key, token, kind, minor, at) values (@key, @reference, @kind, @minor, @now)", new { key, reference, kind, minor, now = time.GetUtcNow() });
            return null;
        },
        cancel);

    private async Task<T> Change<T>(string reference, Func<Transaction, SandboxPayment, Task<T>> change, CancellationToken cancel) => await db.Change(
        async tx => await change(
            tx,
            await tx.First<SandboxPayment>(SandboxPayment.Select + " for update", new { token = reference }) ?? throw new ProviderAwayException("The sandbox knows no such payment.")),
        cancel);
}
