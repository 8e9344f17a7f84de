using System.Text.Json;
using Dapper;
using Latchkey.Domain;
using Latchkey.Server.Features.Places;
using Latchkey.Server.Hosting;
using Latchkey.Server.Journal;
using Latchkey.Server.Storage;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Latchkey.Server.Features.Accounts;

/// <summary>An admin says who is a courier, an operator of which sites, or an admin; and sees who is. The person is signed out, and has the new role when they come in again.</summary>
public static class NameStaff
{
    /// <param name="Email">This or <paramref name="Phone"/>, of somebody who has an account.</param>
    /// <param name="Role">customer, courier, operator or admin.</param>
    /// <param name="Sites">Of an operator; empty for everybody else.</param>
    public sealed record Request(string Role, IReadOnlyList<Guid>? Sites = null, string? Email = null, string? Phone = null);

    public sealed record StaffView(Guid Id, string Name, string? Email, string? Phone, string Role, bool SecondStep, IReadOnlyList<Guid> Sites);

    public sealed record StaffList(IReadOnlyList<StaffView> Items);

    private static readonly Refusal LastAdmin = new("last-admin", RefusalKind.Conflict, "There has to be an admin. Make somebody else one first.");

    private const string Select =
        """
        select p.id, p.name, p.email, p.phone, p.role, p.totp_confirmed_at is not null as second_step,
          (select coalesce(array_agg(site_id order by site_id), '{}') from site_staff s where s.person_id = p.id) as sites from person p
        """;

    /// <summary>Whoever changes who is an admin does so one after the other, until the commit.</summary>
    internal const string LockRoles = "select pg_advisory_xact_lock(hashtext('roles'))";

    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet("/admin/staff", List).WithName("ListStaff").SignedIn();
        routes.MapPut("/admin/staff", Name).WithName("NameStaff").SignedIn();
    }

    private static async Task<Results<Ok<StaffList>, ProblemHttpResult>> List(HttpContext http, Db db, CancellationToken cancel)
    {
        if (http.NotAnAdmin() is { } forbidden)
            return forbidden;
        IEnumerable<Row> rows = await db.Read(c => c.QueryAsync<Row>($"{Select} where p.role <> 'customer' order by p.role, p.name limit 1000"), cancel);
        return TypedResults.Ok(new StaffList([.. rows.Select(r => r.View)]));
    }

    private static async Task<Results<Ok<StaffView>, ProblemHttpResult>> Name(
        Request request, HttpContext http, Db db, Sessions sessions, PlaceBook places, TimeProvider time, CancellationToken cancel)
    {
        if (http.NotAnAdmin() is { } forbidden)
            return forbidden;
        Guid[] sites = [.. (request.Sites ?? []).Distinct()];
        var check = new Check()
            .That(request.Role is "customer" or "courier" or "operator" or "admin", "role", "A role is customer, courier, operator or admin.")
            .That(request.Role == "operator" ? sites.Length > 0 : sites.Length == 0, "sites", "An operator works at one site or more; nobody else at any.")
            .That(sites.All(s => places.Site(s) is not null), "sites", "There is no such site.");
        if (AccountRules.Read(request.Email, request.Phone, check) is not { } address || check.Problem is not null)
            return check.Problem!;
        Guid admin = http.Caller().Id;
        DateTimeOffset now = time.GetUtcNow();
        Decision<StaffView> decision = await db.Decide<StaffView>(
            async tx =>
            {
                // One change of roles at a time: two admins must not take each other's away in the same moment.
                await tx.Execute(LockRoles);
                var person = await tx.First<Row>($"{Select} where p.{AccountRules.ColumnOf(address)} = @Text for update", new { address.Text });
                if (person is null)
                    return Refusal.NotFound("account");
                if (person.Role == "admin" && request.Role != "admin" && await tx.Scalar<long>("select count(*) from person where role = 'admin'") == 1)
                    return LastAdmin;
                await tx.Execute("update person set role = @Role where id = @Id", new { request.Role, person.Id });
                await tx.Execute("delete from site_staff where person_id = @Id and not (site_id = any(@sites))", new { person.Id, sites });
                await tx.Execute("insert into site_staff (person_id, site_id, since) select @Id, unnest(@sites), @now on conflict do nothing", new { person.Id, sites, now });
                // Their token says the old role: it ends with the session.
                if (person.Role != request.Role)
                    await sessions.EndAll(tx, person.Id, but: null, JournalEntry.ByPerson(admin));
                tx.Journal(new JournalEntry(
                    now, JournalKinds.RoleChanged, JournalEntry.ByPerson(admin), PersonId: person.Id, Data: JsonSerializer.Serialize(new { role = request.Role, sites }, Json.Options)));
                return (await tx.First<Row>($"{Select} where p.id = @Id", new { person.Id }))!.View;
            },
            cancel);
        return decision.Refusal is { } no ? Problems.Of(no) : TypedResults.Ok(decision.Value);
    }

    private sealed class Row : PersonRow
    {
        public Guid[] Sites { get; init; } = [];

        public new StaffView View => new(Id, Name, Email, Phone, Role, SecondStep, Sites);
    }
}
