using System.Text.Json;
using Dapper;
using Latchkey.Domain;
using Latchkey.Domain.Leases;
using Latchkey.Domain.Payments;
using Latchkey.Domain.Pricing;
using Latchkey.Server.Devices;
using Latchkey.Server.Features.Changes;
using Latchkey.Server.Features.Deposits;
using Latchkey.Server.Features.Leases;
using Latchkey.Server.Features.Payments.Providers;
using Latchkey.Server.Features.Places;
using Latchkey.Server.Hosting;
using Latchkey.Server.Journal;
using Latchkey.Server.Storage;

namespace Latchkey.Server.Features.Payments;

/// <summary>
/// What a provider says of a payment becomes what is known of it. Whoever calls (a hosted page's return, a webhook, the reconciler) is only a reason to ask; the
/// answer is applied once, whatever came twice, late or in another order, because payment and lease are locked and words never lead back.
/// </summary>
public sealed class PaymentArrivals(Db db, PaymentProviders providers, Grants grants, PlaceBook places, TimeProvider time)
{
    /// <summary>Asks the provider and applies its answer; false when the money is not kept.</summary>
    /// <exception cref="ProviderAwayException">There was no answer.</exception>
    public async Task<bool> Ask(Guid payment, TimeSpan patience, CancellationToken cancel)
    {
        (string? provider, string? reference) = await db.Read(
            c => c.QueryFirstOrDefaultAsync<(string?, string?)>("select provider, reference from payment where id = @payment", new { payment }), cancel);
        if (provider is null || reference is null)
            return true;
        using var limit = new CancellationTokenSource(patience, time);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(cancel, limit.Token);
        ProviderStanding standing;
        try
        {
            standing = await providers.Of(provider).Ask(reference, both.Token);
        }
        catch (OperationCanceledException e) when (!cancel.IsCancellationRequested)
        {
            throw new ProviderAwayException($"No answer within {patience.TotalSeconds:0} s.", e);
        }
        return await Arrive(payment, standing, cancel);
    }

    /// <summary>Applies what a provider has said; false when the money is not kept.</summary>
    public Task<bool> Arrive(Guid payment, ProviderStanding standing, CancellationToken cancel) => db.Change(tx => Arrive(tx, payment, standing), cancel);

    /// <inheritdoc cref="Arrive(Guid, ProviderStanding, CancellationToken)"/>
    public async Task<bool> Arrive(Transaction tx, Guid payment, ProviderStanding standing)
    {
        DateTimeOffset now = time.GetUtcNow();
        if (await LeaseRow.LockOfPayment(tx, payment) is not { } lease)
            return true;
        PaymentNow was = (await tx.First<PaymentNow>("select state, provider, minor, currency, change_id from payment where id = @payment for update", new { payment }))!;
        PaymentState state = EnumText.Parse<PaymentState>(was.State);
        if (PaymentMoves.Next(state, standing.Word) is not { } next)
            return state != PaymentState.Voided;
        switch (next)
        {
            case PaymentState.Processing:
                await Note(tx, payment, next, standing, now + MoneyOrders.After(1));
                tx.Journal(lease.Entry(now, JournalKinds.PaymentProcessing, was.Authority, Data(payment)));
                return true;
            case PaymentState.Declined:
                await Note(tx, payment, next, standing, now + MoneyOrders.After(4));
                tx.Journal(lease.Entry(now, JournalKinds.PaymentDeclined, was.Authority, Data(payment, reason: standing.Reason)));
                return true;
            case PaymentState.Voided:
                await tx.Execute(
                    """
                    update payment set state = 'voided', captured_minor = 0, ask_at = null where id = @payment;
                    update lease_change set state = 'gone', settled_at = @now where id = @ChangeId and state = 'waiting';
                    """,
                    new { payment, was.ChangeId, now });
                tx.Journal(lease.Entry(now, state == PaymentState.Authorised ? JournalKinds.PaymentVoided : JournalKinds.PaymentClosed, was.Authority, Data(payment)));
                return true;
            case PaymentState.Captured when state == PaymentState.Authorised:
                // Our own order, whose answer is on its way; it is entered there.
                return true;
            default:
                return await Good(tx, lease, payment, was, next, standing, now);
        }
    }

