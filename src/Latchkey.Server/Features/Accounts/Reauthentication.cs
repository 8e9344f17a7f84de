using Dapper;
using Latchkey.Server.Hosting;
using Latchkey.Server.Hosting.Limits;
using Latchkey.Server.Storage;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Latchkey.Server.Features.Accounts;

/// <summary>
/// Before somebody's account is changed for good: it is them and not whoever found the device open. They have signed in within the last ten minutes, or say their password.
/// </summary>
public sealed class Reauthentication(Db db, Passwords passwords, RateLimiter limiter, TimeProvider time)
{
    private static readonly TimeSpan Fresh = TimeSpan.FromMinutes(10);

    /// <summary>Null when it is them.</summary>
    public async Task<ProblemHttpResult?> Refuse(HttpContext http, string? password, CancellationToken cancel)
    {
        Caller caller = http.Caller();
        (string? hash, DateTime? since) = await db.Read(
            c => c.QueryFirstOrDefaultAsync<(string?, DateTime?)>(
                "select p.password_hash, s.created_at from person p left join session s on s.id = @Session and s.person_id = p.id and s.ended_at is null where p.id = @Id", new { caller.Id, caller.Session }),
            cancel);
        if (since is { } at && time.GetUtcNow() - new DateTimeOffset(at, TimeSpan.Zero) < Fresh)
            return null;
        if (hash is null || password is null || password.Length > Passwords.Longest)
            return Problems.Of(StatusCodes.Status403Forbidden, "prove-yourself", hash is null ? "For this, sign in again first." : "For this, enter your password.");
        if (await limiter.Take(RateKind.Account, $"account:{caller.Id:N}", cancel) is { } wait)
            return RateLimiting.TooMany(http, wait);
        return await passwords.Verify(password, hash, cancel) switch
        {
            true => null,
            null => AccountRules.Busy(),
            false => Problems.Of(StatusCodes.Status403Forbidden, "prove-yourself", "This password is not right.", new Dictionary<string, string[]> { ["presentPassword"] = ["This password is not right."] }),
        };
    }
}
