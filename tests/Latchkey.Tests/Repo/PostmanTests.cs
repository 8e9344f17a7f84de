using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using Latchkey.Tests.Support;

namespace Latchkey.Tests.Repo;

/// <summary>The Postman collection is made from the API's description, and from nothing else.</summary>
public sealed class PostmanTests
{
    private static readonly string Page = Path.Combine(Repository.Root, "docs", "latchkey.postman_collection.json");

    private static readonly JsonSerializerOptions Layout = new() { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    [Fact]
    public async Task The_committed_collection_is_what_the_description_makes()
    {
        string made = PostmanCollection.From(Api()).ToJsonString(Layout).ReplaceLineEndings("\n") + "\n";
        if (Environment.GetEnvironmentVariable("LATCHKEY_WRITE_OPENAPI") == "1")
            await File.WriteAllTextAsync(Page, made);
        (File.Exists(Page) && await File.ReadAllTextAsync(Page) == made).ShouldBeTrue(
            "openapi.json has changed and the Postman collection has not. Run this test with LATCHKEY_WRITE_OPENAPI=1 to write it anew, after OpenApiTests has written openapi.json.");
    }

    [Fact]
    public void It_has_every_operation_once_and_no_other()
    {
        string[] described = [.. Api()["paths"]!.AsObject().SelectMany(p => p.Value!.AsObject().Select(o => $"{o.Key.ToUpperInvariant()} {p.Key.Trim('/').Replace("{", ":", StringComparison.Ordinal).Replace("}", "", StringComparison.Ordinal)}"))];
        string[] there = [.. PostmanCollection.Requests(JsonNode.Parse(File.ReadAllText(Page))!)];
        there.ShouldBeUnique();
        there.ShouldBe(described, ignoreOrder: true);
    }

    [Fact]
    public void Every_body_in_it_is_JSON_and_whoever_needs_a_key_sends_a_new_one()
    {
        JsonNode collection = JsonNode.Parse(File.ReadAllText(Page))!;
        foreach (JsonNode? request in collection["item"]!.AsArray().SelectMany(f => f!["item"]!.AsArray()).Select(i => i!["request"]))
        {
            if (request!["body"] is { } body)
                JsonNode.Parse(body.Text("raw")).ShouldNotBeNull();
            foreach (JsonNode? header in request["header"]!.AsArray().Where(h => h.Text("key") == "Idempotency-Key"))
                header.Text("value").ShouldBe("{{$guid}}");
        }
    }

    private static JsonNode Api() => JsonNode.Parse(File.ReadAllText(Path.Combine(Repository.Root, "openapi.json")))!;
}
