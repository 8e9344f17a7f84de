using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Latchkey.Server.Hosting;
using Latchkey.Server.Hosting.Private;
using Latchkey.SystemTests.Support;
using Latchkey.Tests.Support;
using Microsoft.Extensions.Logging.Abstractions;

namespace Latchkey.SystemTests;

/// <summary>A copy of the database that was taken at work, brought back after all else is lost, by the scripts that an operator uses.</summary>
public sealed class BackupTests
{
    /// <summary>What somebody was told before the copy began.</summary>
    private sealed record Acknowledged(TestPerson Person, Guid Lease, string State, bool Opened);

    private static string Scripts { get; } = LatchkeyProcess.Program[..LatchkeyProcess.Program.IndexOf("/src/Latchkey.Server", StringComparison.Ordinal)] + "/scripts";

    [Fact]
    public async Task What_was_acknowledged_before_a_copy_at_work_is_there_after_all_was_lost_and_no_door_gets_a_second_pulse()
    {
        string data = await DemoData.New(), copies = LatchkeyProcess.NewData(), restored = LatchkeyProcess.NewData();
        LatchkeyProcess first = await LatchkeyProcess.Start(data);
        // A system of some age: a fresh one has come no further than the cluster that a dump is loaded into.
        await SystemDatabase.Sql<int>(data, "do $$ begin for i in 1 .. 5000 loop perform pg_current_xact_id(); commit; end loop; end $$");
        VirtualBank bank = await VirtualBank.Find(first, "Hall A, bank 1"), cut = await VirtualBank.Find(first, "Concourse, left");
        await bank.BecomesReachable();
        await cut.BecomesReachable();
        TestPerson asha = await first.GivenCustomer(), ravi = await first.GivenCustomer("Ravi"), late = await first.GivenCustomer("Late");
        List<Acknowledged> acknowledged = await AtWork(bank, asha, ravi);

        // The relay has clicked, and the power went before anybody was told: nobody knows what the door did.
        Guid underWay = await cut.Rent(asha, 2);
        acknowledged.Add(new(asha, underWay, "active", Opened: false));
        await cut.Do("doors/2/jam");
        JsonNode order = await asha.Open(underWay);
        await Eventually.Holds(async () => await cut.Pulses(2) == 1, TimeSpan.FromSeconds(5), "the pulse");
        await cut.Do("power-off");

        await Run("backup.sh", data, $"{copies}/copy");
        string dump = await Dump(data, copies);

        // What comes after the copy is lost with the original: so much is promised, and not more.
        Acknowledged afterwards = new(late, await Hold(bank, late), "held", Opened: false);
        JsonNode renewed = await Renew(first, (string)ravi.Session["refreshToken"]!) ?? throw new InvalidOperationException("no session");
        string lastEvent = await SystemDatabase.Sql<string>(data, "select max(xid)::text || '-' || max(id) from journal") ?? "";
        await Destroy(first, data, keep: "simulator", to: restored); // the cabinets hang on other walls, and go on

        await Run("restore.sh", $"{copies}/copy", restored);
        await using LatchkeyProcess second = await LatchkeyProcess.Start(restored);
        await ChecksWhole("--data", restored);
        foreach (Acknowledged told in acknowledged)
            await IsThere(second, told);
        (await Assert.ThrowsAsync<ShouldAssertException>(() => IsThere(second, afterwards))).Message.ShouldContain("404", customMessage: "a lease that is lost is noticed");

        // Sessions from before go on; one renewed since is unknown and asks for the password.
        (await Renew(second, (string)asha.Session["refreshToken"]!)).ShouldNotBeNull();
        (await Renew(second, (string)renewed["refreshToken"]!)).ShouldBeNull();
        using (HttpResponseMessage login = await second.Http.PostAsJsonAsync("auth/login", new { email = ravi.Email, password = "a long password" }))
            ((int)login.StatusCode).ShouldBe(200);

        bank = bank with { System = second };
        cut = cut with { System = second };
        await bank.BecomesReachable();
        await cut.BecomesReachable();
        await At(second, asha).Becomes(order, ["unknown"], TimeSpan.FromSeconds(40), "unconfirmed");
        (await cut.Pulses(2)).ShouldBe(0, "its relay has not moved since");
        ((string?)(await At(second, asha).OpenAndWait(acknowledged[0].Lease))["state"]).ShouldBe("opened");
        await cut.OpensAndCloses(3);
        await ChecksWhole("--data", restored);
        await FromTheDump(dump, acknowledged, lastEvent);
    }

    /// <summary>A rental in use, one that has ended, and a hold that nobody has paid yet.</summary>
    private static async Task<List<Acknowledged>> AtWork(VirtualBank bank, TestPerson asha, TestPerson ravi)
    {
        Guid used = await bank.Rent(asha, 1);
        ((string?)(await asha.OpenAndWait(used))["state"]).ShouldBe("opened");
        await bank.OpensAndCloses(3);
        return [new(asha, used, "active", Opened: true), new(ravi, await Hold(bank, ravi), "held", Opened: false)];
    }

