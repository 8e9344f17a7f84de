using Dapper;
using Latchkey.Domain;
using Latchkey.Domain.Commands;
using Latchkey.Domain.Leases;
using Latchkey.Server.Devices;
using Latchkey.Server.Features.Accounts;
using Latchkey.Server.Features.Commands;
using Latchkey.Server.Features.Places;
using Latchkey.Server.Hosting;
using Latchkey.Server.Hosting.Face;
using Latchkey.Server.Hosting.Limits;
using Latchkey.Server.Journal;
using Latchkey.Server.Live;
using Latchkey.Server.Storage;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Latchkey.Server.Features.Leases;

/// <summary>
/// A customer has their door opened. The order is written down with its authority first, then sent; the answer says that it is under way,
/// or, when asked to wait (<c>Prefer: wait=5</c>), what became of it.
/// </summary>
public static class OpenLocker
{
    // RFC 7240; longer waits are what the live feed is for.
    private const int LongestWaitSeconds = 15;

    public static void Map(IEndpointRouteBuilder routes) =>
        routes.MapPost("/leases/{id:guid}/open", Handle).WithName("OpenLocker").SignedIn(Scopes.LeasesWrite).Produces<CommandView>().Produces<CommandView>(202)
            .WithRequestTimeout(RequestLimits.WithDoor).LimitedAs(RateKind.Doors);

    private static async Task<Results<JsonHttpResult<CommandView>, ProblemHttpResult>> Handle(
        Guid id, HttpContext http, Idempotency idempotency, Db db, PlaceBook places, CommandDispatch dispatch, Breaker breaker, LiveHub hub, TimeProvider time, CancellationToken cancel)
    {
        Guid person = http.Caller().Id;
        Guid? stopped = null;
        var answer = await idempotency.Once<CommandView>(
            http,
            person,
            null,
            StatusCodes.Status202Accepted,
            async tx =>
            {
                DateTimeOffset now = time.GetUtcNow();
                Decision<DispatchOrder> decision = await Order(tx, id, person, places, now);
                if (decision.Refusal is { } refused)
                    return refused;
                DispatchOrder order = decision.Value;
                if (await breaker.Refuses(tx, places.Locker(order.Locker)!, now) is { } tripped)
                {
                    stopped = order.Locker;
                    return tripped;
                }
                tx.AfterCommit(() => dispatch.Send(order));
                return new CommandView(order.Command, id, order.Locker, "open", CommandState.Pending, false, null, now, order.Expires, null);
            },
            cancel);
        if (stopped is { } locker)
            await breaker.Tell(locker, cancel);
        if (answer.Result is not JsonHttpResult<CommandView> { Value: { } command } || WaitOf(http) is not { } wait)
            return answer;
        CommandView latest = await hub.Settled(command.Id, wait, () => ShowCommand.Load(db, command.Id, person, cancel), cancel) ?? command;
        return TypedResults.Json(latest, Json.Options, statusCode: CommandRules.IsUnderWay(latest.State) ? StatusCodes.Status202Accepted : StatusCodes.Status200OK);
    }

    private static async Task<Decision<DispatchOrder>> Order(Transaction tx, Guid lease, Guid person, PlaceBook places, DateTimeOffset now)
    {
        // The lease is locked first: who waited here for another order of the same lease sees it in the second statement.
        await using SqlMapper.GridReader rows = await tx.Several(
            """
            select state, locker_id from lease where id = @lease and person_id = @person and kind = 'rental' for update;
            select count(*) from command where lease_id = @lease and state in ('pending', 'sent')
            """,
            new { lease, person });
        (string state, Guid lockerId) = await rows.ReadFirstOrDefaultAsync<(string, Guid)>();
        if (state is null)
            return Refusal.NotFound("rental");
        if (Rental.MayOpen(EnumText.Parse<LeaseState>(state)) is { } refused)
            return refused;
        LockerPlace locker = places.Locker(lockerId)!;
        if (await rows.ReadSingleAsync<long>() > 0)
            return Refusal.CommandPending(locker.Label);
        BankPlace bank = places.Bank(locker.BankId)!;
        var order = new DispatchOrder(Guid.CreateVersion7(now), bank.DeviceId, locker.Id, locker.Number, "open", $"lease:{lease:D}", now + CommandRules.Lifetime);
        tx.Defer(
            """
            insert into command (id, device_id, locker_id, lease_id, person_id, kind, authority, state, created_at, expires_at)
            values ($1, $2, $3, $4, $5, $6, $7, 'pending', $8, $9)
            """,
            order.Command, order.Device, order.Locker, lease, person, order.Kind, order.Authority, now, order.Expires);
        tx.Journal(new JournalEntry(now, JournalKinds.CommandCreated, order.Authority, person, locker.SiteId, bank.Id, locker.Id, lease, order.Device, order.Command));
        return order;
    }

    internal static TimeSpan? WaitOf(HttpContext http)
    {
        string prefer = http.Request.Headers["Prefer"].ToString();
        return prefer.StartsWith("wait=", StringComparison.OrdinalIgnoreCase) && int.TryParse(prefer["wait=".Length..], out int seconds) && seconds > 0
            ? TimeSpan.FromSeconds(Math.Min(seconds, LongestWaitSeconds))
            : null;
    }
}
