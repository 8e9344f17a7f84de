using Latchkey.Domain;
using Latchkey.Domain.Accounts;
using Latchkey.Server.Hosting;
using Latchkey.Server.Hosting.Limits;
using Latchkey.Server.Journal;
using Latchkey.Server.Storage;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Latchkey.Server.Features.Accounts;

/// <summary>
/// Somebody signs in, or up, with an ID token of a service that this installation believes: Firebase, or any other by OpenID Connect. 202 means that the second
/// step is missing. 404 where no service is believed.
/// </summary>
public static class LogInElsewhere
{
    /// <param name="Language">en or hi, of a new account.</param>
    public sealed record Request(string IdToken, string? Language = null);

    public static void Map(IEndpointRouteBuilder routes) => routes.MapPost("/auth/login/oidc", Handle).WithName("LogInElsewhere").TakesNoToken().LimitedAs(RateKind.SignIn);

    private static async Task<Results<Ok<SessionView>, Accepted<SecondStepView>, ProblemHttpResult>> Handle(
        Request request, HttpContext http, Db db, ServerOptions options, IdTokens tokens, Entrance entrance, TimeProvider time, CancellationToken cancel)
    {
        if (options.Oidc.Count == 0)
            return Problems.Of(Refusal.NotFound("way to sign in"));
        if (await tokens.Verify(request.IdToken, cancel) is not { } identity)
            return Problems.Of(StatusCodes.Status401Unauthorized, "wrong-credentials", "This sign-in was not accepted. Begin again.");
        DateTimeOffset now = time.GetUtcNow();
        Decision<Entrance.Entry> decision = await db.Decide<Entrance.Entry>(
            async tx =>
            {
                Guid id = await Known(tx, identity) ?? await Join(tx, identity, request.Language, now);
                return await PersonRow.Of(tx, id) is { } person ? await entrance.Enter(tx, person, Browser.Of(http), SignInMethod.Oidc) : Sessions.SignInAgain;
            },
            cancel);
        return decision.Refusal is { } no ? Problems.Of(StatusCodes.Status401Unauthorized, no.Code, no.Detail) : decision.Value.Answer();
    }

    private static async Task<Guid?> Known(Transaction tx, Identity identity)
    {
        // Two first sign-ins at once make one account.
        await tx.Execute("select pg_advisory_xact_lock(hashtextextended(@Issuer || ' ' || @Subject, 0))", new { identity.Issuer, identity.Subject });
        return await tx.First<Guid?>("select person_id from identity where issuer = @Issuer and subject = @Subject", new { identity.Issuer, identity.Subject });
    }

    /// <summary>
    /// The account that has the same address, or a new one. Both sides must have proven it: ours, or somebody could have waited here with an address that is not theirs; and the other
    /// service, or it would open our accounts to anybody who types an address there.
    /// </summary>
    private static async Task<Guid> Join(Transaction tx, Identity identity, string? language, DateTimeOffset now)
    {
        Address? email = Address.Email(identity.Email), phone = Address.Phone(identity.Phone);
        Guid? found = await tx.First<Guid?>(
            """
            select id from person where erased_at is null and ((email = @email and email_verified_at is not null) or (phone = @phone and phone_verified_at is not null))
            order by email = @email desc nulls last limit 1
            """,
            new { email = email?.Text, phone = phone?.Text });
        Guid id = found ?? Guid.CreateVersion7(now);
        if (found is null)
        {
            string name = string.Concat((identity.Name ?? "").Where(c => !char.IsControl(c))).Trim();
            // An address that somebody else has here, unproven, stays out: they are told apart by the identity.
            await tx.Execute(
                """
                insert into person (id, email, email_verified_at, phone, phone_verified_at, name, language, role, created_at)
                select @id, e.v, case when e.v is not null then @now end, f.v, case when f.v is not null then @now end, @name, @language, 'customer', @now
                from (select case when exists (select 1 from person where email = @email) then null else @email end as v) e,
                     (select case when exists (select 1 from person where phone = @phone) then null else @phone end as v) f
                """,
                new { id, email = email?.Text, phone = phone?.Text, name = name.Length is 0 ? "-" : name[..Math.Min(80, name.Length)], language = AccountRules.Language(language), now });
            tx.Journal(new JournalEntry(now, JournalKinds.PersonSignedUp, JournalEntry.ByPerson(id), PersonId: id));
        }
        await tx.Execute("insert into identity (issuer, subject, person_id, created_at) values (@Issuer, @Subject, @id, @now)", new { identity.Issuer, identity.Subject, id, now });
        return id;
    }
}
