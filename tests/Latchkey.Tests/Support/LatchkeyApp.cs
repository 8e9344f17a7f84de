using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Security.Cryptography;
using System.Text.Json.Nodes;
using Dapper;
using Latchkey.Link.Messages;
using Latchkey.Server.Devices;
using Latchkey.Server.Features.Accounts;
using Latchkey.Server.Features.Demo;
using Latchkey.Server.Features.Payments.Stripe;
using Latchkey.Server.Features.Places;
using Latchkey.Server.Hosting;
using Latchkey.Server.Hosting.Face;
using Latchkey.Server.Hosting.Limits;
using Latchkey.Server.Messages;
using Latchkey.Server.Storage;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.DependencyInjection;

namespace Latchkey.Tests.Support;

/// <summary>
/// The whole server in this process, on a real port and a real database, with a clock that the test moves. There is no broker: orders stay
/// unsent, and what devices report is handed in at the edge where the broker's messages arrive.
/// </summary>
public sealed class LatchkeyApp : IAsyncDisposable
{
    private readonly LatchkeyServer _server;
    private readonly Dictionary<Guid, long> _seq = [];

    private LatchkeyApp(LatchkeyServer server, ManualTime time, string database) =>
        (_server, Time, Database, Http) = (server, time, database, new HttpClient { BaseAddress = new Uri(server.Address + "/api/v1/") });

    public ManualTime Time { get; }

    public Uri Address => Addresses[0];

    /// <summary>Where it listens; the second is the one that only redirects.</summary>
    public IReadOnlyList<Uri> Addresses => [.. Services.GetRequiredService<IServer>().Features.GetRequiredFeature<IServerAddressesFeature>().Addresses.Select(a => new Uri(a))];

    public string Database { get; }

    /// <summary>Nobody's client.</summary>
    public HttpClient Http { get; }

    public IServiceProvider Services => _server.Services;

    public PlaceBook Places => Services.GetRequiredService<PlaceBook>();

    public Db Db => Services.GetRequiredService<Db>();

    /// <summary>Nobody carries messages: they are kept to be looked at.</summary>
    public static readonly MessageSettings Outbox = new(null, null, null, SmsLimits.Default, new Uri("https://lockers.example"), Outbox: true);

    /// <param name="mqtt">A broker's address; without one the server looks for a broker where there is none.</param>
    public static async Task<LatchkeyApp> Start(TestDatabase databases, IReadOnlyList<DemoSite>? sites = null, string? database = null, string mqtt = "mqtt://127.0.0.1:1", FaceOptions? face = null, MessageSettings? messages = null, StripeSettings? stripe = null, IReadOnlyList<OidcIssuer>? oidc = null)
    {
        bool furnished = database is null && sites is null;
        database ??= furnished ? await databases.CloneWithPlaces() : await databases.Clone();
        var time = new ManualTime();
        var options = new ServerOptions(0, "/nonexistent", Demo: false, NewDemoPasswords: false, database, mqtt, "/nonexistent", 60, 30) { Face = face ?? new FaceOptions { Limits = RateLimits.OutOfReach }, Messages = messages ?? Outbox, Stripe = stripe, Oidc = oidc ?? [] };
        LatchkeyServer server = await LatchkeyServer.Start(options, time, CancellationToken.None);
        var app = new LatchkeyApp(server, time, database);
        try
        {
            // A clone of the furnished database has them, and the server has read them.
            if (!furnished)
            {
                await Furnish(app.Db, sites ?? DemoPlaces.All, time);
                await app.Places.Reload(CancellationToken.None);
            }
            return app;
        }
        catch
        {
            // Nobody else would stop it, and its connections would be missing to every test after.
            await app.DisposeAsync();
            throw;
        }
    }

    /// <summary>Adds the places unless there are any.</summary>
    private static async Task Furnish(Db db, IReadOnlyList<DemoSite> sites, TimeProvider time)
    {
        if (!await DemoSeed.Places(db, sites, time, CancellationToken.None))
            return;
        // The devices of these banks have no flash to make their keys in; one key for all of them will do where no broker is.
        using var key = ECDiffieHellman.Create(ECCurve.NamedCurves.nistP256);
        await db.Read(c => c.ExecuteAsync("update device set public_key = @key", new { key = key.ExportSubjectPublicKeyInfo() }), CancellationToken.None);
    }

