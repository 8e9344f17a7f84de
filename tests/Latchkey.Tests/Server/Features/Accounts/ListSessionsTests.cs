using System.Text.Json.Nodes;
using Latchkey.Server.Features.Accounts;
using Latchkey.Tests.Support;

namespace Latchkey.Tests.Server.Features.Accounts;

/// <summary>ListSessions: a person sees where they are signed in, and ends it from anywhere.</summary>
public sealed class ListSessionsTests(TestDatabase databases)
{
    private const string Phone = "Mozilla/5.0 (Linux; Android 15; Pixel 9) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Mobile Safari/537.36";

    [Theory]
    [InlineData(Phone, "Chrome, Android")]
    [InlineData("Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 Mobile/15E148 Safari/604.1", "Safari, iPhone")]
    [InlineData("Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0", "Firefox, Windows")]
    [InlineData("curl/8.5.0", "curl")]
    [InlineData("<script>alert(1)</script>", "")]
    [InlineData("", "")]
    public void A_device_is_named_in_words(string agent, string words) => Browser.InWords(agent).ShouldBe(words);

    [Fact]
    public async Task Each_sign_in_is_a_device_that_is_signed_out_at_once_from_another()
    {
        await using LatchkeyApp app = await LatchkeyApp.Start(databases);
        TestPerson asha = await app.GivenCustomer();
        app.Time.Advance(TimeSpan.FromMinutes(1));
        TestPerson phone = await SignIn(app, asha.Email, Phone, null);
        JsonArray devices = (await asha.Get("auth/sessions")).Body!["items"]!.AsArray();
        devices.Select(d => d.Text("device")).ShouldBe(["Chrome, Android", ""]);
        devices.Select(d => (bool)d!["here"]!).ShouldBe([false, true]);
        (await phone.Get("auth/me")).Status.ShouldBe(200);

        (await asha.Send(HttpMethod.Delete, $"auth/sessions/{devices[0]!.Id()}")).Status.ShouldBe(204);
        // Not in fifteen minutes: as soon as the node has read its journal.
        await Driving.Until(async () => (await app.Ask(HttpMethod.Get, "auth/me", token: phone.Session.Text("accessToken"))).Status == 401, "the access token is worth nothing");
        (await app.Ask(HttpMethod.Post, "auth/refresh", new { refreshToken = phone.Session.Text("refreshToken") })).ShouldBeRefused(401, "session-ended");
        (await asha.Get("auth/sessions")).Body!["items"]!.AsArray().Count.ShouldBe(1);
        (await asha.Send(HttpMethod.Delete, $"auth/sessions/{devices[0]!.Id()}")).ShouldBeRefused(404, "not-found");
    }

    [Fact]
    public async Task All_others_are_signed_out_and_nobody_signs_out_somebody_else()
    {
        await using LatchkeyApp app = await LatchkeyApp.Start(databases);
        TestPerson asha = await app.GivenCustomer(), ravi = await app.GivenCustomer("Ravi");
        TestPerson one = await SignIn(app, asha.Email, Phone, null), two = await SignIn(app, asha.Email, Phone, null);
        string ravis = (await ravi.Get("auth/sessions")).Body!["items"]![0]!.Text("id");
        (await asha.Send(HttpMethod.Delete, $"auth/sessions/{ravis}")).ShouldBeRefused(404, "not-found");
        (await asha.Send(HttpMethod.Delete, "auth/sessions")).Status.ShouldBe(204);
        foreach (TestPerson other in (TestPerson[])[one, two])
            (await app.Ask(HttpMethod.Post, "auth/refresh", new { refreshToken = other.Session.Text("refreshToken") })).ShouldBeRefused(401, "session-ended");
        foreach (TestPerson still in (TestPerson[])[asha, ravi])
            (await app.Ask(HttpMethod.Post, "auth/refresh", new { refreshToken = still.Session.Text("refreshToken") })).Status.ShouldBe(200);
    }

    [Fact]
    public async Task A_device_that_was_seen_before_is_not_new()
    {
        await using LatchkeyApp app = await LatchkeyApp.Start(databases);
        TestPerson asha = await app.GivenCustomer();
        foreach (string? kept in (string?[])["0123456789abcdef", "0123456789abcdef", "fedcba9876543210", null, null])
            await SignIn(app, asha.Email, Phone, kept);
        string news = (await app.Sql<string>("select string_agg(data ->> 'new', ' ' order by id) from journal where kind = 'person-signed-in' and person_id = @Id", new { asha.Id }))!;
        news.ShouldBe("true false true true true");
    }

    [Fact]
    public async Task A_session_that_is_used_every_day_ends_after_ninety_days_and_an_admins_after_twelve_hours()
    {
        await using LatchkeyApp app = await LatchkeyApp.Start(databases);
        string token = (await app.GivenCustomer()).Session.Text("refreshToken");
        for (int weeks = 4; weeks <= 12; weeks += 4)
        {
            app.Time.Jump(TimeSpan.FromDays(28));
            token = (await app.Ask(HttpMethod.Post, "auth/refresh", new { refreshToken = token })).Body.Text("refreshToken");
        }
        app.Time.Jump(TimeSpan.FromDays(6));
        (await app.Ask(HttpMethod.Post, "auth/refresh", new { refreshToken = token })).ShouldBeRefused(401, "session-ended");

        TestPerson person = await app.GivenCustomer();
        await app.Sql<int>("update person set role = 'admin' where id = @Id", new { person.Id });
        (TestPerson admin, _) = await TestPerson.SignInAsAdmin(app.Http, person.Email, app.Time);
        app.Time.Jump(TimeSpan.FromHours(11));
        token = (await app.Ask(HttpMethod.Post, "auth/refresh", new { refreshToken = admin.Session.Text("refreshToken") })).Body.Text("refreshToken");
        app.Time.Jump(TimeSpan.FromHours(1));
        (await app.Ask(HttpMethod.Post, "auth/refresh", new { refreshToken = token })).ShouldBeRefused(401, "session-ended");
    }

    private static async Task<TestPerson> SignIn(LatchkeyApp app, string email, string agent, string? kept)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "auth/login") { Content = System.Net.Http.Json.JsonContent.Create(new { email, password = TestPerson.Password }) };
        request.Headers.TryAddWithoutValidation("User-Agent", agent);
        if (kept is not null)
            request.Headers.Add(Browser.Header, kept);
        using HttpResponseMessage answer = await app.Http.SendAsync(request);
        return TestPerson.With(app.Http, email, JsonNode.Parse(await answer.Content.ReadAsStringAsync())!);
    }
}
