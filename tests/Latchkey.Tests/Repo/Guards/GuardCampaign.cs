using System.Diagnostics;
using Latchkey.Tests.Support;

namespace Latchkey.Tests.Repo.Guards;

/// <summary>
/// Switches each guard off once, in a build of its own, and sees whether a test notices. It has no short form: <c>./test --campaign guards</c>.
/// LATCHKEY_GUARD names those to try (mac,expiry) while one is being written.
/// </summary>
public sealed class GuardCampaign
{
    [Fact(Explicit = true), Trait("campaign", "guards")]
    public async Task No_guard_can_be_switched_off_unnoticed()
    {
        long begun = Stopwatch.GetTimestamp();
        string[] wanted = Environment.GetEnvironmentVariable("LATCHKEY_GUARD")?.Split(',') ?? [];
        Guard[] guards = [.. Guard.All.Where(g => wanted.Length == 0 || wanted.Contains(g.Name)).OrderBy(g => g.CaughtBy[0].Project, StringComparer.Ordinal)];
        guards.ShouldNotBeEmpty();
        using GuardBuild build = await GuardBuild.Copy();
        await AllPassAsTheyAre(build, guards);
        var missed = new List<string>();
        foreach (Guard guard in guards)
        {
            long started = Stopwatch.GetTimestamp();
            (bool caught, string how) = await TryWithout(build, guard);
            await Say($"{(caught ? "caught" : "MISSED")} {guard.Name} in {Stopwatch.GetElapsedTime(started).TotalSeconds:0} s: {how}");
            if (!caught)
                missed.Add(guard.Name);
        }
        await Campaign.Report("guards", new
        {
            campaign = "guards", guards = guards.Length, caught = guards.Length - missed.Count, missed, seconds = Math.Round(Stopwatch.GetElapsedTime(begun).TotalSeconds),
        });
        missed.ShouldBeEmpty();
    }

    /// <summary>Otherwise a test that fails anyway would be taken for one that notices.</summary>
    private static async Task AllPassAsTheyAre(GuardBuild build, IReadOnlyList<Guard> guards)
    {
        foreach (IGrouping<string?, NamedTest> project in guards.SelectMany(g => g.Tests).Distinct().GroupBy(t => t.Project))
        {
            await Say($"building {project.Key} as it is ...");
            (await build.Build(project.Key!, restore: true)).ShouldBeNull();
            IReadOnlyList<GuardBuild.Outcome> outcomes = await build.Run([.. project]);
            outcomes.Where(o => !o.Passed).ShouldBeEmpty("With all guards on, every named test passes.");
            project.Where(t => !outcomes.Any(o => o.IsOf(t))).ShouldBeEmpty("Every named test runs.");
            await Say($"{outcomes.Count} cases of {project.Count()} tests pass with all guards on");
        }
    }

    private static async Task<(bool Caught, string How)> TryWithout(GuardBuild build, Guard guard)
    {
        if (await build.Patch(guard) is { } unfit)
            return (false, $"the patch does not apply: {unfit}");
        try
        {
            if (await build.Build(guard.CaughtBy[0].Project!) is { } broken)
                return (false, $"it does not build: {broken}");
            IReadOnlyList<GuardBuild.Outcome> outcomes = await build.Run([.. guard.Tests]);
            if (guard.StillPasses.FirstOrDefault(t => !outcomes.Any(o => o.IsOf(t)) || outcomes.Any(o => o.IsOf(t) && !o.Passed)) is { } fallen)
                return (false, $"more than the guard is broken: {fallen} does not pass");
            NamedTest[] noticed = [.. guard.CaughtBy.Where(t => outcomes.Any(o => o.IsOf(t) && o.Denied))];
            return noticed.Length > 0
                ? (true, string.Join(", ", noticed.AsEnumerable()))
                : (false, $"no named test fails by what it asserts ({string.Join(", ", outcomes.Where(o => !o.Passed).Select(o => $"{o.Method}: {o.Exception}").DefaultIfEmpty("all pass"))})");
        }
        finally
        {
            await build.Restore();
        }
    }

    private static Task Say(string line) => Console.Error.WriteLineAsync(line);
}
