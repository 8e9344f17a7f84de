using System.Diagnostics;
using Latchkey.Tests.Support;

namespace Latchkey.Tests.Simulation;

/// <summary>
/// Days of twenty banks and two hundred people, each made of one number: see docs/simulation.md. <c>./test --campaign simulation --n 20000</c> for longer;
/// <c>--seed N</c> plays one of them again, and with <c>--n</c> so many from there on.
/// </summary>
public sealed class SimulationTests
{
    /// <summary>What must have gone wrong on some day, or nothing was shown by its having gone well.</summary>
    private static readonly string[] Faults =
    [
        "dropped", "duplicated", "reordered", "delayed", "delayed for hours", "partition", "connection broke", "broker restarted", "power cut", "power cut in a write", "power cut that lost a write",
        "clock of a bank jumped", "disk was slow", "clock set back while the disk was slow", "clock of the server jumped", "server fell", "server fell before a commit", "server fell after a commit", "replayed by a stranger", "forged by a stranger",
        "retained by a stranger", "everything ordered was replayed", "request was lost", "request came twice", "answer was lost", "provider was away", "provider's answer was lost",
        "provider answered twice", "webhook never came", "webhook was late", "webhook came twice", "slow payment", "door forced",
    ];

    /// <summary>And what people must have done.</summary>
    private static readonly string[] Flows =
    [
        "leases", "finished", "cancelled", "hold expired", "too late to pay", "declined", "overdue", "late money found another locker", "late money went back", "order to capture", "order to void",
        "order to refund", "order to close", "orders", "order to a bank that is away", "answered again", "PINs", "PIN typed", "PIN typed off line", "wrong PIN", "old PIN typed", "uses at the bank",
        "stood before a shut door", "opening of another's locker refused", "finish refused, door-open", "door-opened", "door-closed", "door-forced", "door-left-open", "door-never-closed", "credential-refused",
    ];

    [Fact, Trait("campaign", "simulation")]
    public async Task Two_hundred_seeds_of_a_day_keep_every_promise()
    {
        int days = Campaign.Count("simulation", 200), first = 1;
        if (int.TryParse(Environment.GetEnvironmentVariable("LATCHKEY_SEED"), out int seed))
            (days, first) = (Campaign.Count("simulation", 1), seed);
        long begun = Stopwatch.GetTimestamp(), events = 0, pulses = 0, uses = 0;
        var happened = new SortedDictionary<string, long>(StringComparer.Ordinal);
        var failed = new List<string>();
        for (int day = first; day < first + days && failed.Count < 10; day++)
        {
            try
            {
                DayResult result = SimulatedDay.Run(day);
                (events, pulses, uses) = (events + result.Events, pulses + result.Pulses, uses + result.Uses);
                foreach ((string what, long times) in result.Happened)
                    happened[what] = happened.GetValueOrDefault(what) + times;
            }
            catch (FailedDayException e)
            {
                failed.Add(e.Message);
            }
        }
        double seconds = Stopwatch.GetElapsedTime(begun).TotalSeconds;
        await Campaign.Report("simulation", new
        {
            seeds = days, first, failed = failed.Select(f => f.Split('\n')[0]), events, pulses, usesAtTheBank = uses, leases = happened.GetValueOrDefault("leases"), seconds = Math.Round(seconds, 1),
            faults = Faults.ToDictionary(f => f, f => happened.GetValueOrDefault(f)),
        });
        if (failed.Count > 0)
            Assert.Fail(string.Join("\n\n", failed));
        // One day need not have everything.
        if (days >= 200)
            Faults.Concat(Flows).Where(w => happened.GetValueOrDefault(w) == 0).ShouldBeEmpty("It never happened, so nothing was shown.");
        pulses.ShouldBeGreaterThan(days * 100L);
    }

    /// <summary>Promises that nothing could break would be worth nothing. What the controller itself must do is switched off by patches in tests/guards.</summary>
    [Theory]
    [InlineData(nameof(Sabotage.FlushesNothing), "bank")]
    [InlineData(nameof(Sabotage.SkipsAGrant), "of its grants and takes")]
    [InlineData(nameof(Sabotage.AppliesReportsTwice), "is applied twice")]
    [InlineData(nameof(Sabotage.OrdersForAnybody), "is given for a lease that is")]
    [InlineData(nameof(Sabotage.CallsSentOpened), "is shown as opened, and no door has moved")]
    [InlineData(nameof(Sabotage.GivesTakenLockers), "has two live leases")]
    [InlineData(nameof(Sabotage.ForgetsKeys), "has its effect twice")]
    [InlineData(nameof(Sabotage.EntersAnswersTwice), "than it owes")]
    [InlineData(nameof(Sabotage.KeepsLateMoney), "hangs")]
    public void A_part_that_does_wrong_is_noticed_and_its_seed_is_named(string what, string said)
    {
        var messages = new List<string>();
        for (int seed = 1; seed <= 20 && messages.Count == 0; seed++)
        {
            try
            {
                SimulatedDay.Run(seed, Enum.Parse<Sabotage>(what));
            }
            catch (FailedDayException e)
            {
                messages.Add(e.Message);
            }
        }
        string message = messages.ShouldHaveSingleItem();
        message.ShouldMatch(@"^seed \d+ failed at step \d+, virtual time [\d.:]+: ");
        message.Split('\n')[0].ShouldContain(said);
        message.ShouldContain("./test --campaign simulation --seed ");
    }

    [Fact]
    public void The_same_seed_is_the_same_day_and_another_one_is_not()
    {
        DayResult first = SimulatedDay.Run(7), again = SimulatedDay.Run(7), other = SimulatedDay.Run(8);
        (again.Hash, again.Events, again.Pulses).ShouldBe((first.Hash, first.Events, first.Pulses));
        again.Happened.ShouldBe(first.Happened);
        other.Hash.ShouldNotBe(first.Hash);
    }
}
