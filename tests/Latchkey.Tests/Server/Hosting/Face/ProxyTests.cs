using System.Net;
using Latchkey.Server.Hosting.Face;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Latchkey.Tests.Server.Hosting.Face;

/// <summary>Whose word about the caller is believed. The peer's address is put in by the test: all that really connects here is loopback.</summary>
public sealed class ProxyTests
{
    [Theory]
    // peer, X-Forwarded-For, hops -> who is taken for the caller
    [InlineData("203.0.113.9", "198.51.100.1", 1, "203.0.113.9")] // a stranger's word
    [InlineData("10.0.0.7", "198.51.100.1", 1, "198.51.100.1")]
    [InlineData("10.0.0.7", "1.2.3.4, 198.51.100.1", 1, "198.51.100.1")] // what the client wrote itself is left
    [InlineData("10.0.0.7", "198.51.100.1, 10.1.2.3", 2, "198.51.100.1")] // two proxies, the second of the trusted network
    [InlineData("10.0.0.7", "198.51.100.1, 203.0.113.9", 2, "203.0.113.9")] // the second is a stranger: his word ends there
    [InlineData("10.0.0.7", "198.51.100.1, 10.1.2.3", 1, "10.1.2.3")] // one hop is one hop
    [InlineData("::ffff:10.0.0.7", "198.51.100.1", 1, "198.51.100.1")]
    [InlineData("10.0.0.7", "2001:db8::5", 1, "2001:db8::5")]
    [InlineData("10.0.0.7", "not an address", 1, "10.0.0.7")]
    public async Task Forwarded_addresses_are_believed_from_trusted_peers_and_so_many_steps_back(string peer, string forwarded, int hops, string caller)
    {
        await using WebApplication app = await Start(new FaceOptions { TrustedProxies = ["10.0.0.7", "10.1.0.0/16"], ProxyHops = hops });
        (int status, string said, _) = await Ask(app, peer, ("X-Forwarded-For", forwarded), ("X-Forwarded-Proto", "https"));
        (status, said.Split(' ')[1]).ShouldBe((200, caller));
    }

    [Fact]
    public async Task Without_a_trusted_proxy_nobody_is_believed()
    {
        await using WebApplication app = await Start(new FaceOptions());
        (_, string said, _) = await Ask(app, "127.0.0.1", ("X-Forwarded-For", "198.51.100.1"), ("X-Forwarded-Proto", "https"), ("X-Forwarded-Host", "evil.example"));
        said.ShouldBe("http 127.0.0.1 other");
    }

    [Fact]
    public async Task A_name_is_looked_up_and_believed()
    {
        await using WebApplication app = await Start(new FaceOptions { TrustedProxies = ["localhost"] });
        await Support.Driving.Until(
            async () => (await Ask(app, "127.0.0.1", ("X-Forwarded-For", "198.51.100.1"), ("X-Forwarded-Proto", "https"))).Said == "https 198.51.100.1 other", "localhost was looked up");
    }

    [Fact]
    public async Task On_a_network_plain_http_is_for_the_named_proxy_only()
    {
        await using WebApplication app = await Start(new FaceOptions { TrustedProxies = ["10.0.0.7"] }, outside: true);
        (int status, string said, _) = await Ask(app, "10.0.0.8");
        (status, said.Contains("https-required", StringComparison.Ordinal)).ShouldBe((403, true));
        (await Ask(app, "10.0.0.7", ("X-Forwarded-For", "198.51.100.1"), ("X-Forwarded-Proto", "https"))).Status.ShouldBe(200);
        (await Ask(app, "127.0.0.1")).Said.ShouldBe("http 127.0.0.1 this-machine");
        (await Ask(app, "10.0.0.8", "/health/live")).Status.ShouldBe(200);
    }

    [Fact]
    public async Task Who_reached_the_proxy_in_the_clear_is_sent_to_https()
    {
        await using WebApplication app = await Start(new FaceOptions { TrustedProxies = ["10.0.0.7"] });
        (int status, _, string? to) = await Ask(app, "10.0.0.7", "/sites/1?x=1", ("X-Forwarded-For", "198.51.100.1"), ("X-Forwarded-Proto", "http"), ("X-Forwarded-Host", "lockers.example"));
        (status, to).ShouldBe((308, "https://lockers.example/sites/1?x=1"));
        (await Ask(app, "10.0.0.7", "/health/ready", ("X-Forwarded-For", "198.51.100.1"), ("X-Forwarded-Proto", "http"))).Status.ShouldBe(200);
    }

    private static async Task<WebApplication> Start(FaceOptions face, bool outside = false)
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder(["--hostBuilder:reloadConfigOnChange=false"]);
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(k => k.Listen(IPAddress.Loopback, 0));
        builder.Services.AddFace(face, TimeProvider.System);
        WebApplication app = builder.Build();
        app.Use((http, next) =>
        {
            http.Connection.RemoteIpAddress = IPAddress.Parse(http.Request.Headers["Test-Peer"].ToString());
            return next(http);
        });
        app.UseTransport(outside ? face with { Listen = IPAddress.Any } : face);
        app.Run(http => http.Response.WriteAsync($"{http.Request.Scheme} {http.Connection.RemoteIpAddress} {(http.IsFromThisMachine() ? "this-machine" : "other")}"));
        await app.StartAsync();
        return app;
    }

    private static Task<(int Status, string Said, string? To)> Ask(WebApplication app, string peer, params (string Name, string Value)[] headers) => Ask(app, peer, "/x", headers);

    private static async Task<(int Status, string Said, string? To)> Ask(WebApplication app, string peer, string path, params (string Name, string Value)[] headers)
    {
        using var client = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false }) { BaseAddress = new Uri(app.Urls.First()) };
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        request.Headers.Add("Test-Peer", peer);
        foreach ((string name, string value) in headers)
            request.Headers.TryAddWithoutValidation(name, value);
        using HttpResponseMessage answer = await client.SendAsync(request);
        return ((int)answer.StatusCode, await answer.Content.ReadAsStringAsync(), answer.Headers.Location?.OriginalString);
    }
}
