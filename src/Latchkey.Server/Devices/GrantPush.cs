using System.Text;
using System.Threading.Channels;
using Dapper;
using Latchkey.Link.Messages;
using Latchkey.Link.Mqtt;
using Latchkey.Server.Features.Leases;
using Latchkey.Server.Features.Places;
using Latchkey.Server.Hosting;
using Latchkey.Server.Journal;
using Latchkey.Server.Storage;

namespace Latchkey.Server.Devices;

/// <summary>
/// Sends banks the changes of their grants, and hears how far they are. A bank that says in its state that it holds less than there is gets what is
/// next, over any number of connections and nodes: nothing here has to be remembered.
/// </summary>
public sealed class GrantPush : BackgroundService
{
    /// <summary>As many as a bank takes before its disk has answered.</summary>
    private const int AtOnce = 16;

    /// <summary>Long enough for a slow link; whatever is lost is sent again with one of the next states.</summary>
    private static readonly TimeSpan Lives = TimeSpan.FromSeconds(10);

    /// <summary>A bank that is there has stored sixteen changes by then.</summary>
    private static readonly TimeSpan SaidAgainAfter = TimeSpan.FromSeconds(2);

    private static readonly TimeSpan ForgetEvery = TimeSpan.FromHours(1);

    private static readonly TimeSpan Kept = TimeSpan.FromDays(7);

    /// <summary>At once, so that the transaction stays short; a bank of 60 with a lease each hour writes 3,000 a day.</summary>
    private const int MostForgotten = 20_000;

    private readonly Db _db;
    private readonly DeviceLink _link;
    private readonly DeviceKeys _keys;
    private readonly Grants _grants;
    private readonly PlaceBook _places;
    private readonly TimeProvider _time;
    private readonly ILogger<GrantPush> _log;
    private readonly GrantNews _news;
    private readonly Dictionary<Guid, Sent> _sent = []; // by the one loop that sends
    private readonly Channel<GrantNews.Word> _send = Channel.CreateBounded<GrantNews.Word>(
        new BoundedChannelOptions(GrantNews.MostWaiting) { SingleReader = true });

    public GrantPush(Db db, DeviceLink link, DeviceKeys keys, Grants grants, GrantNews news, PlaceBook places, JournalTail tail, TimeProvider time, ILogger<GrantPush> log)
    {
        _news = news;
        (_db, _link, _keys, _grants, _places, _time, _log) = (db, link, keys, grants, places, time, log);
        tail.Read += OnJournal;
        link.Connected += news.Everybody;
    }

