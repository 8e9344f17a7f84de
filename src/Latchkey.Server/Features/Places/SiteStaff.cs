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
        Caller caller = http.Caller();
        if (caller.Role is not ("admin" or "operator"))
            return Problems.Of(StatusCodes.Status403Forbidden, "forbidden", "Only staff may do this.");
        if (site == Guid.Empty || !await WorksAt(db, caller, site, cancel))
            return Problems.Of(Domain.Refusal.NotFound("thing"));
        return null;
    }

    public static async Task<bool> WorksAt(Db db, Caller caller, Guid site, CancellationToken cancel) => caller.Role == "admin" || (caller.Role == "operator" && await db.Read(
        c => c.ExecuteScalarAsync<bool>("select exists (select 1 from site_staff where person_id = @Id and site_id = @site)", new { caller.Id, site }), cancel));
}
