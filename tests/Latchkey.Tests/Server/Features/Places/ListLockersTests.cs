using System.Text.Json.Nodes;
using Latchkey.Server.Features.Places;
using Latchkey.Tests.Server.Features.Devices;
using Latchkey.Tests.Support;

namespace Latchkey.Tests.Server.Features.Places;

/// <summary>ListLockers page by page, in the order of ids.</summary>
public sealed class ListLockersTests(TestDatabase databases)
{
    [Fact]
    public async Task Pages_are_the_whole_list_once_also_when_the_locker_between_two_pages_is_taken_away()
    {
        await using LatchkeyApp app = await LatchkeyApp.Start(databases, [Driving.Site("Market", "SSS", "MM"), Driving.Site("Station", "LL")]);
        TestPerson admin = await app.GivenAdmin(), asha = await app.Quick();
        Guid[] all = [.. app.Places.Sites.SelectMany(s => s.Lockers).Select(l => l.Id).Order()];
        SitePlace station = app.Places.Sites.Single(s => s.Name == "Station");
        all.Length.ShouldBe(7);
        (await Pages("limit=2")).ShouldBe(all);
        (await Pages("limit=7")).ShouldBe(all);
        (await Pages($"limit=1&point={station.Id}")).ShouldBe(station.Lockers.Select(l => l.Id).Order());
        (await Pages($"limit=1&point={admin.Id}")).ShouldBeEmpty("nobody's point");

        // What ended a page is taken away: the next page begins where it was.
        JsonNode first = (await asha.Get($"lockers?limit=3&after={Guid.Empty}")).Body!;
        Guid last = first["next"]!.GetValue<Guid>();
        last.ShouldBe(all[2]);
        (await admin.Send(HttpMethod.Delete, $"admin/lockers/{last}")).Status.ShouldBe(204);
        (await Pages("limit=3", last)).ShouldBe(all[3..]);
        (await Pages("limit=3")).ShouldBe(all.Where(id => id != last));

        Guid held = (await asha.Rent(station, "L"))["locker"]!.Id();
        (await Pages("limit=1&free=true")).ShouldBe(all.Where(id => id != last && id != held));
        (await asha.Get($"lockers?limit=0&after={Guid.Empty}")).ShouldBeRefused(400, "invalid-request");

        async Task<List<Guid>> Pages(string question, Guid after = default)
        {
            var found = new List<Guid>();
            for (int page = 0; page < 20; page++)
            {
                JsonNode body = (await asha.Get($"lockers?{question}&after={after}")).Body!;
                found.AddRange(body["items"]!.AsArray().Select(l => l!.Id()));
                body["total"].ShouldBeNull();
                if (body["next"] is null)
                    return found;
                after = body["next"]!.GetValue<Guid>();
            }
            throw new InvalidOperationException("The pages have no end.");
        }
    }
}
