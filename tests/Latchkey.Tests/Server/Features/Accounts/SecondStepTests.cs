using System.Text;
using System.Text.Json.Nodes;
using Latchkey.Server.Features.Accounts;
using Latchkey.Tests.Support;

namespace Latchkey.Tests.Server.Features.Accounts;

/// <summary>FinishLogIn and SetUpTotp: what a stolen password is not enough for.</summary>
public sealed class SecondStepTests(TestDatabase databases)
{
    /// <summary>RFC 6238, appendix B, of which an app shows the last six digits.</summary>
    [Theory]
    [InlineData(59, 287082)]
    [InlineData(1111111109, 81804)]
    [InlineData(1111111111, 50471)]
    [InlineData(1234567890, 5924)]
    [InlineData(2000000000, 279037)]
    [InlineData(20000000000, 353130)]
    public void Codes_are_those_of_the_standard(long seconds, int code) => Totp.Code("12345678901234567890"u8, seconds / 30).ShouldBe(code);

    [Fact]
    public void A_secret_is_typed_as_base_32()
    {
        Totp.Shown(Encoding.ASCII.GetBytes("foobar")).ShouldBe("MZXW6YTBOI"); // RFC 4648, 10
        TestPerson.Base32(Totp.Shown(Encoding.ASCII.GetBytes("12345678901234567890"))).ShouldBe(Encoding.ASCII.GetBytes("12345678901234567890"));
    }

    [Fact]
    public async Task An_admin_is_not_let_in_with_a_password_alone_and_sets_up_an_app_at_the_first_sign_in()
    {
        await using LatchkeyApp app = await LatchkeyApp.Start(databases);
        TestPerson person = await app.GivenCustomer();
        await app.Sql<int>("update person set role = 'admin' where id = @Id", new { person.Id });
        // The session from before does not become an admin's.
        (await app.Ask(HttpMethod.Post, "auth/refresh", new { refreshToken = person.Session.Text("refreshToken") })).ShouldBeRefused(401, "session-ended");

        (TestPerson admin, byte[] secret) = await TestPerson.SignInAsAdmin(app.Http, person.Email, app.Time);
        (await admin.Get("devices")).Status.ShouldBe(200);
        ((bool)(await admin.Get("auth/me")).Body!["secondStep"]!).ShouldBeTrue();
        ((int)(await admin.Get("auth/me")).Body!["recoveryCodes"]!).ShouldBe(10);

        JsonNode step = await FirstStep(app, person.Email);
        ((bool)step["setUp"]!).ShouldBeFalse();
        (await app.Ask(HttpMethod.Post, "auth/login/second-step/set-up", new { ticket = step.Text("ticket") })).ShouldBeRefused(409, "second-step-on");
        // The code of the set-up was used; the next one is taken, and it once.
        (await Finish(app, step, TestPerson.AppCode(secret, app.Time.GetUtcNow()))).ShouldBeRefused(409, "code-wrong");
        app.Time.Advance(TimeSpan.FromSeconds(30));
        string code = TestPerson.AppCode(secret, app.Time.GetUtcNow());
        (await Finish(app, step, code)).Status.ShouldBe(200);
        (await Finish(app, step, code)).ShouldBeRefused(409, "code-wrong");
    }

    [Fact]
    public async Task Five_wrong_codes_are_all_however_often_one_begins_again()
    {
        await using LatchkeyApp app = await LatchkeyApp.Start(databases);
        (TestPerson admin, byte[] secret) = await Admin(app);
        app.Time.Advance(TimeSpan.FromMinutes(1));
        string right = TestPerson.AppCode(secret, app.Time.GetUtcNow());
        for (int i = 1; i <= 5; i++)
            (await Finish(app, await FirstStep(app, admin.Email), ((int.Parse(right) + 333 + i) % 1_000_000).ToString("D6"))).ShouldBeRefused(409, "code-wrong");
        (await Finish(app, await FirstStep(app, admin.Email), right)).ShouldBeRefused(429, "too-many-tries");
    }

