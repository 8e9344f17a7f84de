using System.Diagnostics;
using Latchkey.Server.Hosting;
using Latchkey.Server.Journal;
using Latchkey.SystemTests.Support;
using Latchkey.Tests.Support;

namespace Latchkey.SystemTests;

/// <summary>
/// One of two nodes dies at a named step, between two things that belong together, again and again while people use both and follow their live
/// feeds: they go on at the other node, and nothing is lost, doubled or shown wrongly.
/// </summary>
public sealed class NodeKillTests(TwoNodes nodes) : IClassFixture<TwoNodes>
{
    private const int Writers = 8;

    /// <summary>Every kind of change that these people cause, before and after its commit, and the places between database, broker and screens.</summary>
    private static readonly string[] Steps =
    [
        .. ((string[])
        [
            JournalKinds.LeaseHeld, JournalKinds.PaymentAuthorised, JournalKinds.LeaseActive, JournalKinds.CommandCreated, JournalKinds.CommandSent,
            JournalKinds.CommandSettled, JournalKinds.DoorOpened, JournalKinds.DoorClosed, JournalKinds.LeaseEnded, JournalKinds.PaymentCaptured, JournalKinds.LeaseCancelled,
        ]).SelectMany(kind => (string[])[KillPoint.Before(kind), KillPoint.After(kind)]),
        KillPoint.OrderSigned, KillPoint.OrderPublished, KillPoint.ReportApplied, KillPoint.JournalRead,
    ];

    /// <summary>How long until the people have brought a node to any step, on a busy machine. Not reaching one is a failure.</summary>
    private static readonly TimeSpan StepPatience = TimeSpan.FromSeconds(90);

    [Fact, Trait("campaign", "kill")]
    public async Task A_node_that_dies_at_any_named_step_loses_doubles_and_hides_nothing()
    {
        int kills = Campaign.Count("kill", 50);
        await nodes.Second.DisposeAsync();
        var crowd = new Crowd(nodes.Data, nodes.Either, _ => nodes.Breathe());
        await crowd.FindBanks(nodes.First);
        var people = new List<TestPerson>();
        for (int i = 0; i < Writers; i++)
            people.Add(await nodes.First.GivenCustomer($"Writer {i}"));
        using var stop = new CancellationTokenSource();
        LiveFollower[] screens = [.. people.Select(p => new LiveFollower(p, nodes.Either))];
        Task[] following = [.. screens.Select(s => Task.Run(() => s.Run(stop.Token)))];
        await Task.WhenAll(screens.Select(s => s.Began.Task)).WaitAsync(StepPatience);

        long begun = Stopwatch.GetTimestamp();
        Task[] writers = [.. people.Select((p, i) => Task.Run(() => crowd.Write(p, seed: i)))];
        for (int kill = 0; kill < kills; kill++)
            await nodes.KillSecondAt(Steps[kill % Steps.Length], time: 1 + (kill / Steps.Length % 3), StepPatience, writers);
        crowd.Finish();
        await Task.WhenAll(writers).WaitAsync(StepPatience);

        await crowd.CheckAll();
        await crowd.CheckWriters(people);
        int wrong = 0, events = 0;
        for (int i = 0; i < Writers; i++)
        {
            string[] expected = await EventsOf(people[i]);
            LiveFollower screen = screens[i];
            await Eventually.Holds(() => screen.Count >= expected.Length, TimeSpan.FromSeconds(10), $"screen {i} has shown all {expected.Length} events ({screen.Count} so far)");
            events += expected.Length;
            wrong += screen.Gaps + (screen.Seen.SequenceEqual(expected) ? 0 : 1);
        }
        await stop.CancelAsync();
        await Task.WhenAll(following);
        await Campaign.Report("kill", new
        {
            campaign = "kill", kills, steps = Steps.Length, acknowledged = crowd.Answers, lost = crowd.Lost, doubled = crowd.Doubled, events, screensWrong = wrong,
            reconnects = screens.Sum(s => s.Connections), seconds = Math.Round(Stopwatch.GetElapsedTime(begun).TotalSeconds, 1),
        });
        crowd.Lost.ShouldBe(0);
        crowd.Doubled.ShouldBe(0);
        wrong.ShouldBe(0);
        await SystemDatabase.ShouldKeepEveryPromise(nodes.Data);
    }

    /// <summary>What a person's screen must have shown, in its order: what the journal holds of them, but for what was late when it came.</summary>
    private async Task<string[]> EventsOf(TestPerson person) =>
    [
        .. await SystemDatabase.Rows<string>(
            nodes.Data,
            """
            select xid::text || '-' || id::text from journal
            where person_id = @Id and not (kind in ('door-opened', 'door-closed', 'door-forced') and data is not null)
              and (lease_id is not null or command_id is not null)
            order by xid, id
            """,
            new { person.Id }),
    ];
}
