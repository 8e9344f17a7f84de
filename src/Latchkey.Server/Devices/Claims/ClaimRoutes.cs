using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Latchkey.Link.Transport;
using Latchkey.Server.Devices.Broker;
using Latchkey.Server.Devices.Gateway;
using Latchkey.Server.Hosting;
using Latchkey.Server.Hosting.Limits;

namespace Latchkey.Server.Devices.Claims;

/// <summary>What a device calls for its first certificate and for its next key. docs/protocol.md is the description; plain HTTP is for this machine only, as everywhere.</summary>
public static class ClaimRoutes
{
    public static void Map(WebApplication app)
    {
        RouteGroupBuilder claims = app.MapGroup("/device/v1/claims").TakesNoToken().ExcludeFromDescription();
        claims.MapPost("", Ask);
        claims.MapGet("", Look);
        app.MapPost("/device/v1/keys", ChangeKey).TakesNoToken().ExcludeFromDescription();
    }

    private static async Task<IResult> Ask(HttpContext http, ClaimDesk desk, RateLimiter limiter, CancellationToken cancel)
    {
        // Counted before anything is read: a signature is checked below.
        if (await limiter.Take(RateKind.Claims, RateLimiting.Address(http), cancel) is { } wait)
            return RateLimiting.TooMany(http, wait);
        if (await DeviceRoutes.Read(http, Claiming.LargestRequest, TransportJson.Default.Asking, cancel) is not { } asking || !IsPlain(asking.Model) || KeyOf(asking.Request) is not { } key)
            return TypedResults.BadRequest();
        return await desk.Ask(asking.Code, key, asking.Model, cancel) is { } ticket
            ? DeviceRoutes.Answer(new Claiming.Asked(ticket), TransportJson.Default.Asked)
            : TypedResults.StatusCode(StatusCodes.Status403Forbidden);
    }

    private static async Task<IResult> Look(HttpContext http, ClaimDesk desk, RateLimiter limiter, CancellationToken cancel)
    {
        if (await limiter.Take(RateKind.DeviceKeys, RateLimiting.Address(http), cancel) is { } wait)
            return RateLimiting.TooMany(http, wait);
        (bool waits, Claiming.Granted? granted) = await desk.Look(DeviceRoutes.Token(http), cancel);
        return granted is not null
            ? DeviceRoutes.Answer(granted, TransportJson.Default.Granted)
            : TypedResults.StatusCode(waits ? StatusCodes.Status202Accepted : StatusCodes.Status403Forbidden);
    }

    private static async Task<IResult> ChangeKey(HttpContext http, KeyDesk desk, RateLimiter limiter, CancellationToken cancel)
    {
        if (await limiter.Take(RateKind.DeviceKeys, RateLimiting.Address(http), cancel) is { } wait)
            return RateLimiting.TooMany(http, wait);
        if (await DeviceRoutes.Read(http, Claiming.LargestRequest, TransportJson.Default.Change, cancel) is not { } change || KeyOf(change.Request) is not { } next)
            return TypedResults.BadRequest();
        return await desk.Change(change, next, cancel) is { } granted
            ? DeviceRoutes.Answer(granted, TransportJson.Default.Granted)
            : TypedResults.StatusCode(StatusCodes.Status403Forbidden);
    }

    /// <summary>Null for what is no request, or proves no key of ours.</summary>
    internal static PublicKey? KeyOf(string request)
    {
        try
        {
            return DeviceAuthority.KeyOf(request);
        }
        catch (CryptographicException)
        {
            return null;
        }
    }

    private static bool IsPlain(string model) => model.Length is > 0 and <= 32 && model.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '.' or ' ');
}