    /// <summary>Somebody who has just signed up.</summary>
    public async Task<TestPerson> GivenCustomer(string name = "Asha")
    {
        string email = $"{RandomNumberGenerator.GetHexString(10, lowercase: true)}@test.example";
        return await TestPerson.SignUp(Http, email, name, () => CodeTo(email));
    }

    /// <summary>The newest code that was sent to an address.</summary>
    public async Task<string> CodeTo(string address) =>
        await Sql<string>("select words ->> 'code' from message where address = @address and words ? 'code' order by id desc limit 1", new { address })
            ?? throw new InvalidOperationException("No code was sent there.");

    /// <summary>What a device says, as it arrives from the broker; ids and order are filled in.</summary>
    public Task Report(BankPlace bank, Func<Guid, long, long, byte[]> message, string kind, long boot = 1)
    {
        long seq = _seq[bank.DeviceId] = _seq.GetValueOrDefault(bank.DeviceId) + 1;
        return Deliver(bank, kind, message(Guid.CreateVersion7(), boot, seq));
    }

    /// <summary>Bytes from the broker, as they are.</summary>
    public Task Deliver(BankPlace bank, string kind, byte[] payload) =>
        Services.GetRequiredService<ReportIntake>().Take($"lk/1/{bank.DeviceId:D}/up/{kind}", payload, CancellationToken.None);

    public Task Hello(BankPlace bank, long boot = 1) =>
        Report(bank, (id, b, seq) => Wire.Write(new HelloMessage(1, id, b, seq, At, seq, "1.0", "LK-sim", bank.Lockers.Count)), "hello", boot);

    public Task Event(BankPlace bank, string what, int number, Guid? command = null, long boot = 1) =>
        Report(bank, (id, b, seq) => Wire.Write(new EventMessage(1, id, b, seq, At, what, number, command)), "event", boot);

    public Task Result(BankPlace bank, Guid command, int number, string outcome, string? reason = null, long boot = 1) =>
        Report(bank, (id, b, seq) => Wire.Write(new ResultMessage(1, id, b, seq, At, command, number, outcome, reason)), "result", boot);

    public Task State(BankPlace bank, string doors, long boot = 1) =>
        Report(bank, (id, b, seq) => Wire.Write(new StateMessage(1, id, b, seq, At, doors)), "state", boot);

    public Task<T?> Sql<T>(string sql, object? parameters = null) => Db.Read(c => c.ExecuteScalarAsync<T>(sql, parameters), CancellationToken.None);

    public async ValueTask DisposeAsync()
    {
        Http.Dispose();
        await _server.DisposeAsync();
    }

    private long At => Time.GetUtcNow().ToUnixTimeMilliseconds();
}

/// <summary>A signed-in person with a client of their own.</summary>
public sealed record TestPerson(HttpClient Http, Guid Id, string Email, JsonNode Session)
{
    public const string Password = "a long password";

    /// <summary>As a person does it: an address, the code that comes there, a name and a password.</summary>
    public static async Task<TestPerson> SignUp(HttpClient nobody, string email, string name, Func<Task<string>> code)
    {
        JsonNode asked = await Answer(await nobody.PostAsJsonAsync("auth/codes", new { purpose = "sign-up", email }));
        JsonNode session = await Answer(await nobody.PostAsJsonAsync("auth/signup", new { challenge = (string?)asked["challenge"], code = await code(), name, password = Password }));
        return With(nobody, email, session);
    }

    /// <summary>Somebody with a session.</summary>
    public static TestPerson With(HttpClient nobody, string email, JsonNode session)
    {
        var http = new HttpClient { BaseAddress = nobody.BaseAddress };
        http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", (string)session["accessToken"]!);
        return new TestPerson(http, Guid.Parse((string)session["person"]!["id"]!), email, session);
    }

    /// <summary>An admin signs in for the first time: password, then an authenticator app that is set up on the way.</summary>
    public static async Task<(TestPerson Admin, byte[] Secret)> SignInAsAdmin(HttpClient nobody, string email, TimeProvider time)
    {
        JsonNode step = await Answer(await nobody.PostAsJsonAsync("auth/login", new { email, password = Password }));
        string ticket = (string)step["ticket"]!;
        JsonNode made = await Answer(await nobody.PostAsJsonAsync("auth/login/second-step/set-up", new { ticket }));
        byte[] secret = Base32((string)made["secret"]!);
        JsonNode done = await Answer(await nobody.PostAsJsonAsync("auth/login/second-step", new { ticket, code = AppCode(secret, time.GetUtcNow()) }));
        return (With(nobody, email, done["session"]!), secret);
    }

