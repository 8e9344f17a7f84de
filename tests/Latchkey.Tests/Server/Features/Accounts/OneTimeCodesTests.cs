using System.Text.Json.Nodes;
using Latchkey.Server.Hosting.Face;
using Latchkey.Server.Hosting.Limits;
using Latchkey.Tests.Support;

namespace Latchkey.Tests.Server.Features.Accounts;

/// <summary>Six digits are guessed by whoever may guess often enough: so nobody may. And LogInWithCode.</summary>
public sealed class OneTimeCodesTests(TestDatabase databases)
{
    private static Task<(int Status, JsonNode? Body)> SignIn(LatchkeyApp app, JsonNode? asked, string code) =>
        app.Ask(HttpMethod.Post, "auth/login/code", new { challenge = asked.Text("challenge"), code });

    private static string Other(string code, int by) => ((int.Parse(code) + by) % 1_000_000).ToString("D6");

    [Fact]
    public async Task A_code_is_good_once_for_five_minutes_and_only_for_what_it_was_asked_for()
    {
        await using LatchkeyApp app = await LatchkeyApp.Start(databases);
        TestPerson asha = await app.GivenCustomer();
        JsonNode? asked = (await app.AskCode("sign-in", email: asha.Email)).Body;
        string code = await app.CodeTo(asha.Email);
        (await app.Ask(HttpMethod.Post, "auth/password/reset", new { challenge = asked.Text("challenge"), code, password = "another password" })).ShouldBeRefused(409, "code-wrong");
        app.Time.Advance(TimeSpan.FromMinutes(5) - TimeSpan.FromSeconds(1));
        (await SignIn(app, asked, $"{code[..3]} {code[3..]}")).Status.ShouldBe(200);
        (await SignIn(app, asked, code)).ShouldBeRefused(409, "code-wrong");

        asked = (await app.AskCode("sign-in", email: asha.Email)).Body;
        code = await app.CodeTo(asha.Email);
        app.Time.Advance(TimeSpan.FromMinutes(5));
        (await SignIn(app, asked, code)).ShouldBeRefused(409, "code-wrong");
    }

    [Fact]
    public async Task After_five_wrong_codes_the_right_one_is_refused_and_asking_again_gives_no_more_tries()
    {
        await using LatchkeyApp app = await LatchkeyApp.Start(databases);
        TestPerson asha = await app.GivenCustomer();
        JsonNode? first = (await app.AskCode("sign-in", email: asha.Email)).Body;
        string code = await app.CodeTo(asha.Email);
        for (int i = 1; i <= 3; i++)
            (await SignIn(app, first, Other(code, i))).ShouldBeRefused(409, "code-wrong");
        JsonNode? second = (await app.AskCode("reset", email: asha.Email)).Body;
        code = await app.CodeTo(asha.Email);
        for (int i = 1; i <= 2; i++)
            (await app.Ask(HttpMethod.Post, "auth/password/reset", new { challenge = second.Text("challenge"), code = Other(code, i), password = "another password" })).ShouldBeRefused(409, "code-wrong");
        (await app.Ask(HttpMethod.Post, "auth/password/reset", new { challenge = second.Text("challenge"), code, password = "another password" })).ShouldBeRefused(429, "too-many-tries");
        (await app.AskCode("sign-in", email: asha.Email)).ShouldBeRefused(429, "too-many-tries");

        app.Time.Advance(TimeSpan.FromHours(1));
        JsonNode? third = (await app.AskCode("sign-in", email: asha.Email)).Body;
        (await SignIn(app, third, await app.CodeTo(asha.Email))).Status.ShouldBe(200);
    }

