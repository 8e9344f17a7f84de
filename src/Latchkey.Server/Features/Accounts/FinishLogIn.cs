using Latchkey.Domain;
using Latchkey.Server.Hosting;
using Latchkey.Server.Hosting.Limits;
using Latchkey.Server.Storage;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Latchkey.Server.Features.Accounts;

/// <summary>The second step of a sign-in: a code of the authenticator app, or a recovery code. Whoever must have an app and has none sets it up here.</summary>
public static class FinishLogIn
{
    /// <param name="Ticket">From the answer to the first step.</param>
    public sealed record SetUpRequest(string Ticket);

    /// <param name="Code">Six digits of the app, or a recovery code.</param>
    public sealed record Request(string Ticket, string Code);

    /// <param name="RecoveryCodes">Ten, when the app was set up just now: shown once. Else empty.</param>
    public sealed record Finished(SessionView Session, IReadOnlyList<string> RecoveryCodes);

    private static readonly Refusal HasOne = new("second-step-on", RefusalKind.Conflict, "There is an authenticator app already. Enter its code.");

    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapPost("/auth/login/second-step/set-up", SetUp).WithName("SetUpSecondStepAtLogIn").TakesNoToken().LimitedAs(RateKind.SignIn);
        routes.MapPost("/auth/login/second-step", Handle).WithName("FinishLogIn").TakesNoToken().LimitedAs(RateKind.SignIn);
    }

    private static async Task<Results<Ok<TotpSecret>, ProblemHttpResult>> SetUp(SetUpRequest request, HttpContext http, Db db, SecondStep steps, TimeProvider time, CancellationToken cancel)
    {
        Decision<SecondStep.Holder> holder = steps.ReadTicket(request.Ticket, time.GetUtcNow());
        if (holder.Refusal is not null)
            return SignInAgain(holder.Refusal);
        Decision<TotpSecret> decision = await db.Decide<TotpSecret>(
            async tx => await PersonRow.Of(tx, holder.Value.Person) is not { } person ? Sessions.SignInAgain
                : person.SecondStep ? HasOne
                : await SecondStep.Offer(tx, person),
            cancel);
        http.Response.Headers.CacheControl = "no-store";
        return decision.Refusal is { } no ? Problems.Of(no) : TypedResults.Ok(decision.Value);
    }

    private static async Task<Results<Ok<Finished>, ProblemHttpResult>> Handle(Request request, HttpContext http, Db db, SecondStep steps, Sessions sessions, TimeProvider time, CancellationToken cancel)
    {
        DateTimeOffset now = time.GetUtcNow();
        Decision<SecondStep.Holder> holder = steps.ReadTicket(request.Ticket, now);
        if (holder.Refusal is not null)
            return SignInAgain(holder.Refusal);
        Decision<Tried<Finished>> decision = await db.Decide<Tried<Finished>>(
            async tx =>
            {
                if (await PersonRow.Of(tx, holder.Value.Person) is not { } person)
                    return Sessions.SignInAgain;
                IReadOnlyList<string> recovery = [];
                if (person.SecondStep)
                {
                    Tried<object> tried = await steps.Try(tx, person.Id, request.Code, recovery: true, now);
                    if (tried.Value is null)
                        return tried.As<Finished>();
                }
                else
                {
                    Tried<IReadOnlyList<string>> confirmed = await steps.Confirm(tx, person, request.Code, now);
                    if (confirmed.Value is null)
                        return confirmed.As<Finished>();
                    recovery = confirmed.Value;
                }
                return Tried<Finished>.Yes(new Finished(await sessions.Start(tx, person, Browser.Of(http), holder.Value.Method, secondStep: true), recovery));
            },
            cancel);
        if (decision.Refusal is { } no)
            return SignInAgain(no);
        http.Response.Headers.CacheControl = "no-store";
        return decision.Value.Value is { } finished ? TypedResults.Ok(finished) : decision.Value.Problem(http);
    }

    private static ProblemHttpResult SignInAgain(Refusal refused) => Problems.Of(StatusCodes.Status401Unauthorized, refused.Code, refused.Detail);
}
