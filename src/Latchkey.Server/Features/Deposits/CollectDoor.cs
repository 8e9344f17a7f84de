using Dapper;
using Latchkey.Domain;
using Latchkey.Domain.Leases;
using Latchkey.Server.Features.Commands;
using Latchkey.Server.Features.Leases;
using Latchkey.Server.Features.Payments;
using Latchkey.Server.Features.Payments.Providers;
using Latchkey.Server.Features.Places;
using Latchkey.Server.Features.Shares;
using Latchkey.Server.Hosting;
using Latchkey.Server.Storage;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Latchkey.Server.Features.Deposits;

/// <summary>The door of a deposit, for whoever has a right to take it out: paid for if something is owed, then opened once.</summary>
public sealed class CollectDoor(Db db, DoorOrders orders, Checkouts checkouts, PaymentProviders providers, MoneyOrders money, PlaceBook places, TimeProvider time)
{
    internal async Task<Results<JsonHttpResult<CollectDeposit.Opening>, ProblemHttpResult>> Open(HttpContext http, CollectDeposit.Right right, CancellationToken cancel)
    {
        Decision<PaymentView?> owed = await db.Decide<PaymentView?>(
            async tx =>
            {
                DateTimeOffset now = time.GetUtcNow();
                if (await May(tx, right, now) is not { Deposit: { } deposit, Refused: null })
                    return default(PaymentView);
                return deposit.MustBePaid(now) ? await DepositMoney.Ask(tx, deposit, right.Payer, providers.ForCards.Name, now) : default(PaymentView);
            },
            cancel);
        if (owed.Value is { } payment)
            return await Pay(right, payment, cancel);
        var answer = await orders.Shared(
            http, right.Share,
            async tx =>
            {
                (DepositRow? deposit, Refusal? refused) = await May(tx, right, time.GetUtcNow());
                if (deposit is null || refused is not null)
                    return refused ?? Refusal.NotFound("deposit");
                LockerPlace locker = places.Locker(deposit.Lease.LockerId)!;
                if (deposit.MustBePaid(time.GetUtcNow()))
                    return Refusal.CommandPending(locker.Label); // it was paid a moment ago and given back: asked again, they pay again
                return new DoorOrders.Allowed(right.Lease, locker, places.Bank(locker.BankId)!.DeviceId, right.Share, deposit.Lease.PersonId);
            },
            cancel);
        return answer.Result is JsonHttpResult<CommandView> { Value: { } command, StatusCode: var status }
            ? TypedResults.Json(new CollectDeposit.Opening(right.Lease, null, command), Json.Options, statusCode: status)
            : (ProblemHttpResult)answer.Result;
    }

    private async Task<Results<JsonHttpResult<CollectDeposit.Opening>, ProblemHttpResult>> Pay(CollectDeposit.Right right, PaymentView payment, CancellationToken cancel)
    {
        money.Wake();
        if (await checkouts.Open(payment.Id, cancel) is { } away)
            return away;
        LeaseRow lease = (await db.Read(c => c.QueryFirstOrDefaultAsync<LeaseRow>(LeaseRow.SelectWithPayment("p.id = @Id") + "\nwhere l.id = @Lease", new { payment.Id, right.Lease }), cancel))!;
        return TypedResults.Json(new CollectDeposit.Opening(right.Lease, PaymentViews.Of(lease), null), Json.Options, statusCode: StatusCodes.Status202Accepted);
    }

    /// <summary>Locked with its lease: of twenty who come with the right code at one moment, the second sees the first one's order.</summary>
    private async Task<(DepositRow? Deposit, Refusal? Refused)> May(Transaction tx, CollectDeposit.Right right, DateTimeOffset now)
    {
        if (await DepositRow.Lock(tx, right.Lease) is not { } deposit)
            return (null, CollectDeposit.UnknownLink);
        LockerPlace locker = places.Locker(deposit.Lease.LockerId)!;
        if (deposit.At != DepositStage.Stored || !deposit.Runs)
            return (deposit, Deposit.RefusalOf(deposit.At));
        if (deposit.Lease.CommandUnderWay)
            return (deposit, Refusal.CommandPending(locker.Label));
        await tx.Execute("select 1 from share where id = @Share for no key update", new { right.Share });
        ShareRow row = (await tx.First<ShareRow>(ShareRow.Select + " where s.id = @Share", new { right.Share }))!;
        Share share = row.Share();
        return (deposit, share.MayOpen(now) is not { } refused ? null : row.EndedBy == Share.ByReplacement ? Replaced : share.State(now) == ShareState.TakenBack ? refused : CodeOver);
    }

    private static readonly Refusal Replaced = new("code-replaced", RefusalKind.Conflict, "A newer code was sent. Use that one.");

    private static readonly Refusal CodeOver = new("code-over", RefusalKind.Conflict, "This code was used, or its time is over. Ask for a new one.");
}
