using Latchkey.Domain;
using Latchkey.Domain.Accounts;
using Latchkey.Server.Hosting;
using Latchkey.Server.Hosting.Limits;
using Latchkey.Server.Journal;
using Latchkey.Server.Storage;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Latchkey.Server.Features.Accounts;

/// <summary>
/// Somebody becomes a customer: with the code that proves their e-mail address or phone number, a name, and a password if they like. They are signed in at once. Who comes without a code
/// has one sent, as <see cref="AskForCode"/> does it, and comes again with that.
/// </summary>
public static class SignUp
{
    /// <param name="Challenge">From the answer to the request for a code; without it a code is sent, and nothing else happens.</param>
    /// <param name="Password">10 to 128 characters; null for somebody who will sign in with codes.</param>
    /// <param name="Language">en or hi.</param>
    /// <param name="Email">Without a challenge: this or <paramref name="Phone"/>.</param>
    public sealed record Request(string Name, Guid? Challenge = null, string? Code = null, string? Password = null, string? Language = null, string? Email = null, string? Phone = null);

    /// <summary>How an account begins.</summary>
    internal sealed record NewPerson(Guid Id, string Name, Address Address, string? PasswordHash, string Language, string Role = "customer");

    public static void Map(IEndpointRouteBuilder routes) => routes.MapPost("/auth/signup", Handle).WithName("SignUp").TakesNoToken().LimitedAs(RateKind.SignIn).Produces<SessionView>(201).Produces<CodeView>(202);

    private static async Task<Results<Created<SessionView>, Accepted<CodeView>, ProblemHttpResult>> Handle(
        Request request, HttpContext http, Db db, Passwords passwords, OneTimeCodes codes, Sessions sessions, RateLimiter limiter, TimeProvider time, CancellationToken cancel)
    {
        var check = new Check().Text(request.Name, "name", 1, 80, "A name");
        if (request.Password is not null)
            PasswordRules.Check(check, request.Password);
        Address? address = request.Challenge is null ? AccountRules.Read(request.Email, request.Phone, check) : null;
        check.That(request.Challenge is null || request.Code is not null, "code", "The code that was sent is missing.");
        if (check.Problem is { } invalid)
            return invalid;
        if (address is { } wanted)
            return await Ask(http, wanted, request, db, codes, limiter, time.GetUtcNow(), cancel);
        string? hash = null;
        if (request.Password is not null && (hash = await passwords.Hash(request.Password, cancel)) is null)
            return AccountRules.Busy();
        DateTimeOffset now = time.GetUtcNow();
        Decision<Tried<SessionView>> decision = await db.Decide<Tried<SessionView>>(
            async tx =>
            {
                Tried<OneTimeCodes.Proven> tried = await codes.Try(tx, request.Challenge!.Value, request.Code!, CodePurpose.SignUp, now);
                if (tried.Value is not { } proven)
                    return tried.As<SessionView>();
                var person = new NewPerson(Guid.CreateVersion7(now), request.Name.Trim(), proven.Address, hash, AccountRules.Language(request.Language));
                if (await Insert(tx, person, now) == 0)
                    return Taken(proven.Address);
                return Tried<SessionView>.Yes(await sessions.Start(tx, (await PersonRow.Of(tx, person.Id))!, Browser.Of(http), SignInMethod.SignUp, secondStep: false));
            },
            cancel);
        if (decision.Refusal is { } taken)
            return Problems.Of(StatusCodes.Status409Conflict, taken.Code, taken.Detail);
        return decision.Value.Value is { } session ? TypedResults.Created("/api/v1/auth/me", session) : decision.Value.Problem(http);
    }

    private static async Task<Results<Created<SessionView>, Accepted<CodeView>, ProblemHttpResult>> Ask(
        HttpContext http, Address address, Request request, Db db, OneTimeCodes codes, RateLimiter limiter, DateTimeOffset now, CancellationToken cancel)
    {
        if (await limiter.Take(RateKind.Codes, RateLimiting.Address(http), cancel) is { } wait)
            return RateLimiting.TooMany(http, wait);
        if (await AccountRules.MayBeSentTo(http, limiter, address, cancel) is { } often)
            return often;
        Tried<CodeView> made = await db.Change(tx => codes.Make(tx, CodePurpose.SignUp, address, AccountRules.Language(request.Language), null, send: true, now), cancel);
        return made.Value is { } code ? TypedResults.Accepted((string?)null, code) : made.Problem(http);
    }

    /// <summary>Said only to whoever has proven that the address is theirs.</summary>
    internal static Refusal Taken(Address address) => address.Channel == Channel.Email
        ? new("email-taken", RefusalKind.Conflict, "There is already an account with this e-mail address. Sign in instead.")
        : new("phone-taken", RefusalKind.Conflict, "There is already an account with this phone number. Sign in instead.");

    /// <summary>0 when the address is taken.</summary>
    internal static async Task<int> Insert(Transaction tx, NewPerson person, DateTimeOffset now)
    {
        string column = AccountRules.ColumnOf(person.Address);
        int inserted = await tx.Execute(
            $"""
            insert into person (id, {column}, {column}_verified_at, name, password_hash, language, role, created_at)
            values (@Id, @address, @now, @Name, @PasswordHash, @Language, @Role, @now)
            on conflict ({column}) do nothing
            """,
            new { person.Id, address = person.Address.Text, person.Name, person.PasswordHash, person.Language, person.Role, now });
        if (inserted == 1)
            tx.Journal(new JournalEntry(now, JournalKinds.PersonSignedUp, JournalEntry.ByPerson(person.Id), PersonId: person.Id));
        return inserted;
    }
}
