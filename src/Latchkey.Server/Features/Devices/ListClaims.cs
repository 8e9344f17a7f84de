using Dapper;
using Latchkey.Domain;
using Latchkey.Server.Features.Accounts;
using Latchkey.Server.Hosting;
using Latchkey.Server.Storage;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Latchkey.Server.Features.Devices;

/// <summary>An admin sees which codes are out and which devices wait to be confirmed; the newest 100, or one.</summary>
public static class ListClaims
{
    public sealed record Claims(IReadOnlyList<ClaimView> Items);

    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet("/devices/claims", All).WithName("ListClaims").SignedIn(Scopes.DevicesRead);
        routes.MapGet("/devices/claims/{id:guid}", One).WithName("ShowClaim").SignedIn(Scopes.DevicesRead);
    }

    private static async Task<Results<Ok<Claims>, ProblemHttpResult>> All(HttpContext http, Db db, TimeProvider time, CancellationToken cancel)
    {
        if (http.NotAnAdmin() is { } forbidden)
            return forbidden;
        DateTimeOffset now = time.GetUtcNow();
        IEnumerable<ClaimRow> rows = await db.Read(c => c.QueryAsync<ClaimRow>($"select {ClaimRow.Columns} from device_claim order by id desc limit 100"), cancel);
        return TypedResults.Ok(new Claims([.. rows.Select(r => r.View(now))]));
    }

    private static async Task<Results<Ok<ClaimView>, ProblemHttpResult>> One(Guid id, HttpContext http, Db db, TimeProvider time, CancellationToken cancel)
    {
        if (http.NotAnAdmin() is { } forbidden)
            return forbidden;
        ClaimRow? row = await db.Read(c => c.QueryFirstOrDefaultAsync<ClaimRow>($"select {ClaimRow.Columns} from device_claim where id = @id", new { id }), cancel);
        return row is null ? Problems.Of(Refusal.NotFound("claim")) : TypedResults.Ok(row.View(time.GetUtcNow()));
    }
}
