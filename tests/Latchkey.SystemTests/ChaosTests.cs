using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using Latchkey.Server.Invariants;
using Latchkey.SystemTests.Support;
using Latchkey.Tests.Support;

namespace Latchkey.SystemTests;

/// <summary>
/// Two nodes, a database, a broker and banks, with a proxy on every line between them, and one fault after the other while people rent, lock, leave, collect and come by card. docs/chaos.md
/// says what is broken and what is asked afterwards.
/// </summary>
public sealed class ChaosTests
{
    /// <summary>How soon all is whole again once a fault is over: a whole round of each flow, begun after that, has succeeded.</summary>
    private static readonly TimeSpan WholeWithin = TimeSpan.FromSeconds(10);

    /// <summary>Longer than any fault, with all that a flow may have to wait for afterwards: an order's life, what comes after it, and a device that is missed.</summary>
    private static readonly TimeSpan FlowPatience = TimeSpan.FromSeconds(120);

    /// <summary>People, not a storm: see <see cref="Crowd"/>.</summary>
    private static readonly TimeSpan Thinking = TimeSpan.FromMilliseconds(700);

    /// <summary>A campaign's first fault; those that follow have the numbers that follow.</summary>
    private const int FirstSeed = 20_261_123;

    /// <summary>In the suite: something at each part and on each line, some of it at the same time.</summary>
    private static readonly string[][] Short = [["banks-BlackHole", "database-Reset", "people-SlowClose"], ["database-killed", "broker-killed"], ["banks-disk-full", "node-frozen"]];

    private readonly ConcurrentQueue<string> _violations = new();
    private readonly ConcurrentDictionary<string, int> _faults = new();
    private readonly List<double> _recoveries = [];
    private readonly bool _campaign = Environment.GetEnvironmentVariable("LATCHKEY_CAMPAIGN") == "chaos";
    private string _slowest = "";
    private readonly TaskCompletionSource _finishing = new(TaskCreationOptions.RunContinuationsAsynchronously);

    [Fact, Trait("campaign", "chaos")]
    public async Task Whatever_breaks_each_flow_goes_on_or_says_no_and_all_is_whole_again_within_ten_seconds()
    {
        bool again = int.TryParse(Environment.GetEnvironmentVariable("LATCHKEY_SEED"), out int seed);
        int first = again ? seed : FirstSeed, wanted = _campaign ? Campaign.Count("chaos", again ? 1 : ChaosFault.Kinds.Count) : Short.Length;
        long begun = Stopwatch.GetTimestamp();
        await using ChaosSystem system = await ChaosSystem.Start(first, locks: _campaign ? 12 : 5);
        using var client = new ChaosClient(system);
        var people = new List<ChaosSystem.Person>();
        for (int i = 0; i < 24; i++)
            people.Add(await system.GivenPerson());
        await system.RenewTokens();
        var flows = new ChaosFlows(system, client, people);
        var checks = new ChaosChecks(system);
        // Before anything is broken each flow works, and servers have compiled what it takes.
        await Task.WhenAll(ChaosFlows.All.Select(f => flows.Play(f, FlowPatience)));
        Say($"at work after {Stopwatch.GetElapsedTime(begun).TotalSeconds:0} s");
        Task[] crowd = [.. ChaosFlows.All.Append(ChaosFlows.Rental).Select(f => Task.Run(() => GoOn(flows, f)))];

        for (int i = 0; i < wanted && _violations.IsEmpty; i++)
        {
            ChaosFault[] faults = _campaign ? [ChaosFault.Of(system, first + i, freeze: TimeSpan.FromSeconds(30))] : [.. Short[i].Select(kind => OfKind(system, kind, first))];
            await system.RenewTokens();
            await BreakAndMend(system, flows, client, checks, [.. faults.Where(f => f.IsPossible(system))]);
        }
        _finishing.SetResult();
        await Task.WhenAll(crowd);
        await AtTheEnd(system, client, checks);
        await Campaign.Report("chaos", new
        {
            campaign = "chaos", faults = _faults.Values.Sum(), kinds = _faults.OrderBy(k => k.Key).ToDictionary(), firstSeed = first, flows = flows.Done.Values.Sum(), flowsByKind = flows.Done.OrderBy(k => k.Key).ToDictionary(),
            answers = client.Answers, unanswered = client.Unanswered, noes = client.Noes.OrderBy(k => k.Key).ToDictionary(), recoveryP50 = Math.Round(_recoveries.Order().ElementAtOrDefault(_recoveries.Count / 2), 2),
            slowestRecovery = Math.Round(_recoveries.DefaultIfEmpty().Max(), 2), slowestAfter = _slowest, violations = _violations.Count, seconds = Math.Round(Stopwatch.GetElapsedTime(begun).TotalSeconds, 1),
        });
        _violations.ShouldBeEmpty(string.Join('\n', _violations));
    }

