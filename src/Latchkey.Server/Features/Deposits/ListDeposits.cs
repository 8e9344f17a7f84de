using Latchkey.Domain;
using Latchkey.Server.Features.Accounts;
using Latchkey.Server.Features.Leases;
using Latchkey.Server.Features.Places;
using Latchkey.Server.Hosting;
using Latchkey.Server.Storage;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Latchkey.Server.Features.Deposits;

/// <summary>A sender looks at what they have left for others: all that runs or is over, page by page, or one of them.</summary>
public static class ListDeposits
{
    public sealed record DepositList(IReadOnlyList<DepositView> Items, string? Next);

    private const int MostPerPage = 50;

    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet("/deposits", List).WithName("ListDeposits").SignedIn(Scopes.LeasesRead);
        routes.MapGet("/deposits/{id:guid}", Show).WithName("ShowDeposit").SignedIn(Scopes.LeasesRead);
    }

    private static async Task<Results<Ok<DepositList>, ProblemHttpResult>> List(
        HttpContext http, Db db, PlaceBook places, TimeProvider time, CancellationToken cancel, string filter = "live", string? cursor = null, int limit = 20)
    {
        Guid before = Guid.Empty;
        if (new Check().That(filter is "live" or "past", "filter", "The filter is live or past.").That(limit is >= 1 and <= MostPerPage, "limit", $"A page has 1 to {MostPerPage} deposits.")
            .That(cursor is null || Guid.TryParseExact(cursor, "N", out before), "cursor", "This is not a cursor of this list.").Problem is { } invalid)
            return invalid;
        DateTimeOffset now = time.GetUtcNow();
        List<DepositRow> rows = await DepositRow.Load(
            db, $"l.person_id = @person and {(filter == "live" ? LeaseRow.IsCurrent : $"not {LeaseRow.IsCurrent}")} and (@before::uuid is null or l.id < @before) order by l.id desc limit @most",
            new { person = http.Caller().Id, now, before = cursor is null ? (Guid?)null : before, most = limit + 1 }, cancel);
        return TypedResults.Ok(new DepositList([.. rows.Take(limit).Select(r => DepositViews.Of(r, places, now))], rows.Count > limit ? rows[limit - 1].LeaseId.ToString("N") : null));
    }

    private static async Task<Results<Ok<DepositView>, ProblemHttpResult>> Show(Guid id, HttpContext http, Db db, PlaceBook places, TimeProvider time, CancellationToken cancel) =>
        await DepositRow.Load(db, "l.id = @id and l.person_id = @person", new { id, person = http.Caller().Id }, cancel) is [var row] ? TypedResults.Ok(DepositViews.Of(row, places, time.GetUtcNow())) : Problems.Of(Refusal.NotFound("deposit"));
}
