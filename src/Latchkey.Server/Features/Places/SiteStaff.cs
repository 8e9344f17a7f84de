using Dapper;
using Latchkey.Server.Features.Accounts;
using Latchkey.Server.Hosting;
using Latchkey.Server.Storage;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Latchkey.Server.Features.Places;

/// <summary>Who works at a site: admins everywhere, operators where they are named.</summary>
public static class SiteStaff
{
    /// <summary>The refusal for whoever does not work there; null for who does. To everybody else the site's things do not exist.</summary>
    public static async Task<ProblemHttpResult?> Refuses(HttpContext http, Db db, Guid site, CancellationToken cancel)
    {
        if (RefusesOthers(http) is { } refused)
            return refused;
        if (site == Guid.Empty || !await WorksAt(db, http.Caller(), site, cancel))
            return Problems.Of(Domain.Refusal.NotFound("thing"));
        return null;
    }

    /// <summary>The refusal for whoever is no staff at all; null for staff, whose sites the query has to look at.</summary>
    public static ProblemHttpResult? RefusesOthers(HttpContext http) =>
        http.Caller().Role is "admin" or "operator" ? null : Problems.Of(StatusCodes.Status403Forbidden, "forbidden", "Only staff may do this.");

    public static async Task<bool> WorksAt(Db db, Caller caller, Guid site, CancellationToken cancel) => caller.Role == "admin" || (caller.Role == "operator" && await db.Read(
        c => c.ExecuteScalarAsync<bool>("select exists (select 1 from site_staff where person_id = @Id and site_id = @site)", new { caller.Id, site }), cancel));
}
