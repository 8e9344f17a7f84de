using System.Net;
using System.Text.Json.Nodes;
using Latchkey.Tests.Server.Features.Devices;
using Latchkey.Tests.Support;

namespace Latchkey.Tests.Server.Features.Locks;

/// <summary>RegisterLock, MakeLock, SetLockOwner: from a code on a label to an owner, in whatever order the person, the lock and the admin come.</summary>
public sealed class RegisterLockTests(TestDatabase databases)
{
    private static async Task<(Guid Bank, Guid Claim, string Code)> Made(LatchkeyApp app, TestPerson admin)
    {
        (int status, JsonNode? made) = await admin.Post("admin/locks", new { site = app.Places.Sites[0].Id, name = "Garden gate" });
        status.ShouldBe(201, made?.ToJsonString());
        ((bool)made!["device"]!, made["owner"]).ShouldBe((false, null));
        (status, JsonNode? claim) = await admin.Post("devices/claims", new { bankId = made.Id(), hours = 24 });
        status.ShouldBe(201, claim?.ToJsonString());
        return (made.Id(), claim!.Id(), claim.Text("code"));
    }

    private static async Task Confirm(TestPerson admin, Guid claim, UnclaimedDevice device)
    {
        (int status, JsonNode? body) = await admin.Post($"devices/claims/{claim}/confirm", new { fingerprint = device.Fingerprint });
        status.ShouldBe(200, body?.ToJsonString());
    }

    [Fact]
    public async Task Whoever_comes_with_the_code_of_a_confirmed_lock_owns_it_at_once()
    {
        await using LatchkeyApp app = await LatchkeyApp.Start(databases);
        TestPerson admin = await app.GivenAdmin(), asha = await app.Quick(), ravi = await app.Quick();
        (Guid bank, Guid claim, string code) = await Made(app, admin);
        using var device = new UnclaimedDevice(app.Address);
        (await device.Ask(code)).Status.ShouldBe(HttpStatusCode.OK);
        await Confirm(admin, claim, device);

        (int status, JsonNode? registered) = await asha.Post("locks", new { code = code.ToLowerInvariant().Replace('-', ' ') });
        status.ShouldBe(200, registered?.ToJsonString());
        (registered.Text("name"), registered!["lock"]!.Text("status")).ShouldBe(("Garden gate", "unknown"));
        Guid lease = registered["lock"]!.Id();
        // Asked twice the first answer stands; anybody else is refused as if there were no such code.
        (await asha.Post("locks", new { code })).Body!["lock"]!.Id().ShouldBe(lease);
        (await ravi.Post("locks", new { code })).ShouldBeRefused(409, "lock-code-wrong");
        (await app.Sql<string>("select kind from lease where bank_id = @bank", new { bank })).ShouldBe("assignment");
        // It is known to its owner, and not online yet: nothing is sent.
        (await asha.Post($"locks/{lease}/unlock")).ShouldBeRefused(409, "device-offline");
        (await app.Sql<string>("select authority from journal where kind = 'owner-set'")).ShouldBe($"person:{asha.Id:D}");
        ((string?)(await admin.Get("admin/locks")).Body!["items"]![0]!["owner"]!["email"]).ShouldBe(asha.Email);
    }

    [Fact]
    public async Task Who_registers_before_the_admin_has_confirmed_waits_and_the_admin_sees_for_whom_they_confirm()
    {
        await using LatchkeyApp app = await LatchkeyApp.Start(databases);
        TestPerson admin = await app.GivenAdmin(), asha = await app.GivenCustomer("Asha Kulkarni"), ravi = await app.Quick();
        (Guid bank, Guid claim, string code) = await Made(app, admin);
        (int status, JsonNode? registered) = await asha.Post("locks", new { code });
        (status, registered!["lock"]).ShouldBe((200, null));
        (await ravi.Post("locks", new { code })).ShouldBeRefused(409, "lock-code-wrong");
        JsonNode waiting = (await asha.Get("locks")).Body!["registered"]!.AsArray().ShouldHaveSingleItem()!;
        (waiting.Text("name"), (bool)waiting["device"]!).ShouldBe(("Garden gate", false));
        using var device = new UnclaimedDevice(app.Address);
        (await device.Ask(code)).Status.ShouldBe(HttpStatusCode.OK);
        ((bool)(await asha.Get("locks")).Body!["registered"]![0]!["device"]!).ShouldBeTrue();
        (await admin.Get($"devices/claims/{claim}")).Body.Text("owner").ShouldBe("Asha Kulkarni");
        (await app.Sql<long>("select count(*) from lease")).ShouldBe(0);

        await Confirm(admin, claim, device);
        JsonNode mine = (await asha.Get("locks")).Body!;
        mine["registered"]!.AsArray().ShouldBeEmpty();
        mine["items"]!.AsArray().ShouldHaveSingleItem()!.Text("name").ShouldBe("Garden gate");
        (await app.Sql<Guid>("select person_id from lease where bank_id = @bank and state = 'active'", new { bank })).ShouldBe(asha.Id);
    }

