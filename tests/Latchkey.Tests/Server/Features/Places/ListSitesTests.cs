using System.Text.Json.Nodes;
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
            "latitude=0&longitude=181",
        ];
        foreach (string query in questions)
            (await app.Ask(HttpMethod.Get, "sites?" + query)).ShouldBeRefused(400, "invalid-request");
    }
}
