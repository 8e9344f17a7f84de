using Latchkey.Domain;
using Latchkey.Link.Messages;
using Latchkey.Server.Devices;
using Latchkey.Server.Features.Commands;
using Latchkey.Server.Features.Places;
using Latchkey.Server.Hosting;
using Latchkey.Server.Hosting.Face;
using Latchkey.Server.Hosting.Limits;
using Latchkey.Server.Storage;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Latchkey.Server.Features.Console;

/// <summary>
/// Staff of a site have a door opened, for a reason: the journal names them and it, and whoever has the locker sees both and is told. It proves no use of theirs. The answer says that the
/// order is under way, or, when asked to wait, what became of it.
/// </summary>
public static class OpenForStaff
{
    private static readonly string[] Reasons = ["holder-asked", "stuck", "check", "cleaning", "left-behind", "emergency", "other"];

    /// <param name="Reason">One of <c>holder-asked</c>, <c>stuck</c>, <c>check</c>, <c>cleaning</c>, <c>left-behind</c>, <c>emergency</c>, <c>other</c>: the journal keeps it for ever, so it is a word and no story.</param>
    public sealed record Request(string Reason);

    public static void Map(IEndpointRouteBuilder routes) =>
        routes.MapPost("/staff/lockers/{id:guid}/open", Handle).WithName("OpenForStaff").TakesKey().SignedIn().Produces<CommandView>().Produces<CommandView>(202)
            .WithRequestTimeout(RequestLimits.WithDoor).LimitedAs(RateKind.Doors);

    private static async Task<Results<JsonHttpResult<CommandView>, ProblemHttpResult>> Handle(
        Guid id, Request request, HttpContext http, Db db, PlaceBook places, DoorOrders orders, CancellationToken cancel)
    {
        if (new Check().Reason(request.Reason, Reasons).Problem is { } invalid)
            return invalid;
        if (await SiteStaff.Refuses(http, db, StaffLockers.SiteOf(places, id), cancel) is { } refused)
            return refused;
        LockerPlace locker = places.Locker(id)!;
        Guid staff = http.Caller().Id;
        return await orders.Once(
            http,
            CommandKinds.Open,
            async tx =>
            {
                // The lease first, as whoever has it locks it: one order at a time, theirs or ours.
                (Guid? lease, Guid? holder) = await tx.First<(Guid?, Guid?)>("select id, person_id from lease where locker_id = @id and state in ('active', 'overdue') for no key update", new { id });
                await tx.Execute("select 1 from locker where id = @id for no key update", new { id });
                if (await tx.Scalar<bool>($"select {CommandLedger.LockerHasOne} from locker k where k.id = @id", new { id }))
                    return Refusal.CommandPending(locker.Label);
                return new DoorOrders.Allowed(lease, locker, places.Bank(locker.BankId)!.DeviceId, Holder: holder, By: staff, Why: request.Reason);
            },
            cancel,
            request);
    }
}
