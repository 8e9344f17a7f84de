using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Latchkey.Link.Messages;
using Latchkey.Link.Transport;
using Latchkey.Server.Hosting;
using Latchkey.Server.Hosting.Limits;
using Microsoft.AspNetCore.Http.Timeouts;

namespace Latchkey.Server.Devices.Gateway;

/// <summary>
/// What devices that do not speak MQTT call: a WebSocket at <c>/device/v1</c>, and the requests of polling below it. Not a part of the API for
/// people, and not described with it; docs/protocol.md is their description.
/// </summary>
public static class DeviceRoutes
{
    private const int LargestOpening = 4096;

    /// <summary>32 messages of 1,024 bytes and what is around them; the server takes nothing above 64 kB anyway.</summary>
    private const int LargestUpload = 48 * 1024;

    public static void Map(WebApplication app)
    {
        app.UseWebSockets();
        RouteGroupBuilder device = app.MapGroup("/device/v1").TakesNoToken().ExcludeFromDescription().WithMetadata(new DisableRequestTimeoutAttribute());
        device.MapGet("", Socket);
        device.MapPost("/challenge", async (DevicePolling polling, CancellationToken cancel) =>
            Answer(new Polling.ChallengeAnswer(await polling.Challenge(cancel)), TransportJson.Default.ChallengeAnswer));
        device.MapPost("/sessions", Open);
        device.MapDelete("/sessions", Close);
        device.MapPost("/up", Up);
        device.MapGet("/dn", Down);
    }

    private static async Task Socket(HttpContext http, DeviceSocket devices)
    {
        if (!http.WebSockets.IsWebSocketRequest)
        {
            http.Response.StatusCode = StatusCodes.Status426UpgradeRequired;
            return;
        }
        using System.Net.WebSockets.WebSocket socket = await http.WebSockets.AcceptWebSocketAsync();
        await devices.Serve(socket, http.RequestAborted);
    }

    private static async Task<IResult> Open(HttpContext http, DevicePolling polling, RateLimiter limiter, CancellationToken cancel)
    {
        if (await limiter.Take(RateKind.Sessions, RateLimiting.Address(http), cancel) is { } wait)
            return RateLimiting.TooMany(http, wait);
        if (await Read(http, LargestOpening, TransportJson.Default.Opening, cancel) is not { } opening || TransportJson.Extract(opening.Will) is not { } will)
            return TypedResults.BadRequest();
        (string? session, string? refusal) = await polling.Open(opening.Device, opening.Nonce, opening.Proof, will, cancel);
        return refusal switch
        {
            null => Answer(new Polling.Opened(session!), TransportJson.Default.Opened),
            "refused" => TypedResults.StatusCode(StatusCodes.Status403Forbidden),
            "no last will" => TypedResults.BadRequest(),
            _ => TypedResults.StatusCode(StatusCodes.Status503ServiceUnavailable),
        };
    }

    private static IResult Close(HttpContext http, DevicePolling polling)
    {
        if (polling.Find(Token(http)) is not { } session)
            return TypedResults.Unauthorized();
        session.Relay.Farewell();
        session.Relay.End();
        return TypedResults.NoContent();
    }

    private static async Task<IResult> Up(HttpContext http, DevicePolling polling, CancellationToken cancel)
    {
        if (polling.Find(Token(http)) is not { } session)
            return TypedResults.Unauthorized();
        session.Enter();
        try
        {
            if (await Read(http, LargestUpload, TransportJson.Default.Upload, cancel) is not { Messages.Count: > 0 and <= Polling.MostUp } upload)
                return TypedResults.BadRequest();
            if (!session.MaySay(upload.Messages.Count))
                return TypedResults.StatusCode(StatusCodes.Status429TooManyRequests);
            foreach (Polling.Up up in upload.Messages)
            {
                if (!Topics.IsReport(up.Kind) || TransportJson.Extract(up.M) is not { } payload)
                    return TypedResults.BadRequest();
                if (await session.Relay.Up(up.Kind, payload, acknowledged: up.Qos == 1, cancel))
                    continue;
                session.Relay.End();
                return TypedResults.StatusCode(StatusCodes.Status503ServiceUnavailable);
            }
            return TypedResults.NoContent();
        }
        finally
        {
            session.Leave();
        }
    }

    private static async Task<IResult> Down(HttpContext http, DevicePolling polling, IHostApplicationLifetime life, CancellationToken cancel, long after = 0, int wait = 0)
    {
        if (polling.Find(Token(http)) is not { } session)
            return TypedResults.Unauthorized();
        session.Enter();
        try
        {
            TimeSpan within = TimeSpan.FromSeconds(Math.Clamp(wait, 0, (int)Polling.LongestWait.TotalSeconds));
            using var either = CancellationTokenSource.CreateLinkedTokenSource(cancel, life.ApplicationStopping);
            return Answer(await session.Fetch(after, within, either.Token), TransportJson.Default.Download);
        }
        finally
        {
            session.Leave();
        }
    }

    internal static string? Token(HttpContext http) =>
        http.Request.Headers.Authorization.ToString() is { Length: < 200 } header && header.StartsWith("Bearer ", StringComparison.Ordinal) ? header["Bearer ".Length..] : null;

    /// <summary>Null for what is too large or not what it should be. Sizes first.</summary>
    internal static async Task<T?> Read<T>(HttpContext http, int most, JsonTypeInfo<T> type, CancellationToken cancel)
        where T : class
    {
        if (http.Request.ContentLength is > 0 and var length && length > most)
            return null;
        using var body = new MemoryStream();
        byte[] buffer = new byte[4096];
        for (int read; (read = await http.Request.Body.ReadAsync(buffer, cancel)) > 0;)
        {
            body.Write(buffer, 0, read);
            if (body.Length > most)
                return null;
        }
        try
        {
            return JsonSerializer.Deserialize(body.GetBuffer().AsSpan(0, (int)body.Length), type);
        }
        catch (JsonException)
        {
            return null;
        }
    }

    /// <summary>With its length said first: a small device makes room before it reads.</summary>
    internal static IResult Answer<T>(T value, JsonTypeInfo<T> type) => TypedResults.Bytes(JsonSerializer.SerializeToUtf8Bytes(value, type), "application/json");
}
