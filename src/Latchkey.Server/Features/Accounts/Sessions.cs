using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Latchkey.Domain;
using Latchkey.Server.Hosting;
using Latchkey.Server.Journal;
using Latchkey.Server.Storage;

namespace Latchkey.Server.Features.Accounts;

/// <summary>What a signed-in browser keeps.</summary>
public sealed record SessionView(string AccessToken, DateTimeOffset AccessTokenExpires, string RefreshToken, PersonView Person);

/// <summary>How a session began.</summary>
public enum SignInMethod
{
    SignUp,
    Password,
    Code,
    Reset,

    /// <summary>With a token of another service.</summary>
    Oidc,
}

/// <summary>
/// Sessions: a chain of refresh tokens, each used once. A token used a second time after its grace means that two parties have it, and
/// the whole family ends. Within the grace the same successor comes back, because an answer can get lost on its way; it is derived, not
/// stored, so the database never holds a usable token.
/// </summary>
public sealed class Sessions(AccessTokens tokens, byte[] successorKey, TimeProvider time)
{
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(30);

    /// <summary>After its last use.</summary>
    private static readonly TimeSpan Lifetime = TimeSpan.FromDays(30);

    /// <summary>After the sign-in, however much it is used (ASVS 5, 10.4.8): whoever has taken a device does not have it for ever.</summary>
    private static readonly TimeSpan LongestLife = TimeSpan.FromDays(90);

    /// <summary>A day's work.</summary>
    private static readonly TimeSpan LongestLifeOfAdmins = TimeSpan.FromHours(12);

    internal static readonly Refusal SignInAgain = new("session-ended", RefusalKind.Invalid, "This session has ended. Sign in again.");

