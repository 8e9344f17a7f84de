using Dapper;
using Latchkey.Domain;
using Latchkey.Domain.Commands;
using Latchkey.Link.Messages;
using Latchkey.Server.Devices;
using Latchkey.Server.Features.Accounts;
using Latchkey.Server.Features.Commands;
using Latchkey.Server.Features.Leases;
using Latchkey.Server.Features.Places;
using Latchkey.Server.Hosting;
using Latchkey.Server.Hosting.Face;
using Latchkey.Server.Hosting.Limits;
using Latchkey.Server.Journal;
using Latchkey.Server.Live;
using Latchkey.Server.Storage;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Latchkey.Server.Features.Locks;

/// <summary>
/// An owner locks or unlocks their lock. A lock that is known to be off line is not sent anything: the answer says so at once. Otherwise it is an order like
/// any other: written down with its authority, sent, and followed, or waited for with <c>Prefer: wait=5</c>.
/// </summary>
public static class MoveLock
{
    public static void Map(IEndpointRouteBuilder routes)
    {
        Route(routes, CommandKinds.Lock, "Lock");
        Route(routes, CommandKinds.Unlock, "Unlock");
    }

    private static void Route(IEndpointRouteBuilder routes, string kind, string name) => routes
        .MapPost(
            $"/locks/{{id:guid}}/{kind}",
            (Guid id, HttpContext http, Idempotency idempotency, Db db, PlaceBook places, CommandDispatch dispatch, Breaker breaker, LiveHub hub, TimeProvider time, CancellationToken cancel) =>
                Handle(id, kind, http, idempotency, db, places, dispatch, breaker, hub, time, cancel))
        .WithName(name).SignedIn(Scopes.LeasesWrite).Produces<CommandView>().Produces<CommandView>(202).WithRequestTimeout(RequestLimits.WithDoor).LimitedAs(RateKind.Doors);

    private static async Task<Results<JsonHttpResult<CommandView>, ProblemHttpResult>> Handle(
        Guid id, string kind, HttpContext http, Idempotency idempotency, Db db, PlaceBook places, CommandDispatch dispatch, Breaker breaker, LiveHub hub, TimeProvider time, CancellationToken cancel)
    {
        Guid person = http.Caller().Id;
        Guid? stopped = null;
        var answer = await idempotency.Once<CommandView>(
            http, person, null, StatusCodes.Status202Accepted, tx => Order(tx, id, person, kind, places, dispatch, breaker, locker => stopped = locker, time.GetUtcNow()), cancel);
        if (stopped is { } locker)
            await breaker.Tell(locker, cancel);
        if (answer.Result is not JsonHttpResult<CommandView> { Value: { } command } || OpenLocker.WaitOf(http) is not { } wait)
            return answer;
        CommandView latest = await hub.Settled(command.Id, wait, () => ShowCommand.Load(db, command.Id, person, cancel), cancel) ?? command;
        return TypedResults.Json(latest, Json.Options, statusCode: CommandRules.IsUnderWay(latest.State) ? StatusCodes.Status202Accepted : StatusCodes.Status200OK);
    }

    /// <summary>Writes the order down, and has it sent once that is committed.</summary>
    /// <param name="stopped">Told the door for which the breaker has refused it.</param>
    internal static async Task<Decision<CommandView>> Order(
        Transaction tx, Guid lease, Guid person, string kind, PlaceBook places, CommandDispatch dispatch, Breaker breaker, Action<Guid> stopped, DateTimeOffset now)
    {
        // The lease is locked first: who waited here for another order of the same lock sees it in the second statement.
        await using SqlMapper.GridReader rows = await tx.Several(
            """
            select locker_id from lease where id = @lease and person_id = @person and kind = 'assignment' and state = 'active' for update;
            select b.device_id, d.online, (select count(*) from command where lease_id = @lease and state in ('pending', 'sent')) as under_way
              from lease l join bank b on b.id = l.bank_id join device d on d.id = b.device_id where l.id = @lease
            """,
            new { lease, person });
        Guid lockerId = await rows.ReadFirstOrDefaultAsync<Guid>();
        (Guid device, bool? online, long underWay) = await rows.ReadFirstOrDefaultAsync<(Guid, bool?, long)>();
        if (lockerId == Guid.Empty || places.Locker(lockerId) is not { } locker)
            return Refusal.NotFound("lock");
        if (online is not true)
            return Refusal.DeviceOffline;
        if (underWay > 0)
            return Refusal.LockUnderWay;
        var order = new DispatchOrder(Guid.CreateVersion7(now), device, locker.Id, locker.Number, kind, $"lease:{lease:D}", now + CommandRules.Lifetime);
        // Locking everything at once does no harm.
        if (kind == CommandKinds.Unlock && await breaker.Refuses(tx, locker, now) is { } tripped)
        {
            stopped(locker.Id);
            return tripped;
        }
        tx.Defer(
            """
            insert into command (id, device_id, locker_id, lease_id, person_id, kind, authority, state, created_at, expires_at)
            values ($1, $2, $3, $4, $5, $6, $7, 'pending', $8, $9)
            """,
            order.Command, order.Device, order.Locker, lease, person, order.Kind, order.Authority, now, order.Expires);
        tx.Journal(new JournalEntry(now, JournalKinds.CommandCreated, order.Authority, person, locker.SiteId, locker.BankId, locker.Id, lease, device, order.Command));
        tx.AfterCommit(() => dispatch.Send(order));
        return new CommandView(order.Command, lease, order.Locker, kind, CommandState.Pending, false, null, now, order.Expires, null);
    }
}
