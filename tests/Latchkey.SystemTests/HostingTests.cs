using System.Diagnostics;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Latchkey.SystemTests.Support;
using Latchkey.Tests.Support;

namespace Latchkey.SystemTests;

/// <summary>The program starts, stops and starts again, and takes everything that it started with it.</summary>
public sealed partial class HostingTests(TestDatabase other)
{
    private static readonly string[] Parts = ["Latchkey.Server.dll", "bin/postgres", "mosquitto -c", "Latchkey.Simulator.dll"];

    [GeneratedRegex(@"demo account\s+(?<email>\S+)\s+password (?<password>\S+)", RegexOptions.None, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Account { get; }

    [GeneratedRegex("--[a-z][a-z-]+", RegexOptions.None, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Option { get; }

    [Fact]
    public async Task A_signal_stops_all_that_was_started_and_only_that_and_a_second_start_is_quick_and_quiet()
    {
        string data = LatchkeyProcess.NewData();
        await using LatchkeyProcess first = await LatchkeyProcess.Start(data);
        MatchCollection accounts = await Accounts(first);
        IReadOnlyList<int> all = Running(data);
        (int code, TimeSpan took) = await first.Stop("TERM");
        code.ShouldBe(0, first.Said);
        took.ShouldBeLessThan(TimeSpan.FromSeconds(10));
        all.Where(Processes.IsAlive).ShouldBeEmpty();
        await other.Empty(); // somebody else's PostgreSQL still answers

        long begun = Stopwatch.GetTimestamp();
        await using LatchkeyProcess second = await LatchkeyProcess.Start(data);
        Stopwatch.GetElapsedTime(begun).ShouldBeLessThan(TimeSpan.FromSeconds(10) * Crowded());
        (await (await VirtualBank.Find(second, "Hall A, bank 1")).Hardware())["connected"]!.GetValue<bool>().ShouldBeTrue("ready means that the banks are there");
        Account.Matches(second.Said).ShouldBeEmpty();
        (await LogIn(second, accounts[0])).ShouldBe(200);
        all = Running(data);
        (code, took) = await second.Stop("INT");
        code.ShouldBe(0, second.Said);
        took.ShouldBeLessThan(TimeSpan.FromSeconds(10));
        all.Where(Processes.IsAlive).ShouldBeEmpty();

        await using LatchkeyProcess third = await LatchkeyProcess.Start(data, ["--new-demo-passwords"]);
        MatchCollection renewed = await Accounts(third);
        (await LogIn(third, renewed[0])).ShouldBe(200);
        (await LogIn(third, accounts[0])).ShouldBe(401);
    }

    /// <summary>All four are said after the line that it is ready, and are read a moment later.</summary>
    private static async Task<MatchCollection> Accounts(LatchkeyProcess started)
    {
        await Eventually.Holds(() => Account.Count(started.Said) == 4, TimeSpan.FromSeconds(30), "the demo's accounts are said");
        return Account.Matches(started.Said);
    }

    [Fact]
    public async Task After_kill_minus_nine_the_children_end_and_the_next_start_has_all_that_was_promised()
    {
        string data = LatchkeyProcess.NewData();
        TestPerson asha;
        string lease;
        IReadOnlyList<int> all;
        await using (LatchkeyProcess first = await LatchkeyProcess.Start(data))
        {
            asha = await first.GivenCustomer();
            JsonNode site = (await asha.Get("sites")).Body!["items"]!.AsArray().First(s => s!["openingHours"]!.AsArray().Count == 0)!;
            (int status, JsonNode? held) = await asha.Post($"sites/{site["id"]}/holds", new { size = "S", hours = 1 });
            status.ShouldBe(201);
            lease = (string)held!["id"]!;
            all = Running(data);
            await first.Kill();
        }
        // At once: the next start meets its own leftovers, or they are gone already.
        await using LatchkeyProcess second = await LatchkeyProcess.Start(data);
        all.Where(Processes.IsAlive).ShouldBeEmpty();
        Processes.NamedAfter(data, "bin/postgres -D").Count.ShouldBe(1);
        Processes.NamedAfter(data, "mosquitto -c").Count.ShouldBe(1);
        Processes.NamedAfter(data, "Latchkey.Simulator.dll").Count.ShouldBe(1);
        using HttpResponseMessage login = await second.Http.PostAsJsonAsync("auth/login", new { email = asha.Email, password = "a long password" });
        JsonNode session = (await login.Content.ReadFromJsonAsync<JsonNode>())!;
        second.Http.DefaultRequestHeaders.Authorization = new("Bearer", (string)session["accessToken"]!);
        JsonNode again = (await second.Http.GetFromJsonAsync<JsonNode>($"leases/{lease}"))!;
        ((string?)again["state"]).ShouldBe("held");

        all = Running(data);
        await second.Kill();
        await Eventually.Holds(() => !all.Any(Processes.IsAlive), TimeSpan.FromSeconds(10), "the children end by themselves");
    }

    [Fact]
    public async Task Without_the_demo_it_starts_empty()
    {
        string data = LatchkeyProcess.NewData();
        await using LatchkeyProcess latchkey = await LatchkeyProcess.Start(data, ["--no-demo"]);
        latchkey.Said.ShouldNotContain("demo account");
        Processes.NamedAfter(data, "Latchkey.Simulator.dll").ShouldBeEmpty();
        JsonNode sites = (await latchkey.Http.GetFromJsonAsync<JsonNode>("sites"))!;
        ((int)sites["total"]!).ShouldBe(0);
        ((bool)(await latchkey.Http.GetFromJsonAsync<JsonNode>("demo"))!["enabled"]!).ShouldBeFalse();
    }

    [Fact]
    public async Task A_signal_during_the_start_leaves_nothing_running()
    {
        string data = LatchkeyProcess.NewData();
        await using LatchkeyProcess latchkey = LatchkeyProcess.Begin(data);
        await Eventually.Holds(() => Processes.NamedAfter(data, "bin/postgres -D").Count > 0, TimeSpan.FromSeconds(30), "the database is starting");
        (int code, TimeSpan took) = await latchkey.Stop("TERM");
        code.ShouldNotBe(0, latchkey.Said);
        took.ShouldBeLessThan(TimeSpan.FromSeconds(10));
        Processes.NamedAfter(data).ShouldBeEmpty();
        IsOneSentence(latchkey.Complaints);
    }

    [Fact]
    public async Task The_help_of_run_names_every_option_of_the_server()
    {
        string root = LatchkeyProcess.Program[..LatchkeyProcess.Program.IndexOf("/src/Latchkey.Server", StringComparison.Ordinal)];
        (int code, string run) = await Processes.Run("bash", $"{root}/run", "--help");
        code.ShouldBe(0);
        (code, string server) = await Processes.Run("dotnet", LatchkeyProcess.Program, "--help");
        code.ShouldBe(0);
        (code, string check) = await Processes.Run("dotnet", LatchkeyProcess.Program, "check", "--help");
        code.ShouldBe(0);
        (code, string broker) = await Processes.Run("dotnet", LatchkeyProcess.Program, "broker-files", "--help");
        code.ShouldBe(0);
        server += check + broker;
        string[] known = [.. Option.Matches(server).Select(m => m.Value).Where(o => o != "--version").Distinct()];
        known.Length.ShouldBeGreaterThan(6);
        known.Except(Option.Matches(run).Select(m => m.Value)).ShouldBeEmpty();
        Option.Matches(run).Select(m => m.Value).Except(known).ShouldBeEmpty();
        run.ShouldContain("LATCHKEY_DATABASE");
        run.ShouldContain("LATCHKEY_MQTT");
    }

    internal static void IsOneSentence(string complaints)
    {
        string[] lines = complaints.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        lines.Length.ShouldBe(1, complaints);
        lines[0].ShouldStartWith("latchkey: ");
        lines[0].ShouldEndWith(".");
        lines[0].ShouldNotContain("Exception");
    }

    /// <summary>1 on a machine that these tests have for themselves; more when others wait for its processors as well.</summary>
    private static double Crowded() =>
        Math.Max(1, double.Parse(File.ReadAllText("/proc/loadavg").Split(' ')[0], System.Globalization.CultureInfo.InvariantCulture) / (2 * Environment.ProcessorCount));

    private static IReadOnlyList<int> Running(string data)
    {
        IReadOnlyList<int> all = Processes.WithDescendants(Processes.NamedAfter(data));
        foreach (string part in Parts)
            all.Count(pid => Processes.CommandLine(pid).Contains(part, StringComparison.Ordinal)).ShouldBe(1, part);
        return all;
    }

    private static async Task<int> LogIn(LatchkeyProcess latchkey, Match account)
    {
        using HttpResponseMessage answer = await latchkey.Http.PostAsJsonAsync("auth/login", new { email = account.Groups["email"].Value, password = account.Groups["password"].Value });
        return (int)answer.StatusCode;
    }
}
