using System.Text.Json.Nodes;
using Latchkey.Server.Hosting;
using Latchkey.Server.Hosting.Limits;
using Latchkey.Server.Journal;
using Latchkey.Server.Storage;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Latchkey.Server.Features.Accounts;

/// <summary>A person takes along everything that is kept about them, as JSON (GDPR, articles 15 and 20). Secrets are left out: hashes of passwords, tokens and codes.</summary>
public static class ExportMe
{
    /// <summary>Of each kind; the newest. Nobody has rented more often than that, and the answer stays below some megabytes.</summary>
    private const int Most = 10_000;

    // What is about a person, each with its query. Whoever adds a table about people adds it here and to EraseMe.
    public static readonly (string Name, string Sql)[] Parts =
    [
        ("person", "select id, name, email, email_verified_at, phone, phone_verified_at, language, role, created_at, totp_confirmed_at as second_step_since from person where id = @id"),
        ("devices", "select id, device, method, created_at as since, last_used_at, ended_at from session where person_id = @id order by created_at desc limit @Most"),
        ("elsewhere", "select issuer, subject, created_at as since from identity where person_id = @id"),
        ("operatorOf", "select s.name as site, f.since from site_staff f join site s on s.id = f.site_id where f.person_id = @id"),
        ("apiKeys", "select id, name, shown, scopes, created_at, expires_at, last_used_at, revoked_at from api_key where person_id = @id"),
        ("rentals",
            """
            select l.id, l.kind, l.state, s.name as site, b.name as bank, k.label as locker, l.hours, l.created_at, l.paid_from, l.paid_until, l.ended_at, l.opened_ever, l.receipt_number, l.cards
            from lease l join site s on s.id = l.site_id join bank b on b.id = l.bank_id join locker k on k.id = l.locker_id where l.person_id = @id order by l.id desc limit @Most
            """),
        ("payments", "select p.id, p.lease_id, p.state, p.minor, p.currency, p.captured_minor, p.method, p.decline_reason, p.created_at from payment p join lease l on l.id = p.lease_id where l.person_id = @id order by p.id desc limit @Most"),
        ("openings", "select c.id, c.lease_id, c.kind, c.state, c.reason, c.created_at, c.settled_at from command c where c.person_id = @id order by c.id desc limit @Most"),
        ("shares", "select s.id, s.lease_id, s.name, s.once, s.begins_at, s.ends_at, s.made_at, s.ended_at, s.ended_by from share s join lease l on l.id = s.lease_id where l.person_id = @id order by s.id desc limit @Most"),
        ("deposits", "select d.lease_id, l.person_id = @id as sent, d.stage, d.pays, d.email, d.phone, d.name, d.stored_at, d.taken_at, d.over_at from deposit d join lease l on l.id = d.lease_id, person p where p.id = @id and (l.person_id = @id or (d.email = p.email and p.email_verified_at is not null) or (d.phone = p.phone and p.phone_verified_at is not null)) order by d.lease_id desc limit @Most"),
        ("passes", "select token, lease_id, issued_at, expires_at from lease_pass where person_id = @id order by issued_at desc limit @Most"),
        ("changes", "select c.id, c.lease_id, c.kind, c.hours, c.size, c.minor, c.currency, c.state, c.created_at, c.settled_at from lease_change c join lease l on l.id = c.lease_id where l.person_id = @id order by c.id desc limit @Most"),
        ("reports", "select t.id, t.lease_id, t.what, t.inside, t.opened_at, t.closed_at from ticket t join lease l on l.id = t.lease_id where l.person_id = @id order by t.id desc limit @Most"),
        ("locksRegistered", "select id, bank_id, registered_at from device_claim where owner_id = @id"),
        ("messageChoices", "select kind, channel, wanted from message_choice where person_id = @id"),
        ("pushAddresses", "select token, created_at from push_address where person_id = @id"),
        ("messages", "select kind, channel, address, words - 'code' as words, created_at, sent_at from message where person_id = @id order by id desc limit @Most"),
        ("journal", "select at, kind, lease_id, data from journal where person_id = @id order by id desc limit @Most"),
    ];

    public static void Map(IEndpointRouteBuilder routes) => routes.MapGet("/auth/me/export", Handle).WithName("ExportMe").SignedIn().LimitedAs(RateKind.Exports).Produces<JsonObject>();

    private static async Task<JsonHttpResult<JsonObject>> Handle(HttpContext http, Db db, TimeProvider time, CancellationToken cancel)
    {
        Guid id = http.Caller().Id;
        DateTimeOffset now = time.GetUtcNow();
        var all = new JsonObject { ["exportedAt"] = now };
        await db.Change(
            async tx =>
            {
                foreach ((string name, string sql) in Parts)
                {
                    // PostgreSQL makes the JSON: what a column is called is what a reader sees.
                    string rows = await tx.Scalar<string>($"select coalesce(json_agg(x), '[]')::text from ({sql}) x", new { id, Most });
                    all[name] = JsonNode.Parse(rows);
                }
                tx.Journal(new JournalEntry(now, JournalKinds.PersonExported, JournalEntry.ByPerson(id), PersonId: id));
                return true;
            },
            cancel);
        http.Response.Headers.CacheControl = "no-store";
        http.Response.Headers.ContentDisposition = $"attachment; filename=\"latchkey-{now:yyyy-MM-dd}.json\"";
        return TypedResults.Json(all, Json.Options);
    }
}
