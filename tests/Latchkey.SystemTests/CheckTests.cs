using Latchkey.SystemTests.Support;
using Latchkey.Tests.Support;

namespace Latchkey.SystemTests;

/// <summary><c>./run check</c> beside a server that is at work, as an operator runs it.</summary>
public sealed class CheckTests
{
    [Fact]
    public async Task A_running_system_is_checked_beside_it_and_all_holds()
    {
        // A system of its own: in the shared one, other tests open doors with orders that the server never gave, and the check says so.
        await using LatchkeyProcess latchkey = await LatchkeyProcess.Start(await DemoData.New());
        VirtualBank bank = await VirtualBank.Find(latchkey, "Concourse, left");
        await bank.BecomesReachable();
        TestPerson asha = await latchkey.GivenCustomer();
        await bank.OpensAndCloses(9);
        await bank.Rent(asha, 10);
        (int code, string said) = await Processes.Run("dotnet", LatchkeyProcess.Program, "check", "--data", bank.System.Data);
        code.ShouldBe(0, said);
        said.ShouldContain("checked, all hold");
        said.ShouldNotContain("BROKEN");
        (code, said) = await Processes.Run("dotnet", LatchkeyProcess.Program, "check", "--json", "--data", bank.System.Data);
        code.ShouldBe(0, said);
        said.Split('\n', StringSplitOptions.RemoveEmptyEntries).ShouldAllBe(line => line.StartsWith("{\"promise\":", StringComparison.Ordinal) && line.Contains("\"ok\":true", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Where_nothing_runs_it_says_so_in_a_sentence_and_with_a_code_of_its_own()
    {
        string empty = LatchkeyProcess.NewData();
        (int code, string said) = await Processes.Run("dotnet", LatchkeyProcess.Program, "check", "--data", empty);
        code.ShouldBe(2, said);
        HostingTests.IsOneSentence(said);
        said.ShouldContain(empty);
    }
}
