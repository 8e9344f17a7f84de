using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json.Nodes;
using Dapper;
using Latchkey.Server.Hosting.Face;
using Latchkey.Tests.Support;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace Latchkey.Tests.Server.Hosting.Face;

/// <summary>Headers, origins, sizes and times of every answer.</summary>
public sealed class FaceTests(TestDatabase databases)
{
    [Fact]
    public async Task Every_answer_says_its_version_and_what_a_browser_may_do_with_it()
    {
        await using LatchkeyApp app = await LatchkeyApp.Start(databases);
        foreach ((string path, int status) in (KeyValuePair<string, int>[])
            [new("/health/live", 200), new("/api/v1/sites", 200), new("/api/v1/nothing", 404), new("/api/v1/auth/me", 401), new("/docs/index.html", 200), new("/openapi/v1.json", 200), new("/", 503)])
        {
            using HttpResponseMessage answer = await app.Http.GetAsync(path);
            ((int)answer.StatusCode).ShouldBe(status, path);
            Header(answer, "Latchkey-Version").ShouldMatch(@"^\d+\.\d+\.\d+");
            Header(answer, "X-Content-Type-Options").ShouldBe("nosniff");
            Header(answer, "X-Frame-Options").ShouldBe("DENY");
            Header(answer, "Referrer-Policy").ShouldBe("same-origin");
            Header(answer, "Permissions-Policy").ShouldContain("camera=(self)");
            Header(answer, "Permissions-Policy").ShouldContain("microphone=()");
            string policy = Header(answer, "Content-Security-Policy");
            policy.ShouldContain("frame-ancestors 'none'");
            policy.ShouldContain("default-src 'none'");
            if (!path.StartsWith("/docs", StringComparison.Ordinal))
                policy.ShouldNotContain("unsafe");
            answer.Headers.Contains("Server").ShouldBeFalse();
            answer.Headers.Contains("Strict-Transport-Security").ShouldBeFalse("not over plain HTTP");
        }
        TestPerson asha = await app.Quick();
        using HttpResponseMessage own = await asha.Http.GetAsync("leases");
        Header(own, "Cache-Control").ShouldBe("no-store");
    }

    [Fact]
    public async Task An_error_of_ours_has_the_headers_too()
    {
        await using LatchkeyApp app = await LatchkeyApp.Start(databases);
        TestPerson asha = await app.Quick();
        await app.Sql<int>("alter table lease rename to gone");
        using HttpResponseMessage broken = await asha.Http.GetAsync("leases");
        broken.StatusCode.ShouldBe(HttpStatusCode.InternalServerError);
        Header(broken, "X-Content-Type-Options").ShouldBe("nosniff");
        Header(broken, "Content-Security-Policy").ShouldContain("default-src 'none'");
    }

    [Fact]
    public async Task Pages_of_a_named_origin_may_call_and_others_may_not()
    {
        await using LatchkeyApp app = await LatchkeyApp.Start(databases, face: new FaceOptions { CorsOrigins = ["https://app.example"] });
        using HttpResponseMessage asked = await Preflight(app, "https://app.example");
        Header(asked, "Access-Control-Allow-Origin").ShouldBe("https://app.example");
        Header(asked, "Access-Control-Allow-Headers").ShouldContain("Idempotency-Key");
        asked.Headers.Contains("Access-Control-Allow-Credentials").ShouldBeFalse();
        foreach (string origin in (string[])["https://evil.example", "https://app.example.evil.example", "http://app.example", "null"])
        {
            using HttpResponseMessage other = await Preflight(app, origin);
            other.Headers.Contains("Access-Control-Allow-Origin").ShouldBeFalse(origin);
            using HttpResponseMessage plain = await Send(app, HttpMethod.Get, "sites", ("Origin", origin));
            plain.Headers.Contains("Access-Control-Allow-Origin").ShouldBeFalse(origin);
        }
        // A refusal can be read by the page as well.
        using HttpResponseMessage refused = await Send(app, HttpMethod.Get, "auth/me", ("Origin", "https://app.example"));
        refused.StatusCode.ShouldBe(HttpStatusCode.Unauthorized);
        Header(refused, "Access-Control-Allow-Origin").ShouldBe("https://app.example");
        Header(refused, "Access-Control-Expose-Headers").ShouldContain("Retry-After");
    }

    [Fact]
    public async Task Without_a_named_origin_no_other_page_may_call()
    {
        await using LatchkeyApp app = await LatchkeyApp.Start(databases);
        using HttpResponseMessage asked = await Preflight(app, "https://app.example");
        asked.Headers.Contains("Access-Control-Allow-Origin").ShouldBeFalse();
    }

