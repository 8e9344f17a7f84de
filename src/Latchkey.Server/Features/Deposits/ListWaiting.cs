using Dapper;
using Latchkey.Domain;
using Latchkey.Server.Features.Accounts;
using Latchkey.Server.Features.Leases;
using Latchkey.Server.Features.Places;
using Latchkey.Server.Hosting;
using Latchkey.Server.Storage;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Latchkey.Server.Features.Deposits;

/// <summary>
/// Somebody who is signed in sees what waits for them, found by the addresses that they have proven to be theirs. It opens nothing: the code was sent, and another one is asked for at the locker.
/// </summary>
public static class ListWaiting
{
    /// <param name="From">Who left it.</param>
    /// <param name="Until">When it should be collected.</param>
    /// <param name="Owed">What storing has cost so far.</param>
    /// <param name="ToPay">What has to be paid before the door opens; null where nothing has.</param>
    public sealed record WaitingView(
        Guid Id, string From, LeaseSiteView Site, LeaseBankView Bank, DepositLockerView Locker, DateTimeOffset StoredAt, DateTimeOffset? Until, bool Overdue, Money PerHour, Money Owed, Money? ToPay);

    public sealed record WaitingList(IReadOnlyList<WaitingView> Items);

    /// <summary>More are not left for one person at a time.</summary>
    private const int Most = 50;

    public static void Map(IEndpointRouteBuilder routes) => routes.MapGet("/deposits/waiting", Handle).WithName("ListWaiting").SignedIn(Scopes.LeasesRead);

    private static async Task<Ok<WaitingList>> Handle(HttpContext http, Db db, PlaceBook places, TimeProvider time, CancellationToken cancel)
    {
        DateTimeOffset now = time.GetUtcNow();
        List<DepositRow> rows = await DepositRow.Load(
            db,
            """
            l.state in ('active', 'overdue') and l.id in (
              select d.lease_id from person p join deposit d on (d.email = p.email and p.email_verified_at is not null) or (d.phone = p.phone and p.phone_verified_at is not null)
              where p.id = @person and p.erased_at is null and d.stage = 'stored')
            order by l.id desc limit @Most
            """,
            new { person = http.Caller().Id, Most }, cancel);
        Dictionary<Guid, string> names = rows.Count == 0 ? [] : (await db.Read(
            c => c.QueryAsync<(Guid Id, string Name)>("select id, name from person where id = any(@ids)", new { ids = rows.Select(r => r.Lease.PersonId).ToArray() }), cancel)).ToDictionary(p => p.Id, p => p.Name);
        return TypedResults.Ok(new WaitingList([.. rows.Select(r => View(r, names.GetValueOrDefault(r.Lease.PersonId, ""), places, now))]));
    }

    private static WaitingView View(DepositRow row, string from, PlaceBook places, DateTimeOffset now)
    {
        LeaseRow lease = row.Lease;
        (SitePlace site, BankPlace bank, LockerPlace locker) = (places.Site(lease.SiteId)!, places.Bank(lease.BankId)!, places.Locker(lease.LockerId)!);
        Money owed = row.Owes(now).Total;
        return new WaitingView(
            row.LeaseId, from, LeaseSiteView.Of(site), new LeaseBankView(bank.Id, bank.Name, lease.BankOnline), DepositViews.Locker(locker), row.StoredAt!.Value, lease.PaidUntil, lease.State == "overdue", row.PerHour,
            owed, row.MustBePaid(now) ? owed : null);
    }
}
