using System.Text.Json.Nodes;
using Latchkey.SystemTests.Support;
using Latchkey.Tests.Support;

namespace Latchkey.SystemTests;

/// <summary>A lock from its label to its second owner: made, registered, claimed, confirmed, unlocked and locked by a bolt that moves, off line, by an older program, given away.</summary>
public sealed class OwnedLockTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    [Fact]
    public async Task A_lock_is_registered_by_its_code_worked_with_outcomes_and_given_to_another_owner()
    {
        string data = LatchkeyProcess.NewData();
        await using LatchkeyProcess latchkey = await LatchkeyProcess.Start(data);
        TestPerson admin = await latchkey.GivenAdmin(), asha = await latchkey.GivenCustomer(), ravi = await latchkey.GivenCustomer("Ravi");
        var site = (Guid)JsonNode.Parse(await latchkey.Http.GetStringAsync("sites"))!["items"]![0]!["id"]!;
        var bank = (Guid)(await admin.Post("admin/locks", new { site, name = "Garden gate" })).Body!["id"]!;
        (Guid claim, string code) = await admin.Claims(bank);
        (await asha.Post("locks", new { code })).Body!["lock"].ShouldBeNull("an admin has not seen the lock yet");
        ((string?)(await ravi.Post("locks", new { code })).Body!["code"]).ShouldBe("lock-code-wrong");

        string folder = Path.Combine(data, "lock");
        await using var hardware = new ClaimedCabinet(folder);
        await hardware.Claim(new Uri(latchkey.Address), code, digits => admin.Confirms(claim, digits), lockers: 1);
        GiveItABolt(folder);
        await hardware.PowerOn();
        var lease = (Guid)(await Mine(asha)).ShouldNotBeNull()["id"]!;
        await Eventually.Holds(async () => (bool?)(await asha.Get($"locks/{lease}")).Body!["online"] == true && await Status(asha, lease) == "locked", Patience, "the lock is heard, and locked");

        (await Move(asha, lease, "unlock")).ShouldBe("unlocked");
        await Eventually.Holds(async () => await Status(asha, lease) == "unlocked", Patience, "its bolt was seen back");
        (await Move(asha, lease, "lock")).ShouldBe("locked");
        await Eventually.Holds(async () => await Status(asha, lease) == "locked", Patience, "its bolt was seen out");
        (await ravi.Post($"locks/{lease}/unlock")).Status.ShouldBe(404);

        await hardware.PowerOff();
        await Eventually.Holds(async () => (bool?)(await asha.Get($"locks/{lease}")).Body!["online"] == false, Patience, "its last will is heard");
        (int status, JsonNode? refused) = await asha.Post($"locks/{lease}/unlock");
        (status, (string?)refused!["code"]).ShouldBe((409, "device-offline"));
        await hardware.PowerOn();
        await Eventually.Holds(async () => (bool?)(await asha.Get($"locks/{lease}")).Body!["online"] == true, Patience, "the lock is back");

        (status, JsonNode? record) = await asha.Send(HttpMethod.Post, new Uri(new Uri(latchkey.Address), "/api/unlock").ToString(), new { device_id = hardware.Device });
        (status, (string?)record!["status"], (string?)record["state"]).ShouldBe((200, "Unlocked", "Available"), record.ToJsonString());
        string[] log = [.. (await asha.Get($"locks/{lease}/log")).Body!["items"]!.AsArray().Select(e => $"{e!["what"]} by {e["by"]}")];
        log.Count(l => l == "unlocked by you").ShouldBe(2, string.Join(", ", log));
        log.ShouldContain("locked by you");
        log.ShouldContain("device-offline by lock");

        (await admin.Send(HttpMethod.Put, $"admin/locks/{bank}/owner", new { email = ravi.Email })).Status.ShouldBe(200);
        (await asha.Post($"locks/{lease}/lock")).Status.ShouldBe(404);
        (await Mine(asha)).ShouldBeNull();
        var his = (Guid)(await Mine(ravi)).ShouldNotBeNull()["id"]!;
        (await Move(ravi, his, "lock")).ShouldBe("locked");
        (await ravi.Get($"locks/{his}/log")).Body!["items"]!.AsArray().ShouldNotContain(e => (string?)e!["by"] == "person" && (string?)e["what"] == "unlocked", "what was before is not his");
        await Eventually.Holds(
            async () => (await asha.Get("messages")).Body!["items"]!.AsArray().Any(m => (string?)m!["kind"] == "lock-gone"), Patience, "the former owner is told");
    }

    /// <summary>A fitter says which of the doors have a bolt.</summary>
    private static void GiveItABolt(string folder)
    {
        string file = Path.Combine(folder, "cabinets.json");
        JsonNode cabinets = JsonNode.Parse(File.ReadAllText(file))!;
        cabinets[0]!["latched"] = new JsonArray(1);
        File.WriteAllText(file, cabinets.ToJsonString());
    }

    private static async Task<JsonNode?> Mine(TestPerson person) => (await person.Get("locks")).Body!["items"]!.AsArray().SingleOrDefault();

    private static async Task<string?> Status(TestPerson person, Guid lease) => (string?)(await person.Get($"locks/{lease}")).Body!["status"];

    private static async Task<string?> Move(TestPerson person, Guid lease, string deed)
    {
        (int status, JsonNode? command) = await person.Send(HttpMethod.Post, $"locks/{lease}/{deed}", null, Guid.CreateVersion7().ToString(), ("Prefer", "wait=15"));
        status.ShouldBe(200, command?.ToJsonString());
        return (string?)command!["state"];
    }
}
