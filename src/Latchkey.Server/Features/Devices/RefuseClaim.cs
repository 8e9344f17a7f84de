using Latchkey.Domain;
using Latchkey.Server.Features.Accounts;
using Latchkey.Server.Features.Places;
using Latchkey.Server.Hosting;
using Latchkey.Server.Journal;
using Latchkey.Server.Storage;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Latchkey.Server.Features.Devices;

/// <summary>An admin ends a claim: the label was lost, or a key came with its code that is not the device's. The code is worth nothing from then on.</summary>
public static class RefuseClaim
{
    public static void Map(IEndpointRouteBuilder routes) => routes.MapPost("/devices/claims/{id:guid}/refuse", Handle).WithName("RefuseClaim").SignedIn(Scopes.DevicesWrite);

    private static async Task<Results<Ok<ClaimView>, ProblemHttpResult>> Handle(
        Guid id, HttpContext http, Db db, PlaceBook places, TimeProvider time, CancellationToken cancel)
    {
        if (http.NotAnAdmin() is { } forbidden)
            return forbidden;
        Guid admin = http.Caller().Id;
        DateTimeOffset now = time.GetUtcNow();
        Decision<ClaimView> decision = await db.Decide<ClaimView>(
            async tx =>
            {
                if (await tx.First<ClaimRow>($"select {ClaimRow.Columns} from device_claim where id = @id for update", new { id }) is not { } row)
                    return Refusal.NotFound("claim");
                if (row.State == "refused")
                    return row.View(now);
                if (row.StateAt(now) is not ("open" or "waiting"))
                    return Refusal.ClaimOver;
                await tx.Execute("update device_claim set state = 'refused', decided_by = @admin, decided_at = @now where id = @id", new { id, admin, now });
                tx.Journal(MakeClaim.Entry(JournalKinds.ClaimRefused, JournalEntry.ByPerson(admin), places.Bank(row.BankId)!, id, now));
                return row.View(now) with { State = "refused" };
            },
            cancel);
        return decision.Refusal is { } no ? Problems.Of(no) : TypedResults.Ok(decision.Value);
    }
}
