using System.Text.Json.Nodes;
using Latchkey.SystemTests.Support;
using Latchkey.Tests.Support;

namespace Latchkey.SystemTests;

/// <summary>A device whose credential was taken away: cut within a minute, not let in again, not after a restart either.</summary>
public sealed class RevocationTests
{
    private static readonly TimeSpan CutWithin = TimeSpan.FromSeconds(60);

    [Theory]
    [InlineData(DeviceLinks.Mqtt)]
    [InlineData(DeviceLinks.WebSocket)]
    [InlineData(DeviceLinks.Polling)]
    public async Task A_revoked_device_is_cut_off_while_connected_and_stays_out_over_a_restart(string link)
    {
        string data = await DemoData.New();
        await using LatchkeyProcess latchkey = await LatchkeyProcess.Start(data, DeviceLinks.Arguments(link));
        VirtualBank bank = await VirtualBank.Find(latchkey, "Hall A, bank 1"), other = await VirtualBank.Find(latchkey, "Hall B, bank 2");
        TestPerson asha = await latchkey.GivenCustomer();
        Guid lease = await bank.Rent(asha, 1);
        await bank.OpensAndCloses(2);

        await Revoke(latchkey, bank);
        await Eventually.Holds(async () => !await Connected(bank), CutWithin, "the live connection is cut");
        (await bank.Online()).ShouldBe(false);
        await StaysOut(latchkey, bank, link);
        await other.OpensAndCloses(3);
        JsonNode command = await asha.Open(lease);
        await asha.Becomes(command, ["refused"], TimeSpan.FromSeconds(5));
        (await bank.Pulses(1)).ShouldBe(0);

        await latchkey.Stop();
        await using LatchkeyProcess again = await LatchkeyProcess.Start(data, DeviceLinks.Arguments(link));
        await (other with { System = again }).BecomesReachable();
        await StaysOut(again, bank with { System = again }, link);
        (await (bank with { System = again }).Online()).ShouldBe(false);
    }

    /// <summary>Its cable is pulled and put in, which makes it try at once; and the broker's log names each one that it refused. A server that
    /// is spoken to itself names none, so that several attempts, 5 s apart at most, have to do.</summary>
    private static async Task StaysOut(LatchkeyProcess latchkey, VirtualBank bank, string link)
    {
        await bank.Do("unplug");
        await bank.Do("plug-in");
        if (link != DeviceLinks.Mqtt)
        {
            DateTimeOffset until = TimeProvider.System.GetUtcNow().AddSeconds(12);
            await Eventually.Holds(
                async () =>
                {
                    (await Connected(bank)).ShouldBeFalse("a revoked device got in again");
                    return TimeProvider.System.GetUtcNow() >= until;
                },
                TimeSpan.FromSeconds(30),
                "twelve seconds have passed");
            return;
        }
        int before = Refusals(latchkey);
        await Eventually.Holds(
            async () =>
            {
                (await Connected(bank)).ShouldBeFalse("a revoked device got in again");
                return Refusals(latchkey) > before;
            },
            TimeSpan.FromSeconds(30),
            "the broker refuses its certificate");
    }

    private static int Refusals(LatchkeyProcess latchkey) => File.ReadLines($"{latchkey.Data}/mosquitto/mosquitto.log").Count(l => l.Contains("certificate verify failed", StringComparison.Ordinal));

    private static async Task Revoke(LatchkeyProcess latchkey, VirtualBank bank)
    {
        TestPerson admin = await latchkey.GivenCustomer("Admin");
        await SystemDatabase.Sql<int>(latchkey.Data, "update person set role = 'admin' where id = @Id", new { admin.Id });
        admin = (await TestPerson.SignInAsAdmin(latchkey.Http, admin.Email, TimeProvider.System)).Admin;
        Guid device = await SystemDatabase.Sql<Guid>(latchkey.Data, "select device_id from bank where id = @Id", new { bank.Id });
        (int status, JsonNode? said) = await admin.Post($"admin/devices/{device}/revoke", new { reason = "stolen" });
        status.ShouldBe(200, said?.ToJsonString());
    }

    private static async Task<bool> Connected(VirtualBank bank) => (bool)(await bank.Hardware())["connected"]!;
}