    /// <summary>Money is reserved or was taken: the lease begins, another one does, or it goes back.</summary>
    private async Task<bool> Good(Transaction tx, LeaseRow lease, Guid payment, PaymentNow was, PaymentState next, ProviderStanding standing, DateTimeOffset now)
    {
        if (was.ChangeId is { } change)
        {
            if (await Change(tx, lease, payment, change, was, next, standing, now))
                return true;
            await GiveBack(tx, lease, payment, was, next, standing, now);
            return false;
        }
        if (lease is { Kind: "deposit", State: "active" or "overdue" })
            return await Owed(tx, lease, payment, was, next, standing, now);
        Arrival arrival = standing.Amount is { } amount && amount != new Money(was.Minor, was.Currency)
            ? Arrival.GiveBack // another sum than was asked for: whatever happened there, it buys nothing here
            : Late.Of(EnumText.Parse<LeaseState>(lease.State), lease.HoldUntil, now);
        LeaseRow? place = arrival switch
        {
            Arrival.Activate => lease,
            // A sender stands before this door and no other: the money goes back.
            Arrival.PlaceElsewhere when lease.Kind == "rental" => await PlaceElsewhere(tx, lease, payment, now),
            _ => null,
        };
        if (place is null)
        {
            await GiveBack(tx, lease, payment, was, next, standing, now);
            return false;
        }
        await Note(tx, payment, next, standing, null);
        if (next == PaymentState.Captured)
            await EnterTaken(tx, place, payment, was, now);
        await Activate(tx, place, now);
        tx.Journal(place.Entry(now, JournalKinds.PaymentAuthorised, was.Authority, Data(payment)));
        tx.Journal(place.Entry(now, JournalKinds.LeaseActive, JournalEntry.ByPerson(place.PersonId)));
        return true;
    }

    /// <summary>What a deposit owes is paid, and its door opens now; or it is too late for that.</summary>
    private async Task<bool> Owed(Transaction tx, LeaseRow lease, Guid payment, PaymentNow was, PaymentState next, ProviderStanding standing, DateTimeOffset now)
    {
        if ((standing.Amount is { } amount && amount != new Money(was.Minor, was.Currency)) || !await DepositMoney.Arrived(tx, lease, places, now))
        {
            await GiveBack(tx, lease, payment, was, next, standing, now);
            return false;
        }
        await Note(tx, payment, next, standing, null);
        if (next == PaymentState.Captured)
            await EnterTaken(tx, lease, payment, was, now);
        tx.Journal(lease.Entry(now, JournalKinds.PaymentAuthorised, was.Authority, Data(payment)));
        return true;
    }

    /// <summary>A running rental becomes longer or larger; false where it cannot any more.</summary>
    private async Task<bool> Change(Transaction tx, LeaseRow lease, Guid payment, Guid id, PaymentNow was, PaymentState next, ProviderStanding standing, DateTimeOffset now)
    {
        if ((standing.Amount is { } amount && amount != new Money(was.Minor, was.Currency)) || await LeaseChange.Find(tx, id) is not { } change
            || await change.Make(tx, lease, places, grants, now) is not null)
            return false;
        await Note(tx, payment, next, standing, null);
        if (next == PaymentState.Captured)
            await EnterTaken(tx, lease, payment, was, now);
        tx.Journal(lease.Entry(now, JournalKinds.PaymentAuthorised, was.Authority, Data(payment, new Money(was.Minor, was.Currency))));
        await SettleRental.AtChange(tx, (await LeaseRow.Lock(tx, lease.Id, lease.PersonId))!, id, now);
        return true;
    }