    [Fact]
    public async Task A_hundred_guesses_at_once_are_five()
    {
        await using LatchkeyApp app = await LatchkeyApp.Start(databases);
        TestPerson asha = await app.GivenCustomer();
        JsonNode? asked = (await app.AskCode("sign-in", email: asha.Email)).Body;
        string code = await app.CodeTo(asha.Email);
        (int Status, JsonNode? Body)[] answers = await Task.WhenAll(Enumerable.Range(1, 100).Select(i => SignIn(app, asked, Other(code, i))));
        answers.Count(a => a.Body.Text("code") == "code-wrong").ShouldBe(5);
        answers.Count(a => a.Body.Text("code") == "too-many-tries").ShouldBe(95);
    }

    /// <summary>From as many addresses as he likes: what is counted by where somebody calls from is out of reach here.</summary>
    [Fact]
    public async Task Code_reissue_does_not_reset_attempts_and_SMS_pumping_trips_the_breaker()
    {
        await using LatchkeyApp app = await LatchkeyApp.Start(databases, face: new FaceOptions
        {
            Limits = new RateLimits([.. ((string[])["sign-in", "account", "codes", "writes"]).Select(k => $"{k}=1000000/60")]),
        });
        TestPerson asha = await app.GivenCustomer();
        int evaluated = 0, asked = 0, most = 0;
        for (int quarter = 0; quarter < 96; quarter++)
        {
            (int status, JsonNode? challenge) = await app.AskCode("sign-in", email: asha.Email);
            if (status == 202)
            {
                asked++;
                string code = await app.CodeTo(asha.Email);
                int ofThis = 0;
                for (int i = 1; i <= 7; i++)
                    ofThis += (await SignIn(app, challenge, Other(code, i))).Body.Text("code") == "code-wrong" ? 1 : 0;
                (evaluated, most) = (evaluated + ofThis, Math.Max(most, ofThis));
            }
            app.Time.Jump(TimeSpan.FromMinutes(15));
        }
        most.ShouldBe(5);
        asked.ShouldBeLessThanOrEqualTo(10);
        evaluated.ShouldBeInRange(5, 50);

        // Numbers side by side, each of which may have one: the cap of their beginning ends it, and staff are told once.
        int sent = 0;
        for (int i = 0; i < 100; i++)
            sent += (await app.AskCode("sign-up", phone: $"+9198123{i:D5}")).Status == 202 ? 1 : 0;
        sent.ShouldBe(Latchkey.Server.Messages.SmsLimits.Default.PrefixHour);
        (await app.Sql<long>("select count(*) from message where channel = 'sms'")).ShouldBe(sent);
        await Driving.Until(async () => await app.Sql<long>("select count(*) from journal where kind = @Kind", new { Kind = Latchkey.Server.Journal.JournalKinds.SmsCapTripped }) == 1, "the staff is told", seconds: 30);
    }

    [Fact]
    public async Task A_code_asked_for_by_somebody_else_is_of_no_use_to_them()
    {
        await using LatchkeyApp app = await LatchkeyApp.Start(databases);
        TestPerson asha = await app.GivenCustomer();
        JsonNode? thief = (await app.AskCode("sign-in", email: asha.Email)).Body;
        JsonNode? owner = (await app.AskCode("sign-in", email: asha.Email)).Body;
        string code = await app.CodeTo(asha.Email);
        (await SignIn(app, thief, code)).ShouldBeRefused(409, "code-wrong"); // read over a shoulder
        (await SignIn(app, owner, code)).Status.ShouldBe(200);
    }

