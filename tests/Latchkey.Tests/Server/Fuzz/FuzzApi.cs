using System.Text.Json.Nodes;
using Latchkey.Tests.Support;

namespace Latchkey.Tests.Server.Fuzz;

/// <summary>One operation as openapi.json describes it.</summary>
internal sealed record FuzzOperation(HttpMethod Method, string Path, IReadOnlyList<FuzzParameter> Parameters, JsonNode? Body);

/// <param name="Place">path, query or header.</param>
internal sealed record FuzzParameter(string Name, string Place, JsonNode? Schema);

/// <summary>The committed description: what it does not name is not tried, and a test of its own holds that it is what the server serves.</summary>
internal sealed class FuzzApi
{
    private readonly JsonNode _document = JsonNode.Parse(File.ReadAllText(Path.Combine(Repository.Root, "openapi.json")))!;

    public FuzzApi() => Operations =
    [
        .. _document["paths"]!.AsObject().SelectMany(p => p.Value!.AsObject().Select(o => new FuzzOperation(
            HttpMethod.Parse(o.Key),
            p.Key,
            [.. (o.Value!["parameters"]?.AsArray() ?? []).Select(q => new FuzzParameter(q.Text("name"), q.Text("in"), q!["schema"]))],
            o.Value["requestBody"]?["content"]?["application/json"]?["schema"]))),
    ];

    public IReadOnlyList<FuzzOperation> Operations { get; }

    /// <summary>The schema itself where it is only named, and the one that is not null of several.</summary>
    public JsonNode? Resolve(JsonNode? schema)
    {
        while (true)
        {
            if ((string?)schema?["$ref"] is { } name)
                schema = _document["components"]!["schemas"]![name.Split('/')[^1]];
            else if (schema?["oneOf"]?.AsArray() is { } several)
                schema = several.First(s => (s!["type"] as JsonValue)?.ToString() != "null");
            else
                return schema;
        }
    }

    /// <summary>Null for what is described without a type, which is text.</summary>
    public static string TypeOf(JsonNode? schema) => schema?["type"] switch
    {
        JsonArray several => several.Select(t => (string)t!).First(t => t != "null"),
        { } one => (string)one!,
        _ => "string",
    };
}
