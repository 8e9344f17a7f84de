using Latchkey.Domain;
using Latchkey.Server.Hosting;
using Latchkey.Server.Storage;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Latchkey.Server.Features.Accounts;

/// <summary>A browser exchanges its refresh token, in the body and never in an address, for a new pair.</summary>
public static class RefreshSession
{
    public sealed record Request(string RefreshToken);

    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapPost("/auth/refresh", Handle).WithName("RefreshSession").TakesNoToken();
        routes.MapPost("/auth/logout", LogOut).WithName("LogOut").TakesNoToken();
    }

    private static async Task<Results<Ok<SessionView>, ProblemHttpResult>> Handle(Request request, Db db, Sessions sessions, CancellationToken cancel)
    {
        Decision<SessionView?> decision = await db.Decide<SessionView?>(tx => sessions.Renew(tx, request.RefreshToken), cancel);
        return decision.Refusal is null && decision.Value is { } session
            ? TypedResults.Ok(session)
            : Problems.Of(StatusCodes.Status401Unauthorized, "session-ended", "This session has ended. Sign in again.");
    }

    /// <summary>Signs this browser out: its token and all that came from the same sign-in end. Unknown tokens are no error.</summary>
    private static async Task<NoContent> LogOut(Request request, Db db, Sessions sessions, CancellationToken cancel)
    {
        await db.Change(
            async tx =>
            {
                await sessions.End(tx, request.RefreshToken);
                return true;
            },
            cancel);
        return TypedResults.NoContent();
    }
}
