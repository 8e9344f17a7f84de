using Dapper;
using Latchkey.Server.Hosting;
using Latchkey.Server.Storage;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Latchkey.Server.Features.Accounts;

/// <summary>An admin looks up who has an account, the newest first.</summary>
public static class ListPeople
{
    /// <param name="Role">customer, courier, operator or admin.</param>
    public sealed record PersonView(Guid Id, string Name, string? Email, string? Phone, string Role, DateTimeOffset CreatedAt);

    public sealed record People(IReadOnlyList<PersonView> Items, string? Next);

    private const int MostPerPage = 200;

    public static void Map(IEndpointRouteBuilder routes) => routes.MapGet("/auth", Handle).WithName("ListPeople").SignedIn();

    private static async Task<Results<Ok<People>, ProblemHttpResult>> Handle(HttpContext http, Db db, CancellationToken cancel, string? cursor = null, int limit = 50)
    {
        if (http.NotAnAdmin() is { } forbidden)
            return forbidden;
        Guid before = Guid.Empty;
        if (new Check().That(limit is >= 1 and <= MostPerPage, "limit", $"A page has 1 to {MostPerPage} accounts.")
            .That(cursor is null || Guid.TryParseExact(cursor, "N", out before), "cursor", "This is not a cursor of this list.").Problem is { } invalid)
            return invalid;
        List<Row> rows =
        [
            .. await db.Read(
                c => c.QueryAsync<Row>(
                    "select id, name, email, phone, role, created_at from person where erased_at is null and (@before::uuid is null or id < @before) order by id desc limit @most",
                    new { before = cursor is null ? (Guid?)null : before, most = limit + 1 }),
                cancel),
        ];
        return TypedResults.Ok(new People([.. rows.Take(limit).Select(r => new PersonView(r.Id, r.Name, r.Email, r.Phone, r.Role, r.CreatedAt))], rows.Count > limit ? rows[limit - 1].Id.ToString("N") : null));
    }

    private sealed class Row
    {
        public Guid Id { get; init; }
        public string Name { get; init; } = "";
        public string? Email { get; init; }
        public string? Phone { get; init; }
        public string Role { get; init; } = "";
        public DateTimeOffset CreatedAt { get; init; }
    }
}
