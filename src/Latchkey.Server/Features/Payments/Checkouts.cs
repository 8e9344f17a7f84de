using Dapper;
using Latchkey.Domain;
using Latchkey.Server.Features.Payments.Providers;
using Latchkey.Server.Features.Places;
using Latchkey.Server.Hosting;
using Latchkey.Server.Storage;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Latchkey.Server.Features.Payments;

/// <summary>
/// Opens checkouts at providers. The payment is written down first, and its id is the checkout's name there: a server that died in between, or heard no answer,
/// opens it again and gets the same one.
/// </summary>
public sealed class Checkouts(Db db, PaymentProviders providers, PlaceBook places, ILogger<Checkouts> log, TimeProvider time)
{
    /// <summary>A person waits for it.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(8);

    // When a webhook or the person themselves should have come back; then it is asked for.
    private static readonly TimeSpan FirstAsk = TimeSpan.FromSeconds(5);

    /// <summary>
    /// Opens it for somebody who waits; the answer to them when it is not known whether it is open, null when all is well. Also when theirs is a repeat: the first request may
    /// have died before the provider answered.
    /// </summary>
    public async Task<ProblemHttpResult?> Open(Guid payment, CancellationToken cancel)
    {
        try
        {
            await Find(payment, cancel);
            return null;
        }
        catch (ProviderAwayException e)
        {
            log.LogWarning("A checkout could not be opened ({Reason}).", e.Message);
            return Problems.Of(StatusCodes.Status503ServiceUnavailable, "payment-provider-away", "The payment service does not answer. Try again in a moment; nothing was charged.");
        }
    }

    /// <summary>The provider's name for this payment, which is opened there if it is not; null when there is no such payment.</summary>
    /// <exception cref="ProviderAwayException">It is not known whether it is open.</exception>
    public async Task<string?> Find(Guid payment, CancellationToken cancel)
    {
        Row? row = await db.Read(
            c => c.QueryFirstOrDefaultAsync<Row>(
                """
                select p.id, p.provider, p.reference, p.minor, p.currency, l.locker_id, l.site_id, coalesce(c.hours, l.hours) as hours, coalesce(c.expires_at, d.pay_until, l.hold_until) as hold_until,
                  case when d.lease_id is null then '/lease/' || l.id when d.payer = 'receiver' then '/collect' else '/deposits/' || l.id end as back
                from payment p join lease l on l.id = p.lease_id left join lease_change c on c.id = p.change_id left join deposit d on d.lease_id = l.id where p.id = @payment
                """,
                new { payment }),
            cancel);
        // Where nothing is to be paid there is nobody to open anything.
        if (row is null || row.Reference is not null || row.Provider == "none")
            return row?.Reference;
        LockerPlace locker = places.Locker(row.LockerId)!;
        var request = new CheckoutRequest(
            row.Id, new Money(row.Minor, row.Currency), $"Locker {locker.Label}, {places.Site(row.SiteId)!.Name}, {row.Hours} h", row.Back, row.HoldUntil);
        using var patience = new CancellationTokenSource(Patience, time);
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancel, patience.Token);
        Checkout opened;
        try
        {
            opened = await providers.Of(row.Provider).Open(request, limit.Token);
        }
        catch (OperationCanceledException e) when (!cancel.IsCancellationRequested)
        {
            throw new ProviderAwayException($"No answer within {Patience.TotalSeconds:0} s.", e);
        }
        KillPoint.At(KillPoint.CheckoutOpened);
        await db.Change(
            tx => tx.Execute(
                "update payment set reference = @Reference, checkout_url = @Url, ask_at = @at where id = @payment and reference is null",
                new { payment, opened.Reference, opened.Url, at = time.GetUtcNow() + FirstAsk }),
            CancellationToken.None);
        return opened.Reference;
    }

    private sealed class Row
    {
        public Guid Id { get; init; }
        public string Provider { get; init; } = "";
        public string? Reference { get; init; }
        public long Minor { get; init; }
        public string Currency { get; init; } = "";
        public string Back { get; init; } = "";
        public Guid LockerId { get; init; }
        public Guid SiteId { get; init; }
        public int Hours { get; init; }
        public DateTimeOffset HoldUntil { get; init; }
    }
}
