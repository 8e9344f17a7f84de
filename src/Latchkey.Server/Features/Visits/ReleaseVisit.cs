using System.Text.Json;
using Dapper;
using Latchkey.Domain;
using Latchkey.Domain.Leases;
using Latchkey.Link.Messages;
using Latchkey.Server.Devices;
using Latchkey.Server.Features.Places;
using Latchkey.Server.Hosting;
using Latchkey.Server.Hosting.Limits;
using Latchkey.Server.Journal;
using Latchkey.Server.Storage;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Latchkey.Server.Features.Visits;

/// <summary>
/// Staff help who cannot end a visit by themselves: they end it for a reason, or give it another card because the first is lost. The first card opens nothing from then on, and no door
/// opens by itself.
/// </summary>
public static class ReleaseVisit
{
    private static readonly string[] Reasons = ["lost-card", "left-open", "left-behind", "closing", "left", "broken", "other"];

    /// <param name="Reason">One of <c>lost-card</c>, <c>left-open</c>, <c>left-behind</c>, <c>closing</c>, <c>left</c>, <c>broken</c>, <c>other</c>: the journal keeps it for ever, so it is a word and no story.</param>
    public sealed record Request(string Reason);

    /// <param name="Charged">What it cost.</param>
    /// <param name="Due">What of it nobody has paid: it stays open in the books.</param>
    public sealed record Released(Guid Id, Money Charged, Money Due);

    /// <param name="Card">The number of the card that takes the lost one's place, 8 to 20 hexadecimal digits.</param>
    public sealed record NewCard(string Card);

    public sealed record Carded(Guid Id, string Card);

    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapPost("/staff/visits/{id:guid}/end", End).WithName("ReleaseVisit").TakesKey().SignedIn().Produces<Released>().LimitedAs(RateKind.Money);
        routes.MapPut("/staff/visits/{id:guid}/card", Card).WithName("ReplaceVisitCard").SignedIn();
    }

    private static async Task<Results<JsonHttpResult<Released>, ProblemHttpResult>> End(
        Guid id, Request request, HttpContext http, Idempotency idempotency, Db db, PlaceBook places, TimeProvider time, CancellationToken cancel)
    {
        if (new Check().Reason(request.Reason, Reasons).Problem is { } invalid)
            return invalid;
        if (await SiteStaff.Refuses(http, db, await SiteOf(db, id, cancel), cancel) is { } forbidden)
            return forbidden;
        Guid staff = http.Caller().Id;
        return await idempotency.Once<Released>(
            http, staff, request, StatusCodes.Status200OK,
            async tx =>
            {
                if (await Lock(tx, id) is not { State: "active" } row)
                    return Refusal.VisitOver;
                DateTimeOffset now = time.GetUtcNow();
                Money due = row.Visit().Due(now);
                Money charged = await VisitRow.End(
                    tx, row, places, JournalEntry.ByPerson(staff), null, JsonSerializer.Serialize(new { forced = true, reason = request.Reason }, Json.Options), now);
                return new Released(id, charged, due);
            },
            cancel);
    }

    private static async Task<Results<Ok<Carded>, ProblemHttpResult>> Card(
        Guid id, NewCard request, HttpContext http, Db db, PlaceBook places, TimeProvider time, CancellationToken cancel)
    {
        string card = (request.Card ?? "").ToLowerInvariant();
        if (new Check().That(CardNumber.IsOne(card), "card", CardNumber.Is).Problem is { } invalid)
            return invalid;
        Guid site = await SiteOf(db, id, cancel);
        if (await SiteStaff.Refuses(http, db, site, cancel) is { } forbidden)
            return forbidden;
        Guid staff = http.Caller().Id;
        Decision<Carded> decision = await db.Decide<Carded>(
            async tx =>
            {
                DateTimeOffset now = time.GetUtcNow();
                // The new card may be held to a reader at this very moment, and begin a visit of its own.
                await tx.Execute(VisitRow.LockCard, new { Card = card, site });
                if (await Lock(tx, id) is not { State: "active" } row)
                    return Refusal.VisitOver;
                if (await tx.Scalar<bool>("select exists (select 1 from lease where kind = 'visit' and state = 'active' and site_id = @SiteId and card = @card and id <> @id)", new { row.SiteId, card, id }))
                    return Refusal.CardInUse;
                // As sure as the first one: what the site takes is decided by the site.
                string least = JsonSerializer.Deserialize<GrantedCard[]>(row.Cards, Json.Options)!.Select(c => c.Least).FirstOrDefault() ?? "signed";
                GrantedCard[] cards = [new GrantedCard(card, least)];
                await tx.Execute("update lease set card = @card, cards = @cards::jsonb where id = @id", new { id, card, cards = JsonSerializer.Serialize(cards, Json.Options) });
                await Grants.SetCards(tx, id, row.BankId, cards, now);
                foreach (BankPlace gate in places.Site(row.SiteId)!.Others.Where(b => b.Mode == BankMode.Gate))
                    await GateRoll.Write(tx, gate, [GateRoll.Inside(id, places.Locker(row.LockerId)!, cards, row.PaidFrom)], now);
                tx.Journal(row.Entry(now, JournalKinds.VisitCard, JournalEntry.ByPerson(staff)));
                return new Carded(id, card);
            },
            cancel);
        return decision.Refusal is { } no ? Problems.Of(no) : TypedResults.Ok(decision.Value);
    }

    internal static Task<Guid> SiteOf(Db db, Guid visit, CancellationToken cancel) =>
        db.Read(c => c.ExecuteScalarAsync<Guid>("select site_id from lease where id = @visit and kind = 'visit'", new { visit }), cancel);

    internal static async Task<VisitRow?> Lock(Transaction tx, Guid visit)
    {
        // Locked by a statement of its own: one that waits for the lock sees the payments of before it had to wait, and would take the same money twice.
        await tx.Execute("select 1 from lease where id = @visit for no key update", new { visit });
        return await tx.First<VisitRow>($"{VisitRow.Select} where l.id = @visit and l.kind = 'visit' for no key update of l, k", new { visit });
    }
}
