using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Latchkey.Server.Hosting.Limits;

/// <summary>Each request of the API takes a permit of its kind: of the person who is signed in, else of the address that it comes from.</summary>
public static class RateLimiting
{
    /// <summary>How the route is counted; else reading counts as reading and everything else as writing.</summary>
    public static TBuilder LimitedAs<TBuilder>(this TBuilder builder, RateKind kind)
        where TBuilder : IEndpointConventionBuilder => builder.WithMetadata(new KindOf(kind));

    public static void UseRateLimits(this WebApplication app)
    {
        var limiter = app.Services.GetRequiredService<RateLimiter>();
        app.Use(async (http, next) =>
        {
            if (http.GetEndpoint() is { } endpoint && http.Request.Path.StartsWithSegments("/api"))
            {
                RateKind kind = endpoint.Metadata.GetMetadata<KindOf>()?.Kind
                    ?? (HttpMethods.IsGet(http.Request.Method) || HttpMethods.IsHead(http.Request.Method) ? RateKind.Reads : RateKind.Writes);
                string caller = http.CallerOrNull() is { } person ? $"person:{person.Id:N}" : Address(http);
                if (await limiter.Take(kind, caller, http.RequestAborted) is { } wait)
                {
                    Telemetry.Instruments.Refused.Add(1, new KeyValuePair<string, object?>("kind", RateLimits.NameOf(kind)));
                    await TooMany(http, wait).ExecuteAsync(http);
                    return;
                }
            }
            await next(http);
        });
    }

    /// <summary>The refusal, with Retry-After in whole seconds.</summary>
    public static ProblemHttpResult TooMany(HttpContext http, TimeSpan wait)
    {
        int seconds = Math.Max(1, (int)Math.Ceiling(wait.TotalSeconds));
        http.Response.Headers.RetryAfter = seconds.ToString(CultureInfo.InvariantCulture);
        return Problems.Of(StatusCodes.Status429TooManyRequests, "too-many-requests", $"That was too often. Try again in {seconds} s.");
    }

    /// <summary>The name under which somebody is counted who is not signed in.</summary>
    public static string Address(HttpContext http) => $"address:{Network(http.Connection.RemoteIpAddress)}";

    /// <summary>Whom an address stands for: a line has one IPv4 address, or a whole /64 of IPv6, in which it takes a new one when it likes.</summary>
    public static string Network(IPAddress? address)
    {
        if (address is null)
            return "none";
        if (address.IsIPv4MappedToIPv6)
            address = address.MapToIPv4();
        if (address.AddressFamily != AddressFamily.InterNetworkV6)
            return address.ToString();
        byte[] bytes = address.GetAddressBytes();
        bytes.AsSpan(8).Clear();
        return $"{new IPAddress(bytes)}/64";
    }

    private sealed record KindOf(RateKind Kind);
}
