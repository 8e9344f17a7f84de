using System.Collections.Concurrent;
using System.Net;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json.Nodes;
using Latchkey.SystemTests.Support;
using Latchkey.Tests.Support;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Latchkey.SystemTests;

/// <summary>One whole run with everything that tells of it switched on: what it counts, what it exports, what it logs, and how it ends.</summary>
public sealed class ObservedRunTests
{
    private const string MetricsToken = "metrics-token-of-this-test";
    private const string DatabasePassword = "the-Database-Password-9";
    private const string Card = "4242424242424242";

    [Fact]
    public async Task A_journey_is_counted_traced_and_logged_without_a_secret_and_ends_in_order()
    {
        var received = new ConcurrentBag<(string Path, byte[] Body)>();
        await using WebApplication collector = await Collector(received);
        string data = LatchkeyProcess.NewData();
        await using LatchkeyProcess latchkey = await LatchkeyProcess.Start(data, ["--log-format", "json"], new Dictionary<string, string>
        {
            ["LATCHKEY_LOG"] = "Trace",
            ["LATCHKEY_METRICS_TOKEN"] = MetricsToken,
            ["OTEL_EXPORTER_OTLP_ENDPOINT"] = collector.Urls.First(),
            ["OTEL_EXPORTER_OTLP_PROTOCOL"] = "http/protobuf",
            ["OTEL_METRIC_EXPORT_INTERVAL"] = "500",
            ["OTEL_BSP_SCHEDULE_DELAY"] = "200",
        });
        var secrets = new Dictionary<string, string> { ["metrics token"] = MetricsToken, ["card"] = Card, ["declined card"] = "4000000000000002", ["password"] = "a long password", ["wrong password"] = "not-the-password-7" };

        // A second node whose connection string has a password; it is not needed there, and must not be shown anywhere either.
        string port = LatchkeyProcess.BrokerPort(data);
        secrets["database password"] = DatabasePassword;
        await using LatchkeyProcess second = await LatchkeyProcess.Start(LatchkeyProcess.NewData(), ["--no-demo", "--log-format", "json"], new Dictionary<string, string>
        {
            ["LATCHKEY_LOG"] = "Trace",
            ["LATCHKEY_DATABASE"] = SystemDatabase.ConnectionTo(data, 20) + $";Password={DatabasePassword}",
            ["LATCHKEY_MQTT"] = $"mqtts://127.0.0.1:{port}?identity={data}/nodes/node-2",
        });

        JsonNode command = await Journey(latchkey, second, secrets);
        await Demo(latchkey, secrets);
        await Keys(data, secrets);

        // The broker gives a report to either node: the one that settles a command counts it.
        string metrics = await Metrics(latchkey) + await Metrics(second);
        metrics.ShouldContain("latchkey_commands_total{outcome=\"opened\"");
        metrics.ShouldContain("latchkey_journal_entries_total{kind=\"lease-held\"}");
        metrics.ShouldContain("latchkey_journal_entries_total{kind=\"payment-authorised\"}");
        metrics.ShouldContain("latchkey_live_connections");
        metrics.ShouldContain("latchkey_journal_tail_lag_seconds");
        metrics.ShouldContain("http_server_request_duration_seconds_bucket");
        await Eventually.Holds(
            async () => System.Text.RegularExpressions.Regex.IsMatch(await Metrics(latchkey) + await Metrics(second), @"latchkey_open_duration_seconds_count [1-9]", System.Text.RegularExpressions.RegexOptions.None, TimeSpan.FromSeconds(1)),
            TimeSpan.FromSeconds(60), "the opening is counted");
        metrics.ShouldMatch(@"db_client_");
        await Eventually.Holds(async () => System.Text.RegularExpressions.Regex.IsMatch(await Metrics(latchkey), @"latchkey_devices_online [1-9]", System.Text.RegularExpressions.RegexOptions.None, TimeSpan.FromSeconds(1)), TimeSpan.FromSeconds(60), "devices are counted");
        using (var through = new HttpRequestMessage(HttpMethod.Get, new Uri(latchkey.Address + "/metrics")))
        {
            // Somebody who comes through a proxy on this machine is not on this machine.
            through.Headers.Add("X-Forwarded-For", "203.0.113.9");
            using HttpResponseMessage refused = await latchkey.Http.SendAsync(through);
            refused.StatusCode.ShouldBe(HttpStatusCode.Forbidden);
            using var again = new HttpRequestMessage(HttpMethod.Get, new Uri(latchkey.Address + "/metrics"));
            again.Headers.Add("X-Forwarded-For", "203.0.113.9");
            again.Headers.Add("Authorization", $"Bearer {MetricsToken}");
            using HttpResponseMessage allowed = await latchkey.Http.SendAsync(again);
            allowed.StatusCode.ShouldBe(HttpStatusCode.OK);
        }

        // The command's trace: its id is the command's, in bytes, as OTLP has it.
        byte[] trace = Convert.FromHexString(((string)command["id"]!).Replace("-", "", StringComparison.Ordinal));
        await Eventually.Holds(() => new[] { "order", "publish" }.All(span => received.Any(r => r.Path == "/v1/traces" && Has(r.Body, trace) && Has(r.Body, Encoding.UTF8.GetBytes(span)))), TimeSpan.FromSeconds(30), "the command's spans arrive");
        await Eventually.Holds(() => received.Any(r => r.Path == "/v1/metrics" && Has(r.Body, "latchkey.journal.entries"u8.ToArray())), TimeSpan.FromSeconds(30), "metrics arrive");

        // In order: a feed is told and ends, nothing that was asked is cut off.
        using HttpResponseMessage live = await latchkey.Http.GetAsync("live", HttpCompletionOption.ResponseHeadersRead);
        using var feed = new StreamReader(await live.Content.ReadAsStreamAsync());
        Task<(int ExitCode, TimeSpan Took)> stopping = latchkey.Stop();
        string told = await feed.ReadToEndAsync();
        told.ShouldContain("event: bye");
        (int code, TimeSpan took) = await stopping;
        code.ShouldBe(0);
        took.ShouldBeLessThan(TimeSpan.FromSeconds(30));
        await second.Stop();

        string[] lines = latchkey.Complaints.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        lines.Length.ShouldBeGreaterThan(20);
        foreach (string line in lines)
            JsonNode.Parse(line)!["message"].ShouldNotBeNull(line);
        lines.ShouldContain(l => l.Contains("sandbox/checkouts/{token}", StringComparison.Ordinal), "requests are logged by their route");
        var logs = new Dictionary<string, string> { ["server"] = latchkey.Complaints, ["second server"] = second.Complaints };
        foreach (string file in Directory.EnumerateFiles(data, "*.log*", SearchOption.AllDirectories))
            logs[file] = await File.ReadAllTextAsync(file);
        logs.Keys.ShouldContain(f => f.EndsWith("postgres.log", StringComparison.Ordinal));
        logs.Count.ShouldBeGreaterThan(4, "the server's, PostgreSQL's, Mosquitto's and the simulator's");
        foreach ((string _, byte[] body) in received)
            logs[$"OTLP {logs.Count}"] = Encoding.Latin1.GetString(body);
        var found = new List<string>();
        foreach ((string where, string log) in logs)
            found.AddRange(secrets.Where(s => log.Contains(s.Value, StringComparison.OrdinalIgnoreCase)).Select(s => $"{s.Key} in {where}"));
        found.ShouldBeEmpty();
        secrets.Count.ShouldBeGreaterThan(20);
    }

