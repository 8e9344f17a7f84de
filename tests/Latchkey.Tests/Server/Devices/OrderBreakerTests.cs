using System.Text.Json.Nodes;
using Latchkey.Controller.Cabinet;
using Latchkey.Link.Messages;
using Latchkey.Server.Features.Places;
using Latchkey.Server.Hosting.Face;
using Latchkey.Server.Hosting.Limits;
using Latchkey.Tests.Controller;
using Latchkey.Tests.Support;

namespace Latchkey.Tests.Server.Devices;

/// <summary>The server's side of the breaker; the controller counts again by itself.</summary>
public sealed class OrderBreakerTests(TestDatabase databases)
{
    [Fact]
    public async Task Open_all_doors_is_stopped_by_the_breaker_in_server_and_controller()
    {
        await using LatchkeyApp app = await LatchkeyApp.Start(
            databases, [Driving.Site("Pool", "MMMM", "MMMM")], face: new FaceOptions { Limits = new RateLimits(["all=1000000/60", "bank-doors=3/60"]) });
        SitePlace site = app.Places.Sites[0];
        var leases = new List<(TestPerson Person, JsonNode Lease)>();
        for (int i = 0; i < 6; i++)
        {
            TestPerson person = await app.Quick();
            leases.Add((person, await person.Rent(site)));
        }
        int opened = 0;
        foreach ((TestPerson person, JsonNode lease) in leases)
        {
            (int status, JsonNode? body) = await person.Post($"leases/{lease.Id()}/open");
            opened += status == 202 ? 1 : 0;
            if (status != 202)
                (status, body).ShouldBeRefused(409, "breaker");
        }
        opened.ShouldBe(3);
        (await app.Sql<long>("select count(*) from journal where kind = 'breaker-tripped'")).ShouldBe(1);
        (await app.Sql<long>("select count(*) from command")).ShouldBe(3);

        // The same doors again are no others, and a minute later there is room.
        (TestPerson first, JsonNode own) = leases[0];
        await app.Result(app.BankOf(own), await app.Sql<Guid>("select id from command where person_id = @Id", new { first.Id }), app.LockerOf(own).Number, "opened");
        (await first.Post($"leases/{own.Id()}/open")).Status.ShouldBe(202);
        app.Time.Advance(TimeSpan.FromSeconds(61));
        (TestPerson last, JsonNode late) = leases[5];
        (await last.Post($"leases/{late.Id()}/open")).Status.ShouldBe(202);

        // Whoever has the server and its key asks the controller past that breaker, and meets the next one.
        var cabinet = new MachineRig(new CabinetSettings { Device = MachineRig.Device, Lockers = 20, Model = "LK-test" });
        for (int door = 1; door <= 20; door++)
            cabinet.Receive(cabinet.Order(door)).Pass(500);
        cabinet.Pulses.ShouldBe(6);
        cabinet.Reports<EventMessage>().Count(e => e.Event == EventKinds.BreakerTripped).ShouldBe(1);
    }

    [Fact]
    public async Task All_banks_together_have_a_breaker_too()
    {
        await using LatchkeyApp app = await LatchkeyApp.Start(
            databases, [Driving.Site("A", "MMMM"), Driving.Site("B", "MMMM")], face: new FaceOptions { Limits = new RateLimits(["all=1000000/60", "fleet-doors=3/300"]) });
        var answers = new List<int>();
        foreach (SitePlace site in app.Places.Sites.Concat(app.Places.Sites))
        {
            TestPerson person = await app.Quick();
            answers.Add((await person.Post($"leases/{(await person.Rent(site)).Id()}/open")).Status);
        }
        answers.ShouldBe([202, 202, 202, 409]);
    }
}
