using Latchkey.Server.Hosting;
using Latchkey.Server.Storage;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Latchkey.Server.Features.Messages;

/// <summary>A program of a person's says where push messages reach it (a registration token of Firebase), or that they no longer do.</summary>
public static class PushAddresses
{
    public sealed record Request(string Token);

    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapPut("/messages/push-addresses", Add).WithName("AddPushAddress").SignedIn();
        routes.MapPost("/messages/push-addresses/remove", Remove).WithName("RemovePushAddress").SignedIn();
    }

    private static async Task<Results<NoContent, ProblemHttpResult>> Add(Request request, HttpContext http, Db db, TimeProvider time, CancellationToken cancel)
    {
        if (Validate(request) is { } invalid)
            return invalid;
        await db.Change(
            async tx =>
            {
                // A telephone that changed hands, or accounts: what comes there is the new person's.
                await tx.Execute(
                    "insert into push_address (token, person_id, created_at) values (@Token, @Id, @now) on conflict (token) do update set person_id = excluded.person_id, created_at = excluded.created_at",
                    new { request.Token, http.Caller().Id, now = time.GetUtcNow() });
                // Ten devices; the oldest make room.
                return await tx.Execute(
                    "delete from push_address where person_id = @Id and token not in (select token from push_address where person_id = @Id order by created_at desc, token limit 10)",
                    new { http.Caller().Id });
            },
            cancel);
        return TypedResults.NoContent();
    }

    private static async Task<Results<NoContent, ProblemHttpResult>> Remove(Request request, HttpContext http, Db db, CancellationToken cancel)
    {
        if (Validate(request) is { } invalid)
            return invalid;
        await db.Change(tx => tx.Execute("delete from push_address where token = @Token and person_id = @Id", new { request.Token, http.Caller().Id }), cancel);
        return TypedResults.NoContent();
    }

    /// <summary>Registration tokens have some 160 characters today; Google promises no length.</summary>
    private static ProblemHttpResult? Validate(Request request) => new Check().Text(request.Token, "token", 10, 1000, "A token").Problem;
}
