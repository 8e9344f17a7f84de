using System.Text.Json.Nodes;
using Latchkey.Server.Features.Places;
using Latchkey.Tests.Support;

namespace Latchkey.Tests.Server.Features.Places;

/// <summary>PasteLockers: a table out of a spreadsheet is looked at line by line and becomes lockers as a whole, or not at all.</summary>
public sealed class PasteLockersTests(TestDatabase databases)
{
    [Fact]
    public async Task A_pasted_table_is_shown_with_what_is_wrong_on_each_line_and_made_as_a_whole_or_not_at_all()
    {
        await using LatchkeyApp app = await LatchkeyApp.Start(databases, [Driving.Site("One", "M")]);
        SitePlace site = app.Places.Sites[0];
        TestPerson admin = await app.GivenStaff("admin");
        string path = $"locker-points/{site.Id}/lockers";

        JsonNode seen = (await admin.Post(path, new { table = "Bank\tNumber\tLabel\tSize\nBank\t1\tA1\tS\nNowhere\t0\t\tXXL\nbank\t7\tA7\tl\t\t\treachable power\n\nBank\t7\tA8\tS\nBank\t8\tA8\tS\t1\t2\twarm", preview = true })).Body!;
        ((bool)seen["made"]!).ShouldBeFalse();
        seen["lines"]!.AsArray().Select(l => ((int)l!["number"]!, l["errors"]!.AsArray().Count)).ShouldBe([(2, 1), (3, 4), (4, 0), (6, 1), (7, 1)], seen.ToJsonString());
        (int status, JsonNode? refused) = await admin.Post(path, new { table = "Bank;2;A2;S\nBank;1;A1;S", preview = false });
        (status, refused!["errors"]!["table"]![0]!.GetValue<string>()).ShouldBe((400, "Line 2: This bank has a door of this number already."));
        site.Banks[0].Lockers.Count.ShouldBe(1);

        JsonNode made = (await admin.Post(path, new { table = "Bank,2,A2,S\r\nBank,3,A3,L,,,reachable", preview = false })).Body!;
        ((bool)made["made"]!).ShouldBeTrue();
        IReadOnlyList<LockerPlace> lockers = app.Places.Site(site.Id)!.Banks[0].Lockers;
        lockers.Select(l => (l.Number, l.Label, l.Size.ToString(), l.Row)).ShouldBe([(1, lockers[0].Label, "M", 0), (2, "A2", "S", 2), (3, "A3", "L", 3)]);
        lockers[2].Features.ShouldBe(["reachable"]);
        (await app.Sql<long>("select count(*) from journal where kind = 'place-changed'")).ShouldBe(1);
        (await admin.Post(path, new { table = string.Join('\n', Enumerable.Repeat("Bank;2;A2;S", 501)), preview = true })).ShouldBeRefused(400, "invalid-request");
        (await admin.Post(path, new { table = "\n \n", preview = true })).ShouldBeRefused(400, "invalid-request");
    }
}
