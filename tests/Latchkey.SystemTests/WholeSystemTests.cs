using System.Text.Json.Nodes;
using Latchkey.SystemTests.Support;
using Latchkey.Tests.Support;

namespace Latchkey.SystemTests;

/// <summary>The program as it is started by a person, with its own database, broker and simulated lockers.</summary>
public sealed class WholeSystemTests(OneLatchkey one)
{
    [Theory]
    [InlineData(DeviceLinks.Mqtt)]
    [InlineData(DeviceLinks.WebSocket)]
    [InlineData(DeviceLinks.Polling)]
    public async Task A_fresh_start_has_three_sites_sixty_lockers_and_a_door_that_opens(string link)
    {
        LatchkeyProcess latchkey = await one.By(link);
        TestPerson asha = await latchkey.GivenCustomer();
        JsonArray sites = (await asha.Get("sites")).Body!["items"]!.AsArray();
        sites.Count.ShouldBe(3);
        sites.Sum(s => (int)s!["lockers"]!).ShouldBe(60);
        // A bank that no other test cuts off, and a door that none of them uses.
        VirtualBank bank = await VirtualBank.Find(latchkey, "Concourse, right");
        await bank.BecomesReachable();
        await bank.OpensAndCloses(12);
    }
}
