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

    private volatile bool _secondIsUp;

    [Fact, Trait("campaign", "kill")]
    public async Task A_node_that_dies_at_any_named_step_loses_doubles_and_hides_nothing()
    {
        int kills = Campaign.Count("kill", 50);
        await nodes.Second.DisposeAsync();
        var crowd = new Crowd(nodes.Data, Either, _ => Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System));
        await crowd.FindBanks(nodes.First);
        var people = new List<TestPerson>();
        for (int i = 0; i < Writers; i++)
            people.Add(await nodes.First.GivenCustomer($"Writer {i}"));
        using var stop = new CancellationTokenSource();
        LiveFollower[] screens = [.. people.Select(p => new LiveFollower(p, Either))];
        Task[] following = [.. screens.Select(s => Task.Run(() => s.Run(stop.Token)))];
        await Task.WhenAll(screens.Select(s => s.Began.Task)).WaitAsync(StepPatience);

        long begun = Stopwatch.GetTimestamp();
        Task[] writers = [.. people.Select((p, i) => Task.Run(() => crowd.Write(p, seed: i)))];
        for (int kill = 0; kill < kills; kill++)
            await KillAt(Steps[kill % Steps.Length], time: 1 + (kill / Steps.Length % 3), writers);
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

    private async Task KillAt(string step, int time, Task[] writers)
    {
        await nodes.StartSecond(new Dictionary<string, string> { [KillPoint.Variable] = $"{step}:{time}" });
        // A journal entry of the people at the other node may have been read before it was ready.
        _secondIsUp = nodes.Second.Address.Length > 0;
        Task<int> died = nodes.Second.End(StepPatience);
        Task first = await Task.WhenAny([died, .. writers]);
        foreach (Task writer in writers.Where(w => w.IsFaulted))
            await writer;
        first.ShouldBe(died, "the people stopped by themselves");
        try
        {
            (await died).ShouldBe(137, $"the node ended otherwise than at \"{step}\": {nodes.Second.Complaints}");
        }
        catch (OperationCanceledException e)
        {
            throw new InvalidOperationException($"The step \"{step}\" was never reached.", e);
        }
        finally
        {
            _secondIsUp = false;
        }
    }

    /// <summary>People do not know which node they talk to; one that is dead is found out by asking it.</summary>
    private LatchkeyProcess Either() => _secondIsUp && Random.Shared.Next(3) > 0 ? nodes.Second : nodes.First;

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
