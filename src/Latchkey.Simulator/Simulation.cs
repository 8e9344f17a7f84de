using System.Collections.Frozen;
using System.Runtime.InteropServices;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;
using Latchkey.Controller.Cabinet;
using Latchkey.Controller.Claims;
using Latchkey.Controller.Terminal;
using Latchkey.Controller;
using Latchkey.Simulator.Boards.Fake;
using Microsoft.AspNetCore.Builder;

namespace Latchkey.Simulator;

/// <summary>All cabinets of one process, from their files to their end.</summary>
internal static class Simulation
{
    /// <summary>Between the starts of two cabinets: 200 TLS handshakes a second are what two cores can do.</summary>
    private static readonly TimeSpan BetweenStarts = TimeSpan.FromMilliseconds(4);

    /// <summary>A test that plugs a cable in does not wait half a minute.</summary>
    private static readonly TimeSpan LongestRetry = TimeSpan.FromSeconds(5);

    public static int Enrol(CommandLine line)
    {
        IReadOnlyList<CabinetEntry> entries = SimulationFiles.ReadCabinets(line.Required("--cabinets"));
        string keys = Folder(line.Required("--keys"));
        foreach (CabinetEntry entry in entries)
            DeviceFolder.Enrol(entry.Device, keys);
        return 0;
    }

    /// <summary>The same steps as on a real board, with the same code; the list of cabinets is written once it is a device.</summary>
    public static async Task<int> Claim(CommandLine line)
    {
        string folder = Folder(line.Required("--out"));
        int lockers = line.Number("--lockers", 12, 1, 200);
        using var stop = new CancellationTokenSource();
        using var term = PosixSignalRegistration.Create(PosixSignal.SIGTERM, context => Stop(context, stop));
        using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, context => Stop(context, stop));
        try
        {
            Guid device = await ClaimCommand.Claim(line.Given(ClaimCommand.Options), Path.Combine(folder, "keys"), "LK-sim", stop.Token);
            List<CabinetEntry> cabinets = [new CabinetEntry(device, "Claimed", "LK-sim", lockers)];
            await File.WriteAllTextAsync(Path.Combine(folder, "cabinets.json"), JsonSerializer.Serialize(cabinets, SimulatorJson.Default.ListCabinetEntry), stop.Token);
            await Console.Out.WriteLineAsync($"This is device {device:D} now.");
            return 0;
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            return 1;
        }
    }

    public static async Task<int> Run(CommandLine line)
    {
        int port = line.Number("--port", 0, 0, 65_535);
        int actuationMs = line.Number("--actuation-ms", 60, 0, 10_000);
        int debounceMs = line.Number("--debounce-ms", 30, 0, 500);
        int? seed = line.Has("--seed") ? line.Number("--seed", 0, int.MinValue, int.MaxValue) : null;
        // Four threads at most wait for disks; timers and sockets need others, and the pool makes new ones only slowly.
        ThreadPool.SetMinThreads(8, 8);

        FrozenDictionary<Guid, SimulatedCabinet> cabinets = Build(line, TimeSpan.FromMilliseconds(actuationMs), debounceMs, seed);
        using var stop = new CancellationTokenSource();
        using var term = PosixSignalRegistration.Create(PosixSignal.SIGTERM, context => Stop(context, stop));
        using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, context => Stop(context, stop));

        await using WebApplication app = HardwareApi.Build(cabinets, port, ExactTime.Instance);
        try
        {
            await app.StartAsync(CancellationToken.None);
        }
        catch (IOException e)
        {
            throw new UsageException($"Port {port} on 127.0.0.1 cannot be used: {e.Message}", e);
        }
        string address = JsonSerializer.Serialize(new HardwareAddress(app.Urls.First(), actuationMs, debounceMs), SimulatorJson.Default.HardwareAddress);
        await Console.Out.WriteLineAsync(address);
        Task input = line.Has("--stop-with-stdin") ? UntilInputEnds(stop.Token) : Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, stop.Token);
        Task starting = Start(cabinets.Values, stop.Token);
        await Task.WhenAny(input, Ended(stop.Token)).ConfigureAwait(false);
        await stop.CancelAsync();
        await starting.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await Task.WhenAll(cabinets.Values.Select(c => c.DisposeAsync().AsTask()).Append(app.StopAsync(CancellationToken.None)));
        return 0;
    }

    private static FrozenDictionary<Guid, SimulatedCabinet> Build(CommandLine line, TimeSpan actuation, int debounceMs, int? seed)
    {
        IReadOnlyList<CabinetEntry> entries = SimulationFiles.ReadCabinets(line.Required("--cabinets"));
        string keys = line.Required("--keys");
        string journals = Folder(line.Required("--journals"));
        (LinkFile link, X509Certificate2Collection? trust) = DeviceFolder.ReadLink(keys);
        int number = 0, ordinal = 0;
        return entries.Select(entry =>
        {
            DeviceIdentity identity = DeviceFolder.ReadIdentity(entry.Device, keys, link);
            // A generator for each cabinet, or the order of threads would decide which one bounces.
            Random? bounce = seed is { } s ? new Random(unchecked(s + number++)) : null;
            var board = new FakeBoard(entry.Lockers, actuation, bounce, ExactTime.Instance, (entry.Latched ?? []).ToHashSet(), entry.Gate ? TimeSpan.FromSeconds(3) : null);
            string journal = Path.Combine(journals, $"{entry.Device:D}.journal");
            // Both kinds of display are to be seen.
            var terminal = new FakeTerminal(ordinal++ % 2 == 0 ? DisplayKind.Mono128X64 : DisplayKind.Colour96X64);
            return new SimulatedCabinet(
                entry.Settings(debounceMs, line.Number("--breaker-doors", 6, 1, 200)), identity, journal, board, terminal, DeviceFolder.Dialer(identity, link, trust), DeviceFolder.Link(identity, link, LongestRetry, ExactTime.Instance, trust), ExactTime.Instance,
                new TerminalSettings { Labels = entry.Labels ?? [], Gate = entry.Gate });
        }).ToFrozenDictionary(c => c.Device);
    }

    private static async Task Start(IEnumerable<SimulatedCabinet> cabinets, CancellationToken cancel)
    {
        foreach (SimulatedCabinet cabinet in cabinets)
        {
            await cabinet.PowerOn(cancel);
            await Task.Delay(BetweenStarts, TimeProvider.System, cancel);
        }
    }

    private static string Folder(string path)
    {
        try
        {
            return Directory.CreateDirectory(path).FullName;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new UsageException($"The folder {path} cannot be made: {e.Message}", e);
        }
    }

    private static void Stop(PosixSignalContext context, CancellationTokenSource stop)
    {
        context.Cancel = true;
        stop.Cancel();
    }

    private static async Task UntilInputEnds(CancellationToken cancel)
    {
        await using Stream input = Console.OpenStandardInput();
        byte[] ignored = new byte[256];
        // The console's stream blocks whoever reads it.
        while (await Task.Run(() => input.Read(ignored), cancel) > 0)
        {
        }
    }

    private static Task Ended(CancellationToken cancel)
    {
        var ended = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        cancel.UnsafeRegister(_ => ended.TrySetResult(), null);
        return ended.Task;
    }
}
