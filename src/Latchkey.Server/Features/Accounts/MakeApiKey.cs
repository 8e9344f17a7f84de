using System.Text.Json;
using Dapper;
using Latchkey.Domain;
using Latchkey.Server.Hosting;
using Latchkey.Server.Journal;
using Latchkey.Server.Storage;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Latchkey.Server.Features.Accounts;

/// <summary>Operators and admins make keys for programs, see when they were last used, and revoke them.</summary>
public static class MakeApiKey
{
    /// <summary>One for each program that somebody looks after.</summary>
    private const int MostKeys = 20;

    private const int LongestDays = 730;

    /// <param name="Name">What it is for.</param>
    /// <param name="Scopes">leases:read, leases:write, devices:read, devices:write.</param>
    /// <param name="Days">How long it is good, 1 to 730.</param>
    public sealed record Request(string Name, IReadOnlyList<string> Scopes, int Days = 365);

    /// <param name="Key">Shown in this answer and never again.</param>
    public sealed record NewKey(Guid Id, string Key, DateTimeOffset Expires);

    /// <param name="Shown">Its first characters, to tell it from others.</param>
    /// <param name="LastUsed">To the minute; null: never.</param>
    public sealed record KeyView(Guid Id, string Name, string Shown, IReadOnlyList<string> Scopes, DateTimeOffset CreatedAt, DateTimeOffset? Expires, DateTimeOffset? LastUsed);

    public sealed record KeyList(IReadOnlyList<KeyView> Items);

    private static readonly Refusal TooMany = new("too-many-keys", RefusalKind.Conflict, $"You have {MostKeys} keys. Revoke one that is not used.");

    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet("/auth/keys", List).WithName("ListApiKeys").SignedIn();
        routes.MapPost("/auth/keys", Make).WithName("MakeApiKey").SignedIn();
        routes.MapDelete("/auth/keys/{id:guid}", Revoke).WithName("RevokeApiKey").SignedIn();
    }

    private static async Task<Results<Ok<KeyList>, ProblemHttpResult>> List(HttpContext http, Db db, CancellationToken cancel)
    {
        if (NotStaff(http) is { } forbidden)
            return forbidden;
        IEnumerable<Row> rows = await db.Read(
            c => c.QueryAsync<Row>(
                "select id, name, shown, scopes, created_at, expires_at, last_used_at from api_key where person_id = @Id and revoked_at is null order by id desc limit @MostKeys", new { http.Caller().Id, MostKeys }),
            cancel);
        return TypedResults.Ok(new KeyList([.. rows.Select(r => new KeyView(r.Id, r.Name, r.Shown, r.Scopes, r.CreatedAt, r.ExpiresAt, r.LastUsedAt))]));
    }

    private static async Task<Results<Created<NewKey>, ProblemHttpResult>> Make(Request request, HttpContext http, Db db, TimeProvider time, CancellationToken cancel)
    {
        if (NotStaff(http) is { } forbidden)
            return forbidden;
        if (new Check()
            .Text(request.Name, "name", 1, 80, "A name")
            .That(request.Scopes is { Count: > 0 } && request.Scopes.All(Scopes.All.Contains), "scopes", $"A key may do one or more of: {string.Join(", ", Scopes.All)}.")
            .That(request.Days is >= 1 and <= LongestDays, "days", $"A key is good for 1 to {LongestDays} days.").Problem is { } invalid)
            return invalid;
        Guid person = http.Caller().Id;
        DateTimeOffset now = time.GetUtcNow(), expires = now.AddDays(request.Days);
        var id = Guid.CreateVersion7(now);
        (string key, string shown, byte[] hash) = ApiKeys.Make();
        Decision<NewKey> decision = await db.Decide<NewKey>(
            async tx =>
            {
                // One at a time of a person: the limit counts rows that are there.
                await tx.First<int>("select 1 from person where id = @person for no key update", new { person });
                if (await tx.Scalar<long>("select count(*) from api_key where person_id = @person and revoked_at is null", new { person }) >= MostKeys)
                    return TooMany;
                await tx.Execute(
                    "insert into api_key (id, person_id, name, shown, hash, scopes, created_at, expires_at) values (@id, @person, @name, @shown, @hash, @scopes, @now, @expires)",
                    new { id, person, name = request.Name.Trim(), shown, hash, scopes = request.Scopes.Distinct().ToArray(), now, expires });
                tx.Journal(Entry(JournalKinds.ApiKeyMade, person, id, now));
                return new NewKey(id, key, expires);
            },
            cancel);
        if (decision.Refusal is { } no)
            return Problems.Of(no);
        http.Response.Headers.CacheControl = "no-store";
        return TypedResults.Created((string?)null, decision.Value);
    }

    private static async Task<Results<NoContent, ProblemHttpResult>> Revoke(Guid id, HttpContext http, Db db, TimeProvider time, CancellationToken cancel)
    {
        Guid person = http.Caller().Id;
        DateTimeOffset now = time.GetUtcNow();
        Decision<bool> decision = await db.Decide<bool>(
            async tx =>
            {
                if (await tx.Execute("update api_key set revoked_at = @now where id = @id and person_id = @person and revoked_at is null", new { id, person, now }) == 0)
                    return Refusal.NotFound("key");
                tx.Journal(Entry(JournalKinds.ApiKeyRevoked, person, id, now));
                return true;
            },
            cancel);
        return decision.Refusal is { } no ? Problems.Of(no) : TypedResults.NoContent();
    }

    private static ProblemHttpResult? NotStaff(HttpContext http) =>
        http.Caller().Role is "operator" or "admin" ? null : Problems.Of(StatusCodes.Status403Forbidden, "forbidden", "Keys for programs are made by operators and admins.");

    private static JournalEntry Entry(string kind, Guid person, Guid key, DateTimeOffset now) =>
        new(now, kind, JournalEntry.ByPerson(person), PersonId: person, Data: JsonSerializer.Serialize(new { key }, Json.Options));

    private sealed class Row
    {
        public Guid Id { get; init; }
        public string Name { get; init; } = "";
        public string Shown { get; init; } = "";
        public string[] Scopes { get; init; } = [];
        public DateTimeOffset CreatedAt { get; init; }
        public DateTimeOffset? ExpiresAt { get; init; }
        public DateTimeOffset? LastUsedAt { get; init; }
    }
}
