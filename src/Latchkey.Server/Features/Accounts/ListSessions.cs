using Dapper;
using Latchkey.Domain;
using Latchkey.Server.Hosting;
using Latchkey.Server.Journal;
using Latchkey.Server.Storage;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Latchkey.Server.Features.Accounts;

/// <summary>A person sees on which devices they are signed in, and signs one of them out, or all but this one.</summary>
public static class ListSessions
{
    /// <summary>More than anybody looks through; the most recently used.</summary>
    private const int Most = 100;

    /// <param name="Device">As it said of itself: "Chrome, Android"; may be empty.</param>
    /// <param name="Method">How it was signed in: sign-up, password, code, reset or oidc.</param>
    /// <param name="Here">This request's own.</param>
    public sealed record DeviceSession(Guid Id, string Device, string Method, DateTimeOffset Since, DateTimeOffset LastUsed, bool Here);

    public sealed record SessionList(IReadOnlyList<DeviceSession> Items);

    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet("/auth/sessions", List).WithName("ListSessions").SignedIn();
        routes.MapDelete("/auth/sessions/{id:guid}", EndOne).WithName("EndSession").SignedIn();
        routes.MapDelete("/auth/sessions", EndOthers).WithName("EndOtherSessions").SignedIn();
    }

    private static async Task<Ok<SessionList>> List(HttpContext http, Db db, TimeProvider time, CancellationToken cancel)
    {
        Caller caller = http.Caller();
        IEnumerable<Row> rows = await db.Read(
            c => c.QueryAsync<Row>(
                """
                select s.id, s.device, s.method, s.created_at, s.last_used_at from session s
                where s.person_id = @Id and s.ended_at is null
                  and exists (select 1 from refresh_token t where t.family = s.id and t.used_at is null and t.revoked_at is null and t.expires_at > @now)
                order by s.last_used_at desc limit @Most
                """,
                new { caller.Id, now = time.GetUtcNow(), Most }),
            cancel);
        return TypedResults.Ok(new SessionList([.. rows.Select(r => new DeviceSession(r.Id, r.Device, r.Method, r.CreatedAt, r.LastUsedAt, r.Id == caller.Session))]));
    }

    private static async Task<Results<NoContent, ProblemHttpResult>> EndOne(Guid id, HttpContext http, Db db, Sessions sessions, CancellationToken cancel)
    {
        Guid person = http.Caller().Id;
        bool ended = await db.Change(tx => sessions.End(tx, id, person, JournalEntry.ByPerson(person)), cancel);
        return ended ? TypedResults.NoContent() : Problems.Of(Refusal.NotFound("session"));
    }

    private static async Task<NoContent> EndOthers(HttpContext http, Db db, Sessions sessions, CancellationToken cancel)
    {
        Caller caller = http.Caller();
        await db.Change(
            async tx =>
            {
                await sessions.EndAll(tx, caller.Id, caller.Session, JournalEntry.ByPerson(caller.Id));
                return true;
            },
            cancel);
        return TypedResults.NoContent();
    }

    private sealed class Row
    {
        public Guid Id { get; init; }
        public string Device { get; init; } = "";
        public string Method { get; init; } = "";
        public DateTimeOffset CreatedAt { get; init; }
        public DateTimeOffset LastUsedAt { get; init; }
    }
}