    /// <summary>What an authenticator app shows.</summary>
    public static string AppCode(byte[] secret, DateTimeOffset now) => Totp.Code(secret, now.ToUnixTimeSeconds() / 30).ToString("D6", System.Globalization.CultureInfo.InvariantCulture);

    public static byte[] Base32(string text) =>
        [.. string.Concat(text.Select(c => Convert.ToString("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".IndexOf(c), 2).PadLeft(5, '0'))).Chunk(8).Where(b => b.Length == 8).Select(b => Convert.ToByte(new string(b), 2))];

    private static async Task<JsonNode> Answer(HttpResponseMessage answer)
    {
        using (answer)
        {
            string text = await answer.Content.ReadAsStringAsync();
            answer.IsSuccessStatusCode.ShouldBeTrue(text);
            return JsonNode.Parse(text)!;
        }
    }

    public Task<(int Status, JsonNode? Body)> Send(HttpMethod method, string path, object? body = null, string? key = null, params (string Name, string Value)[] headers) =>
        Send(method, path, body, key, again: false, headers);

    private async Task<(int Status, JsonNode? Body)> Send(HttpMethod method, string path, object? body, string? key, bool again, (string Name, string Value)[] headers)
    {
        using var request = new HttpRequestMessage(method, path);
        if (body is not null)
            request.Content = JsonContent.Create(body);
        if (key is not null)
            request.Headers.Add("Idempotency-Key", key);
        foreach ((string name, string value) in headers)
            request.Headers.Add(name, value);
        using HttpResponseMessage answer = await Http.SendAsync(request);
        if ((int)answer.StatusCode == 401 && !again && (await answer.Content.ReadAsStringAsync()).Contains("token-expired", StringComparison.Ordinal))
        {
            // The test moved the clock past the token's life, as an evening moves it in a browser.
            using HttpResponseMessage renewed = await Http.PostAsJsonAsync("auth/refresh", new { refreshToken = (string?)Session["refreshToken"] });
            JsonNode session = (await renewed.Content.ReadFromJsonAsync<JsonNode>())!;
            Session["refreshToken"] = (string?)session["refreshToken"];
            Http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", (string?)session["accessToken"]);
            return await Send(method, path, body, key, again: true, headers);
        }
        string text = await answer.Content.ReadAsStringAsync();
        return ((int)answer.StatusCode, text.Length > 0 ? JsonNode.Parse(text) : null);
    }

    public Task<(int Status, JsonNode? Body)> Get(string path) => Send(HttpMethod.Get, path);

    /// <summary>With a fresh idempotency key unless one is given.</summary>
    public Task<(int Status, JsonNode? Body)> Post(string path, object? body = null, string? key = null) =>
        Send(HttpMethod.Post, path, body, key ?? Guid.CreateVersion7().ToString());

    public async Task<JsonNode> Hold(SitePlace site, string size = "M", int hours = 2)
    {
        (int status, JsonNode? body) = await Post($"sites/{site.Id}/holds", new { size, hours });
        status.ShouldBe(201, body?.ToJsonString());
        return body!;
    }

    public async Task Pay(JsonNode lease, string card = "4242424242424242", string expected = "authorised")
    {
        (int status, JsonNode? payment) = await Post($"leases/{lease["id"]}/payments");
        status.ShouldBe(201, payment?.ToJsonString());
        string token = ((string)payment!["checkoutUrl"]!).Split('/', '?')[2];
        (status, JsonNode? paid) = await Send(HttpMethod.Post, $"sandbox/checkouts/{token}", new { card });
        status.ShouldBe(200, paid?.ToJsonString());
        ((string?)paid!["state"]).ShouldBe(expected);
    }

    /// <summary>A locker that is paid for.</summary>
    public async Task<JsonNode> Rent(SitePlace site, string size = "M", int hours = 2)
    {
        JsonNode lease = await Hold(site, size, hours);
        await Pay(lease);
        return (await Get($"leases/{lease["id"]}")).Body!;
    }
}
