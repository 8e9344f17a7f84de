using Latchkey.Domain;
using Latchkey.Domain.Leases;
using Latchkey.Server.Features.Accounts;
using Latchkey.Server.Features.Payments;
using Latchkey.Server.Features.Places;
using Latchkey.Server.Hosting;
using Latchkey.Server.Journal;
using Latchkey.Server.Storage;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Latchkey.Server.Features.Leases;

/// <summary>A customer lets a held locker go without paying. Asking twice is no error: the first answer stands.</summary>
public static class CancelHold
{
    public static void Map(IEndpointRouteBuilder routes) => routes.MapPost("/leases/{id:guid}/cancel", Handle).WithName("CancelHold").SignedIn(Scopes.LeasesWrite);

    private static async Task<Results<Ok<LeaseView>, ProblemHttpResult>> Handle(
        Guid id, HttpContext http, Db db, PlaceBook places, TimeProvider time, CancellationToken cancel)
    {
        Guid person = http.Caller().Id;
        Decision<LeaseView> decision = await db.Decide<LeaseView>(
            async tx =>
            {
                DateTimeOffset now = time.GetUtcNow();
                if (await LeaseRow.Lock(tx, id, person) is not { } row)
                    return Refusal.NotFound("rental");
                if (row.Rental().State == LeaseState.Cancelled)
                    return LeaseViews.Of(row, places, now);
                Decision<Rental> moved = row.Rental().Cancel(now);
                if (moved.Refusal is { } refused)
                    return refused;
                await tx.Execute("update lease set state = @state, ended_at = @now where id = @id", new { id, now, state = moved.Value.State.Text() });
                await MoneyOrders.CloseCheckouts(tx, [id], now);
                tx.Journal(row.Entry(now, JournalKinds.LeaseCancelled, JournalEntry.ByPerson(person)));
                return LeaseViews.Of((await LeaseRow.Lock(tx, id, person))!, places, now);
            },
            cancel);
        return decision.Refusal is { } no ? Problems.Of(no) : TypedResults.Ok(decision.Value);
    }
}
