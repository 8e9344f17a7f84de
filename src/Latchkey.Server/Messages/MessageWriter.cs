using System.Text.Json;
using Latchkey.Domain;
using Latchkey.Domain.Lockers;
using Latchkey.Domain.Pricing;
using Latchkey.Server.Features.Places;
using Latchkey.Server.Hosting;
using Latchkey.Server.Journal;
using Latchkey.Server.Storage;

namespace Latchkey.Server.Messages;

/// <summary>
/// Reads the journal and writes what is news to somebody: each entry once, because how far it has read is committed together with what it wrote. One
/// node does it at a time; any other goes on where it stopped.
/// </summary>
public sealed class MessageWriter(Db db, PlaceBook places, MessageProviders providers, SmsCaps caps, DeliveryBell bell, JournalTail tail, TimeProvider time, ILogger<MessageWriter> log)
    : BackgroundService
{
    private static readonly TimeSpan LookEvery = TimeSpan.FromSeconds(1);

    /// <summary>What happens at one door happens in bursts, and nobody waits for its message as for the door.</summary>
    private static readonly TimeSpan Gather = TimeSpan.FromMilliseconds(50);

    /// <summary>After a restore the numbers of transactions are others, and only the entries' own numbers say how far it had read; they are not quite in order.</summary>
    private const int ReadAgain = 1000;

    private readonly Wake _news = new();

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        tail.Read += OnRead;
        string? lastFailure = null;
        try
        {
            while (!stoppingToken.IsCancellationRequested)
            {
                try
                {
                    while (await WriteNext(stoppingToken) == JournalReader.MostPerRead)
                    {
                    }
                    lastFailure = null;
                }
                catch (Exception e) when (!stoppingToken.IsCancellationRequested)
                {
                    if (e.Message != lastFailure)
                        log.LogWarning(e, "Messages cannot be written from the journal now; trying again.");
                    lastFailure = e.Message;
                }
                if (await _news.Wait(LookEvery, stoppingToken))
                    await Task.Delay(Gather, TimeProvider.System, stoppingToken);
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The end of the program; another node, or the next start, goes on here.
        }
        finally
        {
            tail.Read -= OnRead;
        }
    }

    private void OnRead(IReadOnlyList<JournalRead> batch) => _news.Call();

    /// <summary>How many entries it has read.</summary>
    public Task<int> WriteNext(CancellationToken cancel) => db.Change(
        async tx =>
        {
            if (await tx.First<CursorRow>("select xid::text as xid, id from message_cursor for update skip locked") is not { } row)
                return 0; // another node is at it
            var cursor = new JournalCursor(ulong.Parse(row.Xid), row.Id);
            if (await JournalReader.IsAhead(tx.Connection, cursor, cancel))
                cursor = new JournalCursor(1, await tx.Scalar<long>("select greatest(0, least(@Id, coalesce(max(id), 0)) - @ReadAgain) from journal", new { row.Id, ReadAgain }));
            IReadOnlyList<JournalRead> read = await JournalReader.After(tx.Connection, cursor, cancel);
            if (read.Count == 0)
                return 0;
            await Write(tx, read);
            JournalCursor last = read[^1].Cursor;
            await tx.Execute("update message_cursor set xid = @Xid::xid8, id = @Id", new { Xid = last.Xid.ToString(), last.Id });
            return read.Count;
        },
        cancel);

    private async Task Write(Transaction tx, IReadOnlyList<JournalRead> read)
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
                    if (!providers.Carries(channel) || (channel == Channels.Sms && await caps.Refuse(tx, address!, now) is not null))
                        continue;
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

    private sealed class CursorRow
    {
        public string Xid { get; init; } = "";
        public long Id { get; init; }
    }
}
