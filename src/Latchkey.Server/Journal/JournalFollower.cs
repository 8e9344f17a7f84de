using Latchkey.Server.Hosting;
using Latchkey.Server.Storage;

namespace Latchkey.Server.Journal;

/// <summary>
/// A reader of the journal that writes something for what it reads: each entry once, because how far it has read is committed together with what it wrote. One
/// node does it at a time; any other goes on where it stopped.
/// </summary>
/// <param name="cursor">The table with its place, one row.</param>
/// <param name="what">What it writes, as a log says it: "messages".</param>
public abstract class JournalFollower(Db db, JournalTail tail, ILogger log, string cursor, string what) : BackgroundService
{
    private static readonly TimeSpan LookEvery = TimeSpan.FromSeconds(1);

    /// <summary>What happens at one door happens in bursts, and nobody waits for its message as for the door.</summary>
    private static readonly TimeSpan Gather = TimeSpan.FromMilliseconds(50);

    /// <summary>After a restore the numbers of transactions are others, and only the entries' own numbers say how far it had read; they are not quite in order.</summary>
    private const int ReadAgain = 1000;

    /// <summary>What is still not written after ten seconds, though the database is there, will not be written at the eleventh.</summary>
    private const int MostTries = 10;

    /// <summary>Of one lease whose row nobody can read there are some ten entries.</summary>
    private const int MostPassedOver = 20;

    private readonly Wake _news = new();

    /// <summary>Writes what follows from these entries, in the transaction that takes them.</summary>
    protected abstract Task Write(Transaction tx, IReadOnlyList<JournalRead> read);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        tail.Read += OnRead;
        string? lastFailure = null;
        int failures = 0;
        try
        {
            while (!stoppingToken.IsCancellationRequested)
            {
                try
                {
                    if (failures >= MostTries)
                        await WriteOneByOne(stoppingToken);
                    while (await WriteNext(stoppingToken) == JournalReader.MostPerRead)
                    {
                    }
                    (lastFailure, failures) = (null, 0);
                }
                catch (Exception e) when (!stoppingToken.IsCancellationRequested)
                {
                    if (e.Message != lastFailure)
                        log.LogWarning(e, "From the journal no {What} can be written now; trying again.", what);
                    lastFailure = e.Message;
                    failures = Database.IsAway(e) ? 0 : failures + 1;
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
    public Task<int> WriteNext(CancellationToken cancel) => Advance(JournalReader.MostPerRead, Write, cancel);

    /// <summary>
    /// Entry by entry; what cannot be written is named and passed over, or everything behind it would wait for ever. Not without end: where nothing can be written the entries are not what is wrong.
    /// </summary>
    private async Task WriteOneByOne(CancellationToken cancel)
    {
        for (int read = 0, passed = 0; read < JournalReader.MostPerRead && passed < MostPassedOver; read++)
        {
            JournalRead? at = null;
            try
            {
                int one = await Advance(
                    1,
                    (tx, next) =>
                    {
                        at = next[0];
                        return Write(tx, next);
                    },
                    cancel);
                if (one == 0)
                    return;
            }
            catch (Exception e) when (at is not null && !Database.IsAway(e) && !cancel.IsCancellationRequested)
            {
                log.LogError(e, "Of the journal's entry {Position} ({Kind}) no {What} could be written; it is passed over.", at.Cursor, at.Entry.Kind, what);
                passed++;
                await Advance(1, (tx, next) => next[0].Cursor == at.Cursor ? Task.CompletedTask : Write(tx, next), cancel);
            }
        }
    }

    private Task<int> Advance(int most, Func<Transaction, IReadOnlyList<JournalRead>, Task> write, CancellationToken cancel) => db.Change(
        async tx =>
        {
            if (await tx.First<CursorRow>($"select xid::text as xid, id from {cursor} for update skip locked") is not { } row)
                return 0; // another node is at it
            var place = new JournalCursor(ulong.Parse(row.Xid), row.Id);
            if (await JournalReader.IsAhead(tx.Connection, place, cancel))
                place = new JournalCursor(1, await tx.Scalar<long>("select greatest(0, least(@Id, coalesce(max(id), 0)) - @ReadAgain) from journal", new { row.Id, ReadAgain }));
            IReadOnlyList<JournalRead> read = await JournalReader.After(tx.Connection, place, cancel, most);
            if (read.Count == 0)
                return 0;
            await write(tx, read);
            JournalCursor last = read[^1].Cursor;
            await tx.Execute($"update {cursor} set xid = @Xid::xid8, id = @Id", new { Xid = last.Xid.ToString(), last.Id });
            // The disk is not waited for, as a customer at a door waits for it too: what was written and how far was read are lost together, and done again. What the journal says is never lost.
            if (tx.Entries.Count == 0)
                tx.Defer("set local synchronous_commit = off");
            return read.Count;
        },
        cancel);

    private sealed class CursorRow
    {
        public string Xid { get; init; } = "";
        public long Id { get; init; }
    }
}
