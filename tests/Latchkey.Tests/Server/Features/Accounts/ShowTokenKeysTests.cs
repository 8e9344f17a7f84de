using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Latchkey.Tests.Support;

namespace Latchkey.Tests.Server.Features.Accounts;

/// <summary>ShowTokenKeys: anybody can check who calls, and keys change without anybody being signed out.</summary>
public sealed class ShowTokenKeysTests(TestDatabase databases)
{
    [Fact]
    public async Task A_stranger_checks_a_token_with_the_published_keys()
    {
        await using LatchkeyApp app = await LatchkeyApp.Start(databases);
        string token = (await app.GivenCustomer()).Session.Text("accessToken");
        JsonNode key = (await Published(app)).Single()!;
        Verifies(key, token).ShouldBeTrue();
        key.Text("alg").ShouldBe("ES256");
        key["d"].ShouldBeNull("that is the private half");
    }

    [Fact]
    public async Task After_thirty_days_a_new_key_is_published_first_and_signs_later_and_the_old_one_goes()
    {
        await using LatchkeyApp app = await LatchkeyApp.Start(databases);
        TestPerson asha = await app.GivenCustomer();
        string first = (await Published(app)).Single()!.Text("kid"), refresh = asha.Session.Text("refreshToken");
        app.Time.Jump(TimeSpan.FromDays(29.9));
        refresh = (await Refresh(app, refresh)).Text("refreshToken");
        (await Published(app)).Count.ShouldBe(1);
        app.Time.Jump(TimeSpan.FromDays(0.2));
        await Driving.Until(async () => (await Published(app)).Count == 2, "the next key is published");
        JsonNode session = await Refresh(app, refresh);
        KeyOf(session).ShouldBe(first, "the others may not know the next one yet");
        app.Time.Jump(TimeSpan.FromMinutes(59));
        JsonNode last = await Refresh(app, session.Text("refreshToken"));
        KeyOf(last).ShouldBe(first);
        app.Time.Jump(TimeSpan.FromMinutes(2));
        session = await Refresh(app, last.Text("refreshToken"));
        KeyOf(session).ShouldNotBe(first);
        foreach (JsonNode good in (JsonNode[])[last, session])
            (await app.Ask(HttpMethod.Get, "auth/me", token: good.Text("accessToken"))).Status.ShouldBe(200);
        app.Time.Jump(TimeSpan.FromMinutes(20));
        await Driving.Until(async () => (await Published(app)).Count == 1, "the old key is gone");
        (await Published(app)).Single()!.Text("kid").ShouldBe(KeyOf(session));
    }

    [Fact]
    public async Task A_key_that_has_leaked_is_worth_nothing_at_once()
    {
        await using LatchkeyApp app = await LatchkeyApp.Start(databases);
        TestPerson asha = await app.GivenCustomer(), admin = await Devices.Admins.GivenAdmin(app);
        string token = asha.Session.Text("accessToken");
        (await app.Ask(HttpMethod.Get, "auth/me", token: token)).Status.ShouldBe(200);
        (await admin.Post("admin/token-keys", new { compromised = true })).Status.ShouldBe(200);
        await Driving.Until(async () => (await app.Ask(HttpMethod.Get, "auth/me", token: token)).Status == 401, "the old token is refused");
        JsonNode session = await Refresh(app, asha.Session.Text("refreshToken"));
        (await app.Ask(HttpMethod.Get, "auth/me", token: session.Text("accessToken"))).Status.ShouldBe(200);
    }

    private static string KeyOf(JsonNode session) => JsonNode.Parse(Base64Url.DecodeFromChars(session.Text("accessToken").Split('.')[0])).Text("kid");

    private static async Task<JsonNode> Refresh(LatchkeyApp app, string token)
    {
        (int status, JsonNode? session) = await app.Ask(HttpMethod.Post, "auth/refresh", new { refreshToken = token });
        status.ShouldBe(200, session?.ToJsonString());
        return session!;
    }

    private static async Task<JsonArray> Published(LatchkeyApp app) => (await app.Ask(HttpMethod.Get, "/.well-known/jwks.json")).Body!["keys"]!.AsArray();

    private static bool Verifies(JsonNode key, string token)
    {
        string[] parts = token.Split('.');
        var point = new ECPoint { X = Base64Url.DecodeFromChars(key.Text("x")), Y = Base64Url.DecodeFromChars(key.Text("y")) };
        using var ec = ECDsa.Create(new ECParameters { Curve = ECCurve.NamedCurves.nistP256, Q = point });
        return ec.VerifyData(Encoding.ASCII.GetBytes($"{parts[0]}.{parts[1]}"), Base64Url.DecodeFromChars(parts[2]), HashAlgorithmName.SHA256);
    }
}
