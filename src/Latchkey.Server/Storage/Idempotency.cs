using System.Security.Cryptography;
using System.Text.Json;
using Dapper;
using Latchkey.Domain;
using Latchkey.Server.Hosting;
using Microsoft.AspNetCore.Http.HttpResults;
using Npgsql;

namespace Latchkey.Server.Storage;

/// <summary>
/// The same request twice has one effect. The key's row is written with the answer, last in the transaction of the effect, and its primary key
/// refuses the second one: that one's effect is rolled back, and it gets the first one's answer. (Taking the row first would cost every request
/// a round trip and an update, for the sake of the few that are repeats.)
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
    /// <param name="work">
    /// The effect, in the database alone: a repeat does it too, and is rolled back. A refusal keeps nothing: the request may be tried again with
    /// the same key.
    /// </param>
    public async Task<Results<JsonHttpResult<T>, ProblemHttpResult>> Once<T>(
        HttpContext http, Guid owner, object? request, int status, Func<Transaction, Task<Decision<T>>> work, CancellationToken cancel)
        where T : class
    {
        TakesKey route = http.GetEndpoint()?.Metadata.GetMetadata<TakesKey>() ?? throw new InvalidOperationException($"{http.GetEndpoint()?.DisplayName} does not say that it takes a key.");
        if (KeyOf(http, route) is not { } key)
        {
            return Problems.Of(
                StatusCodes.Status400BadRequest, "idempotency-key-required", "Send an Idempotency-Key header (8 to 100 letters, digits or -), the same one when you repeat this request.");
        }
        byte[] fingerprint = SHA256.HashData(JsonSerializer.SerializeToUtf8Bytes(new { http.Request.Method, Path = http.Request.Path.Value!.ToLowerInvariant(), request }));
        Decision<T> decision;
        try
        {
            decision = await db.Decide<T>(
                async tx =>
                {
                    Decision<T> result = await work(tx);
                    if (result.Refusal is null)
                    {
                        tx.Defer(
                            "insert into idempotency (owner, key, fingerprint, status, body, created_at) values ($1, $2, $3, $4, $5, $6)",
                            owner, key, fingerprint, status, JsonSerializer.Serialize(result.Value, Json.Options), time.GetUtcNow());
                    }
                    return result;
                },
                cancel);
            // The effect may be refused because it is there already: "an order is under way" is no answer to its own repeat.
            if (decision.Refusal is not null)
                decision = await Stored<T>(owner, key, fingerprint, cancel) ?? decision;
        }
        catch (PostgresException e) when (e is { SqlState: PostgresErrorCodes.UniqueViolation, ConstraintName: "idempotency_pkey" })
        {
            decision = (await Stored<T>(owner, key, fingerprint, cancel))!.Value;
        }
        if (decision.Refusal is not null)
            return Problems.Of(decision.Refusal);
        return TypedResults.Json(decision.Value, Json.Options, statusCode: status);
    }

    /// <summary>The first answer under this key, or the refusal when it was another request's; null when there is none.</summary>
    private async Task<Decision<T>?> Stored<T>(Guid owner, string key, byte[] fingerprint, CancellationToken cancel)
    {
        (byte[]? first, string? body) = await db.Read(
            c => c.QueryFirstOrDefaultAsync<(byte[]?, string?)>("select fingerprint, body from idempotency where owner = @owner and key = @key", new { owner, key }), cancel);
        if (first is null)
            return null;
        return first.AsSpan().SequenceEqual(fingerprint) ? JsonSerializer.Deserialize<T>(body!, Json.Options)! : Reused;
    }

    /// <summary>Of a route: what it does is done once for each key.</summary>
    /// <param name="Required">False for one that is older than keys: who sends none has each request taken for another one.</param>
    public sealed record TakesKey(bool Required);

    private static string? KeyOf(HttpContext http, TakesKey route)
    {
        if (!route.Required && !http.Request.Headers.ContainsKey(Header))
            return RandomNumberGenerator.GetHexString(32);
        string key = http.Request.Headers[Header].ToString();
        return key.Length is >= 8 and <= 100 && key.All(c => char.IsAsciiLetterOrDigit(c) || c == '-') ? key : null;
    }
}

public static class KeyedRoutes
{
    /// <inheritdoc cref="Idempotency.TakesKey"/>
    public static TBuilder TakesKey<TBuilder>(this TBuilder builder, bool required = true)
        where TBuilder : IEndpointConventionBuilder => builder.WithMetadata(new Idempotency.TakesKey(required));
}
