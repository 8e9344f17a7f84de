using Dapper;
using Latchkey.Server.Hosting;
using Latchkey.Server.Hosting.Limits;
using Latchkey.Server.Storage;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Latchkey.Server.Features.Accounts;

/// <summary>A person signs in with e-mail and password. An unknown address takes as long as a wrong password and gets the same answer.</summary>
public static class LogIn
{
    public sealed record Request(string Email, string Password);

    public static void Map(IEndpointRouteBuilder routes) => routes.MapPost("/auth/login", Handle).WithName("LogIn").TakesNoToken().LimitedAs(RateKind.SignIn);

    private static async Task<Results<Ok<SessionView>, ProblemHttpResult>> Handle(
        Request request, HttpContext http, Db db, Passwords passwords, DecoyHash decoy, Sessions sessions, RateLimiter limiter, CancellationToken cancel)
    {
        // What is not an address has no account, and must not reach the database: its text takes no NUL.
        if (request.Password.Length > Passwords.Longest || !AccountRules.IsEmail(request.Email))
            return WrongCredentials();
        // Also for an address that has no account: the refusal must not tell which have one.
        if (await limiter.Take(RateKind.Account, $"account:{AccountRules.Normal(request.Email)}", cancel) is { } wait)
            return RateLimiting.TooMany(http, wait);
        Row? row = await db.Read(
            c => c.QueryFirstOrDefaultAsync<Row>(
                "select id, name, email, role, password_hash from person where email = @email", new { email = AccountRules.Normal(request.Email) }),
            cancel);
        bool? right = await passwords.Verify(request.Password, row?.PasswordHash ?? decoy.Encoded, cancel);
        if (right is null)
            return AccountRules.Busy();
        if (row is null || right == false)
            return WrongCredentials();
        return TypedResults.Ok(await db.Change(tx => sessions.Start(tx, new PersonView(row.Id, row.Name, row.Email, row.Role)), cancel));
    }

    private static ProblemHttpResult WrongCredentials() =>
        Problems.Of(StatusCodes.Status401Unauthorized, "wrong-credentials", "The e-mail address or the password is not right.");

    private sealed class Row
    {
        public Guid Id { get; init; }
        public string Name { get; init; } = "";
        public string Email { get; init; } = "";
        public string Role { get; init; } = "";
        public string PasswordHash { get; init; } = "";
    }
}

/// <summary>The hash of a password nobody knows, checked in place of an account that does not exist.</summary>
public sealed record DecoyHash(string Encoded);
