using System.Net;
using Latchkey.Server.Hosting.Limits;

namespace Latchkey.Server.Hosting.Face;

/// <summary>How the server shows itself to the network: where it listens, under which certificate, behind whom, and what it lets through.</summary>
public sealed record FaceOptions
{
    /// <summary>Address to listen on. Anything but loopback needs a certificate or a proxy that is named.</summary>
    public IPAddress Listen { get; init; } = IPAddress.Loopback;

    /// <summary>PEM file of the certificate and what leads to its root; null for plain HTTP.</summary>
    public string? TlsCert { get; init; }

    /// <summary>PEM file of the certificate's private key, not encrypted.</summary>
    public string? TlsKey { get; init; }

    /// <summary>A second port, plain HTTP, that only sends browsers to the first; null for none, 0 for any free one.</summary>
    public int? RedirectPort { get; init; }

    /// <summary>Addresses, networks (10.0.0.0/24) or names whose X-Forwarded-* headers are believed.</summary>
    public IReadOnlyList<string> TrustedProxies { get; init; } = [];

    /// <summary>How many proxies a request may have come through, each of them trusted.</summary>
    public int ProxyHops { get; init; } = 1;

    /// <summary>Origins (https://app.example) whose pages may call the API.</summary>
    public IReadOnlyList<string> CorsOrigins { get; init; } = [];

    /// <summary>How often a caller may ask.</summary>
    public RateLimits Limits { get; init; } = new();

    /// <summary>How long the server says "not ready" before it stops taking requests; a load balancer needs to notice.</summary>
    public TimeSpan Drain { get; init; } = TimeSpan.Zero;

    /// <summary>
    /// How long a usual request may take. The database answers in milliseconds; who waited ten seconds is told to come again, and the connection is
    /// free for others.
    /// </summary>
    public TimeSpan RequestTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>What a reader of /metrics from elsewhere has to show (LATCHKEY_METRICS_TOKEN); null: loopback only.</summary>
    public string? MetricsToken { get; init; }

    /// <summary>Whether logs are JSON, a line for each event, and not text for a person.</summary>
    public bool JsonLogs { get; init; }

    /// <summary>Where browsers get a street map's pictures (LATCHKEY_TILES); null: the map is a schematic one.</summary>
    public MapTiles? Tiles { get; init; }

    public bool HasTls => TlsCert is not null;

    /// <summary>What the options say about each other, and what only the machine can answer later is not looked at here.</summary>
    /// <exception cref="StartUpException">They would put passwords on the wire in the clear, or only half is said.</exception>
    public void Check()
    {
        if (TlsCert is null != TlsKey is null)
            throw new StartUpException("--tls-cert and --tls-key are given together: the certificate and its private key, both as PEM files.");
        if (RedirectPort is not null && !HasTls)
            throw new StartUpException("--redirect-port sends browsers to HTTPS, so it needs --tls-cert and --tls-key.");
        if (!IPAddress.IsLoopback(Listen) && !HasTls && TrustedProxies.Count == 0)
        {
            throw new StartUpException(
                $"Plain HTTP on {Listen} would send passwords in the clear. Give --tls-cert and --tls-key, or name the proxy that does TLS with --trusted-proxy, or listen on 127.0.0.1.");
        }
        if (MetricsToken is { Length: < 16 })
            throw new StartUpException("LATCHKEY_METRICS_TOKEN has at least 16 characters: it can be guessed otherwise.");
    }
}
