using System.Text.Json;
using Latchkey.Domain;
using Latchkey.Domain.Lockers;
using Latchkey.Domain.Pricing;
using Latchkey.Server.Features.Places;
using Latchkey.Server.Hosting;
using Latchkey.Server.Journal;
using Latchkey.Server.Storage;

namespace Latchkey.Server.Messages;

/// <summary>Reads the journal and writes what is news to somebody.</summary>
public sealed class MessageWriter(Db db, PlaceBook places, MessageProviders providers, SmsCaps caps, DeliveryBell bell, JournalTail tail, TimeProvider time, ILogger<MessageWriter> log)
    : JournalFollower(db, tail, log, "message_cursor", "messages")
{
    protected override async Task Write(Transaction tx, IReadOnlyList<JournalRead> read)
    {
        DateTimeOffset now = time.GetUtcNow();
        Dictionary<Guid, LeaseTimes> leases = await LeasesOf(tx, read);
        List<(JournalRead Read, Draft Draft)> drafts =
        [
            .. from r in read
               from d in MessageRules.Of(r.Entry, r.Entry.LeaseId is { } id ? leases.GetValueOrDefault(id) : null, places)
               where d.Expires > now && (d.To != Audience.Person || r.Entry.PersonId is not null)
               select (r, d),
        ];
        if (drafts.Count == 0)
            return;
        MessageReaders readers = await MessageReaders.Load(tx.Connection, drafts.Where(d => d.Draft.To == Audience.Person).Select(d => d.Read.Entry.PersonId!.Value), drafts.Any(d => d.Draft.To == Audience.Staff));
        Dictionary<Guid, ReceiverRow> receivers = drafts.Any(d => d.Draft.To == Audience.Receiver)
            ? (await tx.Query<ReceiverRow>("select lease_id, email, phone, language from deposit where lease_id = any(@ids)", new { ids = drafts.Where(d => d.Draft.To == Audience.Receiver).Select(d => d.Read.Entry.LeaseId).ToArray() })).ToDictionary(r => r.LeaseId)
            : [];
        var rows = new List<object>();
        var sms = new List<string>(); // a batch after an outage is long, and none of it is in the table yet
        bool toSend = false;
        foreach ((JournalRead r, Draft draft) in drafts)
        {
            IEnumerable<MessageReader> audience = draft.To switch
            {
                Audience.Person => readers.Person(r.Entry.PersonId!.Value),
                Audience.Staff => readers.StaffOf(r.Entry.SiteId),
                _ => r.Entry.LeaseId is { } deposit && receivers.TryGetValue(deposit, out ReceiverRow? receiver) ? [receiver.Reader] : [],
            };
            foreach (MessageReader reader in audience)
            {
                foreach ((string channel, string? address) in draft.To == Audience.Receiver ? reader.AllWays() : reader.WaysFor(MessageKinds.Of(draft.Kind)))
                {
                    if (!providers.Carries(channel) || (channel == Channels.Sms && await caps.Refuse(tx, address!, now, sms) is not null))
                        continue;
                    if (channel == Channels.Sms)
                        sms.Add(address!);
                    bool due = draft.Due <= now;
                    string? kept = due ? providers.KeptAs(channel) : null;
                    toSend |= due && kept is null;
                    rows.Add(new
                    {
                        id = Guid.CreateVersion7(now), kind = draft.Kind, channel, person_id = draft.To == Audience.Receiver ? (Guid?)null : reader.Id, address, language = reader.Language,
                        zone = r.Entry.SiteId is { } site ? places.Site(site)?.Zone.Id ?? "UTC" : "UTC", words = draft.Words, lease_id = draft.To == Audience.Person ? r.Entry.LeaseId : null,
                        journal_id = r.Cursor.Id, created_at = now, due_at = due ? now : draft.Due, expires_at = draft.Expires,
                        state = kept is null ? "waiting" : "sent", reason = kept, sent_at = kept is null ? (DateTimeOffset?)null : now,
                    });
                }
            }
        }
        await tx.Execute(
            """
            insert into message (id, kind, channel, person_id, address, language, zone, words, lease_id, journal_id, created_at, due_at, expires_at, state, reason, sent_at)
            select id, kind, channel, person_id, address, language, zone, words, lease_id, journal_id, created_at, due_at, expires_at, state, reason, sent_at
            from jsonb_populate_recordset(null::message, @rows::jsonb)
            on conflict do nothing
            """,
            new { rows = JsonSerializer.Serialize(rows) });
        if (toSend)
            tx.AfterCommit(bell.Ring);
    }

    private static async Task<Dictionary<Guid, LeaseTimes>> LeasesOf(Transaction tx, IReadOnlyList<JournalRead> read)
    {
        Guid[] ids = [.. read.Select(r => r.Entry.LeaseId).OfType<Guid>().Distinct()];
        if (ids.Length == 0)
            return [];
        return (await tx.Query<LeaseTimesRow>("""
            select l.id, l.hold_until, l.paid_until, l.hours, p.minor, p.currency, l.tariff::text as tariff, l.size_priced, d.pays as deposit_paid_by from lease l
            left join deposit d on d.lease_id = l.id
            left join lateral (select minor, currency from payment where lease_id = l.id order by id desc limit 1) p on true
            where l.id = any(@ids)
            """, new { ids }))
            .ToDictionary(l => l.Id, l => l.Times());
    }

    private sealed class LeaseTimesRow
    {
        public Guid Id { get; init; }
        public DateTimeOffset HoldUntil { get; init; }
        public DateTimeOffset? PaidUntil { get; init; }
        public int Hours { get; init; }
        public long? Minor { get; init; }
        public string? Currency { get; init; }
        public string? Tariff { get; init; }
        public string? SizePriced { get; init; }
        public string? DepositPaidBy { get; init; }

        public LeaseTimes Times()
        {
            Tariff? tariff = Tariff is null ? null : JsonSerializer.Deserialize<Tariff>(Tariff, Json.Options);
            Rate? rate = tariff is not null && SizePriced is not null ? tariff.Rates.GetValueOrDefault(EnumText.Parse<LockerSize>(SizePriced)) : null;
            return new LeaseTimes(
                HoldUntil, PaidUntil, Hours, Minor is { } minor ? new Money(minor, Currency!) : null,
                tariff is null ? null : PaidUntil?.AddMinutes(tariff.GraceMinutes), rate is null ? null : (tariff!.Amount(rate.OverduePerHour), tariff.Amount(rate.OverdueCap)), DepositPaidBy);
        }
    }

    private sealed class ReceiverRow
    {
        public Guid LeaseId { get; init; }
        public string? Email { get; init; }
        public string? Phone { get; init; }
        public string Language { get; init; } = "";

        public MessageReader Reader => new() { Language = Language, Email = Email, Phone = Phone };
    }
}
