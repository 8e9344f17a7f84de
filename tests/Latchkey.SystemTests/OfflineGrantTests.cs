using System.Text.Json.Nodes;
using Latchkey.SystemTests.Support;
using Latchkey.Tests.Support;

namespace Latchkey.SystemTests;

/// <summary>What a person rents on line opens off line: server, broker, simulator and its terminal, as they run for real.</summary>
public sealed class OfflineGrantTests
{
    private const int Door = 3;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    [Fact]
    public async Task A_PIN_opens_the_door_without_a_network_is_journalled_once_and_ends_with_the_lease()
    {
        string data = await DemoData.New();
        await using LatchkeyProcess latchkey = await LatchkeyProcess.Start(data);
        VirtualBank bank = await VirtualBank.Find(latchkey, "Hall A, bank 1");
        await bank.BecomesReachable();
        TestPerson asha = await latchkey.GivenCustomer();
        Guid lease = await bank.Rent(asha, Door);
        (int status, JsonNode? made) = await asha.Post($"leases/{lease}/pin");
        status.ShouldBe(200, made?.ToJsonString());
        (string pin, string whose) = ((string)made!["pin"]!, (string)made["typeFirst"]!);
        await Eventually.Holds(async () => (bool)(await asha.Get($"leases/{lease}")).Body!["offline"]!["ready"]!, Patience, "the bank holds the grant");

        await bank.Do("unplug");
        await Eventually.Holds(async () => !(bool)(await bank.Hardware())["connected"]!, Patience, "the bank is off line");
        int before = await bank.Pulses(Door);
        await Type(bank, whose, pin);
        await Eventually.Holds(async () => await bank.Pulses(Door) == before + 1 && await IsOpen(bank), Patience, "the PIN opens the door");
        // A door that is shut again before its contact has settled was never seen open.
        await Eventually.Holds(async () => ((string?)(await bank.Hardware())["terminal"]!["words"])!.Contains("Open.", StringComparison.Ordinal), Patience, "the controller has seen it open");
        await bank.Do($"doors/{Door}/close");
        (await Uses(data, lease)).ShouldBeEmpty("the server cannot know yet");

        await bank.Do("plug-in");
        await bank.BecomesReachable();
        await Eventually.Holds(async () => (await Uses(data, lease)).Count > 0, Patience, "the server hears of it");
        await Eventually.Holds(async () => (await asha.Post($"leases/{lease}/finish")).Status == 200, Patience, "the closed door lets the rental end");
        Use use = (await Uses(data, lease)).ShouldHaveSingleItem();
        (use.Authority, use.PersonId, use.State).ShouldBe(($"lease:{lease:D}:pin", (Guid)(await asha.Get("auth/me")).Body!["id"]!, "opened"));

        // The bank has heard of the end when it holds as many changes as there are.
        await Eventually.Holds(async () => await SystemDatabase.Sql<bool>(
            data, "select coalesce((select max(g.revision) from device_grant g where g.device_id = d.id) <= d.grants_held, false) from device d join bank b on b.device_id = d.id where b.id = @id",
            new { id = bank.Id }), Patience, "the bank knows that the lease has ended");
        await Type(bank, whose, pin);
        await Eventually.Holds(
            async () => await SystemDatabase.Sql<long>(data, "select count(*) from journal where kind = 'credential-refused' and bank_id = @id", new { id = bank.Id }) == 1, Patience, "the PIN is refused");
        (await bank.Pulses(Door)).ShouldBe(before + 1);
        await SystemDatabase.ShouldKeepEveryPromise(data);
    }

    private static async Task Type(VirtualBank bank, string whose, string pin)
    {
        foreach (char key in $"{whose}#{pin}#")
            await bank.Do($"terminal/keys/{(key == '#' ? "hash" : key.ToString())}");
    }

    private static async Task<bool> IsOpen(VirtualBank bank) => (bool)(await bank.Hardware())["doors"]!.AsArray().Single(d => (int)d!["number"]! == Door)!["open"]!;

    /// <summary>What the journal says of credentials that were used with this lease.</summary>
    private static Task<IReadOnlyList<Use>> Uses(string data, Guid lease) => SystemDatabase.Rows<Use>(
        data,
        "select j.authority, j.person_id, c.state from journal j join command c on c.id = j.command_id where j.kind = 'credential-used' and j.lease_id = @lease", new { lease });

    private sealed record Use(string Authority, Guid PersonId, string State);
}
