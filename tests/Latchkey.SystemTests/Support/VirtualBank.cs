using System.Security.Cryptography;
using System.Text.Json.Nodes;
using Dapper;
using Latchkey.Link.Messages;
using Latchkey.Server.Invariants;
using Latchkey.Tests.Support;
using Npgsql;

namespace Latchkey.SystemTests.Support;

/// <summary>One bank of the demo: its doors as the hardware has them, its lockers as the API shows them.</summary>
/// <param name="Numbers">The doors' numbers and the lockers behind them.</param>
public sealed record VirtualBank(LatchkeyProcess System, Guid Id, Guid Site, IReadOnlyDictionary<int, (Guid Id, string Size)> Numbers)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    public static async Task<VirtualBank> Find(LatchkeyProcess system, string name)
    {
        JsonNode demo = await Json(system, HttpMethod.Get, "demo");
        Guid id = (Guid)demo["banks"]!.AsArray().Single(b => (string?)b!["name"] == name)!["id"]!;
        JsonNode bank = await Json(system, HttpMethod.Get, $"banks/{id}");
        return new VirtualBank(system, id, (Guid)bank["siteId"]!, bank["lockers"]!.AsArray().ToDictionary(l => (int)l!["number"]!, l => ((Guid)l!["id"]!, (string)l["size"]!)));
    }

    /// <summary>unplug, plug-in, power-off, power-on, doors/3/jam, ...</summary>
    public Task<JsonNode> Do(string deed) => Json(System, HttpMethod.Post, $"demo/banks/{Id}/hardware/{deed}");

    /// <summary>
    /// Ten minutes pass between two starts: otherwise a controller that a test has started a few times within seconds goes into safe mode, as it
    /// should. Nothing may run on these journals meanwhile.
    /// </summary>
    public static void ForgetStarts(string data)
    {
        string journals = Path.Combine(data, "simulator", "journals");
        foreach (string journal in Directory.Exists(journals) ? Directory.GetFiles(journals, "*.journal") : [])
            File.WriteAllLines(journal, File.ReadAllLines(journal).Where(line => !line.Contains(" starts ", StringComparison.Ordinal)));
    }

    public Task<JsonNode> Hardware() => Json(System, HttpMethod.Get, $"demo/banks/{Id}/hardware");

    /// <summary>How often the door's relay went on.</summary>
    public async Task<int> Pulses(int number) => (int)(await Hardware())["doors"]!.AsArray().Single(d => (int)d!["number"]! == number)!["pulses"]!;

    public async Task<bool?> Online() => (bool?)(await Json(System, HttpMethod.Get, $"banks/{Id}"))["online"];

    /// <summary>Connected by its own account and by the server's.</summary>
    public Task BecomesReachable(string why = "the bank is back") =>
        Eventually.Holds(async () => (bool)(await Hardware())["connected"]! && await Online() == true, Patience, why);

    /// <summary>Its controller keeps something of this on its own disk, and goes by it without a network.</summary>
    public Task Knows(string part) => Eventually.Holds(
        async () => JsonNode.Parse(await System.Http.GetStringAsync($"demo/banks/{Id}/hardware/mind"))!["credentials"]!.AsArray().Any(line => ((string)line!).Contains(part, StringComparison.OrdinalIgnoreCase)),
        Patience, $"the bank has been told of {part}");

    /// <summary>Somebody new holds and pays this very locker; the lease's id.</summary>
    public async Task<Guid> Rent(TestPerson person, int number)
    {
        (Guid locker, string size) = Numbers[number];
        (int status, JsonNode? lease) = await person.Post($"sites/{Site}/holds", new { size, hours = 1, lockerId = locker });
        status.ShouldBe(201, lease?.ToJsonString());
        await person.Pay(lease!);
        return (Guid)lease!["id"]!;
    }

    /// <summary>Somebody new rents, opens, closes and finishes: all that was sent to the device before has been looked at by then.</summary>
    public async Task OpensAndCloses(int number)
    {
        TestPerson person = await System.GivenCustomer("Mira");
        Guid lease = await Rent(person, number);
        JsonNode command = await person.OpenAndWait(lease);
        ((string?)command["state"]).ShouldBe("opened", command.ToJsonString());
        await Do($"doors/{number}/close");
        await Eventually.Holds(async () => (await person.Post($"leases/{lease}/finish")).Status == 200, Patience, "the closed door lets the rental end");
    }

    private static async Task<JsonNode> Json(LatchkeyProcess system, HttpMethod method, string path)
    {
        using var request = new HttpRequestMessage(method, path);
        using HttpResponseMessage answer = await system.Http.SendAsync(request);
        string text = await answer.Content.ReadAsStringAsync();
        answer.IsSuccessStatusCode.ShouldBeTrue($"{path}: {text}");
        return JsonNode.Parse(text)!;
    }
}

