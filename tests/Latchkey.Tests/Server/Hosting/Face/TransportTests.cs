using System.Net;
using Latchkey.Server.Hosting;
using Latchkey.Server.Hosting.Face;
using Latchkey.Tests.Support;
using Microsoft.Extensions.DependencyInjection;

namespace Latchkey.Tests.Server.Hosting.Face;

/// <summary>TLS, its renewal, and nothing in the clear over a network.</summary>
public sealed class TransportTests(TestDatabase databases)
{
    [Fact]
    public void Plain_http_is_for_loopback_and_half_a_certificate_is_none()
    {
        Sentence(new FaceOptions { Listen = IPAddress.Any }).ShouldContain("in the clear");
        Sentence(new FaceOptions { Listen = IPAddress.IPv6Any }).ShouldContain("--trusted-proxy");
        Sentence(new FaceOptions { TlsCert = "/a" }).ShouldContain("together");
        Sentence(new FaceOptions { RedirectPort = 80 }).ShouldContain("--tls-cert");
        Sentence(new FaceOptions { MetricsToken = "short" }).ShouldContain("16 characters");
        new FaceOptions { Listen = IPAddress.Any, TlsCert = "/a", TlsKey = "/b" }.Check();
        new FaceOptions { Listen = IPAddress.Any, TrustedProxies = ["10.0.0.7"] }.Check();
        new FaceOptions { Listen = IPAddress.IPv6Loopback }.Check();
    }

    [Fact]
    public async Task It_speaks_tls_with_hsts_and_http2_and_sends_plain_pages_there()
    {
        using var certificate = new TestCertificate();
        await using LatchkeyApp app = await LatchkeyApp.Start(databases, face: Tls(certificate) with { RedirectPort = 0 });
        app.Address.Scheme.ShouldBe("https");
        (HttpClient client, _) = TestCertificate.Client(app.Address);
        using (client)
        {
            using HttpResponseMessage over2 = await client.SendAsync(new HttpRequestMessage(HttpMethod.Get, "/health/live") { Version = HttpVersion.Version20, VersionPolicy = HttpVersionPolicy.RequestVersionExact });
            over2.Version.ShouldBe(HttpVersion.Version20);
            using HttpResponseMessage named = await Get(client, "/api/v1/sites", ("Host", "lockers.example"));
            named.StatusCode.ShouldBe(HttpStatusCode.OK);
            One(named, "Strict-Transport-Security").ShouldBe("max-age=31536000");
        }
        Uri plain = app.Addresses[1];
        plain.Scheme.ShouldBe("http");
        (client, _) = TestCertificate.Client(plain);
        using (client)
        {
            using HttpResponseMessage page = await Get(client, "/sites/1?a=b%20c");
            page.StatusCode.ShouldBe(HttpStatusCode.PermanentRedirect);
            page.Headers.Location!.OriginalString.ShouldBe($"https://127.0.0.1:{app.Address.Port}/sites/1?a=b%20c");
            page.Headers.Contains("Strict-Transport-Security").ShouldBeFalse();
            using HttpResponseMessage usual = await Get(client, "/", ("Host", "lockers.example"));
            usual.Headers.Location!.OriginalString.TrimEnd('/').ShouldBe("https://lockers.example:443");
            // Not helped along: the token or password was already sent in the clear.
            using HttpResponseMessage post = await client.PostAsync("/api/v1/auth/login", new StringContent("{}"));
            post.StatusCode.ShouldBe(HttpStatusCode.Forbidden);
            (await post.Content.ReadAsStringAsync()).ShouldContain("https-required");
            using HttpResponseMessage token = await Get(client, "/api/v1/auth/me", ("Authorization", "Bearer x"));
            token.StatusCode.ShouldBe(HttpStatusCode.Forbidden);
        }
    }

    [Fact]
    public async Task A_renewed_certificate_is_taken_up_and_half_of_one_is_not()
    {
        using var certificate = new TestCertificate();
        await using LatchkeyApp app = await LatchkeyApp.Start(databases, face: Tls(certificate));
        var kept = app.Services.GetRequiredService<ServerCertificate>();
        (HttpClient client, Func<string?> seen) = TestCertificate.Client(app.Address);
        using (client)
        {
            string first = await Seen();
            await File.WriteAllTextAsync(certificate.CertFile, TestCertificate.Make().Cert); // beside the old key
            kept.Refresh();
            (await Seen()).ShouldBe(first);
            await File.WriteAllTextAsync(certificate.KeyFile, "no key at all");
            kept.Refresh();
            (await Seen()).ShouldBe(first);
            string renewed = certificate.Renew();
            // By itself: nobody tells the server.
            await Driving.Until(async () => await Seen() == renewed, "the renewed certificate is shown", seconds: 60);
        }

        async Task<string> Seen()
        {
            using HttpResponseMessage answer = await Get(client, "/health/live");
            answer.EnsureSuccessStatusCode();
            return seen()!;
        }
    }

    [Fact]
    public async Task A_certificate_that_is_not_there_or_not_the_keys_is_said()
    {
        using var certificate = new TestCertificate();
        var none = new FaceOptions { TlsCert = "/nonexistent/cert.pem", TlsKey = certificate.KeyFile };
        (await Should.ThrowAsync<StartUpException>(() => LatchkeyApp.Start(databases, face: none))).Message.ShouldContain("/nonexistent/cert.pem");
        await File.WriteAllTextAsync(certificate.KeyFile, TestCertificate.Make().Key);
        (await Should.ThrowAsync<StartUpException>(() => LatchkeyApp.Start(databases, face: Tls(certificate)))).Message.ShouldContain("cannot be used");
    }

    private static FaceOptions Tls(TestCertificate certificate) => new() { TlsCert = certificate.CertFile, TlsKey = certificate.KeyFile };

    private static string Sentence(FaceOptions face) => Should.Throw<StartUpException>(face.Check).Message;

    private static string One(HttpResponseMessage answer, string header) => answer.Headers.GetValues(header).ShouldHaveSingleItem();

    private static Task<HttpResponseMessage> Get(HttpClient client, string path, params (string Name, string Value)[] headers)
    {
        var request = new HttpRequestMessage(HttpMethod.Get, path);
        foreach ((string name, string value) in headers)
            request.Headers.TryAddWithoutValidation(name, value);
        return client.SendAsync(request);
    }
}
