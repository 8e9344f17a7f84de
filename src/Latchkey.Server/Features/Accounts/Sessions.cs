using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using Latchkey.Domain;
using Latchkey.Server.Storage;

namespace Latchkey.Server.Features.Accounts;

public sealed record PersonView(Guid Id, string Name, string Email, string Role);

/// <summary>What a signed-in browser keeps.</summary>
public sealed record SessionView(string AccessToken, DateTimeOffset AccessTokenExpires, string RefreshToken, PersonView Person);

/// <summary>
/// Sessions: a chain of refresh tokens, each used once. A token used a second time after its grace means that two parties have it, and
/// the whole family ends. Within the grace the same successor comes back, because an answer can get lost on its way; it is derived, not
/// stored, so the database never holds a usable token.
/// </summary>
public sealed class Sessions(AccessTokens tokens, byte[] successorKey, TimeProvider time)
{
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan Lifetime = TimeSpan.FromDays(30);
    private static readonly Refusal SignInAgain = new("session-ended", RefusalKind.Invalid, "This session has ended. Sign in again.");

    public Task<SessionView> Start(Transaction tx, PersonView person) =>
        Issue(tx, person, Guid.CreateVersion7(time.GetUtcNow()), Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(32)));

    /// <summary>The successor of a refresh token. A value without a session means that the family was just ended: that has to be committed.</summary>
    public async Task<Decision<SessionView?>> Renew(Transaction tx, string refreshToken)
    {
        await LockFamily(tx, refreshToken);
        DateTimeOffset now = time.GetUtcNow();
        var row = await tx.First<TokenRow>(
            """
            select t.family, t.expires_at, t.used_at, t.revoked_at, p.id, p.name, p.email, p.role
            from refresh_token t join person p on p.id = t.person_id
            where t.hash = @hash
            """,
            new { hash = HashOf(refreshToken) });
        if (row is null || row.RevokedAt is not null || row.ExpiresAt <= now)
            return SignInAgain;
        if (row.UsedAt is { } used && now - used > Grace)
        {
            await Revoke(tx, row.Family);
            return default(SessionView);
        }
        if (row.UsedAt is null)
            await tx.Execute("update refresh_token set used_at = @now where hash = @hash", new { now, hash = HashOf(refreshToken) });
        string successor = Base64Url.EncodeToString(HMACSHA256.HashData(successorKey, Encoding.UTF8.GetBytes(refreshToken)));
        return await Issue(tx, new PersonView(row.Id, row.Name, row.Email, row.Role), row.Family, successor);
    }

    public async Task End(Transaction tx, string refreshToken)
    {
        if (await LockFamily(tx, refreshToken) is { } family)
            await Revoke(tx, family);
    }

    /// <summary>
    /// One at a time in a family, whichever of its tokens is shown: a sign-out must not pass by the successor that a refresh is just adding. The
    /// family's oldest token stands for it.
    /// </summary>
    private static Task<Guid?> LockFamily(Transaction tx, string refreshToken) => tx.First<Guid?>(
        """
        select family from refresh_token where family = (select family from refresh_token where hash = @hash)
        order by created_at, hash limit 1 for update
        """,
        new { hash = HashOf(refreshToken) });

    private Task<int> Revoke(Transaction tx, Guid family) => tx.Execute(
        "update refresh_token set revoked_at = @now where family = @family and revoked_at is null", new { family, now = time.GetUtcNow() });

    private async Task<SessionView> Issue(Transaction tx, PersonView person, Guid family, string refreshToken)
    {
        DateTimeOffset now = time.GetUtcNow();
        await tx.Execute(
            """
            insert into refresh_token (hash, family, person_id, created_at, expires_at) values (@hash, @family, @person, @now, @expires)
            on conflict do nothing
            """,
            new { hash = HashOf(refreshToken), family, person = person.Id, now, expires = now + Lifetime });
        (string access, DateTimeOffset expires) = tokens.Issue(new Caller(person.Id, person.Role), now);
        return new SessionView(access, expires, refreshToken, person);
    }

    private static byte[] HashOf(string token) => SHA256.HashData(Encoding.UTF8.GetBytes(token));

    private sealed class TokenRow
    {
        public Guid Family { get; init; }
        public DateTimeOffset ExpiresAt { get; init; }
        public DateTimeOffset? UsedAt { get; init; }
        public DateTimeOffset? RevokedAt { get; init; }
        public Guid Id { get; init; }
        public string Name { get; init; } = "";
        public string Email { get; init; } = "";
        public string Role { get; init; } = "";
    }
}
