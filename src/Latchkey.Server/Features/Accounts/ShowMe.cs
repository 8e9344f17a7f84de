using Dapper;
using Latchkey.Server.Hosting;
using Latchkey.Server.Storage;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Latchkey.Server.Features.Accounts;

/// <summary>A person asks who they are, and changes their name and the language in which they are written to.</summary>
public static class ShowMe
{
    /// <param name="Email">Null where there is none.</param>
    /// <param name="Phone">In E.164; null where there is none.</param>
    /// <param name="Language">en or hi.</param>
    /// <param name="HasPassword">False for somebody who signs in with codes, or elsewhere.</param>
    /// <param name="SecondStep">Whether a code of an authenticator app is asked for at each sign-in.</param>
    /// <param name="RecoveryCodes">How many are left.</param>
    /// <param name="Sites">Where they are an operator.</param>
    public sealed record Account(
        Guid Id, string Name, string? Email, bool EmailVerified, string? Phone, bool PhoneVerified, string Role, string Language, bool HasPassword, bool SecondStep, int RecoveryCodes,
        IReadOnlyList<Guid> Sites);

    /// <param name="Language">en or hi.</param>
    public sealed record Request(string Name, string Language);

    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet("/auth/me", Handle).WithName("ShowMe").SignedIn();
        routes.MapPut("/auth/me", Change).WithName("ChangeMe").SignedIn();
    }

    private static async Task<Results<Ok<Account>, ProblemHttpResult>> Handle(HttpContext http, Db db, CancellationToken cancel) =>
        await db.Read(c => Read(c, http.Caller().Id), cancel) is { } account ? TypedResults.Ok(account) : Problems.Unauthenticated();

    private static async Task<Results<Ok<Account>, ProblemHttpResult>> Change(Request request, HttpContext http, Db db, CancellationToken cancel)
    {
        if (new Check().Text(request.Name, "name", 1, 80, "A name").That(request.Language is "en" or "hi", "language", "The language is en or hi.").Problem is { } invalid)
            return invalid;
        Guid id = http.Caller().Id;
        await db.Change(tx => tx.Execute("update person set name = @name, language = @Language where id = @id and erased_at is null", new { id, name = request.Name.Trim(), request.Language }), cancel);
        return await Handle(http, db, cancel);
    }

    internal static async Task<Account?> Read(Npgsql.NpgsqlConnection c, Guid id)
    {
        Row? row = await c.QueryFirstOrDefaultAsync<Row>(
            $$"""
            select {{PersonRow.Columns}},
              (select count(*) from recovery_code r where r.person_id = p.id and r.used_at is null)::int as recovery_codes,
              (select coalesce(array_agg(site_id order by site_id), '{}') from site_staff s where s.person_id = p.id) as sites
            from person p where p.id = @id and p.erased_at is null
            """,
            new { id });
        return row is not { } p ? null : new Account(
            p.Id, p.Name, p.Email, p.EmailVerifiedAt is not null, p.Phone, p.PhoneVerifiedAt is not null, p.Role, p.Language, p.PasswordHash is not null, p.SecondStep, p.RecoveryCodes, p.Sites);
    }

    private sealed class Row : PersonRow
    {
        public int RecoveryCodes { get; init; }
        public Guid[] Sites { get; init; } = [];
    }
}
