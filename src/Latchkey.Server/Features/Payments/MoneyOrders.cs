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
/// What providers are told to do. An order is written in the transaction of what it follows from, and told after it by whichever node comes first, again and again
/// under the same name until there is an answer; what was really done is entered in the books when the answer is there. The same loop asks how payments stand
/// that nobody has told us of: a webhook that never comes delays a payment and loses none.
/// </summary>
public sealed class MoneyOrders : BackgroundService
{
    private static readonly TimeSpan Every = TimeSpan.FromSeconds(1);

    /// <summary>A node that has taken an order and died: another one takes it after this. Longer than an order may last, which is 8 s to look for its checkout and 10 s to tell it.</summary>
    private static readonly TimeSpan TakenFor = TimeSpan.FromSeconds(20);

    /// <summary>How long a provider has to answer before its answer counts as unknown.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    /// <summary>After the first minutes, what a provider's own bank has not done yet is looked at so often.</summary>
    private static readonly TimeSpan WhilePending = TimeSpan.FromMinutes(15);

    // Providers answer in some 300 ms and limit calls to some 25 a second in their test modes: eight at once stay below. No more orders are taken than are told at once, so that none waits while it is taken.
    private const int AtOnce = 8;
    private const int MostAtOnce = 40;

    /// <summary>Entries of the journal after which an order may wait.</summary>
    private static readonly HashSet<string> Reasons =
    [
        JournalKinds.LeaseEnded, JournalKinds.LeaseCancelled, JournalKinds.LeaseExpired, JournalKinds.LeaseCharged, JournalKinds.PaymentLate, JournalKinds.PaymentDeclined,
    ];

    /// <summary>Why a refund was not told: its capture was refused.</summary>
    private const string NothingTaken = "nothing was taken";

    /// <summary>Of orders o to payments p: the refunds that people hand out, because a desk took the money or its provider could not give it back.</summary>
    public const string ForPeople = $"(o.kind = 'refund' and ((p.provider = 'desk' and o.state = 'waiting') or (o.state = 'refused' and o.answer is distinct from '{NothingTaken}')))";

    private readonly Wake _soon = new();
    private readonly Db _db;
    private readonly PaymentProviders _providers;
    private readonly PaymentArrivals _arrivals;
    private readonly Checkouts _checkouts;
    private readonly TimeProvider _time;
    private readonly ILogger<MoneyOrders> _log;

    public MoneyOrders(Db db, PaymentProviders providers, PaymentArrivals arrivals, Checkouts checkouts, JournalBell bell, TimeProvider time, ILogger<MoneyOrders> log)
    {
        (_db, _providers, _arrivals, _checkouts, _time, _log) = (db, providers, arrivals, checkouts, time, log);
        bell.Rung += (_, entries) =>
        {
            if (entries.Any(e => Reasons.Contains(e.Kind)))
                Wake();
        };
    }

    public void Wake() => _soon.Call();

    /// <summary>Writes an order down; the database refuses a second capture, void or close of a payment, which is then no error.</summary>
    public static Task<int> Give(Transaction tx, Guid payment, string kind, Money? amount, DateTimeOffset now) => tx.Execute(
        """
        insert into payment_order (id, payment_id, kind, minor, due_at, created_at) values (@id, @payment, @kind, @minor, @now, @now) on conflict do nothing
        """,
        new { id = Guid.CreateVersion7(now), payment, kind, minor = amount?.Minor, now });

    public static Task<int> Give(Transaction tx, Guid payment, MoneyOrder order, DateTimeOffset now) => order switch
    {
        MoneyOrder.Capture c => Give(tx, payment, "capture", c.Amount, now),
        MoneyOrder.Refund r => Give(tx, payment, "refund", r.Amount, now),
        _ => Give(tx, payment, "void", null, now),
    };

