using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.HttpOverrides;
using Microsoft.Extensions.Options;
using IPNetwork = System.Net.IPNetwork;

namespace Latchkey.Server.Hosting.Face;

/// <summary>
/// Who may say on whose behalf a request comes. Anybody can send X-Forwarded-For; it is believed from these peers only, and only so many steps back.
/// Names are asked again each minute, because a container's address changes when it is started anew.
/// </summary>
public sealed class TrustedProxies(IReadOnlyList<string> named, int hops, ILoggerFactory loggers) : BackgroundService
{
    private static readonly TimeSpan AskEvery = TimeSpan.FromMinutes(1);

    private readonly ILogger _log = loggers.CreateLogger<TrustedProxies>();
    private readonly List<IPAddress> _addresses = [.. named.Where(n => IPAddress.TryParse(n, out _)).Select(IPAddress.Parse)];
    private readonly List<IPNetwork> _networks = [.. named.Where(n => n.Contains('/', StringComparison.Ordinal)).Select(IPNetwork.Parse)];
    private readonly string[] _names = [.. named.Where(n => !IPAddress.TryParse(n, out _) && !n.Contains('/', StringComparison.Ordinal))];
    private volatile Believed? _trust;
    private readonly TaskCompletionSource _built = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private RequestDelegate? _next;

    public static bool IsWellFormed(string text) =>
        IPAddress.TryParse(text, out _) || (text.Contains('/', StringComparison.Ordinal) ? IPNetwork.TryParse(text, out _) : Uri.CheckHostName(text) == UriHostNameType.Dns);

    public bool Contains(IPAddress? peer)
    {
        if (peer is null || _trust is not { } trust)
            return false;
        IPAddress plain = peer.IsIPv4MappedToIPv6 ? peer.MapToIPv4() : peer;
        return trust.Addresses.Contains(plain) || _networks.Any(n => n.Contains(plain));
    }

    /// <summary>The framework's own reading of X-Forwarded-For, -Proto and -Host, rebuilt when a name leads elsewhere.</summary>
    public RequestDelegate Before(RequestDelegate next)
    {
        _next = next;
        Believe([.. _addresses]);
        _built.TrySetResult();
        // Without anybody to trust the framework would trust everybody.
        return http => _trust?.Headers is { } headers ? headers.Invoke(http) : next(http);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        if (_names.Length == 0)
            return;
        // This part is started before the pipeline is built: an answer that came earlier would be overwritten with none until it is asked again.
        await _built.Task.WaitAsync(stoppingToken);
        await Periodic.Run(AskEvery, TimeProvider.System, _log, "look-up of the trusted proxies", Ask, stoppingToken);
    }

    private async Task Ask(CancellationToken cancel)
    {
        var addresses = new HashSet<IPAddress>(_addresses);
        foreach (string name in _names)
        {
            try
            {
                addresses.UnionWith((await Dns.GetHostAddressesAsync(name, cancel)).Select(a => a.IsIPv4MappedToIPv6 ? a.MapToIPv4() : a));
            }
            catch (SocketException e)
            {
                // What it led to before may belong to somebody else by now.
                _log.LogWarning("The trusted proxy {Name} has no address ({Reason}); nothing is believed on its word until it has.", name, e.SocketErrorCode);
            }
        }
        if (_trust?.Addresses.SetEquals(addresses) != true)
            Believe(addresses);
    }

    private void Believe(HashSet<IPAddress> addresses)
    {
        var options = new ForwardedHeadersOptions
        {
            ForwardedHeaders = ForwardedHeaders.XForwardedFor | ForwardedHeaders.XForwardedProto | ForwardedHeaders.XForwardedHost,
            ForwardLimit = hops,
        };
        options.KnownProxies.Clear();
        options.KnownIPNetworks.Clear();
        foreach (IPAddress address in addresses)
            options.KnownProxies.Add(address);
        foreach (IPNetwork network in _networks)
            options.KnownIPNetworks.Add(network);
        bool anybody = addresses.Count > 0 || _networks.Count > 0;
        _trust = new Believed(addresses, anybody ? new ForwardedHeadersMiddleware(_next!, loggers, Options.Create(options)) : null);
    }

    private sealed record Believed(HashSet<IPAddress> Addresses, ForwardedHeadersMiddleware? Headers);
}
