using Dapper;
using Latchkey.Domain;
using Latchkey.Server.Hosting;
using Latchkey.Server.Messages;
using Latchkey.Server.Storage;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Latchkey.Server.Features.Messages;

/// <summary>An admin sees which messages did not arrive and why, and has one sent again when the cause is gone. Never their words: they are their readers'.</summary>
public static class WatchMessages
{
    public sealed record Item(Guid Id, string Kind, string Channel, string? To, string State, string? Reason, int Attempts, DateTimeOffset CreatedAt, DateTimeOffset DueAt, DateTimeOffset ExpiresAt);

    public sealed record Counted(string Channel, string State, long Count);

    public sealed record Page(IReadOnlyList<Item> Items, IReadOnlyList<Counted> LastDay);

    private static readonly Refusal TooLate = new("message-expired", RefusalKind.Conflict, "This message is too old to be of use. It is not sent again.");

    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet("/admin/messages", Handle).WithName("WatchMessages").SignedIn();
        routes.MapPost("/admin/messages/{id:guid}/send", Again).WithName("SendMessageAgain").SignedIn();
    }

    private static async Task<Results<Ok<Page>, ProblemHttpResult>> Handle(HttpContext http, Db db, TimeProvider time, CancellationToken cancel, string state = "dead")
    {
        if (http.NotAnAdmin() is { } forbidden)
            return forbidden;
        if (new Check().That(state is "dead" or "waiting" or "dropped" or "sent", "state", "A state is dead, waiting, dropped or sent.").Problem is { } invalid)
            return invalid;
        (IEnumerable<MessageRow> rows, IEnumerable<Counted> counts) = await db.Read(
            async c => (
                await c.QueryAsync<MessageRow>($"select {MessageRow.Columns} from message m where state = @state and channel <> 'app' order by id desc limit 100", new { state }),
                await c.QueryAsync<Counted>(
                    "select channel, state, count(*) as count from message where created_at > @day group by channel, state order by channel, state", new { day = time.GetUtcNow().AddDays(-1) })),
            cancel);
        return TypedResults.Ok(new Page([.. rows.Select(r => new Item(r.Id, r.Kind, r.Channel, Masked(r), r.State, r.Reason, r.Attempts, r.CreatedAt, r.DueAt, r.ExpiresAt))], [.. counts]));
    }

    private static async Task<Results<NoContent, ProblemHttpResult>> Again(Guid id, HttpContext http, Db db, DeliveryBell bell, TimeProvider time, CancellationToken cancel)
    {
        if (http.NotAnAdmin() is { } forbidden)
            return forbidden;
        DateTimeOffset now = time.GetUtcNow();
        Decision<bool> decision = await db.Decide<bool>(
            async tx =>
            {
                if (await tx.First<string>("select state from message where id = @id and state = 'dead' for update", new { id }) is null)
                    return Refusal.NotFound("dead message");
                // A code was taken out when the message died, and is of no use any more anyway.
                if (await tx.Execute("update message set state = 'waiting', attempts = 0, due_at = @now, reason = null where id = @id and expires_at > @now", new { id, now }) == 0)
                    return TooLate;
                tx.AfterCommit(bell.Ring);
                return true;
            },
            cancel);
        return decision.Refusal is { } refused ? Problems.Of(refused) : TypedResults.NoContent();
    }

    /// <summary>Enough to tell a wrong address from a right one, not enough to use it.</summary>
    private static string? Masked(MessageRow row) => (row.Channel, row.Address) switch
    {
        (_, null) => null,
        (Channels.Email, var a) when a.Split('@') is [var name, var host] => $"{name[..1]}***@{host}",
        (Channels.Sms, var a) => $"{a[..Math.Min(3, a.Length)]}***{a[^Math.Min(2, a.Length)..]}",
        (_, var a) => $"{a[..Math.Min(6, a.Length)]}***",
    };
}