    /// <summary>A hold that is paid for becomes a rental; its bank is told.</summary>
    public async Task Activate(Transaction tx, LeaseRow lease, DateTimeOffset now)
    {
        Rental active = lease.Rental().Pay(now).Value;
        Tariff tariff = active.Tariff;
        await tx.Execute(
            "update lease set state = @state, paid_from = @PaidFrom, paid_until = @PaidUntil, ladder_at = @ladderAt, charge_at = @chargeAt where id = @Id",
            new
            {
                lease.Id, state = active.State.Text(), active.PaidFrom, active.PaidUntil, ladderAt = OverdueLadder.NextLook(tariff, active.PaidUntil!.Value, now),
                // Within the free minutes it may still end for nothing.
                chargeAt = tariff.Billing == Billing.Prepaid ? now.AddMinutes(tariff.FreeMinutes).AddTicks(10) : (DateTimeOffset?)null,
            });
        await grants.Begin(tx, lease.Id, places.Locker(lease.LockerId)!, places.Bank(lease.BankId)!, now);
    }

    /// <summary>A lease of the same kind on a locker that is free, for the same price; null when there is none.</summary>
    private async Task<LeaseRow?> PlaceElsewhere(Transaction tx, LeaseRow lease, Guid payment, DateTimeOffset now)
    {
        if (lease.State == "held")
            await ExpireHolds.One(tx, lease, now);
        if (await LateLocker.Claim(tx, lease, places, now) is not { } found)
            return null;
        await tx.Execute("update lease set replaced_by = @Id where id = @before", new { found.Id, before = lease.Id });
        await tx.Execute("update payment set lease_id = @Id where id = @payment", new { found.Id, payment });
        tx.Journal(lease.Entry(now, JournalKinds.PaymentLate, JournalEntry.ByServer, JsonSerializer.Serialize(new { payment, lease = found.Id }, Json.Options)));
        tx.Journal(found.Entry(now, JournalKinds.LeaseHeld, JournalEntry.ByServer));
        return found;
    }

    private static async Task GiveBack(Transaction tx, LeaseRow lease, Guid payment, PaymentNow was, PaymentState next, ProviderStanding standing, DateTimeOffset now)
    {
        tx.Journal(lease.Entry(now, JournalKinds.PaymentLate, JournalEntry.ByServer, JsonSerializer.Serialize(new { payment, goesBack = true }, Json.Options)));
        if (next == PaymentState.Captured)
        {
            await Note(tx, payment, next, standing, null);
            await EnterTaken(tx, lease, payment, was, now);
            await MoneyOrders.Give(tx, payment, "refund", new Money(was.Minor, was.Currency), now);
            return;
        }
        // It stays what it was until the provider has let it go: a lease that is over has no payment that is good.
        await tx.Execute("update payment set method = coalesce(@Method, method), ask_at = null where id = @payment", new { payment, standing.Method });
        await MoneyOrders.Give(tx, payment, "void", null, now);
    }

    private static async Task EnterTaken(Transaction tx, LeaseRow lease, Guid payment, PaymentNow was, DateTimeOffset now)
    {
        var amount = new Money(was.Minor, was.Currency);
        await tx.Execute("update payment set captured_minor = minor where id = @payment", new { payment });
        await Books.Enter(tx, lease.Id, payment, Settlement.Taken(lease.Id, was.Provider, amount), now);
        tx.Journal(lease.Entry(now, JournalKinds.PaymentCaptured, was.Authority, Data(payment, amount)));
    }

    private static Task<int> Note(Transaction tx, Guid payment, PaymentState state, ProviderStanding standing, DateTimeOffset? askAt) => tx.Execute(
        "update payment set state = @state, decline_reason = left(@Reason, 64), method = coalesce(left(@Method, 64), method), ask_at = @askAt, asks = 0 where id = @payment",
        new { payment, state = state.Text(), standing.Reason, standing.Method, askAt });

    private static string Data(Guid payment, Money? amount = null, string? reason = null) =>
        JsonSerializer.Serialize(new { payment, minor = amount?.Minor, currency = amount?.Currency, reason }, Json.Options);

    private sealed class PaymentNow
    {
        public string State { get; init; } = "";
        public string Provider { get; init; } = "";
        public long Minor { get; init; }
        public string Currency { get; init; } = "";
        public Guid? ChangeId { get; init; }

        public string Authority => $"provider:{Provider}";
    }
}
