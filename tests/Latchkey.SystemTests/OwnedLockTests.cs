using System.Diagnostics;
using System.Text.Json.Nodes;
using Latchkey.Link.Messages;
using Latchkey.Link.Mqtt;
using Latchkey.SystemTests.Support;
using Latchkey.Tests.Support;

namespace Latchkey.SystemTests;

/// <summary>A lock from its label to its second owner: made, registered, claimed, confirmed, unlocked and locked by a bolt that moves, off line, by an older program, given away.</summary>
public sealed class OwnedLockTests(OwnedLockTests.Installation installation) : IClassFixture<OwnedLockTests.Installation>
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    [Fact]
    public async Task A_lock_is_registered_by_its_code_worked_with_outcomes_and_given_to_another_owner()
    {
        LatchkeyProcess latchkey = installation.Latchkey;
        TestPerson admin = await latchkey.GivenAdmin(), asha = await latchkey.GivenCustomer(), ravi = await latchkey.GivenCustomer("Ravi");
        var site = (Guid)JsonNode.Parse(await latchkey.Http.GetStringAsync("sites"))!["items"]![0]!["id"]!;
        var bank = (Guid)(await admin.Post("admin/locks", new { site, name = "Garden gate" })).Body!["id"]!;
        (Guid claim, string code) = await admin.Claims(bank);
        (await asha.Post("locks", new { code })).Body!["lock"].ShouldBeNull("an admin has not seen the lock yet");
        ((string?)(await ravi.Post("locks", new { code })).Body!["code"]).ShouldBe("lock-code-wrong");

        string folder = Path.Combine(installation.Data, "lock");
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

    [Fact]
    public async Task A_lock_of_an_older_system_hears_its_own_orders_only_and_what_others_say_of_it_changes_nothing()
    {
        LatchkeyProcess latchkey = installation.Latchkey;
        TestPerson admin = await latchkey.GivenAdmin(), asha = await latchkey.GivenCustomer();
        await using RunningClient gym = installation.Older("gym", "gym"), shed = installation.Older("shed", "shed");
        await gym.Client.Subscribe(OldTopics.Commands, Qos.AtLeastOnce, default);
        await shed.Client.Subscribe(OldTopics.Commands, Qos.AtLeastOnce, default);
        Guid device = await Bridge(admin, asha, "gym");
        var lease = (Guid)(await Mine(asha)).ShouldNotBeNull()["id"]!;
        ((bool?)(await asha.Get($"locks/{lease}")).Body!["online"]).ShouldNotBe(true, "the lock itself has not spoken yet");

        // It repeats itself, as such locks do; nobody may have listened yet.
        await Eventually.Holds(
            async () =>
            {
                await Says(gym, "LOCKED");
                return (bool?)(await asha.Get($"locks/{lease}")).Body!["online"] == true && await Status(asha, lease) == "locked";
            },
            Patience,
            "the older lock is there, and locked");
        Task<string?> moved = Move(asha, lease, "unlock");
        (await Heard(gym)).ShouldBe("UNLOCK");
        await Says(gym, "UNLOCKED");
        (await moved).ShouldBe("unlocked");
        await Says(gym, "LOCKED");
        await Eventually.Holds(async () => await Status(asha, lease) == "locked", Patience, "somebody turned its key");

        // Another lock that claims to be this one; a stranger; another lock's password at this one's door.
        await Says(shed, $$"""{"device_id": "{{device}}", "status": "UNLOCKED"}""");
        await using (RunningClient stranger = installation.Older("gym", "gym", password: "not the password"))
            (await stranger.Next(MqttLinkState.Disconnected)).ReasonName.ShouldBe("not authorized");
        await using (RunningClient intruder = installation.Older("shed", at: "gym"))
            (await intruder.Next(MqttLinkState.Disconnected)).ReasonName.ShouldBe("not authorized");
        (await shed.Client.Publish(OldTopics.Commands, "UNLOCK"u8.ToArray(), Qos.AtLeastOnce, TimeSpan.FromSeconds(10), default)).Status.ShouldBe(PublishStatus.Refused, "a lock orders nobody, itself neither");
        await Says(gym, """{"status": "Locked", "issue": "tamper"}""");
        await Eventually.Holds(async () => (string?)(await asha.Get($"locks/{lease}")).Body!["issue"] == "tamper", Patience, "what it says itself counts");
        (await Status(asha, lease)).ShouldBe("locked");
        string[] log = [.. (await asha.Get($"locks/{lease}/log")).Body!["items"]!.AsArray().Select(e => $"{e!["what"]} by {e["by"]}")];
        log.Count(l => l.Contains("unlocked", StringComparison.Ordinal)).ShouldBe(1, string.Join(", ", log));

        // Its network is gone and nobody knows yet: the broker would keep an order for it.
        gym.Stop();
        await gym.Running;
        (await Move(asha, lease, "unlock")).ShouldBe("not-opened");
        await using RunningClient back = installation.Older("gym", "gym");
        await Says(back, "LOCKED");
        moved = Move(asha, lease, "unlock");
        (await Heard(back)).ShouldBe("UNLOCK");
        await Says(back, "UNLOCKED");
        (await moved).ShouldBe("unlocked");
        back.Client.Messages.TryRead(out _).ShouldBeFalse("the order of when it was away has expired");

        await Says(back, "OFFLINE");
        await Eventually.Holds(async () => (bool?)(await asha.Get($"locks/{lease}")).Body!["online"] == false, Patience, "its last will is believed");
        (int status, JsonNode? refused) = await asha.Post($"locks/{lease}/unlock");
        (status, (string?)refused!["code"]).ShouldBe((409, "device-offline"));
        back.Client.Messages.TryRead(out _).ShouldBeFalse();
        shed.Client.Messages.TryRead(out _).ShouldBeFalse("no order was for it");
    }

    /// <summary>Makes the older lock a device of this installation, owned by somebody, and lets its bridge run.</summary>
    private async Task<Guid> Bridge(TestPerson admin, TestPerson owner, string name)
    {
        var site = (Guid)JsonNode.Parse(await installation.Latchkey.Http.GetStringAsync("sites"))!["items"]![0]!["id"]!;
        var bank = (Guid)(await admin.Post("admin/locks", new { site, name })).Body!["id"]!;
        (Guid claim, string code) = await admin.Claims(bank);
        (await owner.Post("locks", new { code })).Body!["lock"].ShouldBeNull("an admin has not seen the lock yet");
        return await installation.Bridge(name, code, digits => admin.Confirms(claim, digits));
    }

    private static async Task Says(RunningClient older, string what) =>
        (await older.Client.Publish(OldTopics.Status, System.Text.Encoding.UTF8.GetBytes(what), Qos.AtLeastOnce, TimeSpan.FromSeconds(10), default)).Status.ShouldBeOneOf(PublishStatus.Acknowledged, PublishStatus.NobodyListens);

    private static async Task<string> Heard(RunningClient older)
    {
        MqttMessage message = await older.Receive();
        message.Topic.ShouldBe(OldTopics.Commands);
        message.Acknowledge();
        return System.Text.Encoding.ASCII.GetString(message.Payload.Span);
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

    /// <summary>One server for all that happens to locks; its broker listens for two of an older system.</summary>
    public sealed class Installation : IAsyncLifetime
    {
        private readonly Dictionary<string, (int Own, int Bridge)> _ports = new() { ["gym"] = (MosquittoBroker.FreePort(), MosquittoBroker.FreePort()), ["shed"] = (MosquittoBroker.FreePort(), MosquittoBroker.FreePort()) };
        private readonly List<Process> _bridges = [];

        public LatchkeyProcess Latchkey { get; private set; } = null!;

        public string Data { get; } = LatchkeyProcess.NewData();

        public async ValueTask InitializeAsync()
        {
            string locks = new JsonArray([.. _ports.Select(p => new JsonObject { ["name"] = p.Key, ["listen"] = $"127.0.0.1:{p.Value.Own}", ["bridge"] = $"127.0.0.1:{p.Value.Bridge}", ["password"] = $"{p.Key} has a long one" })]).ToJsonString();
            Latchkey = await LatchkeyProcess.Start(await DemoData.Into(Data), environment: new Dictionary<string, string> { ["LATCHKEY_OLD_LOCKS"] = locks });
        }

        /// <summary>A lock of the older system: a name and a password, no certificate, and a session that the broker keeps while it is away.</summary>
        public RunningClient Older(string name, string at, string? password = null) => new(
            new MqttOptions
            {
                ClientId = "lock", CleanStart = false, SessionExpiry = TimeSpan.FromHours(1), Username = $"smartlock-{name}", Password = password ?? $"{name} has a long one",
                FirstRetry = TimeSpan.FromMilliseconds(50),
            },
            MqttDialer.Tcp("127.0.0.1", _ports[at].Own),
            TimeProvider.System);

        public async Task<Guid> Bridge(string name, string code, Func<string, Task> confirm)
        {
            string folder = Path.Combine(Data, $"older-{name}"), file = folder + ".json";
            await File.WriteAllTextAsync(
                file,
                new JsonObject
                {
                    ["model"] = "smartlock", ["lockers"] = 1, ["folder"] = folder, ["smartlock"] = new JsonObject { ["name"] = name, ["broker"] = $"mqtts://127.0.0.1:{_ports[name].Bridge}", ["identity"] = Path.Combine(Data, "nodes", $"bridge-{name}") },
                }.ToJsonString());
            using Process claiming = Run("claim", "--config", file, "--server", Latchkey.Address, "--code", code);
            Guid device = await ClaimedCabinet.Claimed(claiming, confirm);
            _bridges.Add(Run("run", "--config", file));
            return device;
        }

        public async ValueTask DisposeAsync()
        {
            foreach (Process bridge in _bridges)
            {
                bridge.Kill();
                await bridge.WaitForExitAsync();
                bridge.Dispose();
            }
            await Latchkey.DisposeAsync();
        }

        private static Process Run(params string[] arguments) => Process.Start(
            new ProcessStartInfo("dotnet", [LatchkeyProcess.Program.Replace("Latchkey.Server", "Latchkey.Controller", StringComparison.Ordinal), .. arguments]) { RedirectStandardOutput = true, RedirectStandardError = true, UseShellExecute = false })!;
    }
}
