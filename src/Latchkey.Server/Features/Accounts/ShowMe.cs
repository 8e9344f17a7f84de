using Dapper;
using Latchkey.Server.Hosting;
using Latchkey.Server.Storage;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Latchkey.Server.Features.Accounts;

/// <summary>A person asks who they are.</summary>
public static class ShowMe
{
    public static void Map(IEndpointRouteBuilder routes) => routes.MapGet("/auth/me", Handle).WithName("ShowMe").SignedIn();

    private static async Task<Results<Ok<PersonView>, ProblemHttpResult>> Handle(HttpContext http, Db db, CancellationToken cancel)
    {
        PersonView? person = await db.Read(
            c => c.QueryFirstOrDefaultAsync<PersonView>("select id, name, email, role from person where id = @Id", new { http.Caller().Id }), cancel);
        return person is null ? Problems.Unauthenticated() : TypedResults.Ok(person);
    }
}
