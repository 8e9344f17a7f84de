using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Http.Metadata;
using Microsoft.AspNetCore.Http.Timeouts;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace Latchkey.Server.Hosting.Face;

/// <summary>How much, how slow and how long a request may be. Whatever has no limit is how one client takes a server from all others.</summary>
public static class RequestLimits
{
    /// <summary>Bytes. The longest body of most routes is a size and a number; 4 kB leave room for a client that adds fields we ignore.</summary>
    public const int SmallBody = 4 * 1024;

    /// <summary>Bytes. No route may ask for more; what is not a route of the API has this limit.</summary>
    public const int LargestBody = 64 * 1024;

    /// <summary>Opening a door waits up to 15 s when it is asked to, and needs some more to say what became of it.</summary>
    public static readonly TimeSpan WithDoor = TimeSpan.FromSeconds(25);

    public static void Configure(KestrelServerOptions kestrel)
    {
        KestrelServerLimits limits = kestrel.Limits;
        kestrel.AddServerHeader = false;
        limits.MaxRequestBodySize = LargestBody;
        limits.MaxRequestLineSize = 8 * 1024; // the longest address of ours has 50 sites in it: 2 kB
        limits.MaxRequestHeadersTotalSize = 16 * 1024; // a token has 400 bytes, a browser's own headers some 2 kB; proxies add theirs
        limits.MaxRequestHeaderCount = 64;
        limits.RequestHeadersTimeout = TimeSpan.FromSeconds(10); // headers fit into a few packets: slower is an attack (slowloris) or a dead line
        limits.KeepAliveTimeout = TimeSpan.FromSeconds(130); // longer than the 60 s of usual proxies, so that they hang up first and no request is lost
        limits.MinRequestBodyDataRate = new MinDataRate(bytesPerSecond: 240, gracePeriod: TimeSpan.FromSeconds(5)); // slower than GPRS
        limits.MinResponseDataRate = new MinDataRate(bytesPerSecond: 240, gracePeriod: TimeSpan.FromSeconds(5)); // counts only while something waits to be sent
        limits.MaxConcurrentConnections = 10_000; // 23 kB each when it is a live feed: 230 MB; the usual limit of open files is higher (see operating.md)
        limits.Http2.MaxStreamsPerConnection = 100;
        limits.Http2.KeepAlivePingDelay = TimeSpan.FromSeconds(60); // finds phones that have left without a word
        limits.Http2.KeepAlivePingTimeout = TimeSpan.FromSeconds(20);
    }

    public static void AddTimeouts(this IServiceCollection services, TimeSpan usual) => services.AddRequestTimeouts(o => o.DefaultPolicy = new RequestTimeoutPolicy
    {
        Timeout = usual,
        TimeoutStatusCode = StatusCodes.Status503ServiceUnavailable,
        WriteTimeoutResponse = http =>
        {
            ProblemHttpResult late = Problems.Of(
                StatusCodes.Status503ServiceUnavailable, "timed-out", "That took too long and was given up. Repeat it with the same Idempotency-Key: there was an effect, or there was none.");
            return late.ExecuteAsync(http);
        },
    });

    /// <summary>The route's body has at most so many bytes.</summary>
    public static TBuilder TakesBody<TBuilder>(this TBuilder builder, int bytes)
        where TBuilder : IEndpointConventionBuilder
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(bytes, LargestBody);
        return builder.WithMetadata(new BodyLimit(bytes));
    }

    /// <summary>What a body of this request may have, in words.</summary>
    public static string MostBytes(HttpContext http) =>
        http.Features.Get<IHttpMaxRequestBodySizeFeature>()?.MaxRequestBodySize is { } most ? $"{most / 1024} kB" : "its limit";

    private sealed record BodyLimit(long? MaxRequestBodySize) : IRequestSizeLimitMetadata;
}
