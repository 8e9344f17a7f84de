using System.Globalization;
using Dapper;
using Latchkey.Domain;
using Latchkey.Server.Features.Accounts;
using Latchkey.Server.Features.Leases;
using Latchkey.Server.Hosting;
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
    public sealed record Entry(string Id, DateTimeOffset At, string What, string? Ordered, string By, string? Name, string? Reason)
    {
        internal static Entry Of(LeaseLog.Row row, Guid reader)
        {
            (string by, string? name) = row.By(reader);
            return new Entry($"{row.Id}", row.At, row.What, row.Ordered, by, name, row.Reason);
        }
    }

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
        IReadOnlyList<LeaseLog.Row>? rows = await db.Read(
            async c => await c.ExecuteScalarAsync<bool>("select exists (select 1 from lease where id = @id and person_id = @person and kind = 'assignment' and state = 'active')", new { id, person })
                ? await LeaseLog.NewestFirst(c, id, before, limit + 1) : null,
            cancel);
        if (rows is null)
            return Problems.Of(Refusal.NotFound("lock"));
        return TypedResults.Ok(new Page([.. rows.Take(limit).Select(r => Entry.Of(r, person))], rows.Count > limit ? $"{rows[limit - 1].Id}" : null));
    }
}
