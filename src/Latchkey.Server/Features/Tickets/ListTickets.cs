using System.Text.Json;
using Dapper;
using Latchkey.Server.Devices;
using Latchkey.Server.Features.Accounts;
using Latchkey.Server.Features.Places;
using Latchkey.Server.Hosting;
using Latchkey.Server.Journal;
using Latchkey.Server.Storage;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Latchkey.Server.Features.Tickets;

/// <summary>Staff see what customers have reported at their sites, look, and close it: the locker is for everybody again, or stays out of service.</summary>
public static class ListTickets
{
    /// <param name="Number">What the customer tells.</param>
    /// <param name="Inside">Their things may be behind the door.</param>
    /// <param name="OutOfService">The locker is nobody's now.</param>
    public sealed record TicketView(
        Guid Id, string Number, Guid SiteId, string Site, string Bank, string Locker, string What, bool Inside, bool OutOfService, string Door, DateTimeOffset OpenedAt, DateTimeOffset? ClosedAt);

    public sealed record Page(IReadOnlyList<TicketView> Items, Guid? Next);

    /// <param name="InService">Whether the locker may be rented again.</param>
    public sealed record Closing(bool InService);

    private const int MostPerPage = 50;

    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet("/staff/tickets", List).WithName("ListTickets").SignedIn();
        routes.MapPost("/staff/tickets/{id:guid}/close", Close).WithName("CloseTicket").SignedIn();
    }

    private static async Task<Results<Ok<Page>, ProblemHttpResult>> List(HttpContext http, Db db, PlaceBook places, CancellationToken cancel, bool closed = false, Guid? cursor = null)
    {
        if (SiteStaff.RefusesOthers(http) is { } refused)
            return refused;
        Caller caller = http.Caller();
        List<Row> rows =
        [
            .. await db.Read(
                c => c.QueryAsync<Row>(
                    """
                    select t.id, t.locker_id, t.what, t.inside, not k.in_service as out_of_service, k.door, t.opened_at, t.closed_at from ticket t join locker k on k.id = t.locker_id
                    where (t.closed_at is not null) = @closed and (@cursor::uuid is null or t.id < @cursor)
                      and (@admin or t.site_id in (select site_id from site_staff where person_id = @Id))
                    order by t.id desc limit @more
                    """,
                    new { closed, cursor, admin = caller.Role == "admin", caller.Id, more = MostPerPage + 1 }),
                cancel),
        ];
        return TypedResults.Ok(new Page([.. rows.Take(MostPerPage).Select(r => r.View(places))], rows.Count > MostPerPage ? rows[MostPerPage - 1].Id : null));
    }

    private static async Task<Results<NoContent, ProblemHttpResult>> Close(Guid id, Closing request, HttpContext http, Db db, PlaceBook places, Grants grants, TimeProvider time, CancellationToken cancel)
    {
        Guid site = await db.Read(c => c.ExecuteScalarAsync<Guid>("select site_id from ticket where id = @id", new { id }), cancel);
        if (await SiteStaff.Refuses(http, db, site, cancel) is { } forbidden)
            return forbidden;
        Guid staff = http.Caller().Id;
        await db.Change(
            async tx =>
            {
                DateTimeOffset now = time.GetUtcNow();
                (Guid bank, Guid locker, Guid lease) = await tx.First<(Guid, Guid, Guid)>(
                    "update ticket set closed_at = @now, closed_by = @staff where id = @id and closed_at is null returning bank_id, locker_id, lease_id", new { id, now, staff });
                // Twice is no error: somebody was faster.
                if (locker == Guid.Empty)
                    return false;
                tx.Journal(new JournalEntry(
                    now, JournalKinds.TicketClosed, JournalEntry.ByPerson(staff), SiteId: site, BankId: bank, LockerId: locker, LeaseId: lease,
                    Data: JsonSerializer.Serialize(new { ticket = id, inService = request.InService }, Json.Options)));
                return await LockerService.Set(tx, grants, places, places.Locker(locker)!, request.InService, JournalEntry.ByPerson(staff), now);
            },
            cancel);
        return TypedResults.NoContent();
    }

    private sealed class Row
    {
        public Guid Id { get; init; }
        public Guid LockerId { get; init; }
        public string What { get; init; } = "";
        public bool Inside { get; init; }
        public bool OutOfService { get; init; }
        public string Door { get; init; } = "";
        public DateTimeOffset OpenedAt { get; init; }
        public DateTimeOffset? ClosedAt { get; init; }

        public TicketView View(PlaceBook places)
        {
            LockerPlace locker = places.Locker(LockerId)!;
            return new TicketView(
                Id, ReportProblem.Short(Id), locker.SiteId, places.Site(locker.SiteId)!.Name, places.Bank(locker.BankId)!.Name, locker.Label, What, Inside, OutOfService, Door, OpenedAt, ClosedAt);
        }
    }
}
