using Latchkey.Server.Journal;
using Latchkey.Server.Storage;
using Latchkey.Tests.Support;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;

namespace Latchkey.Tests.Server.Journal;

/// <summary>A look at the journal that goes with a commit: it sees what was committed, and nothing is lost where it fails or comes too late.</summary>
public sealed class JournalLookTests(TestDatabase databases)
{
    private static JournalEntry Entry(string kind) => new(DateTimeOffset.UnixEpoch, kind, JournalEntry.ByServer, DeviceId: Guid.CreateVersion7(), Data: "{\"a\": 1}");

    private static async Task<JournalCursor> Commit(NpgsqlDataSource source, JournalEntry entry, JournalLook look, string? last = null)
    {
        await using NpgsqlConnection connection = await source.OpenConnectionAsync();
        await using NpgsqlTransaction inner = await connection.BeginTransactionAsync();
        var transaction = new Transaction(connection, inner);
        transaction.Journal(entry);
        if (last is not null)
            transaction.DeferToLast(last);
        return await transaction.Commit(look);
    }

    [Fact]
    public async Task It_sees_what_its_own_commit_has_written()
    {
        await using NpgsqlDataSource source = NpgsqlDataSource.Create(await databases.Clone());
        JournalCursor place = await Here(source);
        await Driving.Until(
            async () =>
            {
                JournalEntry entry = Entry("seen");
                using var look = new JournalLook(place, () => { });
                JournalCursor last = await Commit(source, entry, look);
                // Another test's transaction may be older and still running: then it does not see this one yet.
                if (look.Found.Count == 0 || look.Found[^1].Cursor != last)
                    return false;
                look.Found[^1].Entry.ShouldBe(entry);
                return true;
            },
            "nothing older runs");
    }

    [Fact]
    public async Task One_that_fails_takes_nothing_from_the_commit()
    {
        await using NpgsqlDataSource source = NpgsqlDataSource.Create(await databases.Clone());
        using var look = new JournalLook(await Here(source), () => { });
        look.Statement.CommandText = "select 1 / (case when $1 is null and $2 = 0 then $3 else 0 end)";
        JournalCursor last = await Commit(source, Entry("kept"), look);
        look.Found.ShouldBeEmpty();
        await using NpgsqlCommand count = source.CreateCommand($"select count(*) from journal where id = {last.Id} and kind = 'kept'");
        (await count.ExecuteScalarAsync()).ShouldBe(1L);
    }

    [Fact]
    public async Task Behind_a_transaction_that_fails_it_hides_nothing()
    {
        await using NpgsqlDataSource source = NpgsqlDataSource.Create(await databases.Clone());
        using var look = new JournalLook(await Here(source), () => { });
        await Should.ThrowAsync<PostgresException>(() => Commit(source, Entry("lost"), look, last: "delete from journal where 1 / (id - id) = 1"));
        await using NpgsqlCommand count = source.CreateCommand("select count(*) from journal where kind = 'lost'");
        (await count.ExecuteScalarAsync()).ShouldBe(0L);
    }

    [Fact]
    public async Task There_is_one_at_a_time_and_none_while_the_tail_is_behind()
    {
        await using NpgsqlDataSource source = NpgsqlDataSource.Create(await databases.Clone());
        var bell = new JournalBell();
        using var tail = new JournalTail(() => source, bell, NullLogger<JournalTail>.Instance);
        tail.Look().ShouldBeNull("it has not begun");
        await tail.StartAsync(CancellationToken.None);
        await tail.Started;
        using (JournalLook? first = tail.Look())
        {
            first!.From.ShouldBe(tail.Position);
            tail.Look().ShouldBeNull("one is on its way");
        }
        tail.Look().ShouldNotBeNull().Dispose();
        // Something was committed that it cannot have read, for it is not there.
        tail.Committed(new JournalCursor(ulong.MaxValue, 1), null);
        tail.Look().ShouldBeNull("the tail itself has to read");
        await tail.StopAsync(CancellationToken.None);
    }

    [Fact]
    public async Task What_was_read_meanwhile_is_not_handed_on_twice()
    {
        await using NpgsqlDataSource source = NpgsqlDataSource.Create(await databases.Clone());
        var bell = new JournalBell();
        using var tail = new JournalTail(() => source, bell, NullLogger<JournalTail>.Instance);
        var handed = new List<string>();
        tail.Read += batch => handed.AddRange(batch.Select(r => r.Entry.Kind));
        await tail.StartAsync(CancellationToken.None);
        await tail.Started;
        using JournalLook late = tail.Look()!;
        var db = new Db(source, bell);
        await db.Change(
            tx =>
            {
                tx.Journal(Entry("once"));
                return Task.FromResult(true);
            },
            CancellationToken.None);
        await Driving.Until(() => Task.FromResult(tail.Position != late.From), "the tail has read by itself");
        late.Found = [new JournalRead(new JournalCursor(late.From.Xid + 1, 1), Entry("twice"))];
        tail.Committed(tail.Position, late);
        handed.ShouldBe(["once"]);
        await tail.StopAsync(CancellationToken.None);
    }

    private static async Task<JournalCursor> Here(NpgsqlDataSource source)
    {
        await using NpgsqlConnection db = await source.OpenConnectionAsync();
        return await JournalReader.End(db, CancellationToken.None);
    }
}
