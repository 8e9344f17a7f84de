using System.Text.Json.Nodes;
using Latchkey.Server.Hosting;
using Latchkey.Server.Hosting.Private;
using Latchkey.SystemTests.Support;
using Latchkey.Tests.Support;
using Microsoft.Extensions.Logging.Abstractions;

namespace Latchkey.SystemTests;

/// <summary>The database goes away and comes back under a running server.</summary>
public sealed class DatabaseFaultTests
{
    [Fact]
    public async Task While_an_outside_database_is_away_requests_are_told_so_and_all_works_again_without_a_restart()
    {
        using DataDirectory folder = DataDirectory.Open(LatchkeyProcess.NewData());
        PrivatePostgres postgres = await PrivatePostgres.Start(folder, TimeProvider.System, NullLogger.Instance, CancellationToken.None);
        try
        {
            await using LatchkeyProcess latchkey = await LatchkeyProcess.Start(
                LatchkeyProcess.NewData(), environment: new Dictionary<string, string> { ["LATCHKEY_DATABASE"] = postgres.ConnectionString });
            VirtualBank bank = await VirtualBank.Find(latchkey, "Hall A, bank 1");
            TestPerson asha = await latchkey.GivenCustomer();
            Guid lease = await bank.Rent(asha, 1);
            await bank.OpensAndCloses(2);

            await postgres.DisposeAsync();
            await IsToldSo(asha, HttpMethod.Get, $"leases/{lease}");
            await IsToldSo(asha, HttpMethod.Post, $"leases/{lease}/open");
            await IsToldSo(asha, HttpMethod.Post, $"sites/{bank.Site}/holds", new { size = "S", hours = 1 });
            await IsToldSo(asha, HttpMethod.Post, "auth/login", new { email = asha.Email, password = "a long password" });
            using (HttpResponseMessage ready = await latchkey.Http.GetAsync(new Uri(latchkey.Address + "/health/ready")))
                ((int)ready.StatusCode).ShouldBe(503);
            using (HttpResponseMessage live = await latchkey.Http.GetAsync(new Uri(latchkey.Address + "/health/live")))
                ((int)live.StatusCode).ShouldBe(200);
            await bank.Do("doors/3/force"); // reported while nobody can write it down

            postgres = await PrivatePostgres.Start(folder, TimeProvider.System, NullLogger.Instance, CancellationToken.None);
            await Eventually.Holds(async () => (await asha.Get($"leases/{lease}")).Status == 200, TimeSpan.FromSeconds(20), "the lease is shown again");
            ((string?)(await asha.Get($"leases/{lease}")).Body!["state"]).ShouldBe("active");
            await bank.BecomesReachable();
            await bank.OpensAndCloses(2);
            ((string?)(await asha.OpenAndWait(lease))["state"]).ShouldBe("opened");
            await Eventually.Holds(
                async () => await SystemDatabase.Sql<string>(folder.Root, "select door from locker where id = @id", new { id = bank.Numbers[3].Id }) == "open",
                TimeSpan.FromSeconds(20), "the door that was forced meanwhile is known to be open");
        }
        finally
        {
            await postgres.DisposeAsync();
        }
    }

    [Fact]
    public async Task A_database_that_stands_still_for_a_few_seconds_costs_nothing_but_time()
    {
        await using LatchkeyProcess latchkey = await LatchkeyProcess.Start(await DemoData.New());
        VirtualBank bank = await VirtualBank.Find(latchkey, "Hall A, bank 1");
        TestPerson asha = await latchkey.GivenCustomer();
        Guid lease = await bank.Rent(asha, 1);
        IReadOnlyList<int> database = Processes.WithDescendants(Processes.NamedAfter(latchkey.Data, "bin/postgres -D"));
        foreach (int pid in database)
            await Processes.Signal(pid, "STOP");
        string key = Guid.CreateVersion7().ToString();
        Task<(int Status, JsonNode? Body)> open = asha.Post($"leases/{lease}/open", key: key);
        await Eventually.Passes(TimeProvider.System.GetUtcNow().AddSeconds(3));
        open.IsCompleted.ShouldBeFalse();
        foreach (int pid in database)
            await Processes.Signal(pid, "CONT");
        (int status, JsonNode? command) = await open;
        if (status == 503)
            (status, command) = await asha.Post($"leases/{lease}/open", key: key);
        status.ShouldBe(202, command?.ToJsonString());
        await asha.Becomes(command!, ["opened"], TimeSpan.FromSeconds(10));
        (await bank.Pulses(1)).ShouldBe(1);
    }

    private static async Task IsToldSo(TestPerson person, HttpMethod method, string path, object? body = null)
    {
        (int status, JsonNode? problem) = await person.Send(method, path, body, Guid.CreateVersion7().ToString());
        status.ShouldBe(503, problem?.ToJsonString());
        ((string?)problem!["code"]).ShouldBe("service-unavailable");
    }
}
