using Dapper;
using Latchkey.Domain.Accounts;
using Latchkey.Server.Hosting;
using Latchkey.Server.Hosting.Limits;
using Latchkey.Server.Storage;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Latchkey.Server.Features.Accounts;

/// <summary>
/// A person signs in with e-mail address or phone number, and password. An unknown address takes as long as a wrong password and gets the same answer. 202 means that the second
/// step is missing.
/// </summary>
public static class LogIn
{
    /// <param name="Email">This or <paramref name="Phone"/>.</param>
    public sealed record Request(string Password, string? Email = null, string? Phone = null);

    public static void Map(IEndpointRouteBuilder routes) => routes.MapPost("/auth/login", Handle).WithName("LogIn").TakesNoToken().LimitedAs(RateKind.SignIn);

    private static async Task<Results<Ok<SessionView>, Accepted<SecondStepView>, ProblemHttpResult>> Handle(
        Request request, HttpContext http, Db db, Passwords passwords, Entrance entrance, RateLimiter limiter, CancellationToken cancel)
    {
        // What is not an address has no account, and must not reach the database: its text takes no NUL.
        if (request.Password.Length > Passwords.Longest || AccountRules.Read(request.Email, request.Phone, new Check()) is not { } address)
            return WrongCredentials();
        // Also for an address that has no account: the refusal must not tell which have one.
        if (await limiter.Take(RateKind.Account, $"account:{address.Text}", cancel) is { } wait)
            return RateLimiting.TooMany(http, wait);
        PersonRow? row = await Find(db, address, cancel);
        string? stored = row?.PasswordHash;
        bool? right = await passwords.Verify(request.Password, stored ?? Passwords.Decoy, cancel);
        if (right is null)
            return AccountRules.Busy();
        if (row is null || stored is null || right == false)
            return WrongCredentials();
        if (Passwords.IsOutdated(stored) && await passwords.Hash(request.Password, cancel) is { } better)
            await db.Change(tx => tx.Execute("update person set password_hash = @better where id = @Id and password_hash = @stored", new { better, row.Id, stored }), cancel);
        Entrance.Entry? entry = await db.Change(
            async tx => await PersonRow.Of(tx, row.Id) is { } person ? await entrance.Enter(tx, person, Browser.Of(http), SignInMethod.Password) : null, cancel);
        return entry is null ? WrongCredentials() : entry.Answer();
    }

    internal static Task<PersonRow?> Find(Db db, Address address, CancellationToken cancel) => db.Read(
        c => c.QueryFirstOrDefaultAsync<PersonRow>($"select {PersonRow.Columns} from person p where p.{AccountRules.ColumnOf(address)} = @Text", new { address.Text }), cancel);

    private static ProblemHttpResult WrongCredentials() =>
        Problems.Of(StatusCodes.Status401Unauthorized, "wrong-credentials", "The address or the password is not right.");
}