    [Fact]
    public async Task A_forgotten_password_is_set_anew_and_every_device_is_signed_out()
    {
        await using LatchkeyApp app = await LatchkeyApp.Start(databases);
        TestPerson asha = await app.GivenCustomer();
        JsonNode? asked = (await app.AskCode("reset", email: asha.Email)).Body;
        (int status, JsonNode? session) = await app.Ask(
            HttpMethod.Post, "auth/password/reset", new { challenge = asked.Text("challenge"), code = await app.CodeTo(asha.Email), password = "another password" });
        status.ShouldBe(200, session?.ToJsonString());
        (await app.Ask(HttpMethod.Post, "auth/refresh", new { refreshToken = asha.Session.Text("refreshToken") })).ShouldBeRefused(401, "session-ended");
        (await app.Ask(HttpMethod.Post, "auth/login", new { email = asha.Email, password = TestPerson.Password })).ShouldBeRefused(401, "wrong-credentials");
        (await app.Ask(HttpMethod.Post, "auth/login", new { email = asha.Email, password = "another password" })).Status.ShouldBe(200);
        (await app.Ask(HttpMethod.Get, "auth/me", token: session.Text("accessToken"))).Status.ShouldBe(200);
    }

    [Fact]
    public async Task Whoever_proves_an_address_that_nobody_had_proven_is_alone_in_the_account()
    {
        await using LatchkeyApp app = await LatchkeyApp.Start(databases);
        TestPerson asha = await app.GivenCustomer();
        await app.Sql<int>("update person set email_verified_at = null where id = @Id", new { asha.Id }); // an account from before addresses were proven
        JsonNode? asked = (await app.AskCode("sign-in", email: asha.Email)).Body;
        (await SignIn(app, asked, await app.CodeTo(asha.Email))).Status.ShouldBe(200);
        (await app.Ask(HttpMethod.Post, "auth/login", new { email = asha.Email, password = TestPerson.Password })).ShouldBeRefused(401, "wrong-credentials");
        (await app.Ask(HttpMethod.Post, "auth/refresh", new { refreshToken = asha.Session.Text("refreshToken") })).ShouldBeRefused(401, "session-ended");
    }

    [Fact]
    public async Task Of_a_code_that_nobody_used_nothing_is_left_after_an_hour()
    {
        await using LatchkeyApp app = await LatchkeyApp.Start(databases);
        JsonNode? asked = (await app.AskCode("sign-up", email: "somebody@test.example")).Body;
        (await SignIn(app, asked, "000000")).ShouldBeRefused(409, "code-wrong");
        app.Time.Jump(TimeSpan.FromHours(3));
        await Driving.Until(async () => await app.Sql<long>("select (select count(*) from one_time_code) + (select count(*) from code_tries)") == 0, "it is forgotten");
    }

    [Fact]
    public async Task Codes_to_one_address_and_from_one_place_are_limited()
    {
        await using LatchkeyApp app = await LatchkeyApp.Start(databases, face: new FaceOptions { Limits = new RateLimits(["all=1000000/60", "code-soon=1/30", "code-hour=3/3600", "codes=8/3600"]) });
        (await app.AskCode("sign-in", email: "a@test.example")).Status.ShouldBe(202);
        (await app.AskCode("sign-in", email: "a@test.example")).ShouldBeRefused(429, "too-many-requests");
        for (int i = 0; i < 2; i++)
        {
            app.Time.Advance(TimeSpan.FromSeconds(61));
            (await app.AskCode("sign-in", email: "a@test.example")).Status.ShouldBe(202, "after half a minute, as the account need not exist");
        }
        app.Time.Advance(TimeSpan.FromSeconds(61));
        (await app.AskCode("sign-in", email: "A@Test.Example")).ShouldBeRefused(429, "too-many-requests"); // three in an hour
        for (int i = 0; i < 3; i++)
            (await app.AskCode("sign-in", phone: $"+9198220{i}2345")).Status.ShouldBe(202);
        (await app.AskCode("sign-in", phone: "+919822092345")).ShouldBeRefused(429, "too-many-requests"); // nine from here
    }
}

internal static class CodeAsking
{
    public static Task<(int Status, JsonNode? Body)> AskCode(this LatchkeyApp app, string purpose, string? email = null, string? phone = null)
    {
        app.Time.Advance(TimeSpan.FromSeconds(1)); // so that the newest message can be told from the one before
        return app.Ask(HttpMethod.Post, "auth/codes", new { purpose, email, phone });
    }
}
