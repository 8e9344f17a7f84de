using Latchkey.Domain;
using Latchkey.Server.Hosting;
using Latchkey.Server.Hosting.Limits;
using Latchkey.Server.Journal;
using Latchkey.Server.Storage;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Latchkey.Server.Features.Accounts;

/// <summary>Somebody who is signed in sets up an authenticator app as the second step of their sign-ins, or does without it again.</summary>
public static class SetUpTotp
{
    /// <param name="Code">Six digits of the app.</param>
    public sealed record Request(string Code);

    /// <param name="RecoveryCodes">Ten, for the day on which the app is gone. Shown once.</param>
    public sealed record TurnedOn(IReadOnlyList<string> RecoveryCodes);

    private static readonly Refusal On = new("second-step-on", RefusalKind.Conflict, "The second step is on already. Turn it off to set up another app.");
    private static readonly Refusal Off = new("second-step-off", RefusalKind.Conflict, "The second step is not on.");
    private static readonly Refusal Required = new("second-step-required", RefusalKind.Conflict, "Admins always sign in with a second step.");

    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapPost("/auth/totp", Offer).WithName("SetUpSecondStep").SignedIn().LimitedAs(RateKind.SignIn);
        routes.MapPost("/auth/totp/confirm", Confirm).WithName("ConfirmSecondStep").SignedIn().LimitedAs(RateKind.SignIn);
        routes.MapPost("/auth/totp/off", TurnOff).WithName("TurnOffSecondStep").SignedIn().LimitedAs(RateKind.SignIn);
    }

    private static async Task<Results<Ok<TotpSecret>, ProblemHttpResult>> Offer(HttpContext http, Db db, CancellationToken cancel)
    {
        Decision<TotpSecret> decision = await db.Decide<TotpSecret>(
            async tx => await PersonRow.Of(tx, http.Caller().Id) is not { } person ? Sessions.SignInAgain : person.SecondStep ? On : await SecondStep.Offer(tx, person), cancel);
        http.Response.Headers.CacheControl = "no-store";
        return decision.Refusal is { } no ? Problems.Of(no) : TypedResults.Ok(decision.Value);
    }

    private static async Task<Results<Ok<TurnedOn>, ProblemHttpResult>> Confirm(Request request, HttpContext http, Db db, SecondStep steps, Sessions sessions, TimeProvider time, CancellationToken cancel)
    {
        Caller caller = http.Caller();
        DateTimeOffset now = time.GetUtcNow();
        Decision<Tried<TurnedOn>> decision = await db.Decide<Tried<TurnedOn>>(
            async tx =>
            {
                if (await PersonRow.Of(tx, caller.Id) is not { } person)
                    return Sessions.SignInAgain;
                if (person.SecondStep)
                    return On;
                Tried<IReadOnlyList<string>> confirmed = await steps.Confirm(tx, person, request.Code, now);
                if (confirmed.Value is not { } recovery)
                    return confirmed.As<TurnedOn>();
                // This device has just shown it. The others have not, and sign in again.
                await tx.Execute("update session set second_step = true where id = @Session", new { caller.Session });
                await sessions.EndAll(tx, caller.Id, caller.Session, JournalEntry.ByPerson(caller.Id));
                tx.Journal(new JournalEntry(now, JournalKinds.SecondStepOn, JournalEntry.ByPerson(caller.Id), PersonId: caller.Id));
                return Tried<TurnedOn>.Yes(new TurnedOn(recovery));
            },
            cancel);
        if (decision.Refusal is { } no)
            return Problems.Of(no);
        http.Response.Headers.CacheControl = "no-store";
        return decision.Value.Value is { } on ? TypedResults.Ok(on) : decision.Value.Problem(http);
    }

    private static async Task<Results<NoContent, ProblemHttpResult>> TurnOff(Request request, HttpContext http, Db db, SecondStep steps, TimeProvider time, CancellationToken cancel)
    {
        Guid id = http.Caller().Id;
        DateTimeOffset now = time.GetUtcNow();
        Decision<Tried<object>> decision = await db.Decide<Tried<object>>(
            async tx =>
            {
                if (await PersonRow.Of(tx, id) is not { } person)
                    return Sessions.SignInAgain;
                if (!person.SecondStep)
                    return Off;
                if (person.Role == "admin")
                    return Required;
                Tried<object> tried = await steps.Try(tx, id, request.Code, recovery: true, now);
                if (tried.Value is null)
                    return tried;
                await tx.Execute("update person set totp_secret = null, totp_confirmed_at = null, totp_last_step = null where id = @id", new { id });
                await tx.Execute("delete from recovery_code where person_id = @id", new { id });
                tx.Journal(new JournalEntry(now, JournalKinds.SecondStepOff, JournalEntry.ByPerson(id), PersonId: id));
                return tried;
            },
            cancel);
        if (decision.Refusal is { } no)
            return Problems.Of(no);
        return decision.Value.Value is not null ? TypedResults.NoContent() : decision.Value.Problem(http);
    }
}
