using Latchkey.Domain;
using Latchkey.Link.Messages;
using Latchkey.Server.Features.Commands;
using Latchkey.Server.Features.Console;
using Latchkey.Server.Features.Leases;
using Latchkey.Server.Features.Places;
using Latchkey.Server.Hosting;
using Latchkey.Server.Hosting.Face;
using Latchkey.Server.Hosting.Limits;
using Latchkey.Server.Storage;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Latchkey.Server.Features.Deposits;

/// <summary>
/// An admin ends whatever keeps a locker: it is billed like any other end, the journal names them and their reason, sender and receiver are told, and the door is opened or not, as asked.
/// </summary>
public static class ForceClear
{
    /// <param name="Kind">rental, visit, keypad or deposit.</param>
    /// <param name="Charged">What it was charged in all.</param>
    /// <param name="Command">The order to the door; null where it was not to be opened.</param>
    public sealed record Cleared(Guid LockerId, Guid LeaseId, string Kind, Money Charged, CommandView? Command);

    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapDelete("/admin/lockers/{id:guid}/force-clear", Handle).WithName("ForceClear").SignedIn().WithRequestTimeout(RequestLimits.WithDoor).LimitedAs(RateKind.Doors);
        // As clients of the older exchange call it.
        routes.MapDelete("/admin/{id:guid}/force-clear", Handle).WithName("ForceClearItem").SignedIn().WithRequestTimeout(RequestLimits.WithDoor).LimitedAs(RateKind.Doors);
    }

    /// <param name="reason">One of <see cref="ForceEnd.Reasons"/>.</param>
    private static async Task<Results<Ok<Cleared>, ProblemHttpResult>> Handle(
        Guid id, HttpContext http, Db db, DoorOrders orders, PlaceBook places, TimeProvider time, CancellationToken cancel, string reason = "other", bool open = false)
    {
        if (http.NotAnAdmin() is { } forbidden)
            return forbidden;
        if (new Check().Reason(reason, ForceEnd.Reasons).Problem is { } invalid)
            return invalid;
        if (places.Locker(id) is not { } locker || places.Bank(locker.BankId) is not { Owned: false } bank)
            return Problems.Of(Refusal.NotFound("locker"));
        Guid staff = http.Caller().Id;
        Guid? stopped = null;
        Decision<Cleared> decision = await db.Decide<Cleared>(
            async tx =>
            {
                DateTimeOffset now = time.GetUtcNow();
                Decision<ReleaseLocker.Released> ended = await ReleaseLocker.End(tx, locker, staff, reason, places, now);
                if (ended.Refusal is { } nothing)
                    return nothing;
                (_, Guid lease, string kind, Money charged) = ended.Value;
                CommandView? command = null;
                if (open)
                {
                    Guid? holder = await tx.Scalar<Guid?>("select person_id from lease where id = @lease", new { lease });
                    Decision<CommandView> order = await orders.Give(tx, staff, CommandKinds.Open, new DoorOrders.Allowed(lease, locker, bank.DeviceId, Holder: holder, By: staff, Why: reason), l => stopped = l);
                    if (order.Refusal is { } refused)
                        return refused;
                    command = order.Value;
                }
                return new Cleared(id, lease, kind, charged, command);
            },
            cancel);
        await orders.Tell(stopped, cancel);
        return decision.Refusal is { } no ? Problems.Of(no) : TypedResults.Ok(decision.Value);
    }
}
