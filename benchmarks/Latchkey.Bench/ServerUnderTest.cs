using System.Diagnostics;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Dapper;
using Npgsql;

namespace Latchkey.Bench;

/// <summary>The real server with its private database, broker and simulated lockers, and a site of 100 lockers added to the demo's.</summary>
internal sealed class ServerUnderTest : IAsyncDisposable
{
    private readonly Process _process;

    private ServerUnderTest(Process process, string address, string data)
    {
        (_process, Data) = (process, data);
        Address = new Uri(address);
        Http = new HttpClient { BaseAddress = new Uri(Address, "/api/v1/") };
    }

    public Uri Address { get; }
    public string Data { get; }
    public int Pid => _process.Id;
    public HttpClient Http { get; }

    /// <summary>The server's own database, for the bare commits beside it.</summary>
    public string Database => $"Host={Data}/run/pg;Username=latchkey;Database=latchkey;MaxPoolSize=40";

    public const string Password = "a long password";

    /// <summary>A site of the demo that never closes and whose banks have controllers: those that are added here have none.</summary>
    public const string DemoSiteName = "Pune Junction";

    public static readonly Guid LargeSite = BenchSite.Id(1);

    /// <summary>Starts it, adds the large site, and starts it again: places are read at the start.</summary>
    public static async Task<ServerUnderTest> Start(string data)
    {
        await using (ServerUnderTest first = await Launch(data))
        {
            await using var db = new NpgsqlConnection(first.Database);
            await BenchSite.Add(db, LargeSite, "Hundred lockers", banks: 5, lockersInABank: 20, mode: "rental");
            await TapBench.Add(db);
            await HistoryBench.Add(db);
            await PageBench.Add(db);
        }
        NpgsqlConnection.ClearAllPools(); // its database has gone with it
        return await Launch(data);
    }

    public async Task<Guid> DemoSite() => (Guid)(await Http.GetFromJsonAsync<JsonNode>($"sites?query={Uri.EscapeDataString(DemoSiteName)}"))!["items"]![0]!["id"]!;

    /// <summary>A customer of their own, signed in.</summary>
    public async Task<HttpClient> Customer()
    {
        JsonNode session = (await SignUp()).Session;
        var client = new HttpClient { BaseAddress = Http.BaseAddress };
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", (string?)session["accessToken"]);
        return client;
    }

    /// <summary>Somebody new, with <see cref="Password"/>. The code comes out of the demo's outbox.</summary>
    public async Task<(string Email, JsonNode Session)> SignUp()
    {
        string email = $"{Guid.CreateVersion7():N}@bench.example";
        JsonNode asked = await Answer(await Http.PostAsJsonAsync("auth/codes", new { purpose = "sign-up", email }));
        await using var db = new NpgsqlConnection(Database);
        string? code = await db.ExecuteScalarAsync<string>("select words ->> 'code' from message where address = @email", new { email });
        return (email, await Answer(await Http.PostAsJsonAsync("auth/signup", new { challenge = (string?)asked["challenge"], code, password = Password, name = "Bench" })));
    }

    private static async Task<JsonNode> Answer(HttpResponseMessage answer)
    {
        using (answer)
        {
            answer.EnsureSuccessStatusCode();
            return (await answer.Content.ReadFromJsonAsync<JsonNode>())!;
        }
    }

    public async ValueTask DisposeAsync()
    {
        Http.Dispose();
        using (Process kill = Process.Start("kill", ["-TERM", $"{_process.Id}"]))
            await kill.WaitForExitAsync();
        await _process.WaitForExitAsync();
        _process.Dispose();
    }

    /// <summary>A second process beside it, with the same database and broker.</summary>
    public Task<ServerUnderTest> Second()
    {
        string port = File.ReadLines($"{Data}/mosquitto/mosquitto.conf").Single(l => l.StartsWith("listener ", StringComparison.Ordinal)).Split(' ')[1];
        return Launch($"{Data}/second", ["--no-demo"], new Dictionary<string, string?>
        {
            ["LATCHKEY_DATABASE"] = Database.Replace("MaxPoolSize=40", "MaxPoolSize=20", StringComparison.Ordinal), ["LATCHKEY_MQTT"] = $"mqtts://127.0.0.1:{port}?identity={Data}/nodes/node-2",
        });
    }

    /// <summary>The optimised build of the server.</summary>
    public static readonly string Program = AppContext.BaseDirectory.Replace("benchmarks/Latchkey.Bench", "src/Latchkey.Server", StringComparison.Ordinal) + "Latchkey.Server.dll";

    public static async Task<ServerUnderTest> Launch(string data, IReadOnlyList<string>? arguments = null, IReadOnlyDictionary<string, string?>? environment = null)
    {
        var start = new ProcessStartInfo("dotnet", [Program, "--port", "0", "--data", data, "--limit", "all=1000000/60", .. arguments ?? []]) { RedirectStandardOutput = true, UseShellExecute = false };
        foreach ((string name, string? value) in environment ?? new Dictionary<string, string?>())
            start.Environment[name] = value;
        var process = Process.Start(start)!;
        while (await process.StandardOutput.ReadLineAsync() is { } line)
        {
            if (line.StartsWith("ready ", StringComparison.Ordinal))
                return new ServerUnderTest(process, line["ready ".Length..].Trim(), data);
        }
        throw new InvalidOperationException("The server did not start.");
    }
}
