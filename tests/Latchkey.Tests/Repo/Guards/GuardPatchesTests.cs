using Latchkey.Tests.Support;

namespace Latchkey.Tests.Repo.Guards;

/// <summary>The patches of tests/guards fit the sources as they are now; <see cref="GuardCampaign"/> is where they are applied.</summary>
public sealed class GuardPatchesTests
{
    // Expiry, mac, replay, access rule, unique lease and idempotency are what stands between a stranger and a door; the others are their kin.
    private static readonly string[] Required =
        ["expiry", "mac", "replay", "replay-over-restart", "access-publish", "access-subscribe", "ownership", "unique-lease", "idempotency", "order-after-commit"];

    [Fact]
    public void Every_guard_that_a_door_rests_on_has_a_patch() => Required.Except(Guard.All.Select(g => g.Name)).ShouldBeEmpty();

    [Fact]
    public void Every_patch_says_what_is_promised_and_names_tests_that_exist()
    {
        foreach (Guard guard in Guard.All)
        {
            guard.Promise.ShouldEndWith(".", customMessage: guard.Name);
            guard.CaughtBy.ShouldNotBeEmpty(guard.Name);
            guard.StillPasses.ShouldNotBeEmpty(guard.Name);
            guard.Tests.Where(t => t.Project is null).ShouldBeEmpty($"{guard.Name} names a test that is not there.");
            // One program, because those who still pass have to pass in the same run.
            guard.Tests.Select(t => t.Project).Distinct().ShouldHaveSingleItem(guard.Name);
        }
    }

    [Fact]
    public async Task Every_patch_still_applies_to_the_sources()
    {
        string log = Path.GetTempFileName();
        try
        {
            foreach (Guard guard in Guard.All)
            {
                (int? code, string said) = await Tool.Run(Repository.Root, log, "git", "apply", "--unidiff-zero", "--check", guard.Patch);
                code.ShouldBe(0, $"{guard.Name}: the line that is the guard has changed. Write the patch anew (CONTRIBUTING.md). {said}");
            }
        }
        finally
        {
            File.Delete(log);
        }
    }
}

