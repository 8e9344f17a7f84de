using System.Diagnostics;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Latchkey.Tests.Support;

namespace Latchkey.SystemTests.Support;

/// <summary>A virtual cabinet that the server has not enrolled: its own processes, as a fitter and then a wall would run them.</summary>
public sealed class ClaimedCabinet(string folder) : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly HttpClient _http = new();
    private Uri? _hardware;
    private Process? _running;

    /// <summary>The simulator that this checkout's build made.</summary>
    internal static string Program { get; } =
        Path.GetFullPath(Path.Combine(AppContext.BaseDirectory.Replace("tests/Latchkey.SystemTests", "src/Latchkey.Simulator", StringComparison.Ordinal), "Latchkey.Simulator.dll"));

    public Guid Device { get; private set; }

    public string Keys => Path.Combine(folder, "keys");

    /// <summary>Comes with the code, and tells what it shows; <paramref name="confirm"/> is what an admin does then.</summary>
    /// <param name="authority">What vouches for a server with a certificate of its own.</param>
    public async Task Claim(Uri server, string code, Func<string, Task> confirm, string transport = "mqtt", int lockers = 12, string? authority = null)
    {
        using Process claiming = Run(
            ["claim", "--out", folder, "--server", server.ToString(), "--code", code, "--transport", transport, "--lockers", $"{lockers}", .. authority is null ? (string[])[] : ["--authority", authority]]);
        Device = await Claimed(claiming, confirm);
    }

    /// <summary>Who a device is, once a controller's <c>claim</c> has told its digits, <paramref name="confirm"/> has said them, and it has ended well.</summary>
    public static async Task<Guid> Claimed(Process claiming, Func<string, Task> confirm)
    {
        using var limit = new CancellationTokenSource(Patience);
        string shown = await claiming.StandardOutput.ReadLineAsync(limit.Token) ?? throw new InvalidOperationException(await claiming.StandardError.ReadToEndAsync(limit.Token));
        shown.ShouldStartWith("Key ");
        await confirm(shown["Key ".Length..].Split('.')[0]);
        string done = await claiming.StandardOutput.ReadLineAsync(limit.Token) ?? throw new InvalidOperationException(await claiming.StandardError.ReadToEndAsync(limit.Token));
        await claiming.WaitForExitAsync(limit.Token);
        claiming.ExitCode.ShouldBe(0);
        return Guid.Parse(done.Split(' ')[3]);
    }

    /// <summary>What a claim that is refused says, and its exit code.</summary>
    public async Task<(int ExitCode, string Said)> ClaimInVain(Uri server, string code)
    {
        using Process claiming = Run(["claim", "--out", folder, "--server", server.ToString(), "--code", code]);
        using var limit = new CancellationTokenSource(Patience);
        string said = await claiming.StandardError.ReadToEndAsync(limit.Token);
        await claiming.WaitForExitAsync(limit.Token);
        return (claiming.ExitCode, said.Trim());
    }

    public async Task PowerOn()
    {
        _running = Run(["run", "--cabinets", Path.Combine(folder, "cabinets.json"), "--keys", Keys, "--journals", Path.Combine(folder, "journals"), "--breaker-doors", "200"]);
        using var limit = new CancellationTokenSource(Patience);
        string line = await _running.StandardOutput.ReadLineAsync(limit.Token) ?? throw new InvalidOperationException(await _running.StandardError.ReadToEndAsync(limit.Token));
        _hardware = new Uri((string)JsonNode.Parse(line)!["hardware"]!);
    }

    public async Task PowerOff()
    {
        if (_running is not { } running)
            return;
        _running = null;
        using (running)
        {
            running.Kill();
            await running.WaitForExitAsync();
        }
    }

    /// <summary>As its fitter does it: the program of a real board, beside the same keys. Exit code, and what it said.</summary>
    public async Task<(int ExitCode, string Said)> ChangeKey()
    {
        string board = Path.Combine(folder, "board.json");
        await File.WriteAllTextAsync(
            board,
            new JsonObject { ["model"] = "LK-sim", ["lockers"] = 8, ["folder"] = Keys, ["i2c"] = "/dev/i2c-1", ["expanders"] = new JsonObject { ["release"] = new JsonArray("0x20") } }.ToJsonString());
        string program = Program.Replace("Latchkey.Simulator", "Latchkey.Controller", StringComparison.Ordinal);
        using Process changing = Process.Start(
            new ProcessStartInfo("dotnet", [program, "rotate", "--config", board]) { RedirectStandardOutput = true, RedirectStandardError = true, UseShellExecute = false })!;
        using var limit = new CancellationTokenSource(Patience);
        string said = await changing.StandardOutput.ReadToEndAsync(limit.Token) + await changing.StandardError.ReadToEndAsync(limit.Token);
        await changing.WaitForExitAsync(limit.Token);
        return (changing.ExitCode, said.Trim());
    }

    public async Task Close(int door)
    {
        using HttpResponseMessage answer = await _http.PostAsync(new Uri(_hardware!, $"/cabinets/{Device:D}/doors/{door}/close"), null);
        answer.EnsureSuccessStatusCode();
    }

    public async Task<int> Pulses(int door) =>
        (int)(await _http.GetFromJsonAsync<JsonNode>(new Uri(_hardware!, $"/cabinets/{Device:D}")))!["doors"]!.AsArray().Single(d => (int)d!["number"]! == door)!["pulses"]!;

    public async ValueTask DisposeAsync()
    {
        await PowerOff();
        _http.Dispose();
    }

    private static Process Run(IReadOnlyList<string> arguments) => Process.Start(
        new ProcessStartInfo("dotnet", [Program, .. arguments]) { RedirectStandardOutput = true, RedirectStandardError = true, UseShellExecute = false })!;
}

public static class AdminAtWork
{
    /// <summary>The first admin of an installation is made in its database; then as every admin does it.</summary>
    public static async Task<TestPerson> GivenAdmin(this LatchkeyProcess latchkey)
    {
        TestPerson admin = await latchkey.GivenCustomer("Admin");
        await SystemDatabase.Sql<int>(latchkey.Data, "update person set role = 'admin' where id = @Id", new { admin.Id });
        return (await TestPerson.SignInAsAdmin(latchkey.Http, admin.Email, TimeProvider.System)).Admin;
    }

    public static async Task<(Guid Id, string Code)> Claims(this TestPerson admin, Guid bank)
    {
        (int status, JsonNode? claim) = await admin.Post("devices/claims", new { bankId = bank });
        status.ShouldBe(201, claim?.ToJsonString());
        return ((Guid)claim!["id"]!, (string)claim["code"]!);
    }

    /// <summary>Says the digits that the device shows.</summary>
    public static async Task Confirms(this TestPerson admin, Guid claim, string digits)
    {
        ((string?)(await admin.Get($"devices/claims/{claim}")).Body!["fingerprint"]).ShouldBe(digits);
        (int status, JsonNode? said) = await admin.Post($"devices/claims/{claim}/confirm", new { fingerprint = digits });
        status.ShouldBe(200, said?.ToJsonString());
    }
}
