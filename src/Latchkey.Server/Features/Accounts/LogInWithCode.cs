using Latchkey.Domain.Accounts;
using Latchkey.Server.Hosting;
using Latchkey.Server.Hosting.Limits;
using Latchkey.Server.Journal;
using Latchkey.Server.Storage;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Latchkey.Server.Features.Accounts;

/// <summary>A person signs in with a code that was sent to them, or sets another password with one. 202 means that the second step is missing.</summary>
public static class LogInWithCode
{
    public sealed record Request(Guid Challenge, string Code);

    /// <param name="Password">The new one. All devices are signed out.</param>
    public sealed record Reset(Guid Challenge, string Code, string Password);

    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapPost("/auth/login/code", Handle).WithName("LogInWithCode").TakesNoToken().LimitedAs(RateKind.SignIn);
        routes.MapPost("/auth/password/reset", HandleReset).WithName("ResetPassword").TakesNoToken().LimitedAs(RateKind.SignIn);
    }

    private static async Task<Results<Ok<SessionView>, Accepted<SecondStepView>, ProblemHttpResult>> Handle(
        Request request, HttpContext http, Db db, OneTimeCodes codes, Sessions sessions, Entrance entrance, TimeProvider time, CancellationToken cancel)
    {
        Tried<Entrance.Entry> tried = await db.Change(
            async tx =>
            {
                Tried<PersonRow> proven = await Prove(tx, codes, request.Challenge, request.Code, CodePurpose.SignIn, sessions, time.GetUtcNow());
                return proven.Value is { } person ? Tried<Entrance.Entry>.Yes(await entrance.Enter(tx, person, Browser.Of(http), SignInMethod.Code)) : proven.As<Entrance.Entry>();
            },
            cancel);
        return tried.Value is { } entry ? entry.Answer() : tried.Problem(http);
    }

    private static async Task<Results<Ok<SessionView>, Accepted<SecondStepView>, ProblemHttpResult>> HandleReset(
        Reset request, HttpContext http, Db db, OneTimeCodes codes, Passwords passwords, Sessions sessions, Entrance entrance, TimeProvider time, CancellationToken cancel)
    {
        var check = new Check();
        PasswordRules.Check(check, request.Password);
        if (check.Problem is { } invalid)
            return invalid;
        if (await passwords.Hash(request.Password, cancel) is not { } hash)
            return AccountRules.Busy();
        DateTimeOffset now = time.GetUtcNow();
        Tried<Entrance.Entry> tried = await db.Change(
            async tx =>
            {
                Tried<PersonRow> proven = await Prove(tx, codes, request.Challenge, request.Code, CodePurpose.Reset, sessions, now);
                if (proven.Value is not { } person)
                    return proven.As<Entrance.Entry>();
                await tx.Execute("update person set password_hash = @hash where id = @Id", new { hash, person.Id });
                tx.Journal(new JournalEntry(now, JournalKinds.PasswordChanged, JournalEntry.ByPerson(person.Id), PersonId: person.Id));
                await sessions.EndAll(tx, person.Id, but: null, JournalEntry.ByPerson(person.Id));
                return Tried<Entrance.Entry>.Yes(await entrance.Enter(tx, person, Browser.Of(http), SignInMethod.Reset));
            },
            cancel);
        return tried.Value is { } entry ? entry.Answer() : tried.Problem(http);
    }

    /// <summary>Whose address it is that was proven.</summary>
    private static async Task<Tried<PersonRow>> Prove(Transaction tx, OneTimeCodes codes, Guid challenge, string code, CodePurpose purpose, Sessions sessions, DateTimeOffset now)
    {
        Tried<OneTimeCodes.Proven> tried = await codes.Try(tx, challenge, code, purpose, now);
        if (tried.Value is not { } proven)
            return tried.As<PersonRow>();
        string column = AccountRules.ColumnOf(proven.Address);
        var person = await tx.First<PersonRow>($"select {PersonRow.Columns} from person p where p.{column} = @Text for no key update", new { proven.Address.Text });
        if (person is null)
            return Tried<PersonRow>.No(OneTimeCodes.Wrong(null));
        // An address that nobody had proven yet: whoever made the account with it, and a password, may be somebody else.
        if ((proven.Address.Channel == Channel.Email ? person.EmailVerifiedAt : person.PhoneVerifiedAt) is null)
        {
            await tx.Execute($"update person set {column}_verified_at = @now, password_hash = null where id = @Id", new { now, person.Id });
            await sessions.EndAll(tx, person.Id, but: null, JournalEntry.ByServer);
        }
        return Tried<PersonRow>.Yes(person);
    }
}