    /// <summary>The checkouts of leases that nobody can pay for any more are closed; what was paid there meanwhile arrives late.</summary>
    public static Task<int> CloseCheckouts(Transaction tx, IReadOnlyCollection<Guid> leases, DateTimeOffset now) => tx.Execute(
        """
        insert into payment_order (id, payment_id, kind, due_at, created_at)
        select gen_random_uuid(), id, 'close', @now, @now from payment where lease_id = any(@leases) and state in ('pending', 'processing', 'declined')
        on conflict do nothing
        """,
        new { leases = leases.ToArray(), now });

    protected override Task ExecuteAsync(CancellationToken stoppingToken) => Periodic.Run(Every, _time, _log, "look for orders to providers", Round, stoppingToken, _soon);

    /// <summary>Everything that is due now: orders first, then questions.</summary>
    public async Task Round(CancellationToken cancel)
    {
        var parallel = new ParallelOptions { MaxDegreeOfParallelism = AtOnce, CancellationToken = cancel };
        while (true)
        {
            IReadOnlyList<OrderRow> orders = await Take(cancel);
            await Parallel.ForEachAsync(orders, parallel, async (order, stop) => await Tell(order, stop));
            IReadOnlyList<Guid> unknown = await Unknown(cancel);
            await Parallel.ForEachAsync(unknown, parallel, async (payment, stop) => await Ask(payment, stop));
            if (orders.Count < AtOnce && unknown.Count < MostAtOnce)
                return;
        }
    }

    /// <summary>When something is tried again: after 1, 2, 4, ... seconds, a minute at most. Providers keep our names for a day, so that trying again stays harmless.</summary>
    public static TimeSpan After(int tries) => TimeSpan.FromSeconds(Math.Min(60, Math.Pow(2, Math.Min(tries, 10) - 1)));

    private async Task<IReadOnlyList<OrderRow>> Take(CancellationToken cancel)
    {
        DateTimeOffset now = _time.GetUtcNow();
        return await _db.Change<IReadOnlyList<OrderRow>>(
            async tx =>
            [
                .. await tx.Query<OrderRow>(
                    """
                    update payment_order o set taken_until = @until, tries = tries + 1
                    from payment p
                    where p.id = o.payment_id and o.id in (
                      select w.id from payment_order w join payment q on q.id = w.payment_id
                      where w.state = 'waiting' and w.due_at <= @now and coalesce(w.taken_until, @now) <= @now
                        -- Money goes back after it was taken; at a desk people hand it out, and say so themselves.
                        and not (w.kind = 'refund' and (q.provider = 'desk'
                          or exists (select 1 from payment_order c where c.payment_id = w.payment_id and c.kind = 'capture' and c.state = 'waiting')))
                      order by w.due_at limit @AtOnce for update of w skip locked)
                    returning o.id, o.payment_id, o.kind, o.minor, o.tries, p.provider, p.reference, p.currency
                    """,
                    new { now, until = now + TakenFor, AtOnce }),
            ],
            cancel);
    }

