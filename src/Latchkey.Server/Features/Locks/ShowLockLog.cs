using System.Globalization;
using System.Text.Json;
using Dapper;
using Latchkey.Domain;
using Latchkey.Server.Features.Accounts;
using Latchkey.Server.Hosting;
using Latchkey.Server.Journal;
using Latchkey.Server.Live;
using Latchkey.Server.Storage;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Latchkey.Server.Features.Locks;

/// <summary>An owner asks who did what at their lock, since it is theirs: the journal's entries about their lease, the newest first. What was before is its former owner's.</summary>
public static class ShowLockLog
{
    /// <param name="What">An order's outcome (<c>unlocked</c>, <c>refused</c>, ...; <c>ordered</c> while it has none), or what the journal calls it: <c>door-opened</c>, <c>device-offline</c>, ...</param>
    /// <param name="Ordered">Of an order: <c>lock</c> or <c>unlock</c>.</param>
    /// <param name="By"><c>you</c>, <c>person</c>, <c>credential</c>, <c>lock</c> (nobody ordered it: a key, a knob or the door was moved, or the lock says it of itself) or <c>latchkey</c>.</param>
    /// <param name="Name">Of a person who is not you, or <c>pin</c>, <c>card</c>, <c>pass</c>.</param>
    /// <param name="Reason">Why not, or what is wrong.</param>
    public sealed record Entry(string Id, DateTimeOffset At, string What, string? Ordered, string By, string? Name, string? Reason);

    public sealed record Page(IReadOnlyList<Entry> Items, string? Next);

    private const int MostPerPage = 100;

    public static void Map(IEndpointRouteBuilder routes) => routes.MapGet("/locks/{id:guid}/log", Handle).WithName("ShowLockLog").SignedIn(Scopes.LeasesRead);

    private static async Task<Results<Ok<Page>, ProblemHttpResult>> Handle(Guid id, HttpContext http, Db db, CancellationToken cancel, string? cursor = null, int limit = 30)
    {
        long before = long.MaxValue;
        if (new Check()
            .That(cursor is null || (long.TryParse(cursor, NumberStyles.None, CultureInfo.InvariantCulture, out before) && before > 0), "cursor", "This is not a cursor of this list.")
            .That(limit is >= 1 and <= MostPerPage, "limit", $"A page has 1 to {MostPerPage} entries.").Problem is { } invalid)
            return invalid;
        Guid person = http.Caller().Id;
        List<Row>? rows = await db.Read(
            async c => await c.ExecuteScalarAsync<bool>("select exists (select 1 from lease where id = @id and person_id = @person and kind = 'assignment' and state = 'active')", new { id, person })
                ? (await c.QueryAsync<Row>(Sql, new { id, before, more = limit + 1 })).ToList() : null,
            cancel);
        if (rows is null)
            return Problems.Of(Refusal.NotFound("lock"));
        return TypedResults.Ok(new Page([.. rows.Take(limit).Select(r => r.Said(person))], rows.Count > limit ? $"{rows[limit - 1].Id}" : null));
    }

    // An order is one line: what became of it says that it was given, and that the bolt moved by it.
    private const string Sql =
        """
        select j.id, j.at, j.kind, j.authority, j.data::text as data, c.kind as ordered, p.id as person, p.name
        from journal j left join command c on c.id = j.command_id
          left join person p on p.id = coalesce(c.person_id, case when j.authority like 'person:%' then substr(j.authority, 8)::uuid end)
        where j.lease_id = @id and j.id < @before and j.kind <> 'command-sent'
          and not (j.kind = 'command-created' and c.settled_at is not null) and not (j.kind in ('door-locked', 'door-unlocked') and j.command_id is not null)
        order by j.id desc limit @more
        """;

    private sealed class Row
    {
        public long Id { get; init; }
        public DateTimeOffset At { get; init; }
        public string Kind { get; init; } = "";
        public string Authority { get; init; } = "";
        public string? Data { get; init; }
        public string? Ordered { get; init; }
        public Guid? Person { get; init; }
        public string? Name { get; init; }

        public Entry Said(Guid reader)
        {
            JsonElement? data = Data is null ? null : JsonSerializer.Deserialize<JsonElement>(Data);
            string what = Kind switch
            {
                JournalKinds.CommandCreated => "ordered",
                JournalKinds.CommandSettled => JsonSerializer.Deserialize<LiveEvents.Settled>(Data!, Json.Options)!.State.Text(),
                _ => Kind,
            };
            (string by, string? name) = Person is { } person && !IsOfItself ? (person == reader ? ("you", null) : ("person", Name))
                : Kind is JournalKinds.CredentialUsed or JournalKinds.CredentialRefused ? ("credential", CredentialOf(Authority))
                : Authority == JournalEntry.ByServer ? ("latchkey", null) : ("lock", null);
            return new Entry($"{Id}", At, what, Ordered, by, name, Text(data, "reason") ?? Text(data, "issue"));
        }

        private bool IsOfItself => Kind is JournalKinds.DeviceOnline or JournalKinds.DeviceOffline or JournalKinds.DeviceIssue or JournalKinds.DoorJammed or JournalKinds.DoorUnknown;

        private static string? CredentialOf(string authority) =>
            authority.StartsWith("pass:", StringComparison.Ordinal) ? "pass" : authority.Split(':') is [_, _, var kind, ..] ? kind.Split('-')[0] : null;

        private static string? Text(JsonElement? data, string name) =>
            data is { ValueKind: JsonValueKind.Object } of && of.TryGetProperty(name, out JsonElement value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;
    }
}