    public async Task<SessionView> Start(Transaction tx, PersonRow person, Browser browser, SignInMethod method, bool secondStep)
    {
        DateTimeOffset now = time.GetUtcNow();
        var id = Guid.CreateVersion7(now);
        bool seen = browser.Hash is not null && await tx.Scalar<bool>(
            "select exists (select 1 from session where person_id = @Id and device_hash = @Hash)", new { person.Id, browser.Hash });
        await tx.Execute(
            """
            insert into session (id, person_id, device, device_hash, method, second_step, created_at, last_used_at)
            values (@id, @person, @Words, @Hash, @method, @secondStep, @now, @now)
            """,
            new { id, person = person.Id, browser.Words, browser.Hash, method = method.Text(), secondStep, now });
        if (method != SignInMethod.SignUp)
        {
            tx.Journal(new JournalEntry(
                now, JournalKinds.PersonSignedIn, JournalEntry.ByPerson(person.Id), PersonId: person.Id,
                Data: JsonSerializer.Serialize(new Dictionary<string, object> { ["new"] = !seen, ["method"] = method.Text() }, Json.Options)));
        }
        return await Issue(tx, person, id, Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(32)), now);
    }

    /// <summary>The successor of a refresh token. A value without a session means that the family was just ended: that has to be committed.</summary>
    public async Task<Decision<SessionView?>> Renew(Transaction tx, string refreshToken)
    {
        await LockFamily(tx, refreshToken);
        DateTimeOffset now = time.GetUtcNow();
        var row = await tx.First<TokenRow>(
            """
            select t.family, t.person_id, t.expires_at, t.used_at, t.revoked_at, coalesce(s.second_step, false) as second_step, coalesce(s.created_at, t.created_at) as signed_in_at
            from refresh_token t left join session s on s.id = t.family where t.hash = @hash
            """,
            new { hash = HashOf(refreshToken) });
        if (row is null || row.RevokedAt is not null || row.ExpiresAt <= now || await PersonRow.Of(tx, row.PersonId) is not { } person)
            return SignInAgain;
        bool admin = person.Role == "admin";
        bool tooOld = now - row.SignedInAt >= (admin ? LongestLifeOfAdmins : LongestLife);
        // Who has become an admin, or has set up a second step, meanwhile shows it at their next sign-in.
        if (tooOld || (row.UsedAt is { } used && now - used > Grace) || (admin && !row.SecondStep))
        {
            await End(tx, row.Family, row.PersonId, JournalEntry.ByServer);
            return default(SessionView);
        }
        if (row.UsedAt is null)
            await tx.Execute("update refresh_token set used_at = @now where hash = @hash", new { now, hash = HashOf(refreshToken) });
        await tx.Execute("update session set last_used_at = @now where id = @Family", new { now, row.Family });
        string successor = Base64Url.EncodeToString(HMACSHA256.HashData(successorKey, Encoding.UTF8.GetBytes(refreshToken)));
        return await Issue(tx, person, row.Family, successor, now);
    }

    public async Task End(Transaction tx, string refreshToken)
    {
        if (await LockFamily(tx, refreshToken) is not { } family)
            return;
        Guid person = await tx.Scalar<Guid>("select person_id from refresh_token where family = @family limit 1", new { family });
        await End(tx, family, person, JournalEntry.ByPerson(person));
    }

    /// <summary>Ends one session, or tells that it is no longer there; also its access tokens, on every node that reads the journal.</summary>
    public async Task<bool> End(Transaction tx, Guid session, Guid person, string authority)
    {
        DateTimeOffset now = time.GetUtcNow();
        await LockFamily(tx, session);
        int ended = await tx.Execute("update session set ended_at = @now where id = @session and person_id = @person and ended_at is null", new { session, person, now });
        await tx.Execute("update refresh_token set revoked_at = @now where family = @session and person_id = @person and revoked_at is null", new { session, person, now });
        if (ended > 0)
        {
            tx.Journal(new JournalEntry(
                now, JournalKinds.SessionEnded, authority, PersonId: person, Data: JsonSerializer.Serialize(new EndedSession(session), Json.Options)));
        }
        return ended > 0;
    }

    /// <summary>Ends all of somebody's sessions but one.</summary>
    public async Task EndAll(Transaction tx, Guid person, Guid? but, string authority)
    {
        foreach (Guid session in await tx.Query<Guid>("select id from session where person_id = @person and ended_at is null and id is distinct from @but order by id", new { person, but }))
            await End(tx, session, person, authority);
    }

    /// <summary>What the journal's entry about an ended session carries.</summary>
    public sealed record EndedSession(Guid Session);

    private static Task<Guid?> LockFamily(Transaction tx, string refreshToken) => tx.First<Guid?>(
        """
        select family from refresh_token where family = (select family from refresh_token where hash = @hash)
        order by created_at, hash limit 1 for update
        """,
        new { hash = HashOf(refreshToken) });

    /// <summary>
    /// One at a time in a family, whichever of its tokens is shown: a sign-out must not pass by the successor that a refresh is just adding. The
    /// family's oldest token stands for it.
    /// </summary>
    private static Task<Guid?> LockFamily(Transaction tx, Guid family) =>
        tx.First<Guid?>("select family from refresh_token where family = @family order by created_at, hash limit 1 for update", new { family });

    private async Task<SessionView> Issue(Transaction tx, PersonRow person, Guid family, string refreshToken, DateTimeOffset now)
    {
        await tx.Execute(
            """
            insert into refresh_token (hash, family, person_id, created_at, expires_at) values (@hash, @family, @person, @now, @expires)
            on conflict do nothing
            """,
            new { hash = HashOf(refreshToken), family, person = person.Id, now, expires = now + Lifetime });
        (string access, DateTimeOffset expires) = tokens.Issue(new Caller(person.Id, person.Role, family), now);
        return new SessionView(access, expires, refreshToken, person.View);
    }

    private static byte[] HashOf(string token) => SHA256.HashData(Encoding.UTF8.GetBytes(token));

    private sealed class TokenRow
    {
        public Guid Family { get; init; }
        public Guid PersonId { get; init; }
        public DateTimeOffset ExpiresAt { get; init; }
        public DateTimeOffset? UsedAt { get; init; }
        public DateTimeOffset? RevokedAt { get; init; }
        public bool SecondStep { get; init; }
        public DateTimeOffset SignedInAt { get; init; }
    }
}
