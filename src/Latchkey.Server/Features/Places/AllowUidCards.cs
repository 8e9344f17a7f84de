using System.Text.Json;
using Latchkey.Domain;
using Latchkey.Server.Devices;
using Latchkey.Server.Hosting;
using Latchkey.Server.Journal;
using Latchkey.Server.Storage;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Latchkey.Server.Features.Places;

/// <summary>
/// An admin says whether a site's banks take cards that only tell their number. They are copied with a phone in seconds, so that it is off until somebody
/// decides for it; every bank of the site is told.
/// </summary>
public static class AllowUidCards
{
    public sealed record Request(bool Allowed);

    /// <param name="Clonable">What is let in by it: cards that anybody can copy.</param>
    public sealed record CardPolicy(Guid Site, bool Allowed, bool Clonable);

    public static void Map(IEndpointRouteBuilder routes) => routes.MapPut("/admin/sites/{id:guid}/uid-cards", Handle).WithName("AllowUidCards").SignedIn();

    private static async Task<Results<Ok<CardPolicy>, ProblemHttpResult>> Handle(
        Guid id, Request request, HttpContext http, Db db, Grants grants, PlaceBook places, TimeProvider time, CancellationToken cancel)
    {
        if (http.Caller().Role != "admin")
            return Problems.Of(StatusCodes.Status403Forbidden, "forbidden", "Only an admin may do this.");
        if (places.Site(id) is not { } site)
            return Problems.Of(Refusal.NotFound("place"));
        Guid admin = http.Caller().Id;
        await db.Change(
            async tx =>
            {
                // Asked twice it changes nothing, and no bank is told again.
                if (await tx.Execute("update site set uid_cards = @Allowed where id = @id and uid_cards <> @Allowed", new { id, request.Allowed }) == 0)
                    return 0;
                DateTimeOffset now = time.GetUtcNow();
                foreach (BankPlace bank in site.BanksAndLocks)
                {
                    await grants.Introduce(tx, bank.Id, now);
                    tx.Journal(new JournalEntry(
                        now, JournalKinds.SitePolicy, JournalEntry.ByPerson(admin), SiteId: id, BankId: bank.Id, DeviceId: bank.DeviceId,
                        Data: JsonSerializer.Serialize(new { uidCards = request.Allowed }, Json.Options)));
                }
                return 1;
            },
            cancel);
        return TypedResults.Ok(new CardPolicy(id, request.Allowed, request.Allowed));
    }
}
