using System.Text.Json.Nodes;
using Latchkey.Tests.Support;

namespace Latchkey.Tests.Server.Hosting;

/// <summary>Health, the shape of paths, and VirtualHardware where there is none.</summary>
public sealed class HealthTests(TestDatabase databases)
{
    [Fact]
    public async Task It_lives_and_without_a_broker_it_is_ready_but_degraded()
    {
        await using LatchkeyApp app = await LatchkeyApp.Start(databases);
        (await app.Ask(HttpMethod.Get, "/health/live")).Status.ShouldBe(200);
        await Driving.Until(async () => (await app.Ask(HttpMethod.Get, "/health/ready")).Status == 200, "the journal's tail has started");
        JsonNode ready = (await app.Ask(HttpMethod.Get, "/health/ready")).Body!;
        ready.Text("status").ShouldBe("degraded");
        ready.Text("database").ShouldBe("connected");
        ready.Text("broker").ShouldBe("disconnected");
    }

    [Fact]
    public async Task Paths_ignore_case_and_a_wrong_method_or_address_is_a_problem()
    {
        await using LatchkeyApp app = await LatchkeyApp.Start(databases);
        (await app.Ask(HttpMethod.Get, "/API/V1/Sites")).Status.ShouldBe(200);
        (await app.Ask(HttpMethod.Delete, "sites")).ShouldBeRefused(405, "method-not-allowed");
        (await app.Ask(HttpMethod.Get, "nothing")).ShouldBeRefused(404, "not-found");
        (await app.Ask(HttpMethod.Get, "demo")).Body!["enabled"]!.GetValue<bool>().ShouldBeFalse();
        (await app.Ask(HttpMethod.Post, $"demo/banks/{app.Places.Sites[0].Banks[0].Id}/hardware/unplug")).ShouldBeRefused(404, "not-found");
    }
}