    [Fact]
    public async Task A_recovery_code_lets_in_once()
    {
        await using LatchkeyApp app = await LatchkeyApp.Start(databases);
        TestPerson asha = await app.GivenCustomer();
        (int status, JsonNode? offered) = await asha.Post("auth/totp");
        status.ShouldBe(200, offered?.ToJsonString());
        offered.Text("uri").ShouldStartWith("otpauth://totp/Latchkey:");
        // Not asked for before the app has shown that it works.
        (await app.Ask(HttpMethod.Post, "auth/login", new { email = asha.Email, password = TestPerson.Password })).Status.ShouldBe(200);
        byte[] secret = TestPerson.Base32(offered.Text("secret"));
        (status, JsonNode? on) = await asha.Post("auth/totp/confirm", new { code = TestPerson.AppCode(secret, app.Time.GetUtcNow()) });
        status.ShouldBe(200, on?.ToJsonString());
        string[] recovery = [.. on!["recoveryCodes"]!.AsArray().Select(c => (string)c!)];
        recovery.Length.ShouldBe(10);

        JsonNode step = await FirstStep(app, asha.Email);
        (await Finish(app, step, recovery[3].ToUpperInvariant())).Status.ShouldBe(200);
        (await Finish(app, step, recovery[3])).ShouldBeRefused(409, "code-wrong");
        ((int)(await asha.Get("auth/me")).Body!["recoveryCodes"]!).ShouldBe(9);
    }

    [Fact]
    public async Task A_ticket_is_ours_whole_and_young()
    {
        await using LatchkeyApp app = await LatchkeyApp.Start(databases);
        (TestPerson admin, byte[] secret) = await Admin(app);
        JsonNode step = await FirstStep(app, admin.Email);
        string ticket = step.Text("ticket");
        foreach (string bad in (string[])["", "x", ticket[..^2] + (ticket.EndsWith("AA", StringComparison.Ordinal) ? "BB" : "AA"), ticket + "AAAA", new string('A', 3000), new string('A', ticket.Length)])
            (await app.Ask(HttpMethod.Post, "auth/login/second-step", new { ticket = bad, code = "123456" })).ShouldBeRefused(401, "session-ended");
        app.Time.Advance(TimeSpan.FromMinutes(5));
        (await Finish(app, step, TestPerson.AppCode(secret, app.Time.GetUtcNow()))).ShouldBeRefused(401, "session-ended");
    }

    [Fact]
    public async Task The_second_step_is_turned_off_by_who_has_it_and_never_by_an_admin()
    {
        await using LatchkeyApp app = await LatchkeyApp.Start(databases);
        (TestPerson admin, byte[] secret) = await Admin(app);
        app.Time.Advance(TimeSpan.FromMinutes(1));
        (await admin.Post("auth/totp/off", new { code = TestPerson.AppCode(secret, app.Time.GetUtcNow()) })).ShouldBeRefused(409, "second-step-required");
        await app.Sql<int>("update person set role = 'customer' where id = @Id", new { admin.Id });
        (await admin.Post("auth/totp/off", new { code = "000000" })).ShouldBeRefused(409, "code-wrong");
        (await admin.Post("auth/totp/off", new { code = TestPerson.AppCode(secret, app.Time.GetUtcNow()) })).Status.ShouldBe(204);
        (await app.Ask(HttpMethod.Post, "auth/login", new { email = admin.Email, password = TestPerson.Password })).Status.ShouldBe(200);
    }

    private static async Task<(TestPerson Admin, byte[] Secret)> Admin(LatchkeyApp app)
    {
        TestPerson person = await app.GivenCustomer();
        await app.Sql<int>("update person set role = 'admin' where id = @Id", new { person.Id });
        return await TestPerson.SignInAsAdmin(app.Http, person.Email, app.Time);
    }

    private static async Task<JsonNode> FirstStep(LatchkeyApp app, string email)
    {
        (int status, JsonNode? step) = await app.Ask(HttpMethod.Post, "auth/login", new { email, password = TestPerson.Password });
        status.ShouldBe(202, step?.ToJsonString());
        step!["accessToken"].ShouldBeNull();
        return step;
    }

    private static Task<(int Status, JsonNode? Body)> Finish(LatchkeyApp app, JsonNode step, string code) =>
        app.Ask(HttpMethod.Post, "auth/login/second-step", new { ticket = step.Text("ticket"), code });
}
