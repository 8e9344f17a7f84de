using System.CommandLine;
using System.Net;
using Latchkey.Server.Hosting.Limits;

namespace Latchkey.Server.Hosting.Face;

/// <summary>The part of the command line that becomes <see cref="FaceOptions"/>.</summary>
public sealed class FaceCommandLine
{
    // Ten minutes: nothing that routes requests takes longer to notice.
    private const int LongestDrainSeconds = 600;

    private readonly Option<string> _listen = new("--listen") { Description = "Address to listen on; not loopback only with TLS or a trusted proxy", HelpName = "ADDRESS", DefaultValueFactory = _ => "127.0.0.1" };
    private readonly Option<string?> _cert = new("--tls-cert") { Description = "Certificate with its chain, PEM; read again when it changes", HelpName = "FILE" };
    private readonly Option<string?> _key = new("--tls-key") { Description = "Private key of the certificate, PEM", HelpName = "FILE" };
    private readonly Option<int?> _redirect = new("--redirect-port") { Description = "Plain HTTP port that sends browsers to HTTPS", HelpName = "N" };
    private readonly Option<string[]> _proxies = new("--trusted-proxy") { Description = "Address, network or name whose X-Forwarded-* is believed; may be repeated", HelpName = "WHO", DefaultValueFactory = _ => [] };
    private readonly Option<int> _hops = new("--proxy-hops") { Description = "How many trusted proxies a request may come through", HelpName = "N", DefaultValueFactory = _ => 1 };
    private readonly Option<string[]> _origins = new("--cors-origin") { Description = "Origin whose pages may call the API; may be repeated", HelpName = "ORIGIN", DefaultValueFactory = _ => [] };
    private readonly Option<string[]> _limits = new("--limit") { Description = "Requests of a kind in so many seconds, for each caller; may be repeated", HelpName = "KIND=N/S", DefaultValueFactory = _ => [] };
    private readonly Option<string> _logs = new("--log-format") { Description = "json or text; text on a terminal, else json", HelpName = "FORMAT", DefaultValueFactory = _ => Console.IsErrorRedirected ? "json" : "text" };
    private readonly Option<int> _drain = new("--drain-s") { Description = "Seconds of \"not ready\" before a stop", HelpName = "N", DefaultValueFactory = _ => 0 };

    public FaceCommandLine()
    {
        Each(_listen, text => IPAddress.TryParse(text, out _) || text == "localhost", "--listen takes an address such as 127.0.0.1, 0.0.0.0 or ::.");
        Each(_redirect, text => int.TryParse(text, out int port) && port is >= 0 and <= 65535, "--redirect-port takes a number from 0 to 65535.");
        Each(_proxies, TrustedProxies.IsWellFormed, "--trusted-proxy takes an address (10.0.0.7), a network (10.0.0.0/24) or a host name.");
        Each(_hops, text => int.TryParse(text, out int hops) && hops is >= 1 and <= 10, "--proxy-hops takes a number from 1 to 10.");
        Each(_origins, IsOrigin, "--cors-origin takes one origin such as https://app.example, without a path or a star.");
        Each(_limits, RateLimits.IsWellFormed, $"--limit takes a kind, a number and seconds, such as doors=30/60; kinds are {string.Join(", ", Enum.GetValues<RateKind>().Select(RateLimits.NameOf))}, all.");
        Each(_logs, text => text is "json" or "text", "--log-format is json or text.");
        Each(_drain, text => int.TryParse(text, out int seconds) && seconds is >= 0 and <= LongestDrainSeconds, $"--drain-s takes a number from 0 to {LongestDrainSeconds}.");
    }

    public IEnumerable<Option> Options => [_listen, _cert, _key, _redirect, _proxies, _hops, _origins, _limits, _logs, _drain];

    public FaceOptions Read(ParseResult parsed) => new()
    {
        Listen = parsed.GetValue(_listen) is { } address && address != "localhost" ? IPAddress.Parse(address) : IPAddress.Loopback,
        TlsCert = FullPath(parsed.GetValue(_cert)),
        TlsKey = FullPath(parsed.GetValue(_key)),
        RedirectPort = parsed.GetValue(_redirect),
        TrustedProxies = parsed.GetValue(_proxies)!,
        ProxyHops = parsed.GetValue(_hops),
        CorsOrigins = [.. parsed.GetValue(_origins)!.Select(o => o.TrimEnd('/'))],
        Limits = new RateLimits(parsed.GetValue(_limits)!),
        JsonLogs = parsed.GetValue(_logs) == "json",
        Drain = TimeSpan.FromSeconds(parsed.GetValue(_drain)),
        MetricsToken = EnvironmentSetting.Of("LATCHKEY_METRICS_TOKEN"),
        Tiles = MapTiles.Parse(EnvironmentSetting.Of("LATCHKEY_TILES")),
    };

    private static bool IsOrigin(string text) =>
        Uri.TryCreate(text, UriKind.Absolute, out Uri? uri) && uri.Scheme is "https" or "http" && text.TrimEnd('/') == uri.GetLeftPart(UriPartial.Authority) && uri.UserInfo.Length == 0;

    private static string? FullPath(string? file) => file is null ? null : Path.GetFullPath(file);

    private static void Each(Option option, Func<string, bool> holds, string otherwise) => option.Validators.Add(r =>
    {
        if (r.Tokens.Any(t => !holds(t.Value)))
            r.AddError(otherwise);
    });
}
