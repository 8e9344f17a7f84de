using System.Text.Json.Nodes;
using Latchkey.SystemTests.Support;
using Latchkey.Tests.Support;

namespace Latchkey.SystemTests;

/// <summary>The program as it is started by a person, with its own database, broker and simulated lockers.</summary>
public sealed class WholeSystemTests
{
    [Theory]
    [InlineData(DeviceLinks.Mqtt)]
    [InlineData(DeviceLinks.WebSocket)]
    [InlineData(DeviceLinks.Polling)]
    public async Task A_fresh_start_has_three_sites_sixty_lockers_and_a_door_that_opens(string link)
    {
        string data = LatchkeyProcess.NewData();
        await using LatchkeyProcess latchkey = await LatchkeyProcess.Start(data, DeviceLinks.Arguments(link));
        TestPerson asha = await latchkey.GivenCustomer();
        JsonArray sites = (await asha.Get("sites")).Body!["items"]!.AsArray();
        sites.Count.ShouldBe(3);
        sites.Sum(s => (int)s!["lockers"]!).ShouldBe(60);
        (int status, JsonNode? lease) = await asha.Post($"sites/{sites[0]!["id"]}/holds", new { size = "S", hours = 1 });
        status.ShouldBe(201);
        await asha.Pay(lease!);
        (status, JsonNode? command) = await asha.Send(HttpMethod.Post, $"leases/{lease!["id"]}/open", null, Guid.CreateVersion7().ToString(), ("Prefer", "wait=10"));
        status.ShouldBe(200);
        ((string?)command!["state"]).ShouldBe("opened");
    }
}
