using System.Text.Json;
using Latchkey.Domain;
using Latchkey.Domain.Leases;
using Latchkey.Link.Messages;
using Latchkey.Server.Devices;
using Latchkey.Server.Features.Accounts;
using Latchkey.Server.Hosting;
using Latchkey.Server.Journal;
using Latchkey.Server.Storage;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Latchkey.Server.Features.Leases;

/// <summary>
/// The holder of a lease says which cards open the locker, at most two; an empty list takes all away. A card that only tells its number can be copied in
/// seconds: it is marked so, and refused where the site does not allow it.
/// </summary>
public static class SetCards
{
    /// <param name="Uid">8 to 20 hexadecimal digits.</param>
    /// <param name="Least">How sure a reader must be of it: <c>uid</c>, <c>signed</c> or <c>mutual</c>.</param>
    public sealed record Card(string Uid, string Least);

    public sealed record Request(IReadOnlyList<Card> Cards);

    private const int Most = 2;

    public static void Map(IEndpointRouteBuilder routes) => routes.MapPut("/leases/{id:guid}/cards", Handle).WithName("SetCards").SignedIn(Scopes.LeasesWrite);

    private static async Task<Results<Ok<CardView[]>, ProblemHttpResult>> Handle(
        Guid id, Request request, HttpContext http, Db db, TimeProvider time, CancellationToken cancel)
    {
        if (new Check()
            .That(request.Cards.Count <= Most, "cards", $"A locker is opened by at most {Most} cards.")
            .That(request.Cards.All(c => CardNumber.IsOne(c?.Uid)), "cards", CardNumber.Is)
            .That(request.Cards.All(c => c?.Least is CardSureness.Uid or CardSureness.Signed or CardSureness.Mutual), "cards", "'least' is uid, signed or mutual.").Problem is { } invalid)
            return invalid;
        GrantedCard[] cards = [.. request.Cards.Select(c => new GrantedCard(c.Uid.ToLowerInvariant(), c.Least)).DistinctBy(c => c.Uid)];
        Guid person = http.Caller().Id;
        Decision<CardView[]> decision = await db.Decide<CardView[]>(
            async tx =>
            {
                DateTimeOffset now = time.GetUtcNow();
                if (await LeaseRow.LockAny(tx, id, person) is not { } row)
                    return Refusal.NotFound("rental");
                if (Rental.MayOpen(row.LeaseState()) is { } refused)
                    return refused;
                // Shared, so that the site's word stands until this commits.
                if (cards.Any(c => c.Least == CardSureness.Uid) && !await tx.Scalar<bool>("select uid_cards from site where id = @SiteId for share", new { row.SiteId }))
                    return Refusal.UidCardsOff;
                if (!await Grants.SetCards(tx, id, row.BankId, cards, now))
                    return Refusal.LeaseNotActive;
                await tx.Execute("update lease set cards = @cards::jsonb where id = @id", new { id, cards = JsonSerializer.Serialize(cards, Json.Options) });
                tx.Journal(row.Entry(now, JournalKinds.CardsSet, JournalEntry.ByPerson(person), JsonSerializer.Serialize(new { cards = request.Cards.Count }, Json.Options)));
                return CardView.Of(cards);
            },
            cancel);
        return decision.Refusal is { } no ? Problems.Of(no) : TypedResults.Ok(decision.Value!);
    }
}

/// <param name="Uid">The last four digits of its number.</param>
/// <param name="Least">How sure a reader must be of it.</param>
/// <param name="Clonable">Whoever has held it for a moment may have a copy.</param>
public sealed record CardView(string Uid, string Least, bool Clonable)
{
    internal static CardView[] Of(IReadOnlyList<GrantedCard> cards) => [.. cards.Select(c => new CardView(c.Uid[^4..], c.Least, c.Least == CardSureness.Uid))];
}
