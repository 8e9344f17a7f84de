using Dapper;
using Latchkey.Domain;
using Latchkey.Server.Features.Accounts;
using Latchkey.Server.Features.Places;
using Latchkey.Server.Hosting;
using Latchkey.Server.Storage;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Latchkey.Server.Features.Leases;

/// <summary>
/// The holder of a locker asks who opened it and when: every entry of the journal about their lease, from the first to the last, during it and after it. Each carries the hash
/// of its link in the journal's chain, so that a record kept by the customer can be held against the journal later.
/// </summary>
public static class ShowCustody
{
    /// <param name="What">An order's outcome (<c>opened</c>, <c>not-opened</c>, ...; <c>ordered</c> while it has none), or what the journal calls it: <c>lease-held</c>, <c>door-closed</c>, ...</param>
    /// <param name="By"><c>you</c>, <c>shared</c> (somebody it is shared with), <c>person</c>, <c>credential</c>, <c>lock</c> (the bank says it of itself) or <c>latchkey</c>.</param>
    /// <param name="Name">Of staff who are not you, or of whom it is shared with, as you call them; or <c>pin</c>, <c>card</c>, <c>pass</c>.</param>
    /// <param name="Reason">Why not, or what is wrong.</param>
    /// <param name="Hash">SHA-256 as 64 hexadecimal digits; null in its first seconds.</param>
    public sealed record Entry(string Id, DateTimeOffset At, string What, string By, string? Name, string? Reason, string? Hash);

    /// <param name="TimeZone">Of the site: its clock is the one on the wall.</param>
    /// <param name="Complete">False: there are more entries than one record holds, and these are the first.</param>
    public sealed record Record(Guid LeaseId, string Site, string Bank, string Locker, string TimeZone, bool Complete, IReadOnlyList<Entry> Entries);

    /// <summary>A rental has some ten entries a day; a thousand are three months of it.</summary>
    private const int Most = 1000;

    public static void Map(IEndpointRouteBuilder routes) => routes.MapGet("/leases/{id:guid}/custody", Handle).WithName("ShowCustody").SignedIn(Scopes.LeasesRead);

    private static async Task<Results<Ok<Record>, ProblemHttpResult>> Handle(Guid id, HttpContext http, Db db, PlaceBook places, CancellationToken cancel)
    {
        Guid person = http.Caller().Id;
        Guid locker = await db.Read(
            c => c.QueryFirstOrDefaultAsync<Guid>("select locker_id from lease where id = @id and person_id = @person and kind = 'rental'", new { id, person }), cancel);
        if (places.Locker(locker) is not { } door || places.Bank(door.BankId) is not { } bank || places.Site(door.SiteId) is not { } site)
            return Problems.Of(Refusal.NotFound("rental"));
        IReadOnlyList<LeaseLog.Row> rows = await db.Read(c => LeaseLog.OldestFirst(c, id, Most + 1), cancel);
        return TypedResults.Ok(new Record(id, site.Name, bank.Name, door.Label, site.Zone.Id, rows.Count <= Most, [.. rows.Take(Most).Select(r => Of(r, person))]));
    }

    private static Entry Of(LeaseLog.Row row, Guid reader)
    {
        (string by, string? name) = row.By(reader);
        return new Entry($"{row.Id}", row.At, row.What, by, name, row.Reason, row.Hash is { } hash ? Convert.ToHexStringLower(hash) : null);
    }
}
