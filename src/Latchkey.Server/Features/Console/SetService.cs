using System.Text.Json;
using Latchkey.Server.Devices;
using Latchkey.Server.Features.Commands;
using Latchkey.Server.Features.Places;
using Latchkey.Server.Hosting;
using Latchkey.Server.Journal;
using Latchkey.Server.Storage;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Latchkey.Server.Features.Console;

/// <summary>Staff of a site take a locker out of service, so that nobody gets it, and put it back. Who has it keeps it.</summary>
public static class SetService
{
    private static readonly string[] Reasons = ["broken", "dirty", "check", "repaired", "cleaned", "other"];

    /// <param name="Reason">One of <c>broken</c>, <c>dirty</c>, <c>check</c>, <c>repaired</c>, <c>cleaned</c>, <c>other</c>.</param>
    public sealed record Request(bool InService, string Reason);

    public static void Map(IEndpointRouteBuilder routes) => routes.MapPut("/staff/lockers/{id:guid}/service", Handle).WithName("SetService").SignedIn();

    private static async Task<Results<NoContent, ProblemHttpResult>> Handle(Guid id, Request request, HttpContext http, Db db, PlaceBook places, Grants grants, TimeProvider time, CancellationToken cancel)
    {
        if (new Check().Reason(request.Reason, Reasons).Problem is { } invalid)
            return invalid;
        if (await SiteStaff.Refuses(http, db, StaffLockers.SiteOf(places, id), cancel) is { } refused)
            return refused;
        LockerPlace locker = places.Locker(id)!;
        string why = JsonSerializer.Serialize(new DoorOrders.Reasoned(request.Reason), Json.Options);
        await db.Change(tx => LockerService.Set(tx, grants, places, locker, request.InService, JournalEntry.ByPerson(http.Caller().Id), time.GetUtcNow(), why), cancel);
        return TypedResults.NoContent();
    }
}
