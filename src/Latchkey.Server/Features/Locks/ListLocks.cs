using Dapper;
using Latchkey.Domain;
using Latchkey.Server.Features.Accounts;
using Latchkey.Server.Hosting;
using Latchkey.Server.Storage;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Latchkey.Server.Features.Locks;

/// <summary>Somebody looks at the locks they own, at those that they have registered and that are not theirs yet, or at one.</summary>
public static class ListLocks
{
    /// <param name="Since">When they came with its code.</param>
    /// <param name="Device">Whether the lock itself has come with the code; if so, an admin has to confirm it.</param>
    public sealed record Waiting(Guid BankId, string Name, DateTimeOffset Since, bool Device, DateTimeOffset ExpiresAt);

    public sealed record Locks(IReadOnlyList<LockView> Items, IReadOnlyList<Waiting> Registered);

    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet("/locks", All).WithName("ListLocks").SignedIn(Scopes.LeasesRead);
        routes.MapGet("/locks/{id:guid}", One).WithName("ShowLock").SignedIn(Scopes.LeasesRead);
    }

    private static async Task<Ok<Locks>> All(HttpContext http, Db db, TimeProvider time, CancellationToken cancel)
    {
        Guid person = http.Caller().Id;
        var (rows, waiting) = await db.Read(
            async c => (
                await LockRow.Of(c, person),
                (await c.QueryAsync<(Guid Bank, string Name, DateTime Since, bool Device, DateTime Expires)>(
                    """
                    select b.id, b.name, c.registered_at, c.state = 'waiting', c.expires_at from device_claim c join bank b on b.id = c.bank_id
                    where c.owner_id = @person and c.state in ('open', 'waiting') and c.expires_at > @now order by c.id desc limit 20
                    """,
                    new { person, now = time.GetUtcNow() })).ToList()),
            cancel);
        return TypedResults.Ok(new Locks([.. rows.Select(r => r.View())], [.. waiting.Select(w => new Waiting(w.Bank, w.Name, Utc(w.Since), w.Device, Utc(w.Expires)))]));
    }

    private static async Task<Results<Ok<LockView>, ProblemHttpResult>> One(Guid id, HttpContext http, Db db, CancellationToken cancel) =>
        await db.Read(c => LockRow.One(c, id, http.Caller().Id), cancel) is { } row ? TypedResults.Ok(row.View()) : Problems.Of(Refusal.NotFound("lock"));

    private static DateTimeOffset Utc(DateTime at) => new(at, TimeSpan.Zero);
}
