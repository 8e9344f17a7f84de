using System.Text.Json.Nodes;
using Latchkey.Domain.Places;
using Latchkey.Server.Features.Demo;
using Latchkey.Tests.Support;

namespace Latchkey.Tests.Server.Features.Places;

public sealed class ListSitesTests(TestDatabase databases)
{
    [Fact]
    public async Task Sites_are_found_by_words_by_size_and_nearest_first()
    {
        await using LatchkeyApp app = await LatchkeyApp.Start(databases, [
            Driving.Site("North", "S") with { Latitude = 19.1 }, Driving.Site("Middle", "XL") with { Latitude = 18.6 }, Driving.Site("South gate", "M") with { Latitude = 18.0, City = "Other" }]);
        async Task<string[]> Names(string query) =>
            [.. (await app.Ask(HttpMethod.Get, "sites?" + query)).Body!["items"]!.AsArray().Select(s => s.Text("name"))];
        (await Names("")).ShouldBe(["Middle", "North", "South gate"], ignoreOrder: true);
        (await Names("query=SOUTH gate")).ShouldBe(["South gate"]);
        (await Names("query=other south")).ShouldBe(["South gate"]);
        (await Names("query=nowhere")).ShouldBeEmpty();
        (await Names("size=M")).ShouldBe(["Middle", "South gate"], ignoreOrder: true);
        (await Names("latitude=18.5&longitude=73.8")).ShouldBe(["Middle", "South gate", "North"]);
        JsonNode nearest = (await app.Ask(HttpMethod.Get, "sites?latitude=18.5&longitude=73.8")).Body!["items"]![0]!;
        ((double)nearest["distanceMetres"]!).ShouldBe(11_120, 15); // 0.1 degrees of latitude
        ((int)nearest["lockers"]!).ShouldBe(1);
        ((int)nearest["free"]!["XL"]!).ShouldBe(1);
        ((int)nearest["free"]!["S"]!).ShouldBe(0);
    }

    [Fact]
    public async Task Sites_are_found_by_city_by_what_their_lockers_have_and_by_when_they_are_open()
    {
        // It is Saturday, 9:00 in Greenwich and 14:30 in India.
        DemoSite weekdays = Driving.Site("Weekdays", "SS", "M").With([.. Enumerable.Range(0, 5).Select(day => new OpeningSpan(day, new TimeOnly(8, 0), new TimeOnly(20, 0)))]);
        DemoSite daily = Driving.Site("Daily", "SSSSSS", "L").With([.. Enumerable.Range(0, 7).Select(day => new OpeningSpan(day, TimeOnly.MinValue, TimeOnly.MinValue))]);
        DemoSite cold = Driving.Site("Cold", "M", "S") with { City = "Other", Banks = [new DemoBank("Bank", 1, ["M", "S"], Cooled: true)] };
        await using LatchkeyApp app = await LatchkeyApp.Start(databases, [weekdays, daily, cold]);
        async Task<string[]> Names(string query) =>
            [.. (await app.Ask(HttpMethod.Get, "sites?" + query)).Body!["items"]!.AsArray().Select(s => s.Text("name")).Order()];
        (await Names("city=other")).ShouldBe(["Cold"]);
        (await Names("city=City")).ShouldBe(["Daily", "Weekdays"]);
        (await Names("city=Cit")).ShouldBeEmpty();
        (await Names("features=cooled")).ShouldBe(["Cold"]);
        (await Names("features=power")).ShouldBe(["Cold", "Daily", "Weekdays"]);
        (await Names("features=cooled,power")).ShouldBeEmpty(); // the site has both, no locker has
        (await Names("features=cooled&size=L")).ShouldBeEmpty();
        (await Names("features=power&size=L")).ShouldBe(["Daily"]);
        (await Names("open=now")).ShouldBe(["Cold", "Daily"]);
        (await Names("open=always")).ShouldBe(["Cold", "Daily"]);
        (await Names("open=2026-11-23T14:00:00Z")).ShouldBe(["Cold", "Daily", "Weekdays"]); // Monday, 19:30 there
        (await Names("open=2026-11-23T15:00:00Z")).ShouldBe(["Cold", "Daily"]);

        JsonNode page = (await app.Ask(HttpMethod.Get, "sites?city=Other")).Body!;
        page["cities"]!.AsArray().Select(c => $"{c.Text("name")} {(int)c!["sites"]!}").ShouldBe(["City 2", "Other 1"]);
        page["items"]![0]!["features"]!.AsArray().Select(f => (string?)f).ShouldBe(["power", "cooled"]);
        ((bool)page["items"]![0]!["alwaysOpen"]!).ShouldBeTrue();
    }

