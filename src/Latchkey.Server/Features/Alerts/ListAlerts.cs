using Dapper;
using Latchkey.Server.Features.Places;
using Latchkey.Server.Features.Tickets;
using Latchkey.Server.Hosting;
using Latchkey.Server.Journal;
using Latchkey.Server.Storage;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Latchkey.Server.Features.Alerts;

/// <summary>Staff see what somebody must act on at their sites; one of them says that they look after it, and that it is done, unless the world comes right by itself.</summary>
public static class ListAlerts
{
    /// <param name="Kind"><c>offline</c>, <c>held-open</c>, <c>forced</c>, <c>tamper</c>, <c>jam</c>, <c>low-battery</c>, <c>fault</c>, <c>ticket</c>, <c>called</c> or <c>overdue</c>.</param>
    /// <param name="Locker">Null: it is the bank as a whole.</param>
    /// <param name="Detail">Words of the device, what was reported, or why staff were called.</param>
    /// <param name="Ticket">What the customer tells, six letters and digits.</param>
    /// <param name="ResolvedBy">Null once resolved: the world came right.</param>
    public sealed record AlertView(
        Guid Id, string Kind, Guid SiteId, string Site, Guid BankId, string Bank, Guid? LockerId, string? Locker, string? Detail, Guid? TicketId, string? Ticket, DateTimeOffset RaisedAt,
        DateTimeOffset? AcknowledgedAt, string? AcknowledgedBy, DateTimeOffset? ResolvedAt, string? ResolvedBy);

    /// <param name="Open">How many are open in all.</param>
    public sealed record Page(IReadOnlyList<AlertView> Items, int Open, Guid? Next);

    private const int MostPerPage = 50;

    private const string Mine = "(@everywhere or a.site_id in (select site_id from site_staff where person_id = @me))";

    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet("/staff/alerts", List).WithName("ListAlerts").SignedIn();
        routes.MapPost("/staff/alerts/{id:guid}/acknowledge", Acknowledge).WithName("AcknowledgeAlert").SignedIn();
        routes.MapPost("/staff/alerts/{id:guid}/resolve", Resolve).WithName("ResolveAlert").SignedIn();
    }

    /// <param name="site">Only this site's.</param>
    /// <param name="resolved">Those that are over, the newest first.</param>
    private static async Task<Results<Ok<Page>, ProblemHttpResult>> List(HttpContext http, Db db, PlaceBook places, CancellationToken cancel, Guid? site = null, bool resolved = false, Guid? cursor = null)
    {
        if ((site is { } one ? await SiteStaff.Refuses(http, db, one, cancel) : SiteStaff.RefusesOthers(http)) is { } refused)
            return refused;
        var of = new { everywhere = http.Caller().Role == "admin", me = http.Caller().Id, site, resolved, cursor, more = MostPerPage + 1 };
        (List<Row> rows, int open) = await db.Read(
            async c => (
                (await c.QueryAsync<Row>(
                    $"""
                    {Select} where (a.resolved_at is not null) = @resolved and (@site::uuid is null or a.site_id = @site) and {Mine} and (@cursor::uuid is null or a.id < @cursor)
                    order by a.id desc limit @more
                    """,
                    of)).ToList(),
                await c.ExecuteScalarAsync<int>($"select count(*)::int from alert a where a.resolved_at is null and (@site::uuid is null or a.site_id = @site) and {Mine}", of)),
            cancel);
        return TypedResults.Ok(new Page([.. rows.Take(MostPerPage).Select(r => r.View(places))], open, rows.Count > MostPerPage ? rows[MostPerPage - 1].Id : null));
    }

    private static Task<Results<Ok<AlertView>, ProblemHttpResult>> Acknowledge(Guid id, HttpContext http, Db db, PlaceBook places, TimeProvider time, CancellationToken cancel) => Move(
        id, http, db, places, time, JournalKinds.AlertAcknowledged,
        "update alert set acknowledged_at = @now, acknowledged_by = @me where id = @id and acknowledged_at is null and resolved_at is null returning kind, bank_id, locker_id", cancel);

    private static Task<Results<Ok<AlertView>, ProblemHttpResult>> Resolve(Guid id, HttpContext http, Db db, PlaceBook places, TimeProvider time, CancellationToken cancel) => Move(
        id, http, db, places, time, JournalKinds.AlertResolved, "update alert set resolved_at = @now, resolved_by = @me where id = @id and resolved_at is null returning kind, bank_id, locker_id", cancel);

    /// <summary>Twice is no error: somebody was faster, and the answer says who.</summary>
    private static async Task<Results<Ok<AlertView>, ProblemHttpResult>> Move(
        Guid id, HttpContext http, Db db, PlaceBook places, TimeProvider time, string kind, string sql, CancellationToken cancel)
    {
        Guid site = await db.Read(c => c.ExecuteScalarAsync<Guid>("select site_id from alert where id = @id", new { id }), cancel);
        if (await SiteStaff.Refuses(http, db, site, cancel) is { } refused)
            return refused;
        Guid me = http.Caller().Id;
        Row row = await db.Change(
            async tx =>
            {
                DateTimeOffset now = time.GetUtcNow();
                (string? what, Guid bank, Guid? locker) = await tx.First<(string?, Guid, Guid?)>(sql, new { id, now, me });
                if (what is not null)
                    tx.Journal(AlertWriter.Entry(now, kind, JournalEntry.ByPerson(me), site, bank, locker, new AlertWriter.Told(id, what)));
                return (await tx.First<Row>($"{Select} where a.id = @id", new { id }))!;
            },
            cancel);
        return TypedResults.Ok(row.View(places));
    }

    private const string Select =
        """
        select a.id, a.kind, a.site_id, a.bank_id, a.locker_id, a.detail, a.ticket_id, a.raised_at, a.acknowledged_at, k.name as acknowledged_by, a.resolved_at, r.name as resolved_by
        from alert a left join person k on k.id = a.acknowledged_by left join person r on r.id = a.resolved_by
        """;

    private sealed class Row
    {
        public Guid Id { get; init; }
        public string Kind { get; init; } = "";
        public Guid SiteId { get; init; }
        public Guid BankId { get; init; }
        public Guid? LockerId { get; init; }
        public string? Detail { get; init; }
        public Guid? TicketId { get; init; }
        public DateTimeOffset RaisedAt { get; init; }
        public DateTimeOffset? AcknowledgedAt { get; init; }
        public string? AcknowledgedBy { get; init; }
        public DateTimeOffset? ResolvedAt { get; init; }
        public string? ResolvedBy { get; init; }

        public AlertView View(PlaceBook places) => new(
            Id, Kind, SiteId, places.Site(SiteId)?.Name ?? "", BankId, places.Bank(BankId)?.Name ?? "", LockerId, LockerId is { } locker ? places.Locker(locker)?.Label : null, Detail, TicketId,
            TicketId is { } ticket ? ReportProblem.Short(ticket) : null, RaisedAt, AcknowledgedAt, AcknowledgedBy, ResolvedAt, ResolvedBy);
    }
}