    private static async Task<Guid> Hold(VirtualBank bank, TestPerson person)
    {
        (int status, JsonNode? lease) = await person.Post($"sites/{bank.Site}/holds", new { size = "S", hours = 1 });
        status.ShouldBe(201, lease?.ToJsonString());
        return (Guid)lease!["id"]!;
    }

    private static async Task IsThere(LatchkeyProcess at, Acknowledged told)
    {
        (int status, JsonNode? lease) = await At(at, told.Person).Get($"leases/{told.Lease}");
        status.ShouldBe(200, "404 or another answer: the lease is lost");
        ((string?)lease!["state"]).ShouldBe(told.State);
        ((bool)lease["openedEver"]!).ShouldBe(told.Opened);
    }

    /// <summary>
    /// pg_dump keeps rows and not the place in time: the cluster that it is loaded into has not come to the journal's transactions yet. The server
    /// puts them before the present, so that what happens now is seen, also by a screen that knows a place of the lost system.
    /// </summary>
    private static async Task FromTheDump(string dump, IReadOnlyList<Acknowledged> acknowledged, string lastEvent)
    {
        using DataDirectory folder = DataDirectory.Open(LatchkeyProcess.NewData());
        await using PrivatePostgres postgres = await PrivatePostgres.Start(folder, TimeProvider.System, NullLogger.Instance, CancellationToken.None);
        (int code, string said) = await Processes.Run("psql", "-q", "-v", "ON_ERROR_STOP=1", "-h", $"{folder.Root}/run/pg", "-U", "latchkey", "-d", "latchkey", "-f", dump);
        code.ShouldBe(0, said);
        (await SystemDatabase.Sql<bool>(folder.Root, "select max(xid) >= pg_snapshot_xmax(pg_current_snapshot()) from journal")).ShouldBeTrue("the journal is ahead of this cluster");
        await using LatchkeyProcess third = await LatchkeyProcess.Start(
            LatchkeyProcess.NewData(), ["--no-demo"], new Dictionary<string, string> { ["LATCHKEY_DATABASE"] = SystemDatabase.ConnectionTo(folder.Root) });
        await SystemDatabase.ShouldKeepEveryPromise(folder.Root);
        foreach (Acknowledged told in acknowledged.Where(a => a.State == "active"))
            await IsThere(third, told);

        TestPerson ravi = At(third, acknowledged[1].Person);
        var screen = new LiveFollower(ravi, () => third, lastEvent);
        using var enough = new CancellationTokenSource();
        Task following = screen.Run(enough.Token);
        await screen.Began.Task.WaitAsync(TimeSpan.FromSeconds(20));
        screen.Gaps.ShouldBe(1, "it is told to read everything anew");
        (await ravi.Post($"leases/{acknowledged[1].Lease}/cancel")).Status.ShouldBe(200);
        await Eventually.Holds(() => screen.Count > 0, TimeSpan.FromSeconds(20), "what happens now is seen");
        await enough.CancelAsync();
        await following;
    }

    private static async Task<string> Dump(string data, string folder)
    {
        string dump = $"{folder}/latchkey.sql";
        (int code, string said) = await Processes.Run("pg_dump", "-h", $"{data}/run/pg", "-U", "latchkey", "-f", dump, "latchkey");
        code.ShouldBe(0, said);
        return dump;
    }

    private static async Task Run(string script, params string[] arguments)
    {
        (int code, string said) = await Processes.Run("bash", [$"{Scripts}/{script}", .. arguments]);
        code.ShouldBe(0, said);
    }

    private static async Task Destroy(LatchkeyProcess system, string data, string keep, string to)
    {
        IReadOnlyList<int> all = Processes.WithDescendants(Processes.NamedAfter(data));
        await system.Kill();
        await Eventually.Holds(() => !all.Any(Processes.IsAlive), TimeSpan.FromSeconds(20), "its children end by themselves");
        Directory.Move($"{data}/{keep}", $"{to}/{keep}");
        foreach (string folder in Directory.GetDirectories(data))
            Directory.Delete(folder, recursive: true);
    }

    private static async Task ChecksWhole(params string[] which)
    {
        (int code, string said) = await Processes.Run("dotnet", [LatchkeyProcess.Program, "check", .. which]);
        code.ShouldBe(0, said);
        said.ShouldContain("checked, all hold");
    }

    private static async Task<JsonNode?> Renew(LatchkeyProcess at, string refreshToken)
    {
        using HttpResponseMessage answer = await at.Http.PostAsJsonAsync("auth/refresh", new { refreshToken });
        ((int)answer.StatusCode).ShouldBeOneOf(200, 401);
        return answer.IsSuccessStatusCode ? await answer.Content.ReadFromJsonAsync<JsonNode>() : null;
    }

    /// <summary>The same person with the same token, at another system.</summary>
    private static TestPerson At(LatchkeyProcess system, TestPerson person)
    {
        var http = new HttpClient { BaseAddress = system.Http.BaseAddress };
        http.DefaultRequestHeaders.Authorization = person.Http.DefaultRequestHeaders.Authorization;
        return person with { Http = http };
    }
}
