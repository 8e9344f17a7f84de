using Latchkey.Server.Features.Accounts;
using Latchkey.Server.Hosting.Limits;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Latchkey.Server.Hosting;

/// <summary>
/// Who calls, decided once for each request. A token that is wrong or too old is refused wherever it is shown, also where none is needed:
/// a client must learn at once that it is not who it thinks it is.
/// </summary>
public static class Authentication
{
    private const string Scheme = "Bearer ";
    private static readonly object CallerKey = new();

    public static void UseAuthentication(this WebApplication app, AccessTokens tokens, TimeProvider time)
    {
        var ended = app.Services.GetRequiredService<EndedSessions>();
        var keys = app.Services.GetRequiredService<ApiKeys>();
        var limiter = app.Services.GetRequiredService<RateLimiter>();
        app.Use(async (http, next) =>
        {
            string header = http.Request.Headers.Authorization.ToString();
            if (header.Length > 0 && http.GetEndpoint()?.Metadata.GetMetadata<NoTokenMetadata>() is null)
            {
                bool expired = false;
                string token = header.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase) ? header[Scheme.Length..].Trim() : "";
                // Each key that is not known yet is looked for in the database: a stranger gets so many looks and no more.
                if (token.StartsWith(ApiKeys.Prefix, StringComparison.Ordinal) && !keys.IsRemembered(token)
                    && await limiter.Take(RateKind.Keys, RateLimiting.Address(http), http.RequestAborted) is { } wait)
                {
                    await RateLimiting.TooMany(http, wait).ExecuteAsync(http);
                    return;
                }
                Caller? caller = token.StartsWith(ApiKeys.Prefix, StringComparison.Ordinal)
                    ? await keys.Find(token, http.RequestAborted)
                    : tokens.Verify(token, time.GetUtcNow(), out expired);
                if (caller?.Session is { } session && ended.Contains(session))
                    caller = null;
                if (caller is null && http.Request.Path.StartsWithSegments("/api"))
                {
                    ProblemHttpResult problem = Problems.Unauthenticated(expired ? "token-expired" : "unauthenticated");
                    await problem.ExecuteAsync(http);
                    return;
                }
                // A program's key reaches only what was made for programs, and of that what it was given; where anybody may come it is anybody, and not its owner.
                if (caller?.Scopes is { } scopes && http.GetEndpoint()?.Metadata is { } route && !(route.GetMetadata<ScopeMetadata>() is { } needed && scopes.Contains(needed.Scope)))
                {
                    if (route.GetMetadata<SignedInMetadata>() is not null)
                    {
                        await Problems.Of(StatusCodes.Status403Forbidden, "scope-missing", "This key may not do that.").ExecuteAsync(http);
                        return;
                    }
                    caller = null;
                }
                http.Items[CallerKey] = caller;
            }
            // Before the body is read: a stranger does not learn what the fields of a private route are called.
            if (http.CallerOrNull() is null && http.GetEndpoint()?.Metadata.GetMetadata<SignedInMetadata>() is not null)
            {
                ProblemHttpResult signInFirst = Problems.Unauthenticated();
                await signInFirst.ExecuteAsync(http);
                return;
            }
            await next(http);
        });
    }

    /// <summary>The route is for people who are signed in.</summary>
    public static TBuilder SignedIn<TBuilder>(this TBuilder builder)
        where TBuilder : IEndpointConventionBuilder
    {
        builder.Add(endpoint => endpoint.Metadata.Add(new SignedInMetadata()));
        return builder;
    }

    /// <summary>The route is for people who are signed in, and for programs whose key has this scope.</summary>
    public static TBuilder SignedIn<TBuilder>(this TBuilder builder, string scope)
        where TBuilder : IEndpointConventionBuilder
    {
        builder.Add(endpoint => endpoint.Metadata.Add(new ScopeMetadata(scope)));
        return builder.SignedIn();
    }

    /// <summary>The route is how one comes to a token: one that is shown there, perhaps too old, is not looked at.</summary>
    public static TBuilder TakesNoToken<TBuilder>(this TBuilder builder)
        where TBuilder : IEndpointConventionBuilder
    {
        builder.Add(endpoint => endpoint.Metadata.Add(new NoTokenMetadata()));
        return builder;
    }

    /// <exception cref="InvalidOperationException">The route lacks <see cref="SignedInMetadata"/>.</exception>
    public static Caller Caller(this HttpContext http) => http.CallerOrNull() ?? throw new InvalidOperationException("This route is not marked SignedIn.");

    public static Caller? CallerOrNull(this HttpContext http) => http.Items.TryGetValue(CallerKey, out object? caller) ? (Caller?)caller : null;

    /// <summary>The refusal for whoever is no admin; null for one.</summary>
    public static ProblemHttpResult? NotAnAdmin(this HttpContext http) =>
        http.Caller().Role == "admin" ? null : Problems.Of(StatusCodes.Status403Forbidden, "forbidden", "Only an admin may do this.");

    private sealed class NoTokenMetadata;

    private sealed record ScopeMetadata(string Scope);

    /// <summary>Marks a route in the API's description.</summary>
    public sealed class SignedInMetadata;
}