    [Fact]
    public async Task While_it_drains_it_is_not_ready_and_still_answers_and_a_second_signal_ends_that()
    {
        await using LatchkeyProcess latchkey = await LatchkeyProcess.Start(LatchkeyProcess.NewData(), ["--no-demo", "--drain-s", "600"]);
        Task<(int ExitCode, TimeSpan Took)> stopping = latchkey.Stop();
        await Eventually.Holds(
            async () =>
            {
                using HttpResponseMessage ready = await latchkey.Http.GetAsync(latchkey.Address + "/health/ready");
                return ready.StatusCode == HttpStatusCode.ServiceUnavailable && (await ready.Content.ReadAsStringAsync()).Contains("stopping", StringComparison.Ordinal);
            },
            TimeSpan.FromSeconds(30),
            "it says that it is not ready");
        using (HttpResponseMessage sites = await latchkey.Http.GetAsync("sites"))
            sites.StatusCode.ShouldBe(HttpStatusCode.OK);
        using (HttpResponseMessage alive = await latchkey.Http.GetAsync(latchkey.Address + "/health/live"))
            alive.StatusCode.ShouldBe(HttpStatusCode.OK);
        await Processes.Signal(latchkey.Id, "TERM");
        (await stopping).ExitCode.ShouldBe(0);
    }

