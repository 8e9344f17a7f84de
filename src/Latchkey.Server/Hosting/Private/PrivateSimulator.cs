using System.Runtime.InteropServices;
using System.Text.Json;

namespace Latchkey.Server.Hosting.Private;

/// <summary>The demo's lockers: a process of their own that knows the broker's address and its devices' keys, and nothing else of this server.</summary>
public sealed class PrivateSimulator : IAsyncDisposable
{
    private readonly ChildProcess _process;
    private readonly ILogger _log;

    private PrivateSimulator(ChildProcess process, Uri hardware, ILogger log) => (_process, Hardware, _log) = (process, hardware, log);

    /// <summary>The simulator's own loopback port, for working the virtual doors.</summary>
    public Uri Hardware { get; }

    public Task Exited(CancellationToken cancel) => _process.Exited(cancel);

    /// <summary>Lets the simulator make the keys that its devices lack; each private key stays where it was made.</summary>
    public static async Task Enrol(string folder, string logFile, CancellationToken cancel)
    {
        using ChildProcess enrol = await ChildProcess.Start(
            "The simulator", "KILL", null, logFile, wantOutput: false, [.. Program(), "enrol", "--cabinets", Path.Combine(folder, "cabinets.json"), "--keys", Path.Combine(folder, "keys")]);
        await enrol.Exited(cancel);
    }

    /// <exception cref="StartUpException">It does not start.</exception>
    public static async Task<PrivateSimulator> Start(string folder, string logFile, ServerOptions options, ILogger log, CancellationToken cancel)
    {
        ChildProcess process = await ChildProcess.Start(
            "The simulator", "TERM", null, logFile, wantOutput: true,
            [
                .. Program(), "run", "--cabinets", Path.Combine(folder, "cabinets.json"), "--keys", Path.Combine(folder, "keys"), "--journals", Path.Combine(folder, "journals"),
                "--actuation-ms", $"{options.ActuationMs}", "--debounce-ms", $"{options.DebounceMs}",
                "--breaker-doors", $"{Math.Min(200, options.Face.Limits[Limits.RateKind.BankDoors].Permits)}",
            ],
            // What a controller does with a message takes microseconds and never blocks: it is done where the message is read, without waking another thread.
            new Dictionary<string, string> { ["DOTNET_SYSTEM_NET_SOCKETS_INLINE_COMPLETIONS"] = "1" });
        try
        {
            string? line = await process.Output.ReadLineAsync(cancel).AsTask().WaitAsync(TimeSpan.FromSeconds(20), cancel);
            if (line is null || JsonSerializer.Deserialize<Started>(line, Json.Options) is not { } started)
                throw new StartUpException($"The simulator does not start. See {logFile}.");
            return new PrivateSimulator(process, started.Hardware, log);
        }
        catch (Exception e) when (e is TimeoutException or JsonException)
        {
            await process.Stop(PosixSignal.SIGTERM, TimeSpan.FromSeconds(1), log);
            throw new StartUpException($"The simulator does not start. See {logFile}.", e);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _process.Stop(PosixSignal.SIGTERM, TimeSpan.FromSeconds(3), _log);
        _process.Dispose();
    }

    private static string[] Program()
    {
        string beside = Path.Combine(AppContext.BaseDirectory, "simulator", "Latchkey.Simulator.dll");
        string inCheckout = AppContext.BaseDirectory.Replace("Latchkey.Server", "Latchkey.Simulator", StringComparison.Ordinal) + "Latchkey.Simulator.dll";
        string program = File.Exists(beside) ? beside : inCheckout;
        if (!File.Exists(program))
            throw new StartUpException($"The simulator is not built ({program} is missing). Build the solution, or start with --no-demo.");
        return [Environment.ProcessPath is { } host && Path.GetFileNameWithoutExtension(host) == "dotnet" ? host : "dotnet", program];
    }

    private sealed record Started(Uri Hardware);
}
