using System.Text.Json;
using System.Text.Json.Nodes;
using Latchkey.Tests.Support;

namespace Latchkey.Tests.Server.Hosting;

/// <summary>The API's description is committed, and true.</summary>
public sealed class OpenApiTests(TestDatabase databases)
{
    private static readonly string File = Path.Combine(Repository.Root, "openapi.json");
    private static readonly string[] Areas = ["accounts", "places", "keypad", "rentals", "deposits", "locks", "payments", "staff", "messages", "live", "devices", "demo"];

    [Fact]
    public async Task The_committed_description_is_what_the_server_serves()
    {
        await using LatchkeyApp app = await LatchkeyApp.Start(databases);
        string served = (await app.Http.GetStringAsync(new Uri(app.Http.BaseAddress!, "/openapi/v1.json"))).ReplaceLineEndings("\n").TrimEnd() + "\n";
        if (Environment.GetEnvironmentVariable("LATCHKEY_WRITE_OPENAPI") == "1")
            await System.IO.File.WriteAllTextAsync(File, served);
        System.IO.File.Exists(File).ShouldBeTrue("openapi.json is not there. Run this test with LATCHKEY_WRITE_OPENAPI=1 to write it.");
        (await System.IO.File.ReadAllTextAsync(File) == served).ShouldBeTrue(
            "The API has changed and openapi.json has not. Run this test with LATCHKEY_WRITE_OPENAPI=1 to write it anew, look at the difference, and commit it.");
    }

    [Fact]
    public async Task Every_operation_has_a_name_an_area_and_says_how_it_refuses()
    {
        await using LatchkeyApp app = await LatchkeyApp.Start(databases);
        JsonNode api = JsonNode.Parse(await app.Http.GetStringAsync(new Uri(app.Http.BaseAddress!, "/openapi/v1.json")))!;
        var names = new List<string>();
        foreach ((string path, JsonNode? item) in api["paths"]!.AsObject())
        {
            foreach ((string method, JsonNode? o) in item!.AsObject())
            {
                names.Add(o.Text("operationId"));
                Areas.ShouldContain((string)o!["tags"]!.AsArray().Single()!, $"{method} {path}");
                o["responses"]!["default"]!["content"]!["application/problem+json"]!["schema"]!.Text("$ref").ShouldBe("#/components/schemas/Problem");
                o["responses"]!.AsObject().Any(r => r.Key[0] == '2').ShouldBeTrue($"{method} {path}");
            }
        }
        names.ShouldBeUnique();
        names.ShouldAllBe(n => n.Length > 0);
        api["tags"]!.AsArray().Select(t => t.Text("name")).ShouldBe(Areas);
        // Every reference leads somewhere.
        string text = api.ToJsonString();
        foreach (string name in text.Split("#/components/schemas/").Skip(1).Select(t => t[..t.IndexOf('"')]).Distinct())
            api["components"]!["schemas"]![name].ShouldNotBeNull(name);
        JsonSerializer.Serialize(api).ShouldNotContain("localhost");
    }
}
