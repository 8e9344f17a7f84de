using System.Text.Json.Nodes;
using Latchkey.Tests.Support;

namespace Latchkey.Tests.Server.Features.Accounts;

/// <summary>AskForCode, SignUp, LogIn and ShowMe: how somebody becomes somebody here.</summary>
public sealed class SignUpTests(TestDatabase databases)
{
    [Fact]
    public async Task Somebody_signs_up_with_an_address_that_is_theirs_signs_in_again_and_is_known()
    {
        await using LatchkeyApp app = await LatchkeyApp.Start(databases);
        (int status, JsonNode? asked) = await app.AskCode("sign-up", email: " Asha@Example.COM ");
        status.ShouldBe(202);
        asked.Text("channel").ShouldBe("email");
        DateTimeOffset.Parse(asked.Text("expires")).ShouldBe(app.Time.GetUtcNow().AddMinutes(5));
        (status, JsonNode? session) = await app.Ask(HttpMethod.Post, "auth/signup", new { challenge = asked.Text("challenge"), code = await app.CodeTo("asha@example.com"), password = "correct horse", name = " Asha ", language = "hi" });
        status.ShouldBe(201, session?.ToJsonString());
        session!["person"]!.Text("email").ShouldBe("asha@example.com");
        session["person"]!.Text("role").ShouldBe("customer");
        (status, session) = await app.Ask(HttpMethod.Post, "auth/login", new { email = "ASHA@example.com", password = "correct horse" });
        status.ShouldBe(200);
        DateTimeOffset.Parse(session.Text("accessTokenExpires")).ShouldBe(app.Time.GetUtcNow().AddMinutes(15));
        (status, JsonNode? me) = await app.Ask(HttpMethod.Get, "auth/me", token: session.Text("accessToken"));
        status.ShouldBe(200);
        me.Text("name").ShouldBe("Asha");
        me.Text("language").ShouldBe("hi");
        ((bool)me!["emailVerified"]!).ShouldBeTrue();
    }

    [Fact]
    public async Task Somebody_without_email_and_password_signs_up_and_in_with_a_phone()
    {
        await using LatchkeyApp app = await LatchkeyApp.Start(databases);
        (_, JsonNode? asked) = await app.AskCode("sign-up", phone: "+91 98220-12345");
        asked.Text("channel").ShouldBe("sms");
        (int status, JsonNode? session) = await app.Ask(HttpMethod.Post, "auth/signup", new { challenge = asked.Text("challenge"), code = await app.CodeTo("+919822012345"), name = "Ravi" });
        status.ShouldBe(201, session?.ToJsonString());
        session!["person"]!.Text("phone").ShouldBe("+919822012345");
        session["person"]!["email"].ShouldBeNull();
        (await app.Ask(HttpMethod.Post, "auth/login", new { phone = "+919822012345", password = "" })).ShouldBeRefused(401, "wrong-credentials");

        (_, asked) = await app.AskCode("sign-in", phone: "+919822012345");
        (status, session) = await app.Ask(HttpMethod.Post, "auth/login/code", new { challenge = asked.Text("challenge"), code = await app.CodeTo("+919822012345") });
        status.ShouldBe(200, session?.ToJsonString());
        session!["person"]!.Text("name").ShouldBe("Ravi");
    }

    [Fact]
    public async Task An_address_has_one_account_and_only_who_reads_it_learns_that_it_has_one()
    {
        await using LatchkeyApp app = await LatchkeyApp.Start(databases);
        TestPerson asha = await app.GivenCustomer();
        foreach (string purpose in (string[])["sign-up", "sign-in", "reset"])
        {
            JsonNode? known = (await app.AskCode(purpose, email: asha.Email)).Body, unknown = (await app.AskCode(purpose, email: "nobody@test.example")).Body;
            known!.AsObject().Select(f => f.Key).ShouldBe(unknown!.AsObject().Select(f => f.Key));
        }
        (await app.Sql<long>("select count(*) from message where address = 'nobody@test.example'")).ShouldBe(1, "the one to sign up");

        JsonNode? asked = (await app.AskCode("sign-up", email: asha.Email.ToUpperInvariant())).Body;
        var again = new { challenge = asked.Text("challenge"), code = await app.CodeTo(asha.Email), name = "Other" };
        (await app.Ask(HttpMethod.Post, "auth/signup", again)).ShouldBeRefused(409, "email-taken");
    }