    [Fact]
    public async Task What_is_free_is_counted_among_the_lockers_that_have_what_was_asked_for()
    {
        await using LatchkeyApp app = await LatchkeyApp.Start(databases, [Driving.Site("One", "MM", "M")]);
        async Task<(int Lockers, int Free)> Counts(string query)
        {
            JsonNode one = (await app.Ask(HttpMethod.Get, "sites?" + query)).Body!["items"]![0]!;
            return ((int)one["lockers"]!, (int)one["free"]!["M"]!);
        }
        (await Counts("")).ShouldBe((3, 3));
        (await Counts("features=power")).ShouldBe((1, 1));
        TestPerson asha = await app.Quick();
        (int status, JsonNode? lease) = await asha.Post($"sites/{app.Places.Sites[0].Id}/holds", new { size = "S", hours = 1, features = new[] { "power" } });
        status.ShouldBe(201);
        lease!["locker"]!["features"]!.AsArray().ShouldContain(f => (string?)f == "power");
        (await Counts("features=power")).ShouldBe((1, 0));
        (await Counts("")).ShouldBe((3, 2));
        (await asha.Post($"sites/{app.Places.Sites[0].Id}/holds", new { size = "S", hours = 1, features = new[] { "power" } })).ShouldBeRefused(409, "no-free-locker");
        (await asha.Post($"sites/{app.Places.Sites[0].Id}/holds", new { size = "S", hours = 1, features = new[] { "golden" } })).ShouldBeRefused(400, "invalid-request");
    }

    [Fact]
    public async Task Pages_follow_each_other_and_hold_every_site_once()
    {
        await using LatchkeyApp app = await LatchkeyApp.Start(databases, [.. Enumerable.Range(0, 7).Select(i => Driving.Site($"Site {i}", "S"))]);
        var seen = new List<string>();
        for (string? cursor = "0"; cursor is not null;)
        {
            JsonNode page = (await app.Ask(HttpMethod.Get, $"sites?limit=3&cursor={cursor}")).Body!;
            ((int)page["total"]!).ShouldBe(7);
            seen.AddRange(page["items"]!.AsArray().Select(s => s.Text("name")));
            cursor = (string?)page["next"];
        }
        seen.ShouldBe([.. Enumerable.Range(0, 7).Select(i => $"Site {i}")]);
        ((string?)(await app.Ask(HttpMethod.Get, $"sites?cursor={int.MaxValue}")).Body!["next"]).ShouldBeNull();
    }

    [Fact]
    public async Task A_question_that_makes_no_sense_is_refused()
    {
        await using LatchkeyApp app = await LatchkeyApp.Start(databases, [Driving.Site("One", "S")]);
        string[] questions =
        [
            "limit=0", "limit=101", "limit=many", "cursor=-1", "cursor=x", "size=XXL", "latitude=10", "latitude=91&longitude=0", "latitude=NaN&longitude=0",
            "latitude=0&longitude=181", "features=", "features=golden", "features=power,power", "open=soon", "open=2040-01-01T00:00:00Z", "city=" + new string('x', 101),
        ];
        foreach (string query in questions)
            (await app.Ask(HttpMethod.Get, "sites?" + query)).ShouldBeRefused(400, "invalid-request");
    }
}
