using System.Text.Json;
using Dapper;
using Latchkey.Domain;
using Latchkey.Domain.Leases;
using Latchkey.Domain.Places;
using Latchkey.Domain.Pricing;
using Latchkey.Link.Messages;
using Latchkey.Server.Devices;
using Latchkey.Server.Features.Places;
using Latchkey.Server.Hosting;
using Latchkey.Server.Journal;
using Latchkey.Server.Storage;

namespace Latchkey.Server.Features.Visits;

/// <summary>
/// Somebody holds a card to a reader at a gate or at a bank: their visit begins with a locker, goes on, or ends. Each tap is judged once and its answer kept with it, so that the
/// same one again is answered the same and changes nothing; the database settles who gets which locker, and that a card has one visit.
/// </summary>
public sealed class TapDesk(Db db, PlaceBook places, Grants grants, FreeLockers free, TapAnswers answers, TimeProvider time)
{
    /// <summary>False when it is no tap.</summary>
    public async Task<bool> Take(Guid device, BankPlace bank, EventMessage m)
    {
        if (m.Tap is not { Card: { } card } tap || !CardNumber.IsRead(card) || tap.Sure is not (CardSureness.Uid or CardSureness.Signed or CardSureness.Mutual)
            || !EnumText.TryParse(tap.Way, out TapWay way) || bank.Mode != (way is TapWay.In or TapWay.Out ? BankMode.Gate : BankMode.Visit)
            || (tap.Time is { } ms && (ms < 0 || ms > DateTimeOffset.MaxValue.ToUnixTimeMilliseconds())) || places.Site(bank.SiteId) is not { } site)
            return false;
        DateTimeOffset? tapped = tap.Time is { } at ? DateTimeOffset.FromUnixTimeMilliseconds(at) : null;
        var meant = new Tap(device, m.Boot, m.Seq, site, bank, way, card.ToLowerInvariant(), tap.Sure, tapped);
        GrantsBody.Tapped answer = await db.Change(tx => Judge(tx, meant, time.GetUtcNow()), CancellationToken.None);
        answers.Send(device, answer);
        return true;
    }

    private sealed record Tap(Guid Device, long Boot, long Seq, SitePlace Site, BankPlace Bank, TapWay Way, string Card, string Sure, DateTimeOffset? Tapped);

    private sealed record Answer(TapSays Says, Guid? Lease = null, LockerPlace? Locker = null, int? Open = null, Money? Owed = null);

    private async Task<GrantsBody.Tapped> Judge(Transaction tx, Tap tap, DateTimeOffset now)
    {
        var known = await Situation.Of(tx, tap, now);
        if (!known.First)
            return Told(tap, known);
        Answer answer = await Judge(tx, tap, known, now);
        var told = new Situation
        {
            Said = answer.Says.Text(), LeaseId = answer.Lease, LockerId = answer.Locker?.Id, Open = answer.Open, Minor = answer.Owed?.Minor, Currency = answer.Owed?.Currency,
        };
        tx.Defer(
            "update tap set said = $4, lease_id = $5, locker_id = $6, open = $7, minor = $8, currency = $9 where device_id = $1 and boot = $2 and seq = $3",
            tap.Device, tap.Boot, tap.Seq, told.Said, told.LeaseId, told.LockerId, told.Open, told.Minor, told.Currency);
        return Told(tap, told);
    }

