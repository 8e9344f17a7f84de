using System.Net.Http.Headers;
using System.Text.Json.Nodes;
using Latchkey.SystemTests.Support;
using Latchkey.Tests.Support;

namespace Latchkey.SystemTests;

/// <summary>The device's socket is at one node, the customer at another: they share the database and the broker, and that is enough.</summary>
public sealed class DeviceAtAnotherNodeTests(OneLatchkey one)
{
    [Theory]
    [InlineData(DeviceLinks.WebSocket)]
    [InlineData(DeviceLinks.Polling)]
    public async Task An_order_given_at_one_node_opens_a_door_whose_device_speaks_to_another(string link)
    {
        LatchkeyProcess first = await one.By(link);
        await using LatchkeyProcess second = await LatchkeyProcess.Beside(first.Data, poolSize: 20);
        VirtualBank bank = await VirtualBank.Find(first, "Concourse, left");
        TestPerson asha = await first.GivenCustomer();
        Guid lease = await bank.Rent(asha, 1);
        using var http = new HttpClient { BaseAddress = second.Http.BaseAddress };
        http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", (string?)asha.Session["accessToken"]);
        TestPerson there = asha with { Http = http };
        JsonNode command = await there.OpenAndWait(lease);
        ((string?)command["state"]).ShouldBe("opened", command.ToJsonString());
        (await bank.Pulses(1)).ShouldBe(1);
    }
}
