using System.Text.Json.Nodes;
using Latchkey.Tests.Support;

namespace Latchkey.Tests.Server.Features.Leases;

/// <summary>ShowCustody: who opened it and when, for its holder alone, with a proof that the record is the journal's.</summary>
public sealed class ShowCustodyTests(TestDatabase databases)
{
    [Fact]
    public async Task The_record_says_what_happened_in_its_order_and_who_did_it_and_carries_the_chains_hashes()
    {
        await using LatchkeyApp app = await LatchkeyApp.Start(databases);
        TestPerson[] people = await app.GivenCustomers(2);
        JsonNode lease = await people[0].Rent(app.Places.Sites[0]);
        await app.Use(people[0], lease);
        (await people[0].Post($"leases/{lease.Id()}/finish")).Status.ShouldBe(200);
        await app.UntilLinked();

        (int status, JsonNode? record) = await people[0].Get($"leases/{lease.Id()}/custody");
        status.ShouldBe(200);
        record.Text("timeZone").ShouldBe("Asia/Kolkata");
        ((bool)record!["complete"]!).ShouldBeTrue();
        JsonNode[] entries = [.. record["entries"]!.AsArray().Select(e => e!)];
        string[] said = [.. entries.Select(e => $"{e.Text("what")} by {e.Text("by")}")];
        said[0].ShouldBe("lease-held by you");
        said.ShouldContain("opened by you");
        said.ShouldContain("door-closed by lock");
        said.ShouldContain("lease-ended by you");
        Array.IndexOf(said, "opened by you").ShouldBeLessThan(Array.IndexOf(said, "lease-ended by you"));
        said.ShouldNotContain(s => s.StartsWith("ordered", StringComparison.Ordinal), "an order that has its outcome is told by it");
        foreach (JsonNode entry in entries)
        {
            string hash = await app.Sql<string>("select encode(hash, 'hex') from journal_link where journal_id = @id", new { id = long.Parse(entry.Text("id"), System.Globalization.CultureInfo.InvariantCulture) }) ?? "";
            entry.Text("hash").ShouldBe(hash);
        }
        (await people[1].Get($"leases/{lease.Id()}/custody")).ShouldBeRefused(404, "not-found");
        (await people[0].Get($"leases/{Guid.CreateVersion7()}/custody")).ShouldBeRefused(404, "not-found");
    }
}
