using System.Text.Json.Nodes;
using Latchkey.Tests.Server.Features.Devices;
using Latchkey.Tests.Support;

namespace Latchkey.Tests.Server.Features.Accounts;

/// <summary>MakeApiKey and NameStaff: programs with keys, and people with roles.</summary>
public sealed class MakeApiKeyTests(TestDatabase databases)
{
    [Fact]
    public async Task A_program_does_what_its_key_says_and_nothing_else_and_its_use_is_seen()
    {
        await using LatchkeyApp app = await LatchkeyApp.Start(databases);
        TestPerson admin = await app.GivenAdmin();
        (int status, JsonNode? made) = await admin.Post("auth/keys", new { name = "Till", scopes = new[] { "devices:read" } });
        status.ShouldBe(201, made?.ToJsonString());
        string key = made.Text("key");
        (await admin.Get("auth/keys")).Body!["items"]![0]!["lastUsed"].ShouldBeNull();
        (await app.Ask(HttpMethod.Get, "devices", token: key)).Status.ShouldBe(200);
        JsonNode shown = (await admin.Get("auth/keys")).Body!["items"]![0]!;
        shown["lastUsed"].ShouldNotBeNull();
        key.ShouldStartWith(shown.Text("shown"));
        shown.ToJsonString().ShouldNotContain(key);
        (await app.Sql<string>("select string_agg(k::text, '') from api_key k"))!.ShouldNotContain(key[12..]);

        (await app.Ask(HttpMethod.Get, "leases", token: key)).ShouldBeRefused(403, "scope-missing");
        (await app.Ask(HttpMethod.Post, "devices/claims", new { bankId = app.Places.Sites[0].Banks[0].Id }, key)).ShouldBeRefused(403, "scope-missing");
        // Not even with all scopes: a program is not a person.
        foreach (string own in (string[])["auth/me", "auth/keys", "auth/sessions", "admin/staff"])
            (await app.Ask(HttpMethod.Get, own, token: key)).ShouldBeRefused(403, "scope-missing");
        (await app.Ask(HttpMethod.Get, "devices", token: key[..^1] + (key[^1] == 'A' ? 'B' : 'A'))).ShouldBeRefused(401, "unauthenticated");
    }

    [Fact]
    public async Task A_key_that_is_revoked_or_over_or_whose_owner_has_lost_the_role_is_nobodys()
    {
        await using LatchkeyApp app = await LatchkeyApp.Start(databases);
        TestPerson admin = await app.GivenAdmin(), om = await app.GivenCustomer("Om");
        (await admin.Send(HttpMethod.Put, "admin/staff", new { email = om.Email, role = "operator", sites = new[] { app.Places.Sites[0].Id } })).Status.ShouldBe(200);
        TestPerson staff = TestPerson.With(app.Http, om.Email, (await app.Ask(HttpMethod.Post, "auth/login", new { email = om.Email, password = TestPerson.Password })).Body!);
        string[] keys = new string[3];
        Guid first = Guid.Empty;
        for (int i = 0; i < keys.Length; i++)
        {
            JsonNode made = (await staff.Post("auth/keys", new { name = $"Key {i}", scopes = new[] { "devices:read" }, days = i == 1 ? 1 : 30 })).Body!;
            (keys[i], first) = (made.Text("key"), i == 0 ? made.Id() : first);
            (await app.Ask(HttpMethod.Get, "devices", token: keys[i])).Status.ShouldBe(200);
        }
        (await admin.Send(HttpMethod.Delete, $"auth/keys/{first}")).ShouldBeRefused(404, "not-found"); // somebody else's
        (await staff.Send(HttpMethod.Delete, $"auth/keys/{first}")).Status.ShouldBe(204);
        await Driving.Until(async () => (await app.Ask(HttpMethod.Get, "devices", token: keys[0])).Status == 401, "the revoked key is refused");
        (await app.Ask(HttpMethod.Get, "devices", token: keys[2])).Status.ShouldBe(200);
        app.Time.Jump(TimeSpan.FromDays(1));
        (await app.Ask(HttpMethod.Get, "devices", token: keys[1])).ShouldBeRefused(401, "unauthenticated");
        await app.Sql<int>("update person set role = 'customer' where id = @Id; insert into journal (at, kind, authority) values (now(), 'role-changed', 'server')", new { om.Id });
        await Driving.Until(async () => (await app.Ask(HttpMethod.Get, "devices", token: keys[2])).Status == 401, "the former operator's key is refused");
    }

