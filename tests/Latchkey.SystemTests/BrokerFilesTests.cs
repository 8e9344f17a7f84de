using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Latchkey.Server.Hosting;
using Latchkey.Server.Hosting.Private;
using Latchkey.SystemTests.Support;
using Latchkey.Tests.Support;
using Microsoft.Extensions.Logging.Abstractions;

namespace Latchkey.SystemTests;

/// <summary>A PostgreSQL and a Mosquitto that somebody else runs, and two nodes: what <c>broker-files</c> writes is all that they need.</summary>
public sealed class BrokerFilesTests
{
    [Fact]
    public async Task Two_nodes_on_an_outside_database_and_broker_open_doors_with_nothing_but_the_files_written_for_them()
    {
        using DataDirectory folder = DataDirectory.Open(LatchkeyProcess.NewData());
        await using PrivatePostgres postgres = await PrivatePostgres.Start(folder, TimeProvider.System, NullLogger.Instance, CancellationToken.None);
        string files = Path.Combine(folder.Root, "files"), secret = Path.Combine(folder.Root, "database");
        await File.WriteAllTextAsync(secret, postgres.ConnectionString + ";Maximum Pool Size=30\n");
        int port = MosquittoBroker.FreePort();
        Dictionary<string, string> Settings(int node) => new()
        {
            ["LATCHKEY_DATABASE_FILE"] = secret,
            ["LATCHKEY_MQTT"] = $"mqtts://127.0.0.1:{port}?identity={files}/nodes/node-{node}",
        };

        // Before there is a table, for the identities; and once more when the devices are known, for their access. What was written first stays good.
        await WriteFiles(secret, files, port);
        Task<LatchkeyProcess> starting = LatchkeyProcess.Start(LatchkeyProcess.NewData(), environment: Settings(1));
        await Eventually.Holds(
            async () => await SystemDatabase.Sql<bool>(folder.Root, "select coalesce((select count(*) > 0 and bool_and(public_key <> '') from device), false)"), TimeSpan.FromSeconds(60), "the devices are enrolled");
        await WriteFiles(secret, files, port);
        await using MosquittoBroker broker = await MosquittoBroker.Start((_, _) => File.ReadAllTextAsync(Path.Combine(files, "broker/mosquitto.conf")), port);
        await using LatchkeyProcess first = await starting;
        await using LatchkeyProcess second = await LatchkeyProcess.Start(LatchkeyProcess.NewData(), ["--no-demo"], Settings(2));

        VirtualBank bank = await VirtualBank.Find(first, "Hall A, bank 1"), other = await VirtualBank.Find(first, "Hall B, bank 2");
        await bank.BecomesReachable();
        foreach ((LatchkeyProcess node, int door) in ((LatchkeyProcess, int)[])[(first, 1), (second, 2)])
        {
            await Eventually.Holds(async () => await Ready(node) == "ready", TimeSpan.FromSeconds(20), "the node has database and broker");
            TestPerson person = await node.GivenCustomer();
            Guid lease = await bank.Rent(person, door);
            ((string?)(await person.OpenAndWait(lease))["state"]).ShouldBe("opened");
        }

        // Any node may take a device's access away; the files make it last.
        Guid device = await SystemDatabase.Sql<Guid>(folder.Root, "select device_id from bank where id = @Id", new { bank.Id });
        await Revoke(second, folder.Root, device);
        await Eventually.Holds(async () => !(bool)(await bank.Hardware())["connected"]!, TimeSpan.FromSeconds(30), "the revoked device is cut off");
        await WriteFiles(secret, files, port);
        (await File.ReadAllTextAsync(Path.Combine(files, "broker/dynamic-security.json"))).ShouldNotContain($"{device}");
        await broker.Stop();
        await broker.StartAgain();
        await other.BecomesReachable();
        await other.OpensAndCloses(3);
        await Eventually.Holds(() => broker.Log.Contains("certificate verify failed", StringComparison.Ordinal), TimeSpan.FromSeconds(30), "its certificate is refused");
        ((bool)(await bank.Hardware())["connected"]!).ShouldBeFalse();
        await SystemDatabase.ShouldKeepEveryPromise(folder.Root);
    }

    [Fact]
    public async Task Without_a_database_or_a_folder_it_says_what_is_missing_in_a_sentence()
    {
        (int code, string said) = await Processes.Run("dotnet", LatchkeyProcess.Program, "broker-files", "--out", LatchkeyProcess.NewData(), "--listen", "127.0.0.1:8883/broker.example");
        code.ShouldBe(1);
        HostingTests.IsOneSentence(said);
        said.ShouldContain("LATCHKEY_DATABASE");
        (code, said) = await Processes.Run("env", "LATCHKEY_DATABASE_FILE=/nowhere/database", "dotnet", LatchkeyProcess.Program, "--port", "0");
        code.ShouldBe(1);
        HostingTests.IsOneSentence(said);
        said.ShouldContain("LATCHKEY_DATABASE_FILE");
    }

    private static async Task WriteFiles(string secret, string files, int port)
    {
        (int code, string said) = await Processes.Run(
            "env", $"LATCHKEY_DATABASE_FILE={secret}", "dotnet", LatchkeyProcess.Program, "broker-files", "--out", files, "--nodes", "2", "--listen", $"127.0.0.1:{port}/broker.example");
        code.ShouldBe(0, said);
    }

    private static async Task<string?> Ready(LatchkeyProcess node)
    {
        using HttpResponseMessage answer = await node.Http.GetAsync(new Uri(node.Address + "/health/ready"));
        return (string?)(await answer.Content.ReadFromJsonAsync<JsonNode>())!["status"];
    }

    private static async Task Revoke(LatchkeyProcess at, string data, Guid device)
    {
        TestPerson admin = await at.GivenCustomer("Admin");
        await SystemDatabase.Sql<int>(data, "update person set role = 'admin' where id = @Id", new { admin.Id });
        admin = (await TestPerson.SignInAsAdmin(at.Http, admin.Email, TimeProvider.System)).Admin;
        (int status, JsonNode? said) = await admin.Post($"admin/devices/{device}/revoke", new { reason = "stolen" });
        status.ShouldBe(200, said?.ToJsonString());
    }
}
