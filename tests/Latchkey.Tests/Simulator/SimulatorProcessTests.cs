using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text.Json;

namespace Latchkey.Tests.Simulator;

/// <summary>The program itself, as the server starts it.</summary>
public sealed class SimulatorProcessTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("latchkey-simulator-").FullName;

    public SimulatorProcessTests()
    {
        File.WriteAllText(At("cabinets.json"), """[{"device":"0193a5b0-0000-7000-8000-000000000001","name":"A","model":"LK-sim","lockers":4}]""");
        using var server = System.Security.Cryptography.ECDiffieHellman.Create(System.Security.Cryptography.ECCurve.NamedCurves.nistP256);
        Directory.CreateDirectory(At("keys"));
        // Nobody listens there: the cabinets go on trying.
        File.WriteAllText(At("keys/link.json"), $$"""{"broker":"mqtt://127.0.0.1:1","server":"{{Convert.ToBase64String(server.ExportSubjectPublicKeyInfo())}}"}""");
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private string At(string name) => Path.Combine(_folder, name);

    private Process Start(params string[] arguments)
    {
        var start = new ProcessStartInfo("dotnet", [Path.Combine(AppContext.BaseDirectory, "Latchkey.Simulator.dll"), .. arguments])
        {
            RedirectStandardOutput = true, RedirectStandardError = true, RedirectStandardInput = true, UseShellExecute = false,
        };
        return Process.Start(start)!;
    }

    private Process Run(params string[] more) =>
        Start(["run", "--cabinets", At("cabinets.json"), "--keys", At("keys"), "--journals", At("journals"), .. more]);

    private async Task Enrol()
    {
        using Process enrol = Start("enrol", "--cabinets", At("cabinets.json"), "--keys", At("keys"));
        await enrol.WaitForExitAsync();
        enrol.ExitCode.ShouldBe(0);
    }

    private static async Task<Uri> Address(Process simulator)
    {
        string line = (await simulator.StandardOutput.ReadLineAsync()) ?? throw new InvalidOperationException(await simulator.StandardError.ReadToEndAsync());
        JsonElement said = JsonDocument.Parse(line).RootElement;
        said.GetProperty("actuationMs").GetInt32().ShouldBe(60);
        said.GetProperty("debounceMs").GetInt32().ShouldBe(30);
        return new Uri(said.GetProperty("hardware").GetString()!);
    }

    [Fact]
    public async Task It_says_where_its_hardware_is_and_ends_with_its_standard_input()
    {
        await Enrol();
        using Process simulator = Run("--stop-with-stdin");
        Uri hardware = await Address(simulator);
        using var http = new HttpClient { BaseAddress = hardware };
        (await http.GetStringAsync(new Uri("/cabinets", UriKind.Relative))).ShouldContain("\"powered\":true");
        simulator.StandardInput.Close();
        await EndsWithin2Seconds(simulator);
    }

    [Fact]
    public async Task It_ends_within_two_seconds_of_being_told_to_even_while_it_is_watched()
    {
        await Enrol();
        using Process simulator = Run();
        Uri hardware = await Address(simulator);
        using var http = new HttpClient { BaseAddress = hardware };
        await using Stream watched = await http.GetStreamAsync(new Uri("/cabinets/0193a5b0-0000-7000-8000-000000000001/watch", UriKind.Relative));
        using Process kill = Process.Start("kill", ["-TERM", $"{simulator.Id}"]);
        await EndsWithin2Seconds(simulator);
    }

    [Fact]
    public async Task What_is_wrong_is_one_sentence_and_exit_code_1()
    {
        using Process missingKey = Run();
        await Fails(missingKey, "key.pem");
        using Process unknown = Run("--frobnicate");
        await Fails(unknown, "--frobnicate");
        await Enrol();
        using var taken = new TcpListener(IPAddress.Loopback, 0);
        taken.Start();
        int port = ((IPEndPoint)taken.LocalEndpoint).Port;
        using Process busy = Run("--port", $"{port}");
        await Fails(busy, $"{port}");
    }

    private static async Task Fails(Process simulator, string word)
    {
        string said = await simulator.StandardError.ReadToEndAsync();
        await simulator.WaitForExitAsync();
        simulator.ExitCode.ShouldBe(1);
        said.Trim().ShouldContain(word);
        said.Trim().Split('\n').Length.ShouldBe(1);
    }

    private static async Task EndsWithin2Seconds(Process simulator)
    {
        long started = TimeProvider.System.GetTimestamp();
        await simulator.WaitForExitAsync();
        TimeProvider.System.GetElapsedTime(started).ShouldBeLessThan(TimeSpan.FromSeconds(2));
        simulator.ExitCode.ShouldBe(0);
    }
}
