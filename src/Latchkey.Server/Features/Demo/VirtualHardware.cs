using System.Net;
using Latchkey.Domain;
using Latchkey.Server.Features.Places;
using Latchkey.Server.Hosting;
using Latchkey.Server.Hosting.Limits;
using Latchkey.Server.Storage;

namespace Latchkey.Server.Features.Demo;

/// <summary>Where the simulator's own loopback port is, once it runs; nothing without the demo.</summary>
public sealed class VirtualHardwareAddress
{
    public Uri? Hardware { get; set; }
}

/// <summary>
/// Somebody works the virtual doors: closes one, jams one, pulls a plug. Passed on to the simulator's loopback port, in demo mode only; nothing
/// on the device link can do it.
/// </summary>
public static class VirtualHardware
{
    /// <param name="Mode"><c>rental</c>, <c>keypad</c>, <c>visit</c> or <c>gate</c>.</param>
    public sealed record DemoBankView(Guid Id, string Name, string SiteName, string Mode);

    public sealed record DemoView(bool Enabled, IReadOnlyList<DemoBankView> Banks);

    private sealed record SimulatorProblem(string Problem);

    private static readonly HashSet<string> DoorDeeds = ["close", "force", "pull", "jam", "free", "put-in", "take-out"];
    private static readonly HashSet<string> CabinetDeeds = ["unplug", "plug-in", "power-off", "power-on", "supply-off", "supply-on", "brown-out", "tamper-open", "tamper-close"];

    // The feed stays open for as long as the page does, so only the connection and the headers have a limit.
    private static readonly HttpClient Simulator = new(new SocketsHttpHandler { ConnectTimeout = TimeSpan.FromSeconds(2), UseProxy = false }) { Timeout = TimeSpan.FromSeconds(10) };

    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet("/demo", Show).WithName("ShowDemo").Produces<DemoView>();
        routes.MapGet("/demo/banks/{bank:guid}/hardware", (Guid bank, HttpContext http, PlaceBook places, VirtualHardwareAddress address, CancellationToken cancel) =>
            Pass(http, HttpMethod.Get, bank, "", places, address, cancel)).WithName("ShowVirtualBank");
        routes.MapGet("/demo/banks/{bank:guid}/hardware/watch", (Guid bank, HttpContext http, PlaceBook places, VirtualHardwareAddress address, CancellationToken cancel) =>
            Pass(http, HttpMethod.Get, bank, "/watch", places, address, cancel)).WithName("WatchVirtualBank").DisableRequestTimeout();
        routes.MapPost("/demo/banks/{bank:guid}/hardware/doors/{number:int}/{deed}", (Guid bank, int number, string deed, HttpContext http, PlaceBook places, VirtualHardwareAddress address, CancellationToken cancel) =>
            Pass(http, HttpMethod.Post, bank, DoorDeeds.Contains(deed) ? $"/doors/{number}/{deed}" : null, places, address, cancel)).WithName("WorkVirtualDoor").LimitedAs(RateKind.Reads);
        routes.MapPost("/demo/banks/{bank:guid}/hardware/battery/{percent:int:range(0,100)}", (Guid bank, int percent, HttpContext http, PlaceBook places, VirtualHardwareAddress address, CancellationToken cancel) =>
            Pass(http, HttpMethod.Post, bank, $"/battery/{percent}", places, address, cancel)).WithName("ChargeVirtualBank").LimitedAs(RateKind.Reads);
        routes.MapPost("/demo/banks/{bank:guid}/hardware/{deed}", (Guid bank, string deed, HttpContext http, PlaceBook places, VirtualHardwareAddress address, CancellationToken cancel) =>
            Pass(http, HttpMethod.Post, bank, CabinetDeeds.Contains(deed) ? $"/{deed}" : null, places, address, cancel)).WithName("WorkVirtualBank").LimitedAs(RateKind.Reads);
    }

    private static IResult Show(PlaceBook places, VirtualHardwareAddress address) => TypedResults.Ok(new DemoView(
        address.Hardware is not null,
        address.Hardware is null ? [] : [.. places.Sites.SelectMany(s => s.AllBanks.Select(b => new DemoBankView(b.Id, b.Name, s.Name, b.Mode.Text())))]));

    /// <summary>Hands a request on to the simulator and its answer back; what a terminal cannot meet is said in the simulator's own sentence.</summary>
    /// <param name="path">Below the cabinet's address; null for what is not to be had.</param>
    internal static async Task Pass(
        HttpContext http, HttpMethod method, Guid bank, string? path, PlaceBook places, VirtualHardwareAddress address, CancellationToken cancel, object? body = null)
    {
        if (address.Hardware is not { } hardware || path is null || places.Bank(bank) is not { } known)
        {
            await Problems.Of(Refusal.NotFound("virtual bank")).ExecuteAsync(http);
            return;
        }
        try
        {
            // A page that watches is let go when the server stops.
            using var ending = CancellationTokenSource.CreateLinkedTokenSource(cancel, http.RequestServices.GetRequiredService<IHostApplicationLifetime>().ApplicationStopping);
            cancel = ending.Token;
            using var request = new HttpRequestMessage(method, new Uri(hardware, $"/cabinets/{known.DeviceId:D}{path}"));
            if (body is not null)
                request.Content = JsonContent.Create(body, body.GetType(), options: Json.Options);
            using HttpResponseMessage response = await Simulator.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancel);
            if (response.StatusCode == HttpStatusCode.BadRequest)
            {
                var said = await response.Content.ReadFromJsonAsync<SimulatorProblem>(Json.Options, cancel);
                await Problems.Of(StatusCodes.Status400BadRequest, "invalid-request", said?.Problem ?? "The simulator refused this.").ExecuteAsync(http);
                return;
            }
            if (response.StatusCode != HttpStatusCode.OK)
            {
                await Problems.Of(Refusal.NotFound("virtual door")).ExecuteAsync(http);
                return;
            }
            http.Response.ContentType = response.Content.Headers.ContentType?.ToString();
            http.Response.Headers.CacheControl = "no-store";
            await using Stream answer = await response.Content.ReadAsStreamAsync(cancel);
            byte[] buffer = new byte[4096];
            int read;
            while ((read = await answer.ReadAsync(buffer, cancel)) > 0)
            {
                await http.Response.Body.WriteAsync(buffer.AsMemory(0, read), cancel);
                await http.Response.Body.FlushAsync(cancel);
            }
        }
        catch (HttpRequestException)
        {
            await Problems.Of(StatusCodes.Status503ServiceUnavailable, "service-unavailable", "The simulator does not answer. Restart the server if it stays so.").ExecuteAsync(http);
        }
        catch (Exception e) when (e is IOException or OperationCanceledException)
        {
            // Either end of the feed went away; the other learns it by the end of the stream.
        }
    }
}