    [Fact]
    public async Task What_is_wrong_with_a_field_is_said_at_that_field()
    {
        await using LatchkeyApp app = await LatchkeyApp.Start(databases);
        (object, string)[] wrong =
        [
            (new { purpose = "sign-up", email = "asha" }, "email"),
            (new { purpose = "sign-up", email = "a@b@c" }, "email"),
            (new { purpose = "sign-up", email = "a b@c.example" }, "email"),
            (new { purpose = "sign-up", phone = "98220 12345" }, "phone"),
            (new { purpose = "sign-up" }, "email"),
            (new { purpose = "sign-up", email = "a@b.example", phone = "+919822012345" }, "phone"),
            (new { purpose = "change", email = "a@b.example" }, "purpose"),
        ];
        foreach ((object body, string field) in wrong)
            Fields(await app.Ask(HttpMethod.Post, "auth/codes", body)).ShouldBe([field]);

        JsonNode? asked = (await app.AskCode("sign-up", email: "asha@example.com")).Body;
        (string challenge, string code) = (asked.Text("challenge"), await app.CodeTo("asha@example.com"));
        foreach ((string password, string name, string field) in ((string, string, string)[])[("012345678", "Asha", "password"), ("correct horse", "  ", "name"), ("correct horse", "A\nB", "name")])
            Fields(await app.Ask(HttpMethod.Post, "auth/signup", new { challenge, code, password, name })).ShouldBe([field]);
        // A mistake in a field does not use the code up.
        (await app.Ask(HttpMethod.Post, "auth/signup", new { challenge, code, password = "correct horse", name = "Asha" })).Status.ShouldBe(201);

        static IEnumerable<string> Fields((int Status, JsonNode? Body) answer)
        {
            answer.ShouldBeRefused(400, "invalid-request");
            return answer.Body!["errors"]!.AsObject().Select(e => e.Key);
        }
    }

    [Fact]
    public async Task A_wrong_password_and_an_unknown_address_get_the_same_answer()
    {
        await using LatchkeyApp app = await LatchkeyApp.Start(databases);
        TestPerson asha = await app.GivenCustomer();
        (int Status, JsonNode? Body) wrong = await app.Ask(HttpMethod.Post, "auth/login", new { email = asha.Email, password = "another password" });
        (int Status, JsonNode? Body) unknown = await app.Ask(HttpMethod.Post, "auth/login", new { email = "nobody@test.example", password = "another password" });
        (int Status, JsonNode? Body) hostile = await app.Ask(HttpMethod.Post, "auth/login", new { email = "a\0@test.example", password = "another password" });
        hostile.ShouldBeRefused(400, "invalid-request");
        foreach ((int Status, JsonNode? Body) answer in new[] { wrong, unknown })
        {
            answer.ShouldBeRefused(401, "wrong-credentials");
            answer.Body!.Text("detail").ShouldBe(wrong.Body.Text("detail"));
        }
    }

    [Fact]
    public async Task The_database_keeps_neither_a_password_nor_a_token_nor_a_code()
    {
        await using LatchkeyApp app = await LatchkeyApp.Start(databases);
        TestPerson asha = await app.GivenCustomer();
        (await app.Sql<string>("select password_hash from person where id = @Id", new { asha.Id }))!.ShouldStartWith("$");
        string code = await app.CodeTo(asha.Email);
        string everything = (await app.Sql<string>(
            "select (select string_agg(p::text, '') from person p) || (select string_agg(t::text, '') from refresh_token t) || (select string_agg(c::text, '') from one_time_code c)"))!;
        everything.ShouldNotContain("a long password");
        everything.ShouldNotContain(asha.Session.Text("refreshToken"));
        everything.ShouldNotContain($",{code},");
    }
}
