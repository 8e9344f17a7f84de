using Latchkey.Server.Hosting;
using Latchkey.Server.Hosting.Limits;
using Latchkey.Server.Journal;
using Latchkey.Server.Storage;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Latchkey.Server.Features.Accounts;

/// <summary>Somebody who is signed in sets a password, the first or another one. Their other devices are signed out.</summary>
public static class ChangePassword
{
    /// <param name="PresentPassword">Needed when the sign-in is more than ten minutes ago and there is a password.</param>
    public sealed record Request(string Password, string? PresentPassword = null);

    public static void Map(IEndpointRouteBuilder routes) => routes.MapPut("/auth/password", Handle).WithName("ChangePassword").SignedIn().LimitedAs(RateKind.SignIn);

    private static async Task<Results<NoContent, ProblemHttpResult>> Handle(
        Request request, HttpContext http, Db db, Reauthentication reauthentication, Passwords passwords, Sessions sessions, TimeProvider time, CancellationToken cancel)
    {
        var check = new Check();
        PasswordRules.Check(check, request.Password);
        if (check.Problem is { } invalid)
            return invalid;
        if (await reauthentication.Refuse(http, request.PresentPassword, cancel) is { } not)
            return not;
        if (await passwords.Hash(request.Password, cancel) is not { } hash)
            return AccountRules.Busy();
        Caller caller = http.Caller();
        await db.Change(
            async tx =>
            {
                await tx.Execute("update person set password_hash = @hash where id = @Id and erased_at is null", new { hash, caller.Id });
                tx.Journal(new JournalEntry(time.GetUtcNow(), JournalKinds.PasswordChanged, JournalEntry.ByPerson(caller.Id), PersonId: caller.Id));
                await sessions.EndAll(tx, caller.Id, caller.Session, JournalEntry.ByPerson(caller.Id));
                return true;
            },
            cancel);
        return TypedResults.NoContent();
    }
}