    private async Task<Answer> Judge(Transaction tx, Tap tap, Situation known, DateTimeOffset now)
    {
        if (!Visit.IsFresh(tap.Tapped, known.Overtaken, tap.Way, now))
            return new Answer(TapSays.Late);
        // A card that only tells its number is anybody's copy: it counts where the site has said so.
        if (tap.Sure == CardSureness.Uid && !known.UidCards)
            return new Answer(TapSays.NotValid);
        bool leaving = tap.Way is TapWay.Out or TapWay.Finish;
        if (known.Visit is not { } visit)
            return leaving ? WasHere(tap, known, now) : await Begin(tx, tap, now);
        LockerPlace locker = places.Locker(visit.LockerId)!;
        if (!leaving)
            return tap.Way == TapWay.In ? new Answer(TapSays.Known, visit.Id, locker, GateDoors.In) : AtBank(tap, TapSays.Known, visit.Id, locker);
        TapSays says = visit.Visit().AtExit(tap.Tapped!.Value, now, tap.Site.Desk);
        switch (says)
        {
            case TapSays.Ended:
                Money owed = await VisitRow.End(tx, visit, places, JournalEntry.ByDevice(tap.Device), tap.Device, null, now);
                return new Answer(says, visit.Id, locker, tap.Way == TapWay.Out ? GateDoors.Out : null, owed);
            case TapSays.DoorOpen or TapSays.NotEmpty or TapSays.Pay:
                // Once for each time that it is so, not for each tap of an impatient hand.
                if (visit.CalledFor != says.Text() || visit.CalledAt is null)
                {
                    // Whom a gate had let out while it was off line is here again.
                    await tx.Execute("update lease set called_at = @now, called_for = @why, left_at = null where id = @Id", new { visit.Id, now, why = says.Text() });
                    tx.Journal(visit.Entry(now, JournalKinds.VisitCalled, JournalEntry.ByDevice(tap.Device), tap.Device, JsonSerializer.Serialize(new { why = says.Text() }, Json.Options)));
                }
                return new Answer(says, visit.Id, locker, Owed: says == TapSays.Pay ? visit.Visit().Due(now) : null);
            default:
                return new Answer(says, visit.Id, locker);
        }
    }

    /// <summary>Who has ended their visit a moment ago and did not get through the gate in time gets out.</summary>
    private Answer WasHere(Tap tap, Situation known, DateTimeOffset now) =>
        tap.Way == TapWay.Out && known is { EndedId: { } lease, EndedLockerId: { } locker, EndedAt: { } ended } && now - ended <= Visit.WayOut
            ? new Answer(TapSays.Ended, lease, places.Locker(locker), GateDoors.Out)
            : new Answer(TapSays.NoVisit);

    /// <summary>
    /// A gate has let somebody through that it knew. Going out under a visit that still runs, it did so without the server: the visit goes on until staff have looked, and they see when.
    /// </summary>
    public async Task WentThrough(Transaction tx, Guid device, BankPlace gate, ResultMessage m, DateTimeOffset now)
    {
        if (m.Outcome is not (Outcomes.Pulsed or Outcomes.Opened) || m.Authority!.Split(':') is not ["lease", var id, ..] || !Guid.TryParseExact(id, "D", out Guid lease))
            return;
        if (await tx.First<VisitRow>($"{VisitRow.Select} where l.id = @lease and l.kind = 'visit' and l.state = 'active' and l.site_id = @SiteId for no key update of l", new { lease, gate.SiteId }) is not { } row)
            return;
        // Its clock is as good as the server's word was; the future is none.
        DateTimeOffset at = m.At > 0 && m.At < now.ToUnixTimeMilliseconds() ? DateTimeOffset.FromUnixTimeMilliseconds(m.At) : now;
        if (m.Locker == GateDoors.Out && at > row.PaidFrom)
        {
            await tx.Execute("update lease set left_at = @at where id = @lease", new { lease, at });
            tx.Journal(row.Entry(now, JournalKinds.VisitLeft, JournalEntry.ByDevice(device), device));
        }
        else if (m.Locker == GateDoors.In && row.LeftAt is { } left && at > left)
            await tx.Execute("update lease set left_at = null where id = @lease", new { lease });
    }

    private static Answer AtBank(Tap tap, TapSays says, Guid lease, LockerPlace locker) =>
        locker.BankId == tap.Bank.Id ? new Answer(says, lease, locker, locker.Number) : new Answer(TapSays.Elsewhere, lease, locker);

