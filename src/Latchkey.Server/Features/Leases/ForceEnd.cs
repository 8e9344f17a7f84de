using System.Text.Json;
using Dapper;
using Latchkey.Domain;
using Latchkey.Domain.Leases;
using Latchkey.Server.Features.Places;
using Latchkey.Server.Hosting;
using Latchkey.Server.Hosting.Limits;
using Latchkey.Server.Journal;
using Latchkey.Server.Storage;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Latchkey.Server.Features.Leases;

/// <summary>Staff of a site end a rental that its holder does not: it is billed like any other, and its holder sees who did it and why.</summary>
public static class ForceEnd
{
    internal static readonly string[] Reasons = ["overdue", "left-behind", "broken", "holder-asked", "abuse", "other"];

    /// <param name="Reason">One of <c>overdue</c>, <c>left-behind</c>, <c>broken</c>, <c>holder-asked</c>, <c>abuse</c>, <c>other</c>: the journal keeps it for ever, so it is a word and no story.</param>
    public sealed record Request(string Reason);

    /// <param name="Charged">What it was charged in all.</param>
    public sealed record Ended(Guid LeaseId, LeaseState State, Money Charged);

    /// <summary>What the journal says of it.</summary>
    internal sealed record ByStaff(bool Forced, string Reason);

    public static void Map(IEndpointRouteBuilder routes) =>
        routes.MapPost("/staff/leases/{id:guid}/end", Handle).WithName("ForceEnd").TakesKey().SignedIn().Produces<Ended>().LimitedAs(RateKind.Money);

    private static async Task<Results<JsonHttpResult<Ended>, ProblemHttpResult>> Handle(
        Guid id, Request request, HttpContext http, Idempotency idempotency, Db db, PlaceBook places, TimeProvider time, CancellationToken cancel)
    {
        if (new Check().Reason(request.Reason, Reasons).Problem is { } invalid)
            return invalid;
        (Guid site, Guid holder) = await db.Read(c => c.QueryFirstOrDefaultAsync<(Guid, Guid)>("select site_id, person_id from lease where id = @id", new { id }), cancel);
        if (await SiteStaff.Refuses(http, db, site, cancel) is { } forbidden)
            return forbidden;
        Guid staff = http.Caller().Id;
        return await idempotency.Once<Ended>(
            http,
            staff,
            request,
            StatusCodes.Status200OK,
            async tx =>
            {
                DateTimeOffset now = time.GetUtcNow();
                if (await LeaseRow.Lock(tx, id, holder) is not { } row)
                    return Refusal.NotFound("rental");
                if (row.CommandUnderWay)
                    return Refusal.CommandPending(places.Locker(row.LockerId)!.Label);
                Decision<Rental> moved = row.Rental().ForceEnd();
                if (moved.Refusal is { } refused)
                    return refused;
                await FinishRental.End(
                    tx, row, moved.Value, places, JournalEntry.ByPerson(staff), JsonSerializer.Serialize(new ByStaff(true, request.Reason), Json.Options), now);
                return new Ended(id, moved.Value.State, row.Rental().Owed(now));
            },
            cancel);
    }
}
