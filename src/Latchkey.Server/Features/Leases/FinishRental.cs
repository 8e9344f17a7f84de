using Latchkey.Domain;
using Latchkey.Domain.Leases;
using Latchkey.Server.Devices;
using Latchkey.Server.Features.Accounts;
using Latchkey.Server.Features.Payments;
using Latchkey.Server.Features.Places;
using Latchkey.Server.Features.Shares;
using Latchkey.Server.Hosting;
using Latchkey.Server.Hosting.Limits;
using Latchkey.Server.Journal;
using Latchkey.Server.Storage;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Latchkey.Server.Features.Leases;

/// <summary>
/// A customer is done: the locker is free for the next one, and what was used is charged and captured. Nothing is charged when the door
/// was never proven open.
/// </summary>
public static class FinishRental
{
    public static void Map(IEndpointRouteBuilder routes) => routes.MapPost("/leases/{id:guid}/finish", Handle).WithName("FinishRental").TakesKey().SignedIn(Scopes.LeasesWrite).Produces<LeaseView>().LimitedAs(RateKind.Money);

    private static async Task<Results<JsonHttpResult<LeaseView>, ProblemHttpResult>> Handle(
        Guid id, HttpContext http, Idempotency idempotency, PlaceBook places, TimeProvider time, CancellationToken cancel)
    {
        Guid person = http.Caller().Id;
        return await idempotency.Once<LeaseView>(
            http,
            person,
            null,
            StatusCodes.Status200OK,
            async tx =>
            {
                DateTimeOffset now = time.GetUtcNow();
                if (await LeaseRow.Lock(tx, id, person) is not { } row)
                    return Refusal.NotFound("rental");
                // The door may be moved by a report at this very moment: its row is locked, so that the report comes before or after.
                string door = await tx.Scalar<string>("select door from locker where id = @LockerId for no key update", new { row.LockerId });
                Rental rental = row.Rental();
                Decision<Rental> moved = rental.Finish(EnumText.Parse<Domain.Lockers.DoorState>(door), row.CommandUnderWay, places.Locker(row.LockerId)!.Label);
                if (moved.Refusal is { } refused)
                    return refused;
                await End(tx, row, moved.Value, places, JournalEntry.ByPerson(person), null, now);
                return LeaseViews.Of((await LeaseRow.Lock(tx, id, person))!, places, now);
            },
            cancel);
    }

    /// <summary>Everything that ends with a rental, whoever ends it.</summary>
    /// <param name="row">Locked, and as it was before.</param>
    /// <param name="data">What the journal says of how it came to that, if there is more to say than who did it.</param>
    internal static async Task End(Transaction tx, LeaseRow row, Rental ended, PlaceBook places, string authority, string? data, DateTimeOffset now)
    {
        await tx.Execute(
            "update lease set state = @state, ended_at = @now, receipt_number = nextval('receipt_number') where id = @Id", new { row.Id, now, state = ended.State.Text() });
        await ShareLocker.EndAll(tx, row.Id, places, now);
        await Grants.End(tx, row.Id, places.Locker(row.LockerId)!, places.Bank(row.BankId)!, now);
        tx.Journal(row.Entry(now, JournalKinds.LeaseEnded, authority, data));
        await SettleRental.AtEnd(tx, row, now);
    }
}