    private async Task<Answer> Begin(Transaction tx, Tap tap, DateTimeOffset now)
    {
        if (!OpeningHours.IsOpen(tap.Site.OpeningHours, tap.Site.Zone, now))
            return new Answer(TapSays.Closed);
        Tariff tariff = tap.Site.TariffAt(now);
        GrantedCard[] cards = [new GrantedCard(tap.Card, tap.Sure)];
        var lease = Guid.CreateVersion7(now);
        // From the bank where somebody stands, then as they hang on the wall.
        IEnumerable<LockerPlace> wanted = tap.Site.LockersForVisits.Where(l => l.InService && tariff.Rates.ContainsKey(l.Size));
        if (tap.Way == TapWay.Bank)
            wanted = wanted.OrderBy(l => l.BankId != tap.Bank.Id);
        var wish = new VisitClaim.Wish(
            lease, tap.Site.Id, [.. wanted.Select(l => l.Id)], JsonSerializer.Serialize(tariff, Json.Options), tap.Tapped ?? now, tap.Card, JsonSerializer.Serialize(cards, Json.Options), now);
        if (await VisitClaim.Begin(tx, free, wish) is not { } won)
            return new Answer(TapSays.NoneFree);
        LockerPlace locker = places.Locker(won.Locker)!;
        if (!won.Introduced)
            await grants.Introduce(tx, locker.BankId, now);
        Grants.BeginLate(tx, lease, locker, won.Generation, cards, now);
        tx.Journal(new JournalEntry(now, JournalKinds.VisitBegun, JournalEntry.ByDevice(tap.Device), null, tap.Site.Id, locker.BankId, locker.Id, lease, tap.Device));
        return tap.Way == TapWay.In ? new Answer(TapSays.Begun, lease, locker, GateDoors.In) : AtBank(tap, TapSays.Begun, lease, locker);
    }

    private GrantsBody.Tapped Told(Tap tap, Situation said) => new(
        tap.Boot, tap.Seq, said.Said, said.LockerId is { } locker ? places.Locker(locker)?.Label : null, said.Open, said.Open is null ? null : said.LeaseId,
        said.Minor is > 0 and { } minor ? Currencies.Text(new Money(minor, said.Currency!)) : null);

    /// <summary>What is known when a card is held to a reader, and the answer where this very tap was judged before.</summary>
    private sealed class Situation
    {
        public static async Task<Situation> Of(Transaction tx, Tap tap, DateTimeOffset now)
        {
            await using SqlMapper.GridReader rows = await tx.Several(
                $"""
                {VisitRow.LockCard};
                with mine as (
                  insert into tap (device_id, boot, seq, site_id, bank_id, way, card, said, tapped_at, at)
                  values (@Device, @Boot, @Seq, @site, @bank, @way, @Card, 'late', @tapped, @now) on conflict do nothing returning 1)
                select exists (select 1 from mine) as first, t.said, t.lease_id, t.locker_id, t.open, t.minor, t.currency, s.uid_cards,
                  exists (select 1 from tap o where o.site_id = @site and o.card = @Card and o.at > @now - interval '1 hour' and o.device_id = @Device and (o.boot, o.seq) > (@Boot, @Seq)) as overtaken,
                  e.id as ended_id, e.locker_id as ended_locker_id, e.ended_at
                from site s
                  left join tap t on t.device_id = @Device and t.boot = @Boot and t.seq = @Seq
                  left join lateral (select l.id, l.locker_id, l.ended_at from lease l where {VisitRow.IsLast}) e on true
                where s.id = @site;
                -- A statement of its own: one that waits for the lock does not see the order, or the payment, that came while it waited.
                select 1 from lease l where {VisitRow.IsInside} for no key update;
                {VisitRow.Select} where {VisitRow.IsInside} for no key update of l, k
                """,
                new { tap.Device, tap.Boot, tap.Seq, site = tap.Site.Id, bank = tap.Bank.Id, way = tap.Way.Text(), tap.Card, tapped = tap.Tapped ?? now, now });
            await rows.ReadAsync<long>();
            Situation known = await rows.ReadSingleAsync<Situation>();
            await rows.ReadAsync<int>();
            known.Visit = await rows.ReadFirstOrDefaultAsync<VisitRow>();
            return known;
        }

        public bool First { get; init; }
        public string Said { get; init; } = "late";
        public Guid? LeaseId { get; init; }
        public Guid? LockerId { get; init; }
        public int? Open { get; init; }
        public long? Minor { get; init; }
        public string? Currency { get; init; }
        public bool UidCards { get; init; }
        public bool Overtaken { get; init; }
        public Guid? EndedId { get; init; }
        public Guid? EndedLockerId { get; init; }
        public DateTimeOffset? EndedAt { get; init; }
        public VisitRow? Visit { get; private set; }
    }
}
