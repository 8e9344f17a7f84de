using System.Text.Json;
using Latchkey.Domain;
using Latchkey.Domain.Accounts;
using Latchkey.Server.Hosting;
using Latchkey.Server.Hosting.Limits;
using Latchkey.Server.Journal;
using Latchkey.Server.Storage;
using Microsoft.AspNetCore.Http.HttpResults;
using Npgsql;

namespace Latchkey.Server.Features.Accounts;

/// <summary>Somebody who is signed in gives another e-mail address or phone number, proves it with the code that comes there, or takes one of two away.</summary>
public static class ChangeAddress
{
    /// <param name="Email">This or <paramref name="Phone"/>.</param>
    /// <param name="PresentPassword">Needed when the sign-in is more than ten minutes ago and there is a password.</param>
    public sealed record AskRequest(string? Email = null, string? Phone = null, string? PresentPassword = null);

    public sealed record Request(Guid Challenge, string Code);

    private static readonly Refusal LastOne = new("last-address", RefusalKind.Conflict, "This is the only way to reach you. Give another one first.");

    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapPost("/auth/me/address", Ask).WithName("AskToChangeAddress").SignedIn().LimitedAs(RateKind.Codes);
        routes.MapPut("/auth/me/address", Handle).WithName("ChangeAddress").SignedIn().LimitedAs(RateKind.SignIn);
        routes.MapDelete("/auth/me/email", (HttpContext http, Db db, Reauthentication reauthentication, TimeProvider time, CancellationToken cancel) => Remove("email", "phone", http, db, reauthentication, time, cancel))
            .WithName("RemoveEmail").SignedIn();
        routes.MapDelete("/auth/me/phone", (HttpContext http, Db db, Reauthentication reauthentication, TimeProvider time, CancellationToken cancel) => Remove("phone", "email", http, db, reauthentication, time, cancel))
            .WithName("RemovePhone").SignedIn();
    }

    private static async Task<Results<Accepted<CodeView>, ProblemHttpResult>> Ask(
        AskRequest request, HttpContext http, Db db, Reauthentication reauthentication, OneTimeCodes codes, RateLimiter limiter, TimeProvider time, CancellationToken cancel)
    {
        var check = new Check();
        if (AccountRules.Read(request.Email, request.Phone, check) is not { } address)
            return check.Problem!;
        if (await reauthentication.Refuse(http, request.PresentPassword, cancel) is { } not)
            return not;
        if (await AccountRules.MayBeSentTo(http, limiter, address, cancel) is { } often)
            return often;
        Guid id = http.Caller().Id;
        Decision<Tried<CodeView>> made = await db.Decide<Tried<CodeView>>(
            async tx => await PersonRow.Of(tx, id) is { } person ? await codes.Make(tx, CodePurpose.Change, address, person.Language, id, send: true, time.GetUtcNow()) : Sessions.SignInAgain, cancel);
        if (made.Refusal is { } no)
            return Problems.Of(no);
        return made.Value.Value is { } code ? TypedResults.Accepted((string?)null, code) : made.Value.Problem(http);
    }

    private static async Task<Results<Ok<PersonView>, ProblemHttpResult>> Handle(Request request, HttpContext http, Db db, OneTimeCodes codes, TimeProvider time, CancellationToken cancel)
    {
        Guid id = http.Caller().Id;
        DateTimeOffset now = time.GetUtcNow();
        Decision<Tried<PersonView>> decision;
        try
        {
            decision = await db.Decide<Tried<PersonView>>(
                async tx =>
                {
                    Tried<OneTimeCodes.Proven> tried = await codes.Try(tx, request.Challenge, request.Code, CodePurpose.Change, now);
                    if (tried.Value is not { } proven)
                        return tried.As<PersonView>();
                    // Somebody else's challenge: they wanted it, for their account.
                    if (proven.Person != id)
                        return OneTimeCodes.Wrong(null);
                    string column = AccountRules.ColumnOf(proven.Address);
                    await tx.Execute($"update person set {column} = @Text, {column}_verified_at = @now where id = @id and erased_at is null", new { proven.Address.Text, now, id });
                    tx.Journal(Entry(id, column, removed: false, now));
                    return await PersonRow.Of(tx, id) is { } person ? Tried<PersonView>.Yes(person.View) : Sessions.SignInAgain;
                },
                cancel);
        }
        catch (PostgresException e) when (e.SqlState == PostgresErrorCodes.UniqueViolation)
        {
            bool email = e.ConstraintName == "person_email_key";
            Refusal taken = SignUp.Taken(new Address(email ? Channel.Email : Channel.Sms, ""));
            return Problems.Of(taken with { Detail = email ? "Another account has this e-mail address." : "Another account has this phone number." });
        }
        if (decision.Refusal is { } no)
            return Problems.Of(no);
        return decision.Value.Value is { } view ? TypedResults.Ok(view) : decision.Value.Problem(http);
    }

    private static async Task<Results<NoContent, ProblemHttpResult>> Remove(string column, string other, HttpContext http, Db db, Reauthentication reauthentication, TimeProvider time, CancellationToken cancel)
    {
        if (await reauthentication.Refuse(http, null, cancel) is { } not)
            return not;
        Guid id = http.Caller().Id;
        Decision<bool> decision = await db.Decide<bool>(
            async tx =>
            {
                DateTimeOffset now = time.GetUtcNow();
                if (await tx.Scalar<bool>($"select {column} is null from person where id = @id", new { id }))
                    return true;
                if (await tx.Execute($"update person set {column} = null, {column}_verified_at = null where id = @id and {other} is not null and {other}_verified_at is not null", new { id }) == 0)
                    return LastOne;
                tx.Journal(Entry(id, column, removed: true, now));
                return true;
            },
            cancel);
        return decision.Refusal is { } no ? Problems.Of(no) : TypedResults.NoContent();
    }

    private static JournalEntry Entry(Guid id, string column, bool removed, DateTimeOffset now) => new(
        now, JournalKinds.AddressChanged, JournalEntry.ByPerson(id), PersonId: id, Data: JsonSerializer.Serialize(new Dictionary<string, object> { ["which"] = column, ["removed"] = removed }, Json.Options));
}
