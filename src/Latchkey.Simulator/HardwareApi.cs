using System.Globalization;
using System.Net;
using System.Text.Json;
using System.Threading.Channels;
using Latchkey.Controller.Boards;
using Latchkey.Simulator.Boards.Fake;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Latchkey.Simulator;

/// <summary>The line that is printed when the hardware can be worked.</summary>
internal sealed record HardwareAddress(string Hardware, int ActuationMs, int DebounceMs);

/// <summary>What was wrong with a request, in a sentence.</summary>
internal sealed record HardwareProblem(string Problem);

/// <summary>
/// What a person in front of the cabinets could do, over HTTP on loopback: shut, force, pull and jam doors, put things in, open the housing,
/// pull plugs, drain the battery. Nothing here orders a
/// door to open, and nothing on the device link can do what is here.
/// </summary>
internal static class HardwareApi
{
    /// <summary>How often a silent stream says that it is alive.</summary>
    private static readonly TimeSpan Pulse = TimeSpan.FromSeconds(10);

    public static WebApplication Build(IReadOnlyDictionary<Guid, SimulatedCabinet> cabinets, int port, TimeProvider time)
    {
        // Else it would watch every folder below the one it happens to be started in.
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder(new WebApplicationOptions { Args = ["--hostBuilder:reloadConfigOnChange=false"], ContentRootPath = AppContext.BaseDirectory });
        builder.Logging.ClearProviders();
        builder.Services.Configure<HostOptions>(o => o.ShutdownTimeout = TimeSpan.FromMilliseconds(500));
        builder.Services.ConfigureHttpJsonOptions(o => o.SerializerOptions.TypeInfoResolverChain.Insert(0, SimulatorJson.Default));
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.Listen(IPAddress.Loopback, port);
            // A few hundred tests and screens at most; the largest body is a scanned code.
            kestrel.Limits.MaxConcurrentConnections = 1_000;
            kestrel.Limits.MaxRequestBodySize = 4_096;
        });
        WebApplication app = builder.Build();
        Map(app, cabinets, time, app.Lifetime.ApplicationStopping);
        return app;
    }

    private static void Map(IEndpointRouteBuilder routes, IReadOnlyDictionary<Guid, SimulatedCabinet> cabinets, TimeProvider time, CancellationToken stopping)
    {
        routes.MapGet("/cabinets", () => TypedResults.Ok(cabinets.Values.Select(c => c.Snapshot() with { Terminal = null }).ToArray()));
        routes.MapGet("/cabinets/{device}", (string device) => Find(cabinets, device, c => Task.FromResult<IResult>(TypedResults.Ok(c.Snapshot()))));
        routes.MapGet("/cabinets/{device}/watch", (string device) => Find(cabinets, device, c => Task.FromResult<IResult>(new WatchResult(c, time, stopping))));
        routes.MapPost("/cabinets/{device}/doors/{door}/{deed}", (string device, string door, string deed) =>
            Find(cabinets, device, c => Task.FromResult(Work(c, door, deed))));
        routes.MapPost("/cabinets/{device}/battery/{level}", (string device, string level) => Find(cabinets, device, c => Task.FromResult(Charge(c, level))));
        routes.MapPost("/cabinets/{device}/{deed}", (string device, string deed, CancellationToken cancel) =>
            Find(cabinets, device, c => Plug(c, deed, cancel)));
        routes.MapPost("/cabinets/{device}/clock/{seconds}", (string device, string seconds) => Find(cabinets, device, c => Task.FromResult(SetClock(c, seconds))));
        routes.MapGet("/cabinets/{device}/mind", (string device) => Find(cabinets, device, c => Task.FromResult<IResult>(TypedResults.Ok(c.Mind()))));
        TerminalApi.Map(routes, (device, work) => Find(cabinets, device, work));
        routes.MapFallback(() => Problem("There is nothing at this address.", StatusCodes.Status404NotFound));
    }

    private static Task<IResult> Find(IReadOnlyDictionary<Guid, SimulatedCabinet> cabinets, string device, Func<SimulatedCabinet, Task<IResult>> work) =>
        !Guid.TryParseExact(device, "D", out Guid id) ? Task.FromResult<IResult>(Problem($"'{device}' is no device id.", StatusCodes.Status400BadRequest))
        : !cabinets.TryGetValue(id, out SimulatedCabinet? cabinet) ? Task.FromResult<IResult>(Problem($"There is no cabinet {id} here.", StatusCodes.Status404NotFound))
        : work(cabinet);

    private static IResult Work(SimulatedCabinet cabinet, string door, string deed)
    {
        FakeBoard board = cabinet.Board;
        if (!int.TryParse(door, out int number))
            return Problem($"'{door}' is no number of a door.", StatusCodes.Status400BadRequest);
        if (number < 1 || number > board.Doors.Count)
            return Problem($"The cabinet has doors 1 to {board.Doors.Count}, not {number}.", StatusCodes.Status404NotFound);
        switch (deed)
        {
            case "close":
                board.Close(number);
                break;
            case "force":
                board.Force(number);
                break;
            case "jam":
                board.SetJammed(number, jammed: true);
                break;
            case "free":
                board.SetJammed(number, jammed: false);
                break;
            case "pull":
                board.Pull(number);
                break;
            case "put-in":
                board.SetOccupied(number, occupied: true);
                break;
            case "take-out":
                board.SetOccupied(number, occupied: false);
                break;
            default:
                return Problem($"A door can be made to close, force, pull, jam, free, put-in or take-out, not '{deed}'.", StatusCodes.Status404NotFound);
        }
        return TypedResults.Ok(cabinet.Snapshot());
    }

    private static IResult SetClock(SimulatedCabinet cabinet, string seconds)
    {
        // A year either way: what a dead battery and a wrong zone add up to.
        if (!long.TryParse(seconds, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long ahead) || Math.Abs(ahead) > 366 * 86_400)
            return Problem($"A clock is set wrong by whole seconds, up to a year, not by '{seconds}'.", StatusCodes.Status400BadRequest);
        cabinet.SetClock(TimeSpan.FromSeconds(ahead));
        return TypedResults.Ok(cabinet.Snapshot());
    }

    private static async Task<IResult> Plug(SimulatedCabinet cabinet, string deed, CancellationToken cancel)
    {
        switch (deed)
        {
            case "unplug":
                cabinet.Unplug();
                break;
            case "plug-in":
                cabinet.PlugIn();
                break;
            case "power-off":
                await cabinet.PowerOff(cancel);
                break;
            case "power-on":
                await cabinet.PowerOn(cancel);
                break;
            case "supply-off":
                cabinet.Board.SetSupply(Supply.Absent);
                break;
            case "supply-on":
                cabinet.Board.SetSupply(Supply.Present);
                break;
            case "brown-out":
                cabinet.Board.SetSupply(Supply.Present, weak: true);
                break;
            case "tamper-open":
                cabinet.Board.SetTampered(tampered: true);
                break;
            case "tamper-close":
                cabinet.Board.SetTampered(tampered: false);
                break;
            default:
                return Problem(
                    $"A cabinet can be made to unplug, plug-in, power-off, power-on, supply-off, supply-on, brown-out, tamper-open or tamper-close, not '{deed}'.",
                    StatusCodes.Status404NotFound);
        }
        return TypedResults.Ok(cabinet.Snapshot());
    }

    /// <param name="level">0 to 100, or <c>none</c>.</param>
    private static IResult Charge(SimulatedCabinet cabinet, string level)
    {
        if (level != "none" && (!int.TryParse(level, NumberStyles.None, CultureInfo.InvariantCulture, out int percent) || percent > 100))
            return Problem($"A battery has 0 to 100 percent, or there is none, not '{level}'.", StatusCodes.Status400BadRequest);
        cabinet.Board.SetBattery(level == "none" ? null : int.Parse(level, CultureInfo.InvariantCulture));
        return TypedResults.Ok(cabinet.Snapshot());
    }

    private static JsonHttpResult<HardwareProblem> Problem(string sentence, int status) =>
        TypedResults.Json(new HardwareProblem(sentence), statusCode: status);

    /// <summary>Server-sent events, written by hand because the framework's have no comments to keep a silent stream alive.</summary>
    private sealed class WatchResult(SimulatedCabinet cabinet, TimeProvider time, CancellationToken stopping) : IResult
    {
        public async Task ExecuteAsync(HttpContext httpContext)
        {
            if (cabinet.Watch() is not { } snapshots)
            {
                await Problem("Too many watch this cabinet already.", StatusCodes.Status503ServiceUnavailable).ExecuteAsync(httpContext);
                return;
            }
            using var ended = CancellationTokenSource.CreateLinkedTokenSource(httpContext.RequestAborted, stopping);
            try
            {
                httpContext.Response.ContentType = "text/event-stream";
                httpContext.Response.Headers.CacheControl = "no-cache";
                while (!ended.IsCancellationRequested)
                    await WriteNext(httpContext.Response, snapshots, ended.Token);
            }
            catch (OperationCanceledException) when (ended.IsCancellationRequested)
            {
            }
            finally
            {
                cabinet.Unwatch(snapshots);
            }
        }

        private async Task WriteNext(HttpResponse response, ChannelReader<CabinetSnapshot> snapshots, CancellationToken cancel)
        {
            using var silence = new CancellationTokenSource(Pulse, time);
            using var either = CancellationTokenSource.CreateLinkedTokenSource(cancel, silence.Token);
            try
            {
                await snapshots.WaitToReadAsync(either.Token);
            }
            catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
            {
                await response.WriteAsync(": nothing new\n\n", cancel);
            }
            while (snapshots.TryRead(out CabinetSnapshot? snapshot))
                await response.WriteAsync($"event: cabinet\ndata: {JsonSerializer.Serialize(snapshot, SimulatorJson.Default.CabinetSnapshot)}\n\n", cancel);
            await response.Body.FlushAsync(cancel);
        }
    }
}