    private void OnJournal(IReadOnlyList<JournalRead> batch)
    {
        foreach (JournalEntry entry in batch.Select(r => r.Entry))
        {
            if (entry.Kind is JournalKinds.LeaseActive or JournalKinds.LeaseLeft or JournalKinds.LeaseMoved or JournalKinds.LeaseEnded or JournalKinds.PinSet or JournalKinds.CardsSet or JournalKinds.ShareMade or JournalKinds.ShareTold or JournalKinds.ShareEnded or JournalKinds.DepositCodeUsedUp
                    or JournalKinds.SitePolicy or JournalKinds.PlaceChanged or JournalKinds.LockerIn or JournalKinds.LockerOut or JournalKinds.VisitBegun or JournalKinds.VisitEnded or JournalKinds.VisitCard or JournalKinds.VisitRoll or JournalKinds.KeypadHeld or JournalKinds.KeypadTaken or JournalKinds.KeypadEnded && entry.BankId is { } bank && _places.Bank(bank) is { } known)
                _news.Send(known.DeviceId);
        }
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            await Task.WhenAll(
                Each(_news.Words, Hear, stoppingToken), Each(_send.Reader, Send, stoppingToken), Periodic.Run(ForgetEvery, _time, _log, "clearing of old grants", Forget, stoppingToken));
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The end of the program; the banks' next states bring everything up again.
        }
    }

    private async Task Each(ChannelReader<GrantNews.Word> words, Func<GrantNews.Word, CancellationToken, Task> take, CancellationToken cancel)
    {
        await foreach (GrantNews.Word word in words.ReadAllAsync(cancel))
        {
            try
            {
                await take(word, cancel);
            }
            catch (Exception e) when (!cancel.IsCancellationRequested)
            {
                _log.LogWarning("The grants of device {Device} wait for its next state ({Reason}).", word.Device, e.Message);
            }
        }
    }

    /// <summary>Writing down what a bank holds never waits for the broker.</summary>
    private async Task Hear(GrantNews.Word word, CancellationToken cancel)
    {
        if (word is GrantNews.Word.Heard heard)
            await Note(heard, cancel);
        if (!_send.Writer.TryWrite(word))
            _news.Sending(word.Device);
    }

    private async Task Send(GrantNews.Word word, CancellationToken cancel)
    {
        _news.Sending(word.Device);
        // Without a broker there is no bank either. Once there is one again everybody is looked at.
        if (!_link.IsConnected)
            return;
        if (word is GrantNews.Word.Everybody)
        {
            foreach (Guid waiting in await Waiting(cancel))
                await SendNext(waiting, again: true, cancel);
            return;
        }
        if (word is GrantNews.Word.Greet greet)
            await Publish(greet.Device, 0, 0, new GrantsBody.Now(_time.GetUtcNow().ToUnixTimeSeconds(), greet.Boot, greet.Link), cancel);
        await SendNext(word.Device, word is not GrantNews.Word.Send, cancel);
    }

    /// <summary>Writes down how far a bank is; the holders of leases that it knows from now on may hear of it.</summary>
    private async Task Note(GrantNews.Word.Heard heard, CancellationToken cancel)
    {
        (Guid device, long held) = (heard.Device, heard.Held);
        if (await _db.Read(c => c.ExecuteScalarAsync<long>("select grants_held from device where id = @device", new { device }), cancel) == held || _places.BankOfDevice(device) is not { } bank)
            return;
        await _db.Change(
            async tx =>
            {
                DateTimeOffset now = _time.GetUtcNow();
                (long before, long revision, long boot, long seq) = await tx.First<(long, long, long, long)>(
                    "select grants_held, grants_revision, grants_boot, grants_seq from device where id = @device for no key update", new { device });
                // Another node has heard a later state of this bank and was faster with it: this one is no loss of what it held.
                if ((heard.Boot, heard.Seq).CompareTo((boot, seq)) <= 0)
                    return false;
                await tx.Execute("update device set grants_held = @held, grants_boot = @Boot, grants_seq = @Seq where id = @device", new { device, held, heard.Boot, heard.Seq });
                if (before == held)
                    return true;
                // It holds what this database has never said, or has lost what it held: from the beginning.
                if (held > revision || held < before)
                {
                    _log.LogWarning("Device {Device} holds revision {Held} of its grants; {Before} of {Revision} were known. All are said anew.", device, held, before, revision);
                    await _grants.Again(tx, device, bank.Id, now);
                }
                foreach (ReadyRow ready in await tx.Query<ReadyRow>(
                    """
                    select l.id, l.person_id, l.locker_id from lease l
                    where l.bank_id = @Id and l.state in ('active', 'overdue')
                      and (select max(revision) from device_grant g where g.device_id = @device and g.lease_id = l.id and g.share_id is null) between @before + 1 and @held
                    """,
                    new { bank.Id, device, before, held }))
                    tx.Journal(new JournalEntry(now, JournalKinds.GrantHeld, JournalEntry.ByDevice(device), ready.PersonId, bank.SiteId, bank.Id, ready.LockerId, ready.Id, device));
                return true;
            },
            cancel);
    }

    /// <summary>Who is there as far as anybody knows, and has not got everything. Others say how far they are when they come.</summary>
    private Task<IEnumerable<Guid>> Waiting(CancellationToken cancel) => _db.Read(
        c => c.QueryAsync<Guid>("select id from device where online and revoked_at is null and grants_held < grants_revision limit @MostWaiting", new { GrantNews.MostWaiting }), cancel);

    /// <param name="again">The device has just said how far it is: what it has not got is said again.</param>
    private async Task SendNext(Guid device, bool again, CancellationToken cancel)
    {
        long now = _time.GetTimestamp();
        Sent? sent = _sent.GetValueOrDefault(device);
        bool lately = !again && sent is not null && _time.GetElapsedTime(sent.At, now) < SaidAgainAfter;
        // By two looks for the device and not by a join: so the next few are read off the index, however many wait for a bank that is away.
        List<GrantRow> next =
        [
            .. await _db.Read(
                c => c.QueryAsync<GrantRow>(
                    """
                    select g.revision, g.body, (select grants_held from device where id = @device) as held from device_grant g
                    where g.device_id = @device and g.revision > (select grants_held from device where id = @device and revoked_at is null) order by g.revision limit @AtOnce
                    """,
                    new { device, AtOnce }),
                cancel),
        ];
        if (next is not [var first, ..])
        {
            _sent.Remove(device);
            return;
        }
        // Everything before a reset would be forgotten at once.
        long after = first.Held;
        foreach (GrantRow row in next)
        {
            // On its way, and the bank's disk has not answered yet: a crowd's hundred words are not a hundred times the same sixteen.
            if (!(lately && sent!.Held == first.Held && row.Revision <= sent.Last) && GrantsBody.Read(Encoding.UTF8.GetBytes(row.Body)) is { } body
                && !await Publish(device, after, row.Revision, body, cancel))
            {
                _sent.Remove(device);
                return;
            }
            after = row.Revision;
        }
        if (!lately || sent!.Held != first.Held || after > sent.Last)
            _sent[device] = new Sent(first.Held, after, now);
    }

    /// <summary>What was sent last to a device that held so much.</summary>
    private sealed record Sent(long Held, long Last, long At);

    private async Task<bool> Publish(Guid device, long after, long revision, GrantsBody body, CancellationToken cancel)
    {
        CommandKey key = await _keys.Of(device, cancel);
        PublishResult result = await _link.Publish(Topics.Grants(device), Wire.Write(key.Sign(Guid.CreateVersion7(_time.GetUtcNow()), after, revision, body)), Lives, cancel);
        return result.Status == PublishStatus.Acknowledged;
    }

    /// <summary>
    /// What a bank holds of leases that are over, and who it was before, is of no more use: a bank that has lost something is told everything anew, from a reset on. Newer
    /// ones stay for whoever looks into what a bank was told.
    /// </summary>
    public Task<int> Forget(CancellationToken cancel) => _db.Change(
        tx => tx.Execute(
            $"""
            delete from device_grant where (device_id, revision) in (
              select g.device_id, g.revision from device_grant g join device d on d.id = g.device_id left join lease l on l.id = g.lease_id
              where g.created_at < @before and g.revision <= d.grants_held and (l.id is null or l.state not in {LeaseRow.Live})
                and not (g.kind = 'bank' and g.revision = (select max(b.revision) from device_grant b where b.device_id = g.device_id and b.kind = 'bank'))
              limit @MostForgotten)
            """,
            new { before = _time.GetUtcNow() - Kept, MostForgotten }),
        cancel);

    private sealed class GrantRow
    {
        public long Revision { get; init; }
        public string Body { get; init; } = "";
        public long Held { get; init; }
    }

    private sealed class ReadyRow
    {
        public Guid Id { get; init; }
        public Guid? PersonId { get; init; }
        public Guid LockerId { get; init; }
    }
}
