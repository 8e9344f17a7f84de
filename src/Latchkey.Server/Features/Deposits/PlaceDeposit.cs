using Latchkey.Domain;
using Latchkey.Domain.Leases;
using Latchkey.Link.Messages;
using Latchkey.Server.Devices;
using Latchkey.Server.Features.Accounts;
using Latchkey.Server.Features.Changes;
using Latchkey.Server.Features.Commands;
using Latchkey.Server.Features.Payments;
using Latchkey.Server.Features.Places;
using Latchkey.Server.Hosting;
using Latchkey.Server.Hosting.Face;
using Latchkey.Server.Hosting.Limits;
using Latchkey.Server.Journal;
using Latchkey.Server.Storage;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Latchkey.Server.Features.Deposits;

/// <summary>
/// A sender stands before their locker: has it opened, again where it did not open or nothing was put in, gets another one where it is stuck or too small, or lets it go. Once the door
/// was seen closed behind the thing, none of this is possible any more.
/// </summary>
public static class PlaceDeposit
{
    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapPost("/deposits/{id:guid}/open", Open).WithName("OpenForDeposit").TakesKey().SignedIn(Scopes.LeasesWrite).Produces<CommandView>().Produces<CommandView>(202)
            .WithRequestTimeout(RequestLimits.WithDoor).LimitedAs(RateKind.Doors);
        routes.MapPost("/deposits/{id:guid}/other-locker", OtherLocker).WithName("OtherLockerForDeposit").TakesKey().SignedIn(Scopes.LeasesWrite).Produces<DepositView>().LimitedAs(RateKind.Holds);
        routes.MapPost("/deposits/{id:guid}/cancel", Cancel).WithName("CancelDeposit").SignedIn(Scopes.LeasesWrite);
    }

    private static Task<Results<JsonHttpResult<CommandView>, ProblemHttpResult>> Open(Guid id, HttpContext http, PlaceBook places, DoorOrders orders, CancellationToken cancel) =>
        orders.Once(
            http, CommandKinds.Open,
            async tx =>
            {
                if (await DepositRow.Lock(tx, id, http.Caller().Id) is not { } deposit)
                    return Refusal.NotFound("deposit");
                LockerPlace locker = places.Locker(deposit.Lease.LockerId)!;
                if (Refused(deposit, locker) is { } refused)
                    return refused;
                return new DoorOrders.Allowed(id, locker, places.Bank(locker.BankId)!.DeviceId);
            },
            cancel);

    private static async Task<Results<JsonHttpResult<DepositView>, ProblemHttpResult>> OtherLocker(
        Guid id, HttpContext http, Idempotency idempotency, PlaceBook places, Grants grants, TimeProvider time, CancellationToken cancel) => await idempotency.Once<DepositView>(
        http, http.Caller().Id, null, StatusCodes.Status200OK,
        async tx =>
        {
            DateTimeOffset now = time.GetUtcNow();
            Guid person = http.Caller().Id;
            if (await DepositRow.Lock(tx, id, person) is not { } deposit)
                return Refusal.NotFound("deposit");
            LockerPlace left = places.Locker(deposit.Lease.LockerId)!;
            if (Refused(deposit, left) is { } refused)
                return refused;
            // A door that is stuck is left all the same: nothing is behind it. One that stands open is shut first.
            (string door, bool? occupied) = await tx.First<(string, bool?)>("select door, occupied from locker where id = @LockerId for no key update", new { deposit.Lease.LockerId });
            if (door == "open")
                return Refusal.DoorOpenToSwap(left.Label);
            if (occupied == true)
                return Refusal.NotEmpty(left.Label);
            if (!await MoveLease.To(tx, deposit.Lease, await MoveLease.Candidates(tx, deposit.Lease, left.Size, places, now), JournalEntry.ByPerson(person), places, grants, now))
                return Refusal.NoFreeLocker;
            // What was opened was the other one.
            await tx.Execute("update lease set opened_ever = false where id = @id", new { id });
            return DepositViews.Of((await DepositRow.Lock(tx, id, person))!, places, now);
        },
        cancel);

    private static async Task<Results<Ok<DepositView>, ProblemHttpResult>> Cancel(Guid id, HttpContext http, Db db, PlaceBook places, TimeProvider time, CancellationToken cancel)
    {
        Guid person = http.Caller().Id;
        Decision<DepositView> decision = await db.Decide<DepositView>(
            async tx =>
            {
                DateTimeOffset now = time.GetUtcNow();
                if (await DepositRow.Lock(tx, id, person) is not { } deposit)
                    return Refusal.NotFound("deposit");
                LockerPlace locker = places.Locker(deposit.Lease.LockerId)!;
                Rental rental = deposit.Lease.Rental();
                // Twice is no error: it is cancelled.
                if (rental.State == LeaseState.Cancelled || deposit.At == DepositStage.Cancelled)
                    return DepositViews.Of(deposit, places, now);
                if (rental.State == LeaseState.Held)
                {
                    Decision<Rental> moved = rental.Cancel(now);
                    if (moved.Refusal is { } late)
                        return late;
                    await tx.Execute("update lease set state = 'cancelled', ended_at = @now where id = @id; update deposit set stage = 'cancelled', over_at = @now where lease_id = @id", new { id, now });
                    await MoneyOrders.CloseCheckouts(tx, [id], now);
                    tx.Journal(deposit.Entry(now, JournalKinds.LeaseCancelled, JournalEntry.ByPerson(person)));
                    return DepositViews.Of((await DepositRow.Lock(tx, id, person))!, places, now);
                }
                if (Refused(deposit, locker) is { } refused)
                    return refused;
                string door = await tx.Scalar<string>("select door from locker where id = @LockerId for no key update", new { deposit.Lease.LockerId });
                if (door == "open")
                    return Refusal.DoorOpen(locker.Label);
                await DepositMoney.End(tx, deposit, DepositStage.Cancelled, places, JournalEntry.ByPerson(person), null, now);
                return DepositViews.Of((await DepositRow.Lock(tx, id, person))!, places, now);
            },
            cancel);
        return decision.Refusal is { } no ? Problems.Of(no) : TypedResults.Ok(decision.Value);
    }

    private static Refusal? Refused(DepositRow deposit, LockerPlace locker) =>
        deposit.At != DepositStage.Placing ? Deposit.RefusalOf(deposit.At)
        : !deposit.Runs ? Refusal.LeaseNotActive
        : deposit.Lease.CommandUnderWay ? Refusal.CommandPending(locker.Label)
        : null;
}
