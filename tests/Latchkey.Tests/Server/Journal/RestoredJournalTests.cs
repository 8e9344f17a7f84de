using Dapper;
using Latchkey.Server.Journal;
using Latchkey.Server.Storage;
using Latchkey.Tests.Support;
using Npgsql;

namespace Latchkey.Tests.Server.Journal;

/// <summary>A journal that came out of a dump of a cluster which had come further than this one.</summary>
public sealed class RestoredJournalTests(TestDatabase databases)
{
    [Fact]
    public async Task Entries_from_a_dump_keep_their_order_and_come_before_what_is_written_now_also_with_two_nodes_starting()
    {
        await using NpgsqlDataSource source = NpgsqlDataSource.Create(await databases.Clone());
        await using NpgsqlConnection db = await source.OpenConnectionAsync();
        // How rows become objects is settled by the first that reads them, for the whole process: so it has to be by way of Db.
        var reading = new Db(source, new JournalBell());
        await db.ExecuteAsync("insert into journal (xid, at, kind, authority) select ('46116860184273879' || n)::xid8, now(), 'old-' || n, 'server' from generate_series(10, 12) n");
        (await reading.Read(c => JournalReader.After(c, default, CancellationToken.None), CancellationToken.None)).ShouldBeEmpty("this is what is wrong with it");

        int[] renumbered = await Task.WhenAll(RestoredJournal.PutBeforeThePresent(source, CancellationToken.None), RestoredJournal.PutBeforeThePresent(source, CancellationToken.None));
        renumbered.Order().ShouldBe([0, 3]);
        await db.ExecuteAsync("insert into journal (at, kind, authority) values (now(), 'new', 'server')");
        await Driving.Until(
            async () => (await reading.Read(c => JournalReader.After(c, default, CancellationToken.None), CancellationToken.None)).Select(r => r.Entry.Kind).SequenceEqual(["old-10", "old-11", "old-12", "new"]), "the journal is read in its order");
        (await RestoredJournal.PutBeforeThePresent(source, CancellationToken.None)).ShouldBe(0);
    }
}
