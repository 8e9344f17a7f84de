using Dapper;
using Latchkey.Link.Messages;
using Latchkey.Server.Features.Visits;
using Latchkey.Tests.Support;
using Npgsql;

namespace Latchkey.Tests.Server.Features.Visits;

/// <summary>TapDesk: a school class at the gate. How fast it goes is measured by the bench; here it must be right.</summary>
public sealed class TapStormTests(TestDatabase databases)
{
    [Fact]
    public async Task Four_hundred_taps_through_two_nodes_each_said_to_both_are_answered_once_none_lost_and_none_doubled()
    {
        string[] half = [.. Enumerable.Repeat("SSSSSS", 33), "SS"];
        await using Pool pool = await Pool.Open(databases, half, half);
        await using LatchkeyApp other = await LatchkeyApp.Start(databases, database: pool.App.Database);
        long at = pool.App.Time.GetUtcNow().ToUnixTimeMilliseconds();
        await Parallel.ForEachAsync(Enumerable.Range(1, 400), new ParallelOptions { MaxDegreeOfParallelism = 16 }, async (n, _) =>
        {
            byte[] tap = Wire.Write(new EventMessage(1, Guid.CreateVersion7(), 1, n, at, EventKinds.Tap, 0, Tap: new TapPart($"04{n:x8}", "uid", "in", at)));
            await Task.WhenAll(pool.App.Deliver(pool.Gate, "event", tap), other.Deliver(pool.Gate, "event", tap));
        });
        (await pool.App.Sql<long>("select count(*) from tap where said = 'begun' and open = 1")).ShouldBe(400);
        (await pool.App.Sql<long>("select count(*) from tap")).ShouldBe(400);
        (await pool.App.Sql<long>("select count(distinct locker_id) from tap t where exists (select 1 from lease l where l.id = t.lease_id and l.locker_id = t.locker_id and l.state = 'active' and l.card = t.card)")).ShouldBe(400);
        // Each bank was told of its own, in one chain without gaps.
        (await pool.App.Sql<long>("select count(*) from device_grant where kind = 'lease'")).ShouldBeInRange(400, 800, "with the gate's list, which follows a moment later");
        (await pool.App.Sql<long>("select count(*) from device d where grants_revision <> (select count(*) from device_grant g where g.device_id = d.id)")).ShouldBe(0);
        (await pool.In("0499999999")).Says.ShouldBe("none-free");
    }

    /// <summary>
    /// A statement is planned once, and at a new site that is while there is next to nothing: every index costs the same then. The one of ends, taken for a card, reads all visits
    /// there have been at each tap.
    /// </summary>
    [Theory]
    [InlineData(VisitRow.IsInside)]
    [InlineData(VisitRow.IsLast)]
    public async Task A_cards_visit_cannot_be_looked_for_among_all_that_have_ended(string sought)
    {
        await using LatchkeyApp app = await LatchkeyApp.Start(databases);
        IEnumerable<string> plan = await app.Db.Read(
            async c =>
            {
                // With every better way taken away.
                await using NpgsqlTransaction undone = await c.BeginTransactionAsync();
                await c.ExecuteAsync("drop index one_visit_per_card; drop index visit_of_card; drop index visit_of_card_end; drop index visit_with_card; set local enable_seqscan = off");
                return await c.QueryAsync<string>($"explain select 1 from lease l where {sought}", new { site = Guid.Empty, Card = "0401020304" });
            },
            CancellationToken.None);
        string.Join('\n', plan).ShouldNotContain("visit_ended");
    }
}
