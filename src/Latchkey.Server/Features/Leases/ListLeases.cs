using Dapper;
using Latchkey.Domain;
using Latchkey.Server.Features.Accounts;
using Latchkey.Server.Features.Places;
using Latchkey.Server.Hosting;
using Latchkey.Server.Storage;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Latchkey.Server.Features.Leases;

/// <summary>A customer looks at their lockers: those they have, or those they had.</summary>
public static class ListLeases
{
    public sealed record Page(IReadOnlyList<LeaseView> Items, string? Next);

    private const int MostPerPage = 50;

    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet("/leases", Handle).WithName("ListLeases").SignedIn(Scopes.LeasesRead);
        routes.MapGet("/leases/{id:guid}", One).WithName("ShowLease").SignedIn(Scopes.LeasesRead);
    }

    private static async Task<Results<Ok<Page>, ProblemHttpResult>> Handle(
        HttpContext http, Db db, PlaceBook places, TimeProvider time, CancellationToken cancel, string filter = "live", string? cursor = null, int limit = 20)
    {
        Guid? before = null;
        if (cursor is not null)
            before = Guid.TryParse(cursor, out Guid id) ? id : null;
        if (new Check()
            .That(filter is "live" or "past", "filter", "The filter is live or past.")
            .That(cursor is null || before is not null, "cursor", "This is not a cursor of this list.")
            .That(limit is >= 1 and <= MostPerPage, "limit", $"A page has 1 to {MostPerPage} rentals.")
            .Problem is { } invalid)
            return invalid;
        DateTimeOffset now = time.GetUtcNow();
        List<LeaseRow> rows =
        [
            .. await db.Read(
                c => c.QueryAsync<LeaseRow>(
                    $"{LeaseRow.Select}\nwhere l.person_id = @person and l.kind = 'rental' and {(filter == "live" ? LeaseRow.IsCurrent : $"not {LeaseRow.IsCurrent}")} and (@before::uuid is null or l.id < @before)\n"
                    + "order by l.id desc limit @more",
                    new { person = http.Caller().Id, now, before, more = limit + 1 }),
                cancel),
        ];
        List<LeaseView> items = [.. rows.Take(limit).Select(r => LeaseViews.Of(r, places, now))];
        return TypedResults.Ok(new Page(items, rows.Count > limit ? $"{items[^1].Id:D}" : null));
    }

    private static async Task<Results<Ok<LeaseView>, ProblemHttpResult>> One(
        Guid id, HttpContext http, Db db, PlaceBook places, TimeProvider time, CancellationToken cancel)
    {
        LeaseRow? row = await db.Read(
            c => c.QueryFirstOrDefaultAsync<LeaseRow>(LeaseRow.Select + "\nwhere l.id = @id and l.person_id = @person and l.kind = 'rental'", new { id, person = http.Caller().Id }), cancel);
        return row is null ? Problems.Of(Refusal.NotFound("rental")) : TypedResults.Ok(LeaseViews.Of(row, places, time.GetUtcNow()));
    }
}
