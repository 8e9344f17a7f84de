using System.Text.Json.Nodes;
using Dapper;
using Latchkey.Domain;
using Latchkey.Server.Hosting;
using Latchkey.Server.Messages;
using Latchkey.Server.Storage;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Latchkey.Server.Features.Messages;

/// <summary>
/// A developer sees what nobody carries away: each e-mail, SMS and push message as its reader would. It shows codes to whoever asks, so it is there
/// only where it was asked for, or with the demo.
/// </summary>
public static class ShowOutbox
{
    public sealed record Item(Guid Id, string Kind, string Channel, string? To, string Language, string Title, string Text, string? Link, string State, string? Reason, DateTimeOffset At);

    public sealed record Page(IReadOnlyList<Item> Items);

    private const int Most = 100;

    public static void Map(IEndpointRouteBuilder routes) => routes.MapGet("/outbox", Handle).WithName("ShowOutbox");

    private static async Task<Results<Ok<Page>, ProblemHttpResult>> Handle(Db db, MessageSettings settings, TimeProvider time, CancellationToken cancel)
    {
        if (!settings.Outbox)
            return Problems.Of(Refusal.NotFound("outbox"));
        IEnumerable<MessageRow> rows = await db.Read(
            c => c.QueryAsync<MessageRow>(
                $"""
                select {MessageRow.Columns} from message m
                where channel <> 'app' and (state <> 'waiting' or due_at <= @now) order by id desc limit @Most
                """,
                new { now = time.GetUtcNow(), Most }),
            cancel);
        return TypedResults.Ok(new Page([.. rows.Select(View)]));
    }

    private static Item View(MessageRow row)
    {
        Rendered text = MessageText.Of(row.Kind, row.Language, (JsonObject)JsonNode.Parse(row.Words)!, row.Zone, row.LeaseId);
        return new Item(row.Id, row.Kind, row.Channel, row.Address, row.Language, text.Title, text.Text, text.Link, row.State, row.Reason, row.SentAt ?? row.CreatedAt);
    }
}
