using Dapper;
using Latchkey.Domain;
using Latchkey.Link.Messages;
using Latchkey.Server.Features.Accounts;
using Latchkey.Server.Features.Commands;
using Latchkey.Server.Features.Places;
using Latchkey.Server.Hosting;
using Latchkey.Server.Hosting.Face;
using Latchkey.Server.Hosting.Limits;
using Latchkey.Server.Storage;

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
            (Guid id, HttpContext http, PlaceBook places, DoorOrders orders, CancellationToken cancel) => orders.Once(http, kind, tx => May(tx, id, http.Caller().Id, places), cancel))
        .WithName(name).TakesKey().SignedIn(Scopes.LeasesWrite).Produces<CommandView>().Produces<CommandView>(202).WithRequestTimeout(RequestLimits.WithDoor).LimitedAs(RateKind.Doors);

    internal static async Task<Decision<DoorOrders.Allowed>> May(Transaction tx, Guid lease, Guid person, PlaceBook places)
    {
        // The lease is locked first: who waited here for another order of the same lock sees it in the second statement.
        await using SqlMapper.GridReader rows = await tx.Several(
            """
            select locker_id from lease where id = @lease and person_id = @person and kind = 'assignment' and state = 'active' for no key update;
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
        return new DoorOrders.Allowed(lease, locker, device);
    }
}