    private async Task Tell(OrderRow order, CancellationToken cancel)
    {
        try
        {
            // Who was told of the payment and of no checkout may have one all the same: opening it again finds it.
            string? reference = order.Reference ?? await _checkouts.Find(order.PaymentId, cancel);
            if (reference is null)
                throw new ProviderAwayException("Its checkout is not known yet.");
            IPaymentProvider provider = _providers.Of(order.Provider);
            using var patience = new CancellationTokenSource(Patience, _time);
            using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancel, patience.Token);
            if (order.Kind == "close")
            {
                ProviderStanding standing = await provider.Close(reference, order.Id, limit.Token);
                KillPoint.At(KillPoint.OrderAnswered(order.Kind));
                await _arrivals.Arrive(order.PaymentId, standing, CancellationToken.None);
                await Closed(order, standing);
                return;
            }
            string? refused = order.Kind switch
            {
                "capture" => await provider.Capture(reference, order.Id, order.Amount, limit.Token),
                "refund" => await provider.Refund(reference, order.Id, order.Amount, limit.Token),
                _ => await provider.Void(reference, order.Id, limit.Token),
            };
            KillPoint.At(KillPoint.OrderAnswered(order.Kind));
            // The provider has done it: what follows is written whether or not this node is about to stop.
            await _db.Change(tx => Enter(tx, order, refused), CancellationToken.None);
        }
        catch (Exception e) when (!cancel.IsCancellationRequested)
        {
            // A provider's own words may carry what is not ours to keep: the kind of failure is enough.
            _log.LogWarning("The order to {Kind} payment {Payment} is told again ({Reason}).", order.Kind, order.PaymentId, e is ProviderAwayException ? e.Message : e.GetType().Name);
            await Later(order, e is ProviderAwayException { IsPending: true });
        }
    }

    private async Task Closed(OrderRow order, ProviderStanding standing)
    {
        DateTimeOffset now = _time.GetUtcNow();
        await _db.Change(
            async tx =>
            {
                await Answered(tx, order, "done", standing.Word.ToString(), now);
                // Somebody has paid and nobody knows how it ends: it is asked for until it is known.
                if (standing.Word is ProviderWord.Processing or ProviderWord.Open)
                    await tx.Execute("update payment set ask_at = @at where id = @PaymentId and state in ('pending', 'processing', 'declined')", new { order.PaymentId, at = now + After(1) });
                return true;
            },
            CancellationToken.None);
    }

    /// <summary>The books say what the provider has done, once: a second answer finds the order answered.</summary>
    private async Task<bool> Enter(Transaction tx, OrderRow order, string? refused)
    {
        DateTimeOffset now = _time.GetUtcNow();
        LeaseRow lease = (await LeaseRow.LockOfPayment(tx, order.PaymentId))!;
        if (!await Answered(tx, order, refused is null ? "done" : "refused", refused, now))
            return false;
        string data = Data(order, refused);
        if (refused is not null)
        {
            // What was never taken cannot go back.
            if (order.Kind == "capture")
                await tx.Execute($"update payment_order set state = 'refused', answer = '{NothingTaken}', answered_at = @now where payment_id = @PaymentId and kind = 'refund' and state = 'waiting'", new { order.PaymentId, now });
            tx.Journal(lease.Entry(now, JournalKinds.PaymentFailed, $"provider:{order.Provider}", data));
            return true;
        }
        switch (order.Kind)
        {
            case "capture":
                await tx.Execute("update payment set state = 'captured', captured_minor = @Minor, ask_at = null where id = @PaymentId", order);
                await Books.Enter(tx, lease.Id, order.PaymentId, Settlement.Taken(lease.Id, order.Provider, order.Amount), now);
                tx.Journal(lease.Entry(now, JournalKinds.PaymentCaptured, JournalEntry.ByServer, data));
                break;
            case "refund":
                await tx.Execute("update payment_order set ask_at = @at where id = @Id", new { order.Id, at = ReturnedRefunds.FirstAskOf(now) });
                await GivenBack(tx, lease, order, order.Provider, now);
                break;
            default:
                await tx.Execute("update payment set state = 'voided', captured_minor = 0, ask_at = null where id = @PaymentId", order);
                tx.Journal(lease.Entry(now, JournalKinds.PaymentVoided, JournalEntry.ByServer, data));
                break;
        }
        return true;
    }

    /// <summary>Money has gone back, out of the hands of a provider or a desk.</summary>
    private static async Task GivenBack(Transaction tx, LeaseRow lease, OrderRow order, string by, DateTimeOffset now)
    {
        await tx.Execute(
            "update payment set refunded_minor = refunded_minor + @Minor, state = case when refunded_minor + @Minor = captured_minor then 'refunded' else state end where id = @PaymentId", order);
        await Books.Enter(tx, lease.Id, order.PaymentId, Settlement.GivenBack(lease.Id, by, order.Amount), now);
        tx.Journal(lease.Entry(now, JournalKinds.PaymentRefunded, JournalEntry.ByServer, Data(order, null, by)));
    }

    /// <summary>
    /// Staff have given back at a desk what was to go back: what a desk had taken, or what another provider could not give back. Null when it is entered, else why not.
    /// </summary>
    public static async Task<Refusal?> HandedOut(Transaction tx, Guid order, Guid staff, DateTimeOffset now)
    {
        OrderRow? row = await tx.First<OrderRow>(
            $"""
            select o.id, o.payment_id, o.kind, o.minor, o.tries, p.provider, p.reference, p.currency
            from payment_order o join payment p on p.id = o.payment_id where o.id = @order and ({ForPeople} or o.state = 'handed-out' or (p.provider = 'desk' and o.kind = 'refund'))
            """,
            new { order });
        if (row is null || await LeaseRow.LockOfPayment(tx, row.PaymentId) is not { } lease)
            return Refusal.NotFound("refund");
        int handed = await tx.Execute(
            $"""
            update payment_order o set state = case when p.provider = 'desk' then 'done' else 'handed-out' end, answered_at = @now
            from payment p where o.id = @order and p.id = o.payment_id and {ForPeople}
            """,
            new { order, now });
        if (handed == 0)
            return new Refusal("already-handed-out", RefusalKind.Conflict, "This was given back already. Do not pay it out again.");
        await GivenBack(tx, lease, row, "desk", now);
        tx.Journal(lease.Entry(now, JournalKinds.DeskGaveBack, JournalEntry.ByPerson(staff), JsonSerializer.Serialize(new { payment = row.PaymentId, minor = row.Minor }, Json.Options)));
        return null;
    }

    /// <param name="by">Whose hands the money went through, where it is not who had taken it.</param>
    private static string Data(OrderRow order, string? refused, string? by = null) => JsonSerializer.Serialize(
        new { payment = order.PaymentId, order = order.Kind, minor = order.Minor, currency = order.Currency, provider = by ?? order.Provider, reason = refused }, Json.Options);

    private static async Task<bool> Answered(Transaction tx, OrderRow order, string state, string? answer, DateTimeOffset now) => await tx.Execute(
        "update payment_order set state = @state, answer = left(@answer, 200), answered_at = @now, taken_until = null where id = @Id and state = 'waiting'",
        new { order.Id, state, answer, now }) == 1;

    private Task Later(OrderRow order, bool pending) => _db.Change(
        tx => tx.Execute(
            "update payment_order set due_at = @at, taken_until = null where id = @Id and state = 'waiting'",
            new { order.Id, at = _time.GetUtcNow() + (pending && order.Tries > 10 ? WhilePending : After(order.Tries)) }),
        CancellationToken.None);

    /// <summary>Payments of which nothing is known for a while; each is asked for less often the longer it takes.</summary>
    private Task<IReadOnlyList<Guid>> Unknown(CancellationToken cancel) => _db.Change<IReadOnlyList<Guid>>(
        async tx =>
        [
            .. await tx.Query<Guid>(
                """
                update payment set asks = asks + 1, ask_at = @now + make_interval(secs => least(60, 5 * power(1.5, least(asks, 10))))
                where id in (select id from payment where ask_at <= @now order by ask_at limit @MostAtOnce for update skip locked)
                returning id
                """,
                new { now = _time.GetUtcNow(), MostAtOnce }),
        ],
        cancel);

    private async Task Ask(Guid payment, CancellationToken cancel)
    {
        try
        {
            await _arrivals.Ask(payment, Patience, cancel);
        }
        catch (Exception e) when (!cancel.IsCancellationRequested)
        {
            _log.LogWarning("Payment {Payment} is asked for again later ({Reason}).", payment, e is ProviderAwayException ? e.Message : e.GetType().Name);
        }
    }

    private sealed class OrderRow
    {
        public Guid Id { get; init; }
        public Guid PaymentId { get; init; }
        public string Kind { get; init; } = "";
        public long? Minor { get; init; }
        public int Tries { get; init; }
        public string Provider { get; init; } = "";
        public string? Reference { get; init; }
        public string Currency { get; init; } = "";

        public Money Amount => new(Minor!.Value, Currency);
    }
}
