using System.Text.Json.Nodes;
using Latchkey.SystemTests.Support;
using Latchkey.Tests.Support;

namespace Latchkey.SystemTests;

/// <summary>The whole way of a new controller into a wall: label, key, digits, admin, broker, door; and what becomes of the one before it.</summary>
public sealed class ClaimingTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    [Theory]
    [InlineData(DeviceLinks.Mqtt)]
    [InlineData(DeviceLinks.Polling)]
    public async Task A_claimed_device_takes_the_place_of_a_broken_one_and_opens_a_door(string link)
    {
        string data = await DemoData.New();
        await using LatchkeyProcess latchkey = await LatchkeyProcess.Start(data);
        VirtualBank bank = await VirtualBank.Find(latchkey, "Hall A, bank 1"), other = await VirtualBank.Find(latchkey, "Hall B, bank 2");
        TestPerson admin = await latchkey.GivenAdmin(), asha = await latchkey.GivenCustomer();
        Guid lease = await bank.Rent(asha, 3);
        (await asha.Post($"leases/{lease}/pin")).Status.ShouldBe(200);

        (Guid claim, string code) = await admin.Claims(bank.Id);
        await using var cabinet = new ClaimedCabinet(Path.Combine(data, "claimed"));
        await cabinet.Claim(new Uri(latchkey.Address), code, digits => admin.Confirms(claim, digits), link);
        await Eventually.Holds(async () => await bank.Online() != true, Patience, "the old controller does not count any more");
        await cabinet.PowerOn();
        await Eventually.Holds(async () => await bank.Online() == true, Patience, "the new controller is heard");

        JsonNode command = await asha.OpenAndWait(lease);
        ((string?)command["state"]).ShouldBe("opened", command.ToJsonString());
        (await cabinet.Pulses(3)).ShouldBe(1);
        // It knows the lease that was there before it came; the PIN is to be made anew.
        await Eventually.Holds(async () => (bool)(await asha.Get($"leases/{lease}")).Body!["offline"]!["ready"]!, Patience, "the new controller holds the lease");
        (await asha.Get($"leases/{lease}")).Body!["offline"]!["pinSetAt"].ShouldBeNull();
        await cabinet.Close(3);
        await Eventually.Holds(async () => (await asha.Post($"leases/{lease}/finish")).Status == 200, Patience, "the closed door lets the rental end");
        // The others did not notice; a second use of the label is a refusal.
        await other.OpensAndCloses(2);
        await using var late = new ClaimedCabinet(Path.Combine(data, "late"));
        (int exit, string said) = await late.ClaimInVain(new Uri(latchkey.Address), code);
        (exit, said.Contains("was used", StringComparison.Ordinal)).ShouldBe((1, true), said);

        // And all of it over a restart of server and broker.
        await latchkey.Stop();
        await using LatchkeyProcess again = await LatchkeyProcess.Start(data, ["--port", new Uri(latchkey.Address).Port.ToString(System.Globalization.CultureInfo.InvariantCulture)]);
        VirtualBank same = bank with { System = again };
        if (link == DeviceLinks.Polling)
        {
            await Eventually.Holds(async () => await same.Online() == true, Patience, "the new controller is back");
            TestPerson mira = await again.GivenCustomer("Mira");
            Guid second = await same.Rent(mira, 4);
            ((string?)(await mira.OpenAndWait(second))["state"]).ShouldBe("opened");
        }
        else
        {
            // The private broker has another port after each start; a broker that devices elsewhere use has a fixed one.
            (await SystemDatabase.Sql<long>(data, "select count(*) from device where model = 'LK-sim' and revoked_at is not null")).ShouldBe(1);
        }
    }

    [Fact]
    public async Task Over_TLS_with_a_certificate_of_its_own_a_device_is_claimed_changes_its_key_and_opens_doors_before_and_after()
    {
        string data = await DemoData.New();
        await using LatchkeyProcess latchkey = await LatchkeyProcess.Start(data);
        using var certificate = new TestCertificate();
        // What devices see: a node of its own, on TLS.
        await using LatchkeyProcess face = await LatchkeyProcess.Beside(data, ["--tls-cert", certificate.CertFile, "--tls-key", certificate.KeyFile]);
        face.Address.ShouldStartWith("https://");
        VirtualBank bank = await VirtualBank.Find(latchkey, "Hall A, bank 1");
        TestPerson admin = await latchkey.GivenAdmin(), asha = await latchkey.GivenCustomer();
        Guid lease = await bank.Rent(asha, 3);

        (Guid claim, string code) = await admin.Claims(bank.Id);
        await using var cabinet = new ClaimedCabinet(Path.Combine(data, "claimed"));
        await cabinet.Claim(new Uri(face.Address), code, digits => admin.Confirms(claim, digits), DeviceLinks.Polling, authority: certificate.CertFile);
        await Eventually.Holds(async () => await bank.Online() != true, Patience, "the old controller does not count any more");
        await cabinet.PowerOn();
        await Eventually.Holds(async () => await bank.Online() == true, Patience, "the new controller is heard");
        ((string?)(await asha.OpenAndWait(lease))["state"]).ShouldBe("opened");
        await cabinet.Close(3);

        for (int change = 1; change <= 2; change++)
        {
            await cabinet.PowerOff();
            await Eventually.Holds(async () => await bank.Online() != true, Patience, "it is away");
            byte[] before = await Key();
            (int exit, string said) = await cabinet.ChangeKey();
            (exit, said).ShouldBe((0, "The key was changed. Start the controller again."));
            await cabinet.PowerOn();
            await Eventually.Holds(async () => await bank.Online() == true, Patience, "it is back with its next key");
            ((string?)(await asha.OpenAndWait(lease))["state"]).ShouldBe("opened");
            await cabinet.Close(3);
            (await Key()).ShouldNotBe(before);
        }

        async Task<byte[]> Key() => await SystemDatabase.Sql<byte[]>(data, "select public_key from device where id = @Device", new { cabinet.Device }) ?? [];
    }
}
