using Latchkey.Server.Storage;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Latchkey.Server.Features.Accounts;

/// <summary>A sign-in that is not finished: the second step is missing.</summary>
/// <param name="Ticket">Goes back with the code, within five minutes.</param>
/// <param name="SetUp">There is no authenticator app yet, and this person must have one: it is set up now.</param>
public sealed record SecondStepView(string Ticket, DateTimeOffset Expires, bool SetUp);

/// <summary>
/// The one door behind every first step, so that none goes past the second: whoever has set it up is asked for it, and admins have to
/// set it up before they are let in at all.
/// </summary>
public sealed class Entrance(Sessions sessions, SecondStep steps, TimeProvider time)
{
    /// <summary>Either a session, or what is still missing.</summary>
    public sealed record Entry(SessionView? Session, SecondStepView? Step)
    {
        public Results<Ok<SessionView>, Accepted<SecondStepView>, ProblemHttpResult> Answer() =>
            Session is not null ? TypedResults.Ok(Session) : TypedResults.Accepted((string?)null, Step!);
    }

    public async Task<Entry> Enter(Transaction tx, PersonRow person, Browser browser, SignInMethod method)
    {
        if (!person.SecondStep && person.Role != "admin")
            return new Entry(await sessions.Start(tx, person, browser, method, secondStep: false), null);
        (string ticket, DateTimeOffset expires) = steps.MakeTicket(person.Id, method, time.GetUtcNow());
        return new Entry(null, new SecondStepView(ticket, expires, !person.SecondStep));
    }
}
