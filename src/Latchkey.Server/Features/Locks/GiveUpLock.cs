using Latchkey.Domain;
using Latchkey.Server.Devices;
using Latchkey.Server.Features.Accounts;
using Latchkey.Server.Features.Places;
using Latchkey.Server.Hosting;
using Latchkey.Server.Journal;
using Latchkey.Server.Storage;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Latchkey.Server.Features.Locks;

/// <summary>An owner gives their lock up: it is nobody's from that commit on, and PIN, cards and passes end at the lock itself once it has heard so.</summary>
public static class GiveUpLock
{
    public static void Map(IEndpointRouteBuilder routes) => routes.MapDelete("/locks/{id:guid}", Handle).WithName("GiveUpLock").SignedIn(Scopes.LeasesWrite);

    private static async Task<Results<NoContent, ProblemHttpResult>> Handle(Guid id, HttpContext http, Db db, PlaceBook places, TimeProvider time, CancellationToken cancel)
    {
        Guid person = http.Caller().Id;
        Decision<bool> decision = await db.Decide<bool>(
            async tx =>
            {
                Guid bankId = await tx.First<Guid>("select bank_id from lease where id = @id and person_id = @person and kind = 'assignment' and state = 'active'", new { id, person });
                if (places.Bank(bankId) is not { Owned: true } bank)
                    return Refusal.NotFound("lock");
                // An admin who gives it away meanwhile holds the bank: then it is somebody else's, and theirs to keep.
                await tx.First<Guid>("select id from bank where id = @Id for update", new { bank.Id });
                if (await tx.First<Guid?>("select id from lease where id = @id and person_id = @person and state = 'active' for no key update", new { id, person }) is null)
                    return Refusal.NotFound("lock");
                // What is on its way to the bolt belongs to this owner: its outcome comes first.
                if (await CommandLedger.IsUnderWay(tx, id))
                    return Refusal.LockUnderWay;
                return await LockOwnership.End(tx, bank, JournalEntry.ByPerson(person), time.GetUtcNow());
            },
            cancel);
        return decision.Refusal is { } no ? Problems.Of(no) : TypedResults.NoContent();
    }
}
