using System.Text.Json.Nodes;
using Dapper;
using Latchkey.Server.Hosting;
using Latchkey.Server.Messages;
using Latchkey.Server.Storage;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Latchkey.Server.Features.Messages;

/// <summary>A person reads what they were told, the newest first, and says how far they have read.</summary>
public static class ListMessages
{
    /// <param name="Link">Where in the application it leads.</param>
    public sealed record Item(Guid Id, string Kind, string Title, string Text, string? Link, DateTimeOffset At, bool Read);

    public sealed record Page(IReadOnlyList<Item> Items, string? Next, long Unread);

    /// <param name="UpTo">The newest message that was seen; it and all before it are read.</param>
    public sealed record ReadRequest(Guid UpTo);

    private const int MostPerPage = 50;

    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet("/messages", Handle).WithName("ListMessages").SignedIn();
        routes.MapPost("/messages/read", MarkRead).WithName("ReadMessages").SignedIn();
    }

    private static async Task<Results<Ok<Page>, ProblemHttpResult>> Handle(HttpContext http, Db db, CancellationToken cancel, string? cursor = null, int limit = 20)
    {
        Guid? before = null;
        if (cursor is not null)
            before = Guid.TryParse(cursor, out Guid id) ? id : null;
        if (new Check()
            .That(cursor is null || before is not null, "cursor", "This is not a cursor of this list.")
            .That(limit is >= 1 and <= MostPerPage, "limit", $"A page has 1 to {MostPerPage} messages.").Problem is { } invalid)
            return invalid;
        Guid person = http.Caller().Id;
        (List<MessageRow> rows, long unread) = await db.Read(
            async c => (
                (await c.QueryAsync<MessageRow>(
                    $"""
                    select {MessageRow.Columns} from message m
                    where person_id = @person and channel = 'app' and state = 'sent' and (@before::uuid is null or (sent_at, id) < (select sent_at, id from message where id = @before and person_id = @person))
                    order by sent_at desc, id desc limit @more
                    """,
                    new { person, before, more = limit + 1 })).ToList(),
                await c.ExecuteScalarAsync<long>(
                    "select count(*) from message where person_id = @person and channel = 'app' and state = 'sent' and read_at is null", new { person })),
            cancel);
        List<Item> items = [.. rows.Take(limit).Select(View)];
        return TypedResults.Ok(new Page(items, rows.Count > limit ? $"{items[^1].Id:D}" : null, unread));
    }

    private static async Task<NoContent> MarkRead(ReadRequest request, HttpContext http, Db db, TimeProvider time, CancellationToken cancel)
    {
        await db.Change(
            tx => tx.Execute(
                """
                update message set read_at = @now where person_id = @Id and channel = 'app' and state = 'sent' and read_at is null
                  and sent_at <= (select sent_at from message where id = @UpTo and person_id = @Id)
                """,
                new { now = time.GetUtcNow(), http.Caller().Id, request.UpTo }),
            cancel);
        return TypedResults.NoContent();
    }

    private static Item View(MessageRow row)
    {
        Rendered text = MessageText.Of(row.Kind, row.Language, (JsonObject)JsonNode.Parse(row.Words)!, row.Zone, row.LeaseId);
        return new Item(row.Id, row.Kind, text.Title, text.Text, text.Link, row.SentAt!.Value, row.ReadAt is not null);
    }
}
