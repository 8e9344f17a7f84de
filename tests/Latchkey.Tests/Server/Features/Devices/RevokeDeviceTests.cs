using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Latchkey.Server.Features.Places;
using Latchkey.Tests.Support;

namespace Latchkey.Tests.Server.Features.Devices;

/// <summary>Taking a device's credential away: who may, what is written, and that once is enough.</summary>
public sealed class RevokeDeviceTests(TestDatabase databases)
{
    [Fact]
    public async Task Only_an_admin_may_and_a_second_time_changes_nothing()
    {
        await using LatchkeyApp app = await LatchkeyApp.Start(databases);
        BankPlace bank = app.Places.Sites[0].Banks[0];
        await app.Hello(bank);
        string path = $"admin/devices/{bank.DeviceId}/revoke";
        var lost = new { reason = "lost" };

        TestPerson asha = await app.GivenCustomer();
        (int status, JsonNode? body) = await asha.Post(path, lost);
        (status, (string?)body!["code"]).ShouldBe((403, "forbidden"));
        using (HttpResponseMessage nobody = await app.Http.PostAsJsonAsync(path, lost))
            ((int)nobody.StatusCode).ShouldBe(401);
        (await Revocations(app)).ShouldBe(0);

        TestPerson admin = await app.GivenAdmin();
        (status, JsonNode? first) = await admin.Post(path, lost);
        status.ShouldBe(200, first?.ToJsonString());
        app.Time.Advance(TimeSpan.FromMinutes(1));
        (status, JsonNode? second) = await admin.Post(path, new { reason = "stolen" });
        (status, second!.ToJsonString()).ShouldBe((200, first!.ToJsonString()));
        (await Revocations(app)).ShouldBe(1);
        (await app.Sql<string>("select authority || ' ' || (data->>'reason') from journal where kind = 'device-revoked'")).ShouldBe($"person:{admin.Id:D} lost");
        (await app.Sql<bool>("select online from device where id = @DeviceId", new { bank.DeviceId })).ShouldBeFalse();
    }

    [Theory]
    [InlineData("", 400, "invalid-request")]
    [InlineData("Asha Kulkarni had it last", 400, "invalid-request")]
    [InlineData("lost", 404, "not-found")]
    public async Task A_reason_that_is_none_and_a_device_that_is_none_are_refused(string reason, int status, string code)
    {
        await using LatchkeyApp app = await LatchkeyApp.Start(databases);
        TestPerson admin = await app.GivenAdmin();
        (int answered, JsonNode? body) = await admin.Post($"admin/devices/{Guid.CreateVersion7()}/revoke", new { reason });
        (answered, (string?)body!["code"]).ShouldBe((status, code));
        (await Revocations(app)).ShouldBe(0);
    }

    private static Task<long> Revocations(LatchkeyApp app) => app.Sql<long>("select count(*) from journal where kind = 'device-revoked'");
}

internal static class Admins
{
    /// <summary>The first admin of an installation is made in its database; then as every admin does it.</summary>
    public static async Task<TestPerson> GivenAdmin(this LatchkeyApp app)
    {
        TestPerson person = await app.GivenCustomer("Admin");
        await app.Sql<int>("update person set role = 'admin' where id = @Id", new { person.Id });
        return (await TestPerson.SignInAsAdmin(app.Http, person.Email, app.Time)).Admin;
    }
}