    /// <summary>Sign-up, wrong and right password, hold, declined and good card, open, close, finish, refresh, sign-out; every secret on the way is noted.</summary>
    private static async Task<JsonNode> Journey(LatchkeyProcess latchkey, LatchkeyProcess second, Dictionary<string, string> secrets)
    {
        TestPerson asha = await latchkey.GivenCustomer("Asha Kulkarni-Secret");
        secrets["name"] = "Kulkarni-Secret";
        Note(asha.Session, "first");
        secrets["e-mail"] = asha.Email;
        // The same address again: the database refuses the row, and its log must not repeat it.
        using (HttpResponseMessage asked = await latchkey.Http.PostAsJsonAsync("auth/codes", new { purpose = "sign-up", email = asha.Email }))
        {
            string code = await latchkey.CodeTo(asha.Email);
            string? challenge = (string?)(await asked.Content.ReadFromJsonAsync<JsonNode>())!["challenge"];
            using HttpResponseMessage taken = await latchkey.Http.PostAsJsonAsync("auth/signup", new { challenge, code, password = "a long password", name = "Again" });
            taken.StatusCode.ShouldBe(HttpStatusCode.Conflict);
        }
        foreach (LatchkeyProcess node in (LatchkeyProcess[])[latchkey, second])
        {
            using HttpResponseMessage wrong = await node.Http.PostAsJsonAsync("auth/login", new { email = asha.Email, password = secrets["wrong password"] });
            wrong.StatusCode.ShouldBe(HttpStatusCode.Unauthorized);
            using HttpResponseMessage broken = await node.Http.PostAsync("auth/login", new StringContent($"{{\"email\":\"{asha.Email}\",\"password\":\"{secrets["wrong password"]}\" oops", Encoding.UTF8, "application/json"));
            broken.StatusCode.ShouldBe(HttpStatusCode.BadRequest);
            using HttpResponseMessage login = await node.Http.PostAsJsonAsync("auth/login", new { email = asha.Email, password = "a long password" });
            Note((await login.Content.ReadFromJsonAsync<JsonNode>())!, node == latchkey ? "second" : "third");
        }
        VirtualBank bank = await VirtualBank.Find(latchkey, "Hall A, bank 1");
        (Guid locker, string size) = bank.Numbers[1];
        (int status, JsonNode? lease) = await asha.Post($"sites/{bank.Site}/holds", new { size, hours = 1, lockerId = locker });
        status.ShouldBe(201, lease?.ToJsonString());
        foreach ((string card, string state) in (KeyValuePair<string, string>[])[new("4000000000000002", "declined"), new(Card, "authorised")])
        {
            JsonNode payment = (await asha.Post($"leases/{lease!["id"]}/payments")).Body!;
            string token = ((string)payment["checkoutUrl"]!).Split('/', '?')[2];
            secrets[$"checkout of the {state} card"] = token;
            await asha.Get($"sandbox/checkouts/{token}");
            ((string?)(await asha.Send(HttpMethod.Post, $"sandbox/checkouts/{token}", new { card })).Body!["state"]).ShouldBe(state);
        }
        JsonNode command = await asha.OpenAndWait((Guid)lease!["id"]!);
        ((string?)command["state"]).ShouldBe("opened", command.ToJsonString());
        await bank.Do("doors/1/close");
        await Eventually.Holds(async () => (await asha.Post($"leases/{lease["id"]}/finish")).Status == 200, TimeSpan.FromSeconds(30), "the rental ends");
        using HttpResponseMessage refreshed = await latchkey.Http.PostAsJsonAsync("auth/refresh", new { refreshToken = (string?)asha.Session["refreshToken"] });
        JsonNode next = (await refreshed.Content.ReadFromJsonAsync<JsonNode>())!;
        Note(next, "refreshed");
        using HttpResponseMessage forged = await latchkey.Http.SendAsync(new HttpRequestMessage(HttpMethod.Get, "auth/me") { Headers = { { "Authorization", $"Bearer {next["accessToken"]}x" } } });
        forged.StatusCode.ShouldBe(HttpStatusCode.Unauthorized);
        using HttpResponseMessage end = await latchkey.Http.PostAsJsonAsync("auth/logout", new { refreshToken = (string?)next["refreshToken"] });
        return command;

        void Note(JsonNode session, string which)
        {
            secrets[$"{which} access token"] = (string)session["accessToken"]!;
            secrets[$"{which} refresh token"] = (string)session["refreshToken"]!;
        }
    }