    [Fact]
    public async Task Every_code_that_is_not_good_looks_alike()
    {
        await using LatchkeyApp app = await LatchkeyApp.Start(databases);
        TestPerson admin = await app.GivenAdmin(), asha = await app.Quick();
        (_, Guid claim, string refused) = await Made(app, admin);
        (await admin.Post($"devices/claims/{claim}/refuse")).Status.ShouldBe(200);
        string ofABank = (await admin.Post("devices/claims", new { bankId = app.Places.Sites[0].Banks[0].Id, hours = 1 })).Body.Text("code");
        (_, _, string expired) = await Made(app, admin);
        (Guid taken, _, string owned) = await Made(app, admin);
        (await admin.Send(HttpMethod.Put, $"admin/locks/{taken}/owner", new { email = admin.Email })).Status.ShouldBe(200);
        await app.Sql<int>("update device_claim set expires_at = @now where code_hash = @hash", new { now = app.Time.GetUtcNow(), hash = Latchkey.Server.Devices.Claims.ClaimDesk.Hash(expired.Replace("-", "", StringComparison.Ordinal)) });
        string[] details = [.. await Task.WhenAll(new[] { refused, ofABank, expired, owned, "0000-0000-0000-0000", refused[..^1] + (refused[^1] == '0' ? '1' : '0') }.Select(async code =>
        {
            (int Status, JsonNode? Body) answer = await asha.Post("locks", new { code });
            answer.ShouldBeRefused(409, "lock-code-wrong");
            return answer.Body.Text("detail");
        }))];
        details.Distinct().ShouldHaveSingleItem();
        (await asha.Post("locks", new { code = "" })).ShouldBeRefused(400, "invalid-request");
        (await app.Sql<long>("select count(*) from journal where kind = 'claim-failed'")).ShouldBe(5, "a slip of the finger is nobody's attempt");
        (await app.Sql<long>("select count(*) from lease where person_id = @Id", new { asha.Id })).ShouldBe(0);
    }

    [Fact]
    public async Task Of_twenty_who_come_with_one_code_at_once_one_becomes_its_owner()
    {
        await using LatchkeyApp app = await LatchkeyApp.Start(databases);
        TestPerson admin = await app.GivenAdmin();
        (Guid bank, Guid claim, string code) = await Made(app, admin);
        using var device = new UnclaimedDevice(app.Address);
        await device.Ask(code);
        await Confirm(admin, claim, device);
        (int Status, JsonNode? Body)[] answers = await Task.WhenAll((await app.GivenCustomers(20)).Select(p => p.Post("locks", new { code })));
        answers.Count(a => a.Status == 200).ShouldBe(1);
        (await app.Sql<long>("select count(*) from lease where bank_id = @bank", new { bank })).ShouldBe(1);
    }

    [Fact]
    public async Task An_admin_takes_a_lock_away_and_the_database_refuses_two_owners()
    {
        await using LatchkeyApp app = await LatchkeyApp.Start(databases);
        TestPerson admin = await app.GivenStaff("admin"), asha = await app.Quick(), ravi = await app.Quick();
        OwnedLock mine = await app.GivenLock(asha);
        (int Status, JsonNode? Body)[] both = await Task.WhenAll(new[] { ravi, admin }.Select(p => admin.Send(HttpMethod.Put, $"admin/locks/{mine.Bank.Id}/owner", new { email = p.Email })));
        both.ShouldAllBe(a => a.Status == 200);
        (await app.Sql<long>("select count(*) from lease where bank_id = @Id and state = 'active'", new { mine.Bank.Id })).ShouldBe(1);
        (await admin.Send(HttpMethod.Put, $"admin/locks/{mine.Bank.Id}/owner", new { email = (string?)null })).Body!["owner"].ShouldBeNull();
        (await app.Sql<long>("select count(*) from lease where bank_id = @Id and state = 'active'", new { mine.Bank.Id })).ShouldBe(0);
        (await app.Sql<long>("select count(*) from journal where kind = 'owner-set' and bank_id = @Id", new { mine.Bank.Id })).ShouldBe(3);
        (await admin.Send(HttpMethod.Put, $"admin/locks/{mine.Bank.Id}/owner", new { email = "nobody@test.example" })).ShouldBeRefused(404, "not-found");
    }
}
