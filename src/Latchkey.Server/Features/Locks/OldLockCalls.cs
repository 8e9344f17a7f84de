using System.Text.Json.Serialization;
using Latchkey.Domain;
using Latchkey.Domain.Lockers;
using Latchkey.Link.Messages;
using Latchkey.Server.Features.Accounts;
using Latchkey.Server.Features.Commands;
using Latchkey.Server.Features.Places;
using Latchkey.Server.Hosting;
using Latchkey.Server.Hosting.Face;
using Latchkey.Server.Hosting.Limits;
using Latchkey.Server.Storage;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Latchkey.Server.Features.Locks;

/// <summary>
/// Programs of an older system lock and unlock under its names. They are orders like any other (<see cref="MoveLock"/>); the answer waits for the outcome, since
/// those programs do not ask again. They send no Idempotency-Key: a second call is a second order, refused while the first is under way.
/// </summary>
public static class OldLockCalls
{
    /// <summary>As long as an order is good.</summary>
    private static readonly TimeSpan Wait = TimeSpan.FromSeconds(10);

    public sealed record Request([property: JsonPropertyName("device_id")] Guid DeviceId);

    /// <param name="Owner">Their name.</param>
    /// <param name="Status"><c>Locked</c>, <c>Unlocked</c>, or <c>Unknown</c>, also while the lock is not available.</param>
    /// <param name="State"><c>Available</c> or <c>Unavailable</c>.</param>
    public sealed record Record(
        [property: JsonPropertyName("device_id")] Guid DeviceId,
        string Name,
        string Owner,
        string Status,
        string State,
        [property: JsonPropertyName("last_seen")] DateTimeOffset? LastSeen,
        string? Issue);

    public static void MapOld(WebApplication app)
    {
        RouteGroupBuilder old = app.MapGroup("/api").TakesBody(RequestLimits.SmallBody);
        foreach ((string kind, string name) in ((string, string)[])[(CommandKinds.Lock, "OldLock"), (CommandKinds.Unlock, "OldUnlock")])
        {
            old.MapPost(
                    $"/{kind}",
                    (Request request, HttpContext http, Db db, PlaceBook places, DoorOrders orders, CancellationToken cancel) => Handle(request, kind, http, db, places, orders, cancel))
                .WithName(name).SignedIn(Scopes.LeasesWrite).WithRequestTimeout(RequestLimits.WithDoor).LimitedAs(RateKind.Doors);
        }
    }

    private static async Task<Results<Ok<Record>, ProblemHttpResult>> Handle(
        Request request, string kind, HttpContext http, Db db, PlaceBook places, DoorOrders orders, CancellationToken cancel)
    {
        Guid person = http.Caller().Id;
        if (await db.Read(c => LockRow.OfDevice(c, request.DeviceId, person), cancel) is not { } mine)
            return Problems.Of(Refusal.NotFound("lock"));
        if ((await orders.Waited(person, kind, tx => MoveLock.May(tx, mine.Id, person, places), Wait, cancel)).Refusal is { } no)
            return Problems.Of(no);
        return await db.Read(c => LockRow.OfDevice(c, request.DeviceId, person), cancel) is { } now ? TypedResults.Ok(Of(now)) : Problems.Of(Refusal.NotFound("lock"));
    }

    internal static Record Of(LockRow row) => new(
        row.DeviceId, row.Name, row.Owner, LockStatuses.Now(row.DoorState, row.Online == true).ToString(), row.Online == true ? "Available" : "Unavailable", row.LastSeen, row.Issue);
}
