using Latchkey.Domain;
using Latchkey.Server.Hosting;
using Latchkey.Server.Hosting.Limits;
using Latchkey.Server.Journal;
using Latchkey.Server.Storage;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Latchkey.Server.Features.Accounts;

/// <summary>Somebody becomes a customer with an e-mail address and a password, and is signed in at once.</summary>
public static class SignUp
{
    public sealed record Request(string Email, string Password, string Name);

    public static void Map(IEndpointRouteBuilder routes) => routes.MapPost("/auth/signup", Handle).WithName("SignUp").TakesNoToken().LimitedAs(RateKind.SignIn);

    private static async Task<Results<Created<SessionView>, ProblemHttpResult>> Handle(
        Request request, Db db, Passwords passwords, Sessions sessions, TimeProvider time, CancellationToken cancel)
    {
        if (Validate(request) is { } invalid)
            return invalid;
        if (await passwords.Hash(request.Password, cancel) is not { } hash)
            return AccountRules.Busy();
        Decision<SessionView> decision = await db.Decide<SessionView>(
            async tx =>
            {
                var person = new PersonView(Guid.CreateVersion7(time.GetUtcNow()), request.Name.Trim(), AccountRules.Normal(request.Email), "customer");
                if (await Insert(tx, person, hash, time.GetUtcNow()) == 0)
                    return EmailTaken;
                return await sessions.Start(tx, person);
            },
            cancel);
        return decision.Refusal is { } refused
            ? Problems.Of(StatusCodes.Status409Conflict, refused.Code, refused.Detail, new Dictionary<string, string[]> { ["email"] = [refused.Detail] })
            : TypedResults.Created("/api/v1/auth/me", decision.Value);
    }

    private static readonly Refusal EmailTaken = new("email-taken", RefusalKind.Conflict, "There is already an account with this e-mail address. Sign in instead.");

    private static ProblemHttpResult? Validate(Request request) => new Check()
        .That(AccountRules.IsEmail(request.Email), "email", "Enter an e-mail address, like asha@example.com.")
        .That(request.Password.Length is >= Passwords.Shortest and <= Passwords.Longest, "password", $"A password has {Passwords.Shortest} to {Passwords.Longest} characters.")
        .Text(request.Name, "name", 1, 80, "A name")
        .Problem;

    /// <summary>0 when the address is taken.</summary>
    internal static async Task<int> Insert(Transaction tx, PersonView person, string passwordHash, DateTimeOffset now)
    {
        int inserted = await tx.Execute(
            """
            insert into person (id, email, name, password_hash, role, created_at) values (@Id, @Email, @Name, @passwordHash, @Role, @now)
            on conflict (email) do nothing
            """,
            new { person.Id, person.Email, person.Name, passwordHash, person.Role, now });
        if (inserted == 1)
            tx.Journal(new JournalEntry(now, JournalKinds.PersonSignedUp, JournalEntry.ByPerson(person.Id), PersonId: person.Id));
        return inserted;
    }
}