    /// <summary>In the suite a hiccup of each, and a freeze that is longer than people wait for an answer.</summary>
    private static ChaosFault OfKind(ChaosSystem system, string kind, int first)
    {
        int seed = first - (first % ChaosFault.Kinds.Count) + ChaosFault.Kinds.ToList().IndexOf(kind);
        ChaosFault fault = ChaosFault.Of(system, seed, freeze: TimeSpan.FromSeconds(4));
        return kind == "node-frozen" ? fault : fault with { For = TimeSpan.FromMilliseconds(400) };
    }

    private async Task BreakAndMend(ChaosSystem system, ChaosFlows flows, ChaosClient client, ChaosChecks checks, ChaosFault[] faults)
    {
        string fault = string.Join(" and ", faults.Select(f => f.ToString()));
        await Task.WhenAll(faults.Select(f => f.Break()));
        await Eventually.Passes(TimeProvider.System.GetUtcNow() + faults.Select(f => f.For).DefaultIfEmpty().Max());
        await Task.WhenAll(faults.Select(f => f.Mend()));
        long mended = Stopwatch.GetTimestamp();
        foreach (ChaosFault one in faults)
            _faults.AddOrUpdate(one.Kind, 1, (_, n) => n + 1);
        (string Flow, double Seconds)[] whole = await Task.WhenAll(ChaosFlows.All.Select(async flow =>
        {
            await Played(flows, flow, fault);
            return (flow, Stopwatch.GetElapsedTime(mended).TotalSeconds);
        }));
        (string slowest, double seconds) = whole.MaxBy(w => w.Seconds);
        if (seconds > WholeWithin.TotalSeconds)
            Violated(fault, string.Create(CultureInfo.InvariantCulture, $"{slowest} worked again only after {seconds:0.0} s"));
        if (_recoveries.Count == 0 || seconds > _recoveries.Max())
            _slowest = $"{fault}: {slowest}";
        _recoveries.Add(seconds);
        foreach (string late in await checks.LatePulses())
            Violated(fault, late);
        foreach (string wrong in await checks.WrongPulses(settled: false))
            Violated(fault, wrong);
        while (client.Lies.TryDequeue(out string? lie))
            Violated(fault, lie);
        await CheckPromises(system, fault);
        foreach (LatchkeyProcess node in system.Processes.Where(n => !Processes.IsAlive(n.Id)))
            Violated(fault, $"a node has ended:\n{node.Complaints}");
        Say(string.Create(CultureInfo.InvariantCulture, $"{_recoveries.Count} {fault}: whole after {string.Join(", ", whole.Select(w => $"{w.Flow} {w.Seconds:0.0}"))} s"));
    }

    private async Task AtTheEnd(ChaosSystem system, ChaosClient client, ChaosChecks checks)
    {
        // What was under way when the last fault came has an outcome, and every bank has told what it has done.
        IReadOnlyList<string> wrong = [];
        try
        {
            await Eventually.Holds(async () => (wrong = await checks.WrongPulses(settled: true)).Count == 0, TimeSpan.FromSeconds(40), "every order has the outcome that its door shows");
        }
        catch (TimeoutException)
        {
            foreach (string one in wrong)
                _violations.Enqueue($"At the end: {one}");
        }
        foreach (string one in await checks.Money())
            _violations.Enqueue($"At the end: {one}");
        while (client.Lies.TryDequeue(out string? lie))
            _violations.Enqueue($"At the end: {lie}");
        await CheckPromises(system, "the end");
    }

    private async Task CheckPromises(ChaosSystem system, string after)
    {
        var said = new StringWriter();
        if (await CheckCommand.Check(SystemDatabase.ConnectionTo(system.Data) + ";Pooling=false", json: false, said, TimeProvider.System, CancellationToken.None) != 0)
            _violations.Enqueue($"After {after}:\n{string.Join('\n', said.ToString().Split('\n').Where(l => l.StartsWith("BROKEN", StringComparison.Ordinal)))}");
    }

    private async Task GoOn(ChaosFlows flows, string flow)
    {
        while (!_finishing.Task.IsCompleted && _violations.IsEmpty)
        {
            await Played(flows, flow, "the crowd");
            await Task.WhenAny(_finishing.Task, Task.Delay(flow is ChaosFlows.Rental or ChaosFlows.Deposit ? Thinking : Thinking * 8, TimeProvider.System));
        }
    }

    private async Task Played(ChaosFlows flows, string flow, string when)
    {
        try
        {
            await flows.Play(flow, FlowPatience);
        }
        catch (Exception e)
        {
            _violations.Enqueue($"{when}: {flow}: {e.Message}");
        }
    }

    /// <summary>Who waits an hour for a campaign sees how far it is.</summary>
    private void Say(string what)
    {
        if (_campaign)
            Console.Error.WriteLine($"chaos: {what}");
    }

    private void Violated(string fault, string what) => _violations.Enqueue($"After {fault}: {what}");
}
