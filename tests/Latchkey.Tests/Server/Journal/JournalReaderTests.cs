using System.Collections.Concurrent;
using Dapper;
using Latchkey.Server.Journal;
using Latchkey.Server.Storage;
using Latchkey.Tests.Support;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;

namespace Latchkey.Tests.Server.Journal;

/// <summary>A reader of the journal never skips an entry that commits late; the naive one does, in the same run.</summary>
public sealed class JournalReaderTests(TestDatabase databases)
{
    private const int Writers = 8;
    private const int PerWriter = 500;

    [Fact]
    public async Task With_eight_writers_that_commit_late_the_reader_and_the_tail_skip_nothing_and_the_naive_reader_does()
    {
        await using NpgsqlDataSource source = NpgsqlDataSource.Create(await databases.Clone() + ";Maximum Pool Size=12");
        var bell = new JournalBell();
        var db = new Db(source, bell);
        using var tail = new JournalTail(() => source, bell, NullLogger<JournalTail>.Instance);
        var handed = new ConcurrentQueue<JournalRead>();
        tail.Read += batch =>
        {
            foreach (JournalRead read in batch)
                handed.Enqueue(read);
        };
        await tail.StartAsync(CancellationToken.None);
        await tail.Started;

        bool writing = true;
        Task<List<long>> careful = Follow(source, () => Volatile.Read(ref writing));
        Task<List<long>> naive = FollowNaively(source, () => Volatile.Read(ref writing));
        await Task.WhenAll(Enumerable.Range(0, Writers).Select(w => Write(db, w)));
        Volatile.Write(ref writing, false);
        List<long> read = await careful;
        List<long> naivelyRead = await naive;

        await using NpgsqlConnection look = await source.OpenConnectionAsync();
        List<long> all = [.. await look.QueryAsync<long>("select id from journal")];
        all.Count.ShouldBeGreaterThanOrEqualTo(Writers * PerWriter);
        read.ShouldBeUnique();
        all.Except(read).ShouldBeEmpty();
        // The race is real: otherwise this test would prove nothing.
        all.Except(naivelyRead).Count().ShouldBeGreaterThan(0);

        await Driving.Until(() => Task.FromResult(handed.Count >= all.Count), "the tail hands everything on");
        handed.Select(r => r.Cursor.Id).ShouldBeUnique();
        handed.Count.ShouldBe(all.Count);
        handed.Zip(handed.Skip(1)).ShouldAllBe(pair => pair.First.Cursor < pair.Second.Cursor);
        await tail.StopAsync(CancellationToken.None);
    }

    private static async Task Write(Db db, int writer)
    {
        var random = new Random(writer);
        for (int written = 0; written < PerWriter;)
        {
            int entries = random.Next(1, 4);
            int held = random.Next(4) == 0 ? random.Next(1, 15) : 0;
            await db.Change(
                async tx =>
                {
                    // Its place in the order is taken early by a number of its own, and the commit comes whenever it comes.
                    await tx.Execute("insert into journal (at, kind, authority) values (now(), 'test', 'server')");
                    for (int i = 1; i < entries; i++)
                        tx.Journal(new JournalEntry(DateTimeOffset.UnixEpoch, "test", JournalEntry.ByServer));
                    if (held > 0)
                        await tx.Execute($"select pg_sleep({held} / 1000.0)");
                    tx.Journal(new JournalEntry(DateTimeOffset.UnixEpoch, "test", JournalEntry.ByServer));
                    return true;
                },
                CancellationToken.None);
            written += entries + 1;
        }
    }

    private static async Task<List<long>> Follow(NpgsqlDataSource source, Func<bool> writing)
    {
        var read = new List<long>();
        JournalCursor cursor = default;
        await using NpgsqlConnection db = await source.OpenConnectionAsync();
        while (true)
        {
            // Asked before the reading: what is safe to read now is in what follows.
            bool last = !writing() && await db.ExecuteScalarAsync<bool>("select coalesce(max(xid) < pg_snapshot_xmin(pg_current_snapshot()), true) from journal");
            IReadOnlyList<JournalRead> batch = await JournalReader.After(db, cursor, CancellationToken.None);
            read.AddRange(batch.Select(b => b.Cursor.Id));
            if (batch.Count > 0)
                cursor = batch[^1].Cursor;
            else if (last)
                return read;
        }
    }

    private static async Task<List<long>> FollowNaively(NpgsqlDataSource source, Func<bool> writing)
    {
        var read = new List<long>();
        long last = 0;
        await using NpgsqlConnection db = await source.OpenConnectionAsync();
        while (true)
        {
            bool more = writing();
            List<long> batch = [.. await db.QueryAsync<long>("select id from journal where id > @last order by id limit 1000", new { last })];
            read.AddRange(batch);
            if (batch.Count > 0)
                last = batch[^1];
            else if (!more)
                return read;
        }
    }

    [Theory]
    [InlineData("5-7", true)]
    [InlineData("18446744073709551615-9223372036854775807", true)]
    [InlineData("5", false)]
    [InlineData("", false)]
    [InlineData("5-7-9", false)]
    [InlineData("a-b", false)]
    [InlineData("-5-7", false)]
    public void A_cursor_is_two_numbers(string text, bool good) => JournalCursor.TryParse(text, out _).ShouldBe(good);

    [Fact]
    public async Task One_that_fails_over_an_entry_takes_nothing_from_the_others_nor_from_itself_later()
    {
        await using NpgsqlDataSource source = NpgsqlDataSource.Create(await databases.Clone());
        var bell = new JournalBell();
        var db = new Db(source, bell);
        using var tail = new JournalTail(() => source, bell, NullLogger<JournalTail>.Instance);
        var handed = new ConcurrentQueue<string>();
        tail.Read += batch => handed.Enqueue(batch.Any(r => r.Entry.Kind == "poison") ? throw new FormatException("A word of a newer program.") : "first");
        tail.Read += _ => handed.Enqueue("second");
        await tail.StartAsync(CancellationToken.None);
        await tail.Started;
        foreach (string kind in (string[])["poison", "plain"])
        {
            await db.Change(
                tx =>
                {
                    tx.Journal(new JournalEntry(DateTimeOffset.UnixEpoch, kind, JournalEntry.ByServer));
                    return Task.FromResult(true);
                },
                CancellationToken.None);
            await Driving.Until(() => Task.FromResult(handed.Count(h => h == "second") == (kind == "poison" ? 1 : 2)), $"the second hears of {kind}");
        }
        handed.ShouldBe(["second", "first", "second"]);
        await tail.StopAsync(CancellationToken.None);
    }
}
