using System.Security.Cryptography;
using System.Text.Json;
using Latchkey.Domain;
using Latchkey.Server.Hosting;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Latchkey.Server.Storage;

/// <summary>
/// The same request twice has one effect. The key's row is taken first, in the transaction of the effect: a second request with the
/// same key waits on that row, then finds the first one's answer and gets it again.
/// </summary>
public sealed class Idempotency(Db db, TimeProvider time)
{
    public const string Header = "Idempotency-Key";

    /// <summary>How long an answer is kept for repeats (the usual promise of payment interfaces is 24 h).</summary>
    public static readonly TimeSpan KeptFor = TimeSpan.FromHours(24);

    private static readonly Refusal Reused = new(
        "idempotency-key-reused", RefusalKind.Conflict, "This Idempotency-Key was already used for a different request. Make a new one for a new request.");

    /// <param name="owner">Keys of two people never meet.</param>
    /// <param name="request">What makes the request this request, besides its path.</param>
    /// <param name="work">The effect. A refusal rolls back and keeps nothing: the request may be tried again with the same key.</param>
    public async Task<Results<JsonHttpResult<T>, ProblemHttpResult>> Once<T>(
        HttpContext http, Guid owner, object? request, int status, Func<Transaction, Task<Decision<T>>> work, CancellationToken cancel)
        where T : class
    {
        if (KeyOf(http) is not { } key)
        {
            return Problems.Of(
                StatusCodes.Status400BadRequest, "idempotency-key-required", "Send an Idempotency-Key header (8 to 100 letters, digits or -), the same one when you repeat this request.");
        }
        byte[] fingerprint = SHA256.HashData(JsonSerializer.SerializeToUtf8Bytes(new { http.Request.Method, Path = http.Request.Path.Value!.ToLowerInvariant(), request }));
        Decision<T> decision = await db.Decide<T>(
            async tx =>
            {
                if (await tx.Execute(
                        "insert into idempotency (owner, key, fingerprint, created_at) values (@owner, @key, @fingerprint, @now) on conflict do nothing",
                        new { owner, key, fingerprint, now = time.GetUtcNow() }) == 0)
                {
                    var stored = await tx.First<(byte[] Fingerprint, string? Body)>(
                        "select fingerprint, body from idempotency where owner = @owner and key = @key", new { owner, key });
                    return stored.Body is not null && stored.Fingerprint.AsSpan().SequenceEqual(fingerprint)
                        ? JsonSerializer.Deserialize<T>(stored.Body, Json.Options)!
                        : Reused;
                }
                Decision<T> result = await work(tx);
                if (result.Refusal is null)
                {
                    tx.Defer(
                        "update idempotency set status = $1, body = $2 where owner = $3 and key = $4", status, JsonSerializer.Serialize(result.Value, Json.Options), owner, key);
                }
                return result;
            },
            cancel);
        if (decision.Refusal is not null)
            return Problems.Of(decision.Refusal);
        return TypedResults.Json(decision.Value, Json.Options, statusCode: status);
    }

    private static string? KeyOf(HttpContext http)
    {
        string key = http.Request.Headers[Header].ToString();
        return key.Length is >= 8 and <= 100 && key.All(c => char.IsAsciiLetterOrDigit(c) || c == '-') ? key : null;
    }
}