    /// <summary>The demo's passwords are printed for a person, on standard output, and are nowhere else.</summary>
    private static async Task Demo(LatchkeyProcess latchkey, Dictionary<string, string> secrets)
    {
        foreach (string line in latchkey.Said.Split('\n').Where(l => l.Contains("demo account", StringComparison.Ordinal)))
        {
            string[] words = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
            string password = words[Array.IndexOf(words, "password") + 1];
            secrets[$"demo password of {words[2]}"] = password;
            using HttpResponseMessage login = await latchkey.Http.PostAsJsonAsync("auth/login", new { email = words[2], password });
            login.StatusCode.ShouldBe(line.Contains(", admin)", StringComparison.Ordinal) ? HttpStatusCode.Accepted : HttpStatusCode.OK);
        }
    }

    /// <summary>The installation's keys and the devices', in the forms in which somebody could print them.</summary>
    private static async Task Keys(string data, Dictionary<string, string> secrets)
    {
        foreach (string name in await SystemDatabase.Rows<string>(data, "select name from server_key where name not like '%certificate%' and name not like '%cert%'"))
        {
            byte[] key = (await SystemDatabase.Sql<byte[]>(data, "select private_key from server_key where name = @name", new { name }))!;
            secrets[$"{name} key, base64"] = Convert.ToBase64String(key)[..^8][^24..];
            secrets[$"{name} key, hex"] = Convert.ToHexString(key)[^40..^4];
        }
        foreach (string file in Directory.EnumerateFiles($"{data}/simulator/keys").Take(5))
        {
            byte[] key = await File.ReadAllBytesAsync(file);
            secrets[$"device key {Path.GetFileName(file)}"] = Convert.ToBase64String(key)[..^8][^24..];
            string text = Encoding.Latin1.GetString(key);
            if (text.Contains("PRIVATE KEY", StringComparison.Ordinal))
                secrets[$"device key {Path.GetFileName(file)}, PEM"] = text.Split('\n')[1];
        }
        secrets["password hash"] = (await SystemDatabase.Sql<string>(data, "select password_hash from person limit 1"))!;
    }

    private static Task<string> Metrics(LatchkeyProcess latchkey) => latchkey.Http.GetStringAsync(latchkey.Address + "/metrics");

    private static bool Has(byte[] body, byte[] part) => body.AsSpan().IndexOf(part) >= 0;

    private static async Task<WebApplication> Collector(ConcurrentBag<(string Path, byte[] Body)> received)
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder(["--urls", "http://127.0.0.1:0", "--hostBuilder:reloadConfigOnChange=false"]);
        builder.Logging.ClearProviders();
        WebApplication app = builder.Build();
        app.Run(async http =>
        {
            using var body = new MemoryStream();
            await http.Request.Body.CopyToAsync(body);
            received.Add((http.Request.Path, body.ToArray()));
            http.Response.ContentType = "application/x-protobuf";
        });
        await app.StartAsync();
        return app;
    }
}
