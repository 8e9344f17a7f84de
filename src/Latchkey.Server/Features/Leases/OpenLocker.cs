using Dapper;
using Latchkey.Domain;
using Latchkey.Domain.Leases;
using Latchkey.Link.Messages;
using Latchkey.Server.Features.Accounts;
using Latchkey.Server.Features.Commands;
using Latchkey.Server.Features.Places;
using Latchkey.Server.Hosting;
using Latchkey.Server.Hosting.Face;
using Latchkey.Server.Hosting.Limits;
using Latchkey.Server.Storage;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Latchkey.Server.Features.Leases;

/// <summary>
/// A customer has their door opened. The order is written down with its authority first, then sent; the answer says that it is under way,
/// or, when asked to wait (<c>Prefer: wait=5</c>), what became of it.
/// </summary>
public static class OpenLocker
{
    public static void Map(IEndpointRouteBuilder routes) =>
        routes.MapPost("/leases/{id:guid}/open", Handle).WithName("OpenLocker").TakesKey().SignedIn(Scopes.LeasesWrite).Produces<CommandView>().Produces<CommandView>(202)
            .WithRequestTimeout(RequestLimits.WithDoor).LimitedAs(RateKind.Doors);

    private static Task<Results<JsonHttpResult<CommandView>, ProblemHttpResult>> Handle(Guid id, HttpContext http, PlaceBook places, DoorOrders orders, CancellationToken cancel) =>
        orders.Once(http, CommandKinds.Open, tx => May(tx, id, http.Caller().Id, places), cancel);

    private static async Task<Decision<DoorOrders.Allowed>> May(Transaction tx, Guid lease, Guid person, PlaceBook places)
    {
        // The lease is locked first: who waited here for another order of the same lease sees it in the second statement.
        await using SqlMapper.GridReader rows = await tx.Several(
            """
            select state, locker_id from lease where id = @lease and person_id = @person and kind = 'rental' for no key update;
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
        return new DoorOrders.Allowed(lease, locker, places.Bank(locker.BankId)!.DeviceId);
    }
}
