using Latchkey.Server.Hosting;
using Latchkey.Server.Hosting.Face;
using Latchkey.Server.Hosting.Limits;
using Latchkey.Tests.Support;

namespace Latchkey.Tests.Server.Features.Places;

/// <summary>ShowMap: where a map's pictures come from, and that they may come from nowhere else.</summary>
public sealed class ShowMapTests(TestDatabase databases)
{
    [Fact]
    public async Task Without_an_address_the_map_is_schematic_and_no_picture_may_come_from_elsewhere()
    {
        await using LatchkeyApp app = await LatchkeyApp.Start(databases, [Driving.Site("One", "S")]);
        (await app.Ask(HttpMethod.Get, "map")).Body!["tiles"].ShouldBeNull();
        (await Policy(app)).ShouldContain("img-src 'self' data: blob:;");
    }

    [Fact]
    public async Task With_one_pages_are_told_of_it_and_may_show_its_pictures()
    {
        MapTiles tiles = MapTiles.Parse("https://tiles.example:8443/{z}/{x}/{y}.png?key=a;b#© Somebody")!;
        await using LatchkeyApp app = await LatchkeyApp.Start(databases, [Driving.Site("One", "S")], face: new FaceOptions { Limits = RateLimits.OutOfReach, Tiles = tiles });
        (await app.Ask(HttpMethod.Get, "map")).Body.Text("tiles").ShouldBe("https://tiles.example:8443/{z}/{x}/{y}.png?key=a;b");
        (await app.Ask(HttpMethod.Get, "map")).Body.Text("credit").ShouldBe("© Somebody");
        (await Policy(app)).ShouldContain("img-src 'self' data: blob: https://tiles.example:8443;");
    }

    [Theory]
    [InlineData("https://tiles.example/{z}/{x}.png#A")]
    [InlineData("https://tiles.example/{z}/{x}/{y}.png")]
    [InlineData("https://tiles.example/{z}/{x}/{y}.png# ")]
    [InlineData("http://tiles.example/{z}/{x}/{y}.png#A")]
    [InlineData("https://name:word@tiles.example/{z}/{x}/{y}.png#A")]
    [InlineData("https://a.example;script-src */{z}/{x}/{y}.png#A")]
    [InlineData("javascript:{z}{x}{y}#A")]
    [InlineData("/{z}/{x}/{y}.png#A")]
    public void An_address_that_cannot_be_meant_stops_the_start(string text) => Should.Throw<StartUpException>(() => MapTiles.Parse(text));

    private static async Task<string> Policy(LatchkeyApp app)
    {
        using HttpResponseMessage page = await app.Http.GetAsync("/");
        return page.Headers.GetValues("Content-Security-Policy").Single();
    }
}
