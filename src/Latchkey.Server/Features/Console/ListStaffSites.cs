using Dapper;
using Latchkey.Server.Features.Accounts;
using Latchkey.Server.Features.Leases;
using Latchkey.Server.Features.Places;
using Latchkey.Server.Hosting;
using Latchkey.Server.Storage;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Latchkey.Server.Features.Console;

/// <summary>Somebody comes to work: the sites that are theirs, how full each is, and where somebody must act.</summary>
public static class ListStaffSites
{
    /// <param name="Taken">Of its lockers, those that somebody has or holds.</param>
    /// <param name="Alerts">What is open there.</param>
    /// <param name="Visits">It has banks that work by card.</param>
    /// <param name="Desk">It takes money at a desk.</param>
    public sealed record SiteAtWork(Guid Id, string Name, string City, string TimeZone, int Banks, int Lockers, int Taken, int Alerts, bool Visits, bool Desk);

    public sealed record Sites(IReadOnlyList<SiteAtWork> Items);

    public static void Map(IEndpointRouteBuilder routes) => routes.MapGet("/staff/sites", Handle).WithName("ListStaffSites").SignedIn();

    private static async Task<Results<Ok<Sites>, ProblemHttpResult>> Handle(HttpContext http, Db db, PlaceBook places, CancellationToken cancel)
    {
        if (SiteStaff.RefusesOthers(http) is { } refused)
            return refused;
        Caller caller = http.Caller();
        Dictionary<Guid, (int Taken, int Alerts)> mine = await db.Read(
            async c => (await c.QueryAsync<(Guid, int, int)>(
                $"""
                select s.id,
                  (select count(*)::int from lease l join bank b on b.id = l.bank_id where l.site_id = s.id and not b.owned and l.state in {LeaseRow.Live}),
                  (select count(*)::int from alert a where a.site_id = s.id and a.resolved_at is null)
                from site s where @everywhere or s.id in (select site_id from site_staff where person_id = @Id)
                """,
                new { caller.Id, everywhere = caller.Role == "admin" })).ToDictionary(r => r.Item1, r => (r.Item2, r.Item3)),
            cancel);
        return TypedResults.Ok(new Sites(
            [
                .. from site in places.Sites
                   where mine.ContainsKey(site.Id)
                   let banks = site.AllBanks.ToList()
                   select new SiteAtWork(
                       site.Id, site.Name, site.City, site.Zone.Id, banks.Count, banks.Where(b => b.Mode != BankMode.Gate).Sum(b => b.Lockers.Count), mine[site.Id].Taken, mine[site.Id].Alerts,
                       site.LockersForVisits.Any(), site.Desk),
            ]));
    }
}