    [Fact]
    public async Task A_body_larger_than_its_route_needs_is_refused_and_so_are_large_headers()
    {
        await using LatchkeyApp app = await LatchkeyApp.Start(databases);
        using var body = new StringContent($"{{\"email\":\"a@b.example\",\"password\":\"{new string('x', 4096)}\"}}", Encoding.UTF8, "application/json");
        using HttpResponseMessage large = await app.Http.PostAsync("auth/login", body);
        ((int)large.StatusCode).ShouldBe(413);
        JsonNode problem = JsonNode.Parse(await large.Content.ReadAsStringAsync())!;
        (problem.Text("code"), problem.Text("detail").Contains("4 kB", StringComparison.Ordinal)).ShouldBe(("body-too-large", true));
        using HttpResponseMessage headers = await Send(app, HttpMethod.Get, "sites", ("X-Large", new string('x', 17_000)));
        ((int)headers.StatusCode).ShouldBe(431);
        using HttpResponseMessage many = await Send(app, HttpMethod.Get, "sites", [.. Enumerable.Range(0, 70).Select(i => ($"X-{i}", "1"))]);
        ((int)many.StatusCode).ShouldBe(431);
    }

    [Fact]
    public async Task A_request_that_hangs_is_given_up_with_a_code_and_the_live_feed_is_not()
    {
        await using LatchkeyApp app = await LatchkeyApp.Start(databases, database: await databases.Clone() + ";Maximum Pool Size=6", face: new FaceOptions { RequestTimeout = TimeSpan.FromMilliseconds(400) });
        TestPerson asha = await app.Quick();
        using HttpResponseMessage live = await asha.Http.GetAsync("live", HttpCompletionOption.ResponseHeadersRead);
        await using Stream feed = await live.Content.ReadAsStreamAsync();
        // Everybody waits for a connection to the database.
        NpgsqlDataSource source = app.Services.GetRequiredService<Func<NpgsqlDataSource>>()();
        var taken = new List<NpgsqlConnection>();
        try
        {
            while (true)
            {
                using var patience = new CancellationTokenSource(TimeSpan.FromMilliseconds(300), TimeProvider.System);
                taken.Add(await source.OpenConnectionAsync(patience.Token));
            }
        }
        catch (Exception e) when (e is OperationCanceledException or NpgsqlException)
        {
            // There is none left.
        }
        using HttpResponseMessage late = await asha.Http.GetAsync("leases");
        JsonNode.Parse(await late.Content.ReadAsStringAsync()).Text("code").ShouldBe("timed-out");
        ((int)late.StatusCode).ShouldBe(503);
        Header(late, "Retry-After").ShouldBe("2");
        foreach (NpgsqlConnection connection in taken)
            await connection.DisposeAsync();
        // The feed is older than the limit by now, and goes on: a hold is still told.
        JsonNode lease = await asha.Hold(app.Places.Sites[0]);
        using var reader = new StreamReader(feed);
        var told = new StringBuilder();
        await Driving.Until(
            async () =>
            {
                told.AppendLine(await reader.ReadLineAsync());
                return told.ToString().Contains((string)lease["id"]!, StringComparison.Ordinal);
            },
            "the hold is told");
    }

    [Fact]
    public async Task A_body_that_does_not_come_is_not_waited_for()
    {
        await using LatchkeyApp app = await LatchkeyApp.Start(databases);
        using var stalled = new TcpClient();
        await stalled.ConnectAsync(IPAddress.Loopback, app.Address.Port);
        await using NetworkStream wire = stalled.GetStream();
        await wire.WriteAsync("POST /api/v1/auth/login HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{"u8.ToArray());
        using var answer = new StreamReader(wire);
        (await answer.ReadLineAsync()).ShouldBe("HTTP/1.1 408 Request Timeout");
    }

    [Fact]
    public async Task A_statement_that_waits_behind_a_lock_is_given_up()
    {
        await using LatchkeyApp app = await LatchkeyApp.Start(databases, database: await databases.Clone() + ";Command Timeout=1");
        TestPerson asha = await app.Quick();
        await using var other = new NpgsqlConnection(app.Database + ";Pooling=false");
        await other.OpenAsync();
        await using NpgsqlTransaction hold = await other.BeginTransactionAsync();
        await other.ExecuteAsync("lock table lease in access exclusive mode", transaction: hold);
        (await asha.Get("leases")).ShouldBeRefused(503, "service-unavailable");
        await hold.RollbackAsync();
        (await asha.Get("leases")).Status.ShouldBe(200);
    }

    private static Task<HttpResponseMessage> Preflight(LatchkeyApp app, string origin) => Send(
        app, HttpMethod.Options, "auth/login", ("Origin", origin), ("Access-Control-Request-Method", "POST"), ("Access-Control-Request-Headers", "content-type,idempotency-key"));

    private static Task<HttpResponseMessage> Send(LatchkeyApp app, HttpMethod method, string path, params (string Name, string Value)[] headers)
    {
        var request = new HttpRequestMessage(method, path);
        foreach ((string name, string value) in headers)
            request.Headers.TryAddWithoutValidation(name, value);
        return app.Http.SendAsync(request);
    }

    private static string Header(HttpResponseMessage answer, string name) => answer.Headers.GetValues(name).ShouldHaveSingleItem();
}
