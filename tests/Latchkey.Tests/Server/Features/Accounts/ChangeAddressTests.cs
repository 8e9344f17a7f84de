using System.Text.Json.Nodes;
using Latchkey.Tests.Support;

namespace Latchkey.Tests.Server.Features.Accounts;

/// <summary>ChangeAddress, ChangePassword and ShowMe: what somebody changes about themselves.</summary>
public sealed class ChangeAddressTests(TestDatabase databases)
{
    [Fact]
    public async Task A_phone_is_added_by_the_code_that_comes_there_and_signs_in()
    {
        await using LatchkeyApp app = await LatchkeyApp.Start(databases);
        TestPerson asha = await app.GivenCustomer();
        (int status, JsonNode? asked) = await asha.Post("auth/me/address", new { phone = "+91 98220 12345" });
        status.ShouldBe(202, asked?.ToJsonString());
        string code = await app.CodeTo("+919822012345");
        var proof = new { challenge = asked.Text("challenge"), code };
        // Whoever else has the challenge gets neither the number nor the account.
        TestPerson ravi = await app.GivenCustomer("Ravi");
        (await ravi.Send(HttpMethod.Put, "auth/me/address", proof)).ShouldBeRefused(409, "code-wrong");
        (await app.Ask(HttpMethod.Post, "auth/login/code", proof)).ShouldBeRefused(409, "code-wrong");
        (await asha.Send(HttpMethod.Put, "auth/me/address", proof)).Status.ShouldBe(200);
        (await asha.Get("auth/me")).Body.Text("phone").ShouldBe("+919822012345");
        (await app.Ask(HttpMethod.Post, "auth/login", new { phone = "+91 98220 12345", password = TestPerson.Password })).Status.ShouldBe(200);

        (await asha.Send(HttpMethod.Delete, "auth/me/email")).Status.ShouldBe(204);
        (await asha.Send(HttpMethod.Delete, "auth/me/phone")).ShouldBeRefused(409, "last-address");
        (await app.Ask(HttpMethod.Post, "auth/login", new { email = asha.Email, password = TestPerson.Password })).ShouldBeRefused(401, "wrong-credentials");
    }

    [Fact]
    public async Task An_address_of_another_account_is_not_taken_from_it()
    {
        await using LatchkeyApp app = await LatchkeyApp.Start(databases);
        TestPerson asha = await app.GivenCustomer(), ravi = await app.GivenCustomer("Ravi");
        app.Time.Advance(TimeSpan.FromSeconds(1));
        (_, JsonNode? asked) = await ravi.Post("auth/me/address", new { email = asha.Email });
        (await ravi.Send(HttpMethod.Put, "auth/me/address", new { challenge = asked.Text("challenge"), code = await app.CodeTo(asha.Email) })).ShouldBeRefused(409, "email-taken");
        (await asha.Get("auth/me")).Body.Text("email").ShouldBe(asha.Email);
    }

    [Fact]
    public async Task A_changed_password_signs_the_other_devices_out_and_wants_the_present_one_after_ten_minutes()
    {
        await using LatchkeyApp app = await LatchkeyApp.Start(databases);
        TestPerson asha = await app.GivenCustomer();
        JsonNode other = (await app.Ask(HttpMethod.Post, "auth/login", new { email = asha.Email, password = TestPerson.Password })).Body!;
        (await asha.Send(HttpMethod.Put, "auth/password", new { password = "short" })).ShouldBeRefused(400, "invalid-request");
        (await asha.Send(HttpMethod.Put, "auth/password", new { password = "another password" })).Status.ShouldBe(204);
        (await app.Ask(HttpMethod.Post, "auth/refresh", new { refreshToken = other.Text("refreshToken") })).ShouldBeRefused(401, "session-ended");
        app.Time.Advance(TimeSpan.FromMinutes(11));
        (await asha.Send(HttpMethod.Put, "auth/password", new { password = "third password" })).ShouldBeRefused(403, "prove-yourself");
        (await asha.Send(HttpMethod.Put, "auth/password", new { password = "third password", presentPassword = "another password" })).Status.ShouldBe(204);
        (await app.Ask(HttpMethod.Post, "auth/login", new { email = asha.Email, password = "third password" })).Status.ShouldBe(200);
    }

    [Fact]
    public async Task Name_and_language_are_changed()
    {
        await using LatchkeyApp app = await LatchkeyApp.Start(databases);
        TestPerson asha = await app.GivenCustomer();
        (await asha.Send(HttpMethod.Put, "auth/me", new { name = "Asha K.", language = "hi" })).Status.ShouldBe(200);
        JsonNode? me = (await asha.Get("auth/me")).Body;
        me.Text("name").ShouldBe("Asha K.");
        me.Text("language").ShouldBe("hi");
        (await asha.Send(HttpMethod.Put, "auth/me", new { name = " ", language = "de" })).ShouldBeRefused(400, "invalid-request");
    }
}
