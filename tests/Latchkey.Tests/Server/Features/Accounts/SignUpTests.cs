using System.Text.Json.Nodes;
using Latchkey.Tests.Support;

namespace Latchkey.Tests.Server.Features.Accounts;

/// <summary>SignUp, LogIn and ShowMe: how somebody becomes somebody here.</summary>
public sealed class SignUpTests(TestDatabase databases)
{
    [Fact]
    public async Task Somebody_signs_up_signs_in_again_and_is_known()
    {
        await using LatchkeyApp app = await LatchkeyApp.Start(databases);
        (int status, JsonNode? session) = await app.Ask(HttpMethod.Post, "auth/signup", new { email = " Asha@Example.COM ", password = "0123456789", name = " Asha " });
        status.ShouldBe(201);
        session!["person"]!.Text("email").ShouldBe("asha@example.com");
        session["person"]!.Text("role").ShouldBe("customer");
        (status, session) = await app.Ask(HttpMethod.Post, "auth/login", new { email = "ASHA@example.com", password = "0123456789" });
        status.ShouldBe(200);
        DateTimeOffset.Parse(session.Text("accessTokenExpires")).ShouldBe(app.Time.GetUtcNow().AddMinutes(15));
        (status, JsonNode? me) = await app.Ask(HttpMethod.Get, "auth/me", token: session.Text("accessToken"));
        status.ShouldBe(200);
        me.Text("name").ShouldBe("Asha");
    }

    [Fact]
    public async Task An_address_has_one_account_however_it_is_spelled()
    {
        await using LatchkeyApp app = await LatchkeyApp.Start(databases);
        await app.Ask(HttpMethod.Post, "auth/signup", new { email = "asha@example.com", password = "0123456789", name = "Asha" });
        (int Status, JsonNode? Body) again = await app.Ask(HttpMethod.Post, "auth/signup", new { email = "ASHA@EXAMPLE.com", password = "0123456789", name = "Other" });
        again.ShouldBeRefused(409, "email-taken");
        again.Body!["errors"]!["email"]![0].ShouldNotBeNull();
    }

    [Fact]
    public async Task What_is_wrong_with_a_field_is_said_at_that_field()
    {
        await using LatchkeyApp app = await LatchkeyApp.Start(databases);
        (string, string, string, string)[] wrong =
        [
            ("asha", "0123456789", "Asha", "email"),
            ("a@b@c", "0123456789", "Asha", "email"),
            ("a b@c.example", "0123456789", "Asha", "email"),
            ("asha@example.com", "012345678", "Asha", "password"),
            ("asha@example.com", "0123456789", "  ", "name"),
            ("asha@example.com", "0123456789", "A\nB", "name"),
        ];
        foreach ((string email, string password, string name, string field) in wrong)
        {
            (int Status, JsonNode? Body) answer = await app.Ask(HttpMethod.Post, "auth/signup", new { email, password, name });
            answer.ShouldBeRefused(400, "invalid-request");
            answer.Body!["errors"]!.AsObject().Select(e => e.Key).ShouldBe([field]);
        }
    }

    [Fact]
    public async Task A_wrong_password_and_an_unknown_address_get_the_same_answer()
    {
        await using LatchkeyApp app = await LatchkeyApp.Start(databases);
        TestPerson asha = await app.GivenCustomer();
        (int Status, JsonNode? Body) wrong = await app.Ask(HttpMethod.Post, "auth/login", new { email = asha.Email, password = "another password" });
        (int Status, JsonNode? Body) unknown = await app.Ask(HttpMethod.Post, "auth/login", new { email = "nobody@test.example", password = "another password" });
        foreach ((int Status, JsonNode? Body) answer in new[] { wrong, unknown })
        {
            answer.ShouldBeRefused(401, "wrong-credentials");
            answer.Body!.Text("detail").ShouldBe(wrong.Body.Text("detail"));
        }
        (int Status, JsonNode? Body) hostile = await app.Ask(HttpMethod.Post, "auth/login", new { email = "a\0@test.example", password = "another password" });
        hostile.ShouldBeRefused(400, "invalid-request");
    }

    [Fact]
    public async Task The_database_keeps_neither_a_password_nor_a_token()
    {
        await using LatchkeyApp app = await LatchkeyApp.Start(databases);
        TestPerson asha = await app.GivenCustomer();
        (await app.Sql<string>("select password_hash from person where id = @Id", new { asha.Id }))!.ShouldStartWith("$");
        string everything = (await app.Sql<string>("select (select string_agg(p::text, '') from person p) || (select string_agg(t::text, '') from refresh_token t)"))!;
        everything.ShouldNotContain("a long password");
        everything.ShouldNotContain(asha.Session.Text("refreshToken"));
    }
}
