using System.Text.Json;
using Latchkey.Domain;
using Latchkey.Domain.Payments;
using Latchkey.Server.Features.Leases;
using Latchkey.Server.Features.Payments.Providers;
using Latchkey.Server.Hosting;
using Latchkey.Server.Journal;
using Latchkey.Server.Storage;

namespace Latchkey.Server.Features.Payments;

/// <summary>
/// Money that a provider had given back comes back: the card is closed, and the person's bank does not take it (docs.stripe.com/refunds, "failed refunds": up to
/// thirty days later). What was entered is entered the other way round, and it is a person's business who gets it then, as with any refund that was refused.
/// A webhook is the doorbell here too; without it a refund is asked after when a week, and when the thirty days are over.
/// </summary>
public sealed class ReturnedRefunds(Db db, PaymentProviders providers, TimeProvider time, ILogger<ReturnedRefunds> log) : BackgroundService
{
    /// <summary>Nobody waits at a door for it.</summary>
    private static readonly TimeSpan Every = TimeSpan.FromSeconds(5);

    private static readonly TimeSpan FirstAsk = TimeSpan.FromDays(7);
    private static readonly TimeSpan LastAsk = TimeSpan.FromDays(31);

    /// <summary>A provider that does not answer is asked again after this; also how long a node that has died keeps another from asking.</summary>
    private static readonly TimeSpan AskAgain = TimeSpan.FromMinutes(15);

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    // One after the other: a refund that comes back is rare, and a provider limits calls.
    private const int MostAtOnce = 20;

    /// <summary>A provider has given this back just now: when it is asked after.</summary>
    public static DateTimeOffset FirstAskOf(DateTimeOffset given) => given + FirstAsk;

    /// <summary>Somebody says that something has become of a refund: it is asked after, or told again while its bank takes its time.</summary>
    public static Task<int> Rung(Transaction tx, Guid order, string provider, DateTimeOffset now) => tx.Execute(
        """
        update payment_order o set ask_at = case o.state when 'done' then @now end, due_at = case o.state when 'waiting' then @now else o.due_at end
        from payment p where o.id = @order and o.kind = 'refund' and o.state in ('done', 'waiting') and p.id = o.payment_id and p.provider = @provider
        """,
        new { order, provider, now });

    protected override Task ExecuteAsync(CancellationToken stoppingToken) => Periodic.Run(Every, time, log, "look after refunds that may have come back", Round, stoppingToken);

    public async Task Round(CancellationToken cancel)
    {
        DateTimeOffset now = time.GetUtcNow();
        List<Given> due = await db.Change<List<Given>>(
            async tx =>
            [
                .. await tx.Query<Given>(
                    """
                    update payment_order o set ask_at = @again from payment p
                    where p.id = o.payment_id and o.id in (
                      select id from payment_order where ask_at <= @now and state = 'done' and kind = 'refund' order by ask_at limit @MostAtOnce for update skip locked)
                    returning o.id, o.payment_id, o.minor, o.answered_at, p.provider, p.reference, p.currency
                    """,
                    new { now, again = now + AskAgain, MostAtOnce }),
            ],
            cancel);
        foreach (Given refund in due)
            await AskAfter(refund, cancel);
    }

    private async Task AskAfter(Given refund, CancellationToken cancel)
    {
        try
        {
            using var patience = new CancellationTokenSource(Patience, time);
            using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancel, patience.Token);
            string? reason = await providers.Of(refund.Provider).AskRefund(refund.Reference, refund.Id, limit.Token);
            await db.Change(tx => reason is null ? Stands(tx, refund) : CameBack(tx, refund, reason), CancellationToken.None);
        }
        catch (Exception e) when (!cancel.IsCancellationRequested)
        {
            log.LogWarning("The refund {Order} is asked after again ({Reason}).", refund.Id, e is ProviderAwayException ? e.Message : e.GetType().Name);
        }
    }

    private async Task<bool> Stands(Transaction tx, Given refund)
    {
        DateTimeOffset last = refund.AnsweredAt + LastAsk;
        return await tx.Execute(
            "update payment_order set ask_at = @next where id = @Id and state = 'done'", new { refund.Id, next = time.GetUtcNow() < last ? last : (DateTimeOffset?)null }) == 1;
    }

    /// <summary>Once: whoever asked at the same time finds the order refused.</summary>
    private async Task<bool> CameBack(Transaction tx, Given refund, string reason)
    {
        DateTimeOffset now = time.GetUtcNow();
        LeaseRow lease = (await LeaseRow.LockOfPayment(tx, refund.PaymentId))!;
        if (await tx.Execute("update payment_order set state = 'refused', answer = left(@reason, 200), ask_at = null where id = @Id and state = 'done'", new { refund.Id, reason }) == 0)
            return false;
        await tx.Execute("update payment set refunded_minor = refunded_minor - @Minor, state = 'captured' where id = @PaymentId", refund);
        await Books.Enter(tx, lease.Id, refund.PaymentId, Settlement.CameBack(lease.Id, refund.Provider, new Money(refund.Minor, refund.Currency)), now);
        tx.Journal(lease.Entry(
            now, JournalKinds.PaymentFailed, $"provider:{refund.Provider}",
            JsonSerializer.Serialize(new { payment = refund.PaymentId, order = "refund", minor = refund.Minor, currency = refund.Currency, reason, cameBack = true }, Json.Options)));
        return true;
    }

    private sealed class Given
    {
        public Guid Id { get; init; }
        public Guid PaymentId { get; init; }
        public long Minor { get; init; }
        public DateTimeOffset AnsweredAt { get; init; }
        public string Provider { get; init; } = "";
        public string Reference { get; init; } = "";
        public string Currency { get; init; } = "";
    }
}
