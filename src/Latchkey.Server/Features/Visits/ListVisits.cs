using Dapper;
using Latchkey.Domain;
using Latchkey.Domain.Leases;
using Latchkey.Domain.Lockers;
using Latchkey.Server.Features.Console;
using Latchkey.Server.Features.Places;
using Latchkey.Server.Hosting;
using Latchkey.Server.Storage;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Latchkey.Server.Features.Visits;

/// <summary>
/// Staff see who is still in: at closing time everything that is taken, with what keeps it. Nothing opens or ends by itself. And they see each card that was held to a reader, and what
/// it was answered.
/// </summary>
public static class ListVisits
{
    /// <param name="Card">The end of its number.</param>
    /// <param name="Called">What staff were called for: <c>door-open</c>, <c>not-empty</c>, <c>pay</c> (they were sent to the desk); null when nobody was.</param>
    /// <param name="LeftAt">The gate let them out then while it was off line, so that the visit still runs.</param>
    /// <param name="Owed">What it would cost now.</param>
    /// <param name="Due">What of it is not paid at the desk.</param>
    public sealed record VisitView(
        Guid Id, string Card, string Bank, string Locker, DateTimeOffset Since, DoorState Door, bool? Occupied, bool? Online, string? Called, DateTimeOffset? CalledAt, DateTimeOffset? LeftAt, Money Owed, Money Due);

    /// <param name="Closed">The site is closed now: who is on the list should not be.</param>
    /// <param name="Desk">Staff take money here: nobody goes out before what is due is paid.</param>
    public sealed record Page(string Site, bool Closed, bool Desk, IReadOnlyList<VisitView> Items);

    /// <param name="Way"><c>in</c>, <c>out</c>, <c>bank</c> or <c>finish</c>.</param>
    /// <param name="Card">The end of its number.</param>
    /// <param name="Said">What the reader was answered.</param>
    /// <param name="Charged">What it cost; with <c>pay</c> what they were asked for.</param>
    public sealed record TapView(DateTimeOffset At, string Way, string Reader, string Card, string Said, string? Locker, Guid? Visit, Money? Charged);

    public sealed record TapPage(IReadOnlyList<TapView> Items, DateTimeOffset? Next);

    /// <summary>A site has at most so many lockers for visits that a person can look through.</summary>
    private const int MostVisits = 2_000;

    private const int MostPerPage = 50;

    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet("/staff/sites/{id:guid}/visits", List).WithName("ListVisits").SignedIn();
        routes.MapGet("/staff/sites/{id:guid}/taps", Taps).WithName("ListTaps").SignedIn();
    }

    private static async Task<Results<Ok<Page>, ProblemHttpResult>> List(Guid id, HttpContext http, Db db, PlaceBook places, TimeProvider time, CancellationToken cancel)
    {
        if (await SiteStaff.Refuses(http, db, places.Site(id)?.Id ?? Guid.Empty, cancel) is { } forbidden)
            return forbidden;
        SitePlace site = places.Site(id)!;
        DateTimeOffset now = time.GetUtcNow();
        IEnumerable<VisitRow> rows = await db.Read(
            c => c.QueryAsync<VisitRow>($"{VisitRow.Select} where l.kind = 'visit' and l.state = 'active' and l.site_id = @id order by l.called_at nulls last, l.left_at nulls last, l.id limit @MostVisits", new { id, MostVisits }), cancel);
        return TypedResults.Ok(new Page(
            site.Name, !Domain.Places.OpeningHours.IsOpen(site.OpeningHours, site.Zone, now), site.Desk,
            [
                .. rows.Select(r => new VisitView(
                    r.Id, Masked.End(r.Card)!, places.Bank(r.BankId)!.Name, places.Locker(r.LockerId)!.Label, r.PaidFrom, EnumText.Parse<DoorState>(r.Door), r.Occupied, r.BankOnline, r.CalledAt is null ? null : r.CalledFor, r.CalledAt,
                    r.LeftAt, r.Visit().Owed(now), r.Visit().Due(now))),
            ]));
    }

    /// <param name="card">Only this card's.</param>
    /// <param name="before">Only earlier ones; the <c>next</c> of the page before.</param>
    private static async Task<Results<Ok<TapPage>, ProblemHttpResult>> Taps(
        Guid id, HttpContext http, Db db, PlaceBook places, CancellationToken cancel, string? card = null, string? locker = null, DateTimeOffset? before = null)
    {
        if (await SiteStaff.Refuses(http, db, places.Site(id)?.Id ?? Guid.Empty, cancel) is { } forbidden)
            return forbidden;
        if (new Check()
            .That(card is null || CardNumber.IsOneOrItsEnd(card), "card", CardNumber.IsOrEnd)
            .That(locker is null || locker.Length <= 20, "locker", "A locker's label has at most 20 characters.").Problem is { } invalid)
            return invalid;
        Guid[]? lockers = locker is null ? null : [.. places.Site(id)!.LockersForVisits.Where(l => l.Label == locker).Select(l => l.Id)];
        List<TapRow> rows =
        [
            .. await db.Read(
                c => c.QueryAsync<TapRow>(
                    """
                    select at, way, bank_id, card, said, locker_id, lease_id, minor, currency from tap
                    where site_id = @id and (@before::timestamptz is null or at < @before) and (@card::text is null or card = @card or (length(@card) < 8 and right(card, length(@card)) = @card))
                      and (@lockers::uuid[] is null or locker_id = any(@lockers))
                    order by at desc limit @more
                    """,
                    new { id, before = before?.ToUniversalTime(), card = card?.ToLowerInvariant(), lockers, more = MostPerPage + 1 }),
                cancel),
        ];
        return TypedResults.Ok(new TapPage(
            [
                .. rows.Take(MostPerPage).Select(r => new TapView(
                    r.At, r.Way, places.Bank(r.BankId)?.Name ?? "", Masked.End(r.Card)!, r.Said, r.LockerId is { } l ? places.Locker(l)?.Label : null, r.LeaseId, r.Minor is { } minor ? new Money(minor, r.Currency!) : null)),
            ],
            rows.Count > MostPerPage ? rows[MostPerPage - 1].At : null));
    }

    private sealed class TapRow
    {
        public DateTimeOffset At { get; init; }
        public string Way { get; init; } = "";
        public Guid BankId { get; init; }
        public string Card { get; init; } = "";
        public string Said { get; init; } = "";
        public Guid? LockerId { get; init; }
        public Guid? LeaseId { get; init; }
        public long? Minor { get; init; }
        public string? Currency { get; init; }
    }
}
