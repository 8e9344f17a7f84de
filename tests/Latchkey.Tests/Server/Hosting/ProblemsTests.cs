using System.Text.Json.Nodes;
using Latchkey.Tests.Support;

namespace Latchkey.Tests.Server.Hosting;

/// <summary>Whose turn it is after a failure: try again in a moment, or tell us.</summary>
public sealed class ProblemsTests(TestDatabase databases)
{
    [Theory]
    [InlineData("53100", 503, "service-unavailable")] // its disk is full
    [InlineData("58030", 503, "service-unavailable")] // its disk is broken
    [InlineData("XX000", 503, "service-unavailable")] // it may not write a file that long
    [InlineData("42P01", 500, "internal-error")] // we asked for a table that is not there
    public async Task A_database_that_is_broken_itself_is_away_and_one_that_was_asked_wrongly_is_our_mistake(string state, int status, string code)
    {
        await using LatchkeyApp app = await LatchkeyApp.Start(databases);
        TestPerson asha = await app.Quick();
        await app.Sql<int>(
            $"""
            create function broken() returns trigger language plpgsql as $$ begin raise exception 'not now' using errcode = '{state}'; end $$;
            create trigger broken before insert on lease for each row execute function broken()
            """);
        (int said, JsonNode? problem) = await asha.Post($"sites/{app.Places.Sites[0].Id}/holds", new { size = "S", hours = 1 });
        (said, (string?)problem!["code"]).ShouldBe((status, code));
    }
}
