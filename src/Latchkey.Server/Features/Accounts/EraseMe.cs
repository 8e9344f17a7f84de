using Latchkey.Domain;
using Latchkey.Server.Features.Leases;
using Latchkey.Server.Hosting;
using Latchkey.Server.Hosting.Limits;
using Latchkey.Server.Journal;
using Latchkey.Server.Storage;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Latchkey.Server.Features.Accounts;

/// <summary>
/// A person is forgotten (GDPR, article 17). Name, addresses, passwords, devices, keys and messages go; what was paid and what doors did stays, under an id that leads to nobody any
/// more. The journal has ids only and is not touched, so its chain stays as it is.
/// </summary>
public static class EraseMe
{
    /// <param name="PresentPassword">Needed when the sign-in is more than ten minutes ago and there is a password.</param>
    public sealed record Request(string? PresentPassword = null);

    // What is deleted, after the sessions were ended. Whoever adds a table about people adds it here and to ExportMe.
    private static readonly string[] Deleted =
    [
        "delete from refresh_token where person_id = @id",
        "delete from one_time_code where person_id = @id or address in (select email from person where id = @id union select phone from person where id = @id)",
        "delete from recovery_code where person_id = @id",
        "delete from identity where person_id = @id",
        "delete from api_key where person_id = @id",
        "delete from site_staff where person_id = @id",
        "update share set name = '' where lease_id in (select id from lease where person_id = @id)",
        // What still waits for them in a locker has to find them; a month after its end nothing does.
        "update deposit set email = null, phone = null, name = '' where over_at is not null and (lease_id in (select id from lease where person_id = @id) or email = (select email from person where id = @id) or phone = (select phone from person where id = @id))",
        "delete from lease_pass where person_id = @id and share_id is null",
        "delete from idempotency where owner = @id",
        "delete from message where person_id = @id or address in (select email from person where id = @id union select phone from person where id = @id)",
        "delete from message_choice where person_id = @id",
        "delete from push_address where person_id = @id",
        "update session set device = '', device_hash = null where person_id = @id",
        // The code of a lock that they registered and that no device came with yet is for whoever has the lock now.
        "update device_claim set owner_id = null, registered_at = null where owner_id = @id and state in ('open', 'waiting')",
        "update lease set cards = '[]' where person_id = @id",
    ];

    private static readonly Refusal Live = new("leases-live", RefusalKind.Conflict, "You still have a locker. Finish your rentals first, then delete the account.");

    private static readonly Refusal LastAdmin = new("last-admin", RefusalKind.Conflict, "You are the only admin. Make somebody else one first.");

    public static void Map(IEndpointRouteBuilder routes) => routes.MapPost("/auth/me/erase", Handle).WithName("EraseMe").SignedIn().LimitedAs(RateKind.SignIn);

    private static async Task<Results<NoContent, ProblemHttpResult>> Handle(
        Request request, HttpContext http, Db db, Reauthentication reauthentication, Sessions sessions, TimeProvider time, CancellationToken cancel)
    {
        if (await reauthentication.Refuse(http, request.PresentPassword, cancel) is { } not)
            return not;
        Guid id = http.Caller().Id;
        DateTimeOffset now = time.GetUtcNow();
        Decision<bool> decision = await db.Decide<bool>(
            async tx =>
            {
                // Two admins who go at the same moment, or one whom another makes a customer meanwhile: one after the other, so that the last of them stays.
                await tx.Execute(NameStaff.LockRoles);
                // A hold takes the same row: none begins while the person goes.
                string? role = await tx.First<string>("select role from person where id = @id and erased_at is null for update", new { id });
                if (role is null)
                    return Sessions.SignInAgain;
                if (await tx.Scalar<bool>($"select exists (select 1 from lease where person_id = @id and state in {LeaseRow.Live})", new { id }))
                    return Live;
                if (role == "admin" && !await tx.Scalar<bool>("select exists (select 1 from person where role = 'admin' and id <> @id and erased_at is null)", new { id }))
                    return LastAdmin;
                await sessions.EndAll(tx, id, but: null, JournalEntry.ByPerson(id));
                foreach (string sql in Deleted)
                    await tx.Execute(sql, new { id });
                await tx.Execute(
                    """
                    update person set name = '', email = null, email_verified_at = null, phone = null, phone_verified_at = null, password_hash = null, role = 'customer', language = 'en',
                      totp_secret = null, totp_confirmed_at = null, totp_last_step = null, erased_at = @now where id = @id
                    """,
                    new { id, now });
                tx.Journal(new JournalEntry(now, JournalKinds.PersonErased, JournalEntry.ByPerson(id), PersonId: id));
                return true;
            },
            cancel);
        return decision.Refusal is { } no ? Problems.Of(no) : TypedResults.NoContent();
    }
}