/// <summary>What people do at doors, in a word.</summary>
public static class Doors
{
    /// <summary>Orders the door to open and does not wait; the command.</summary>
    public static async Task<JsonNode> Open(this TestPerson person, Guid lease)
    {
        (int status, JsonNode? command) = await person.Post($"leases/{lease}/open");
        status.ShouldBe(202, command?.ToJsonString());
        return command!;
    }

    public static async Task<JsonNode> OpenAndWait(this TestPerson person, Guid lease)
    {
        (int status, JsonNode? command) = await person.Send(HttpMethod.Post, $"leases/{lease}/open", null, Guid.CreateVersion7().ToString(), ("Prefer", "wait=15"));
        status.ShouldBeOneOf(200, 202);
        return command!;
    }

    public static async Task<string> StateOf(this TestPerson person, JsonNode command) => (string)(await person.Get($"commands/{command["id"]}")).Body!["state"]!;

    /// <summary>
    /// Follows a command until it has this state, and looks at each state on the way: none but those named may be seen.
    /// </summary>
    public static async Task<JsonNode> Becomes(this TestPerson person, JsonNode command, string[] last, TimeSpan within, params string[] onTheWay)
    {
        string[] allowed = ["pending", "sent", .. onTheWay, .. last];
        return await Eventually.Is(
            async () =>
            {
                JsonNode seen = (await person.Get($"commands/{command["id"]}")).Body!;
                ((string)seen["state"]!).ShouldBeOneOf(allowed);
                return last.Contains((string)seen["state"]!) ? seen : null;
            },
            within,
            $"the command is {string.Join(" or ", last)}");
    }

    public static DateTimeOffset ExpiryOf(JsonNode command) => (DateTimeOffset)command["expiresAt"]!;
}

/// <summary>The database of a running system, for what no interface shows.</summary>
public static class SystemDatabase
{
    public static string ConnectionTo(string data, int poolSize = 10) => $"Host={data}/run/pg;Username=latchkey;Database=latchkey;Maximum Pool Size={poolSize};Timeout=5";

    public static async Task<T?> Sql<T>(string data, string sql, object? parameters = null)
    {
        await using var db = new NpgsqlConnection(ConnectionTo(data) + ";Pooling=false");
        await db.OpenAsync();
        return await db.ExecuteScalarAsync<T>(sql, parameters);
    }

    public static async Task<IReadOnlyList<T>> Rows<T>(string data, string sql, object? parameters = null)
    {
        DefaultTypeMap.MatchNamesWithUnderscores = true;
        await using var db = new NpgsqlConnection(ConnectionTo(data) + ";Pooling=false");
        await db.OpenAsync();
        return [.. await db.QueryAsync<T>(sql, parameters)];
    }

    /// <summary>What <c>./run check</c> says of it.</summary>
    public static async Task ShouldKeepEveryPromise(string data)
    {
        var said = new StringWriter();
        (await CheckCommand.Check(ConnectionTo(data), json: false, said, TimeProvider.System, CancellationToken.None)).ShouldBe(0, said.ToString());
    }

    /// <summary>The key that this installation and the bank's device share.</summary>
    public static async Task<(CommandKey Key, Guid Device)> CommandKeyOf(string data, Guid bank)
    {
        using var own = ECDiffieHellman.Create();
        own.ImportPkcs8PrivateKey((await Sql<byte[]>(data, "select private_key from server_key where name = 'command'"))!, out _);
        Guid device = await Sql<Guid>(data, "select device_id from bank where id = @bank", new { bank });
        using var peer = ECDiffieHellman.Create();
        peer.ImportSubjectPublicKeyInfo((await Sql<byte[]>(data, "select public_key from device where id = @device", new { device }))!, out _);
        return (CommandKey.Derive(own, peer.PublicKey, device), device);
    }

    /// <summary>A pid that a part of the system has written down.</summary>
    public static int PidIn(string file) => int.Parse(File.ReadLines(file).First());
}
