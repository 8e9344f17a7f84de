using System.Text.Json;
using Latchkey.Domain;
using Latchkey.Server.Features.Accounts;
using Latchkey.Server.Features.Places;
using Latchkey.Server.Hosting;
using Latchkey.Server.Journal;
using Latchkey.Server.Storage;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Latchkey.Server.Features.Devices;

/// <summary>
/// An admin takes a device's credential away: it was lost, stolen, replaced or read by somebody. Every node hears of it through the journal; a
/// live connection is cut within seconds and none is let in again. Asking twice is no error: the first answer stands.
/// </summary>
public static class RevokeDevice
{
    /// <param name="Reason">lost, stolen, replaced or compromised. It is journalled, so it is a word of a list: no names.</param>
    public sealed record Request(string Reason);

    public sealed record RevokedDevice(Guid Id, DateTimeOffset RevokedAt);

    private static readonly string[] Reasons = ["lost", "stolen", "replaced", "compromised"];

    public static void Map(IEndpointRouteBuilder routes) => routes.MapPost("/admin/devices/{id:guid}/revoke", Handle).WithName("RevokeDevice").SignedIn(Scopes.DevicesWrite);

    private static async Task<Results<Ok<RevokedDevice>, ProblemHttpResult>> Handle(
        Guid id, Request request, HttpContext http, Db db, PlaceBook places, TimeProvider time, CancellationToken cancel)
    {
        if (http.NotAnAdmin() is { } forbidden)
            return forbidden;
        if (new Check().That(Reasons.Contains(request.Reason), "reason", $"The reason is one of: {string.Join(", ", Reasons)}.").Problem is { } invalid)
            return invalid;
        Guid admin = http.Caller().Id;
        Decision<RevokedDevice> decision = await db.Decide<RevokedDevice>(
            async tx =>
            {
                await Revoke(tx, id, admin, request.Reason, places.BankOfDevice(id), time.GetUtcNow());
                DateTime? revoked = await tx.First<DateTime?>("select revoked_at from device where id = @id", new { id });
                return revoked is { } at ? new RevokedDevice(id, new DateTimeOffset(at, TimeSpan.Zero)) : Refusal.NotFound("device");
            },
            cancel);
        return decision.Refusal is { } no ? Problems.Of(no) : TypedResults.Ok(decision.Value);
    }

    /// <summary>Also for a device that another one takes the place of.</summary>
    internal static async Task Revoke(Transaction tx, Guid device, Guid admin, string reason, BankPlace? bank, DateTimeOffset now)
    {
        // A device that is revoked is also gone, whether its last will comes through or not.
        if (await tx.Execute("update device set revoked_at = @now, online = false, gone_at = @now where id = @device and revoked_at is null", new { device, now }) == 0)
            return;
        foreach (string kind in (string[])[JournalKinds.DeviceRevoked, JournalKinds.DeviceOffline])
        {
            tx.Journal(new JournalEntry(
                now, kind, JournalEntry.ByPerson(admin), SiteId: bank?.SiteId, BankId: bank?.Id, DeviceId: device,
                Data: kind == JournalKinds.DeviceRevoked ? JsonSerializer.Serialize(new { reason }, Json.Options) : null));
        }
    }
}