    [Fact]
    public async Task An_operator_sees_the_devices_of_their_sites_and_is_signed_out_when_the_role_changes()
    {
        await using LatchkeyApp app = await LatchkeyApp.Start(databases);
        TestPerson admin = await app.GivenAdmin(), om = await app.GivenCustomer("Om");
        Guid site = app.Places.Sites[0].Id;
        (await admin.Send(HttpMethod.Put, "admin/staff", new { email = om.Email, role = "operator" })).ShouldBeRefused(400, "invalid-request");
        (await admin.Send(HttpMethod.Put, "admin/staff", new { email = om.Email, role = "operator", sites = new[] { site } })).Status.ShouldBe(200);
        await Driving.Until(async () => (await om.Get("auth/me")).Status == 401, "the customer's token ends");
        TestPerson staff = TestPerson.With(app.Http, om.Email, (await app.Ask(HttpMethod.Post, "auth/login", new { email = om.Email, password = TestPerson.Password })).Body!);
        Guid[] seen = [.. (await staff.Get("devices")).Body!["items"]!.AsArray().Select(d => (Guid)d!["bankId"]!)];
        seen.ShouldBe(app.Places.Sites[0].Banks.Select(b => b.Id), ignoreOrder: true);
        (await admin.Get("devices")).Body!["items"]!.AsArray().Count.ShouldBeGreaterThan(seen.Length);
        (await admin.Get("admin/staff")).Body!["items"]!.AsArray().Select(p => p.Text("role")).Order().ShouldBe(["admin", "operator"]);
        (await admin.Send(HttpMethod.Put, "admin/staff", new { email = admin.Email, role = "customer" })).ShouldBeRefused(409, "last-admin");
    }

    [Fact]
    public async Task Where_anybody_may_come_a_key_without_the_scope_is_anybody_and_not_its_owner()
    {
        await using LatchkeyApp app = await LatchkeyApp.Start(databases);
        TestPerson admin = await app.GivenAdmin();
        string key = (await admin.Post("auth/keys", new { name = "Till", scopes = new[] { "devices:read" } })).Body.Text("key");
        // The feed of a site's floor is for those who work there, and a key for devices does not.
        (await app.Ask(HttpMethod.Get, $"live?floor={app.Places.Sites[0].Id}", token: key)).Status.ShouldBe(401);
        (await app.Ask(HttpMethod.Get, $"sites/{app.Places.Sites[0].Id}", token: key)).Status.ShouldBe(200);
    }

    [Fact]
    public async Task Who_guesses_keys_gets_so_many_looks_and_no_more()
    {
        await using LatchkeyApp app = await LatchkeyApp.Start(databases, face: new Latchkey.Server.Hosting.Face.FaceOptions { Limits = new Latchkey.Server.Hosting.Limits.RateLimits(["keys=5/60"]) });
        string Guess(int i) => $"lk_{i:D43}";
        for (int i = 0; i < 5; i++)
            (await app.Ask(HttpMethod.Get, "devices", token: Guess(i))).ShouldBeRefused(401, "unauthenticated");
        (await app.Ask(HttpMethod.Get, "devices", token: Guess(5))).ShouldBeRefused(429, "too-many-requests");
        (await app.Ask(HttpMethod.Get, "devices", token: Guess(0))).ShouldBeRefused(401, "unauthenticated");
        (await app.Ask(HttpMethod.Get, "devices", token: "lk_short")).ShouldBeRefused(401, "unauthenticated");
    }
}
