using System.Globalization;
using System.Text.Json.Nodes;

namespace Latchkey.Tests.Support;

/// <summary>
/// The API's description as a Postman collection (format 2.1): a folder for each area, a request for each operation, with an example of its body. It knows nothing that the description does not say,
/// so that the two cannot differ.
/// </summary>
internal static class PostmanCollection
{
    /// <summary>Signing in fills the token in for all others; nobody copies one by hand.</summary>
    private static readonly string[] GivesToken = ["LogIn", "LogInWithCode", "SignUp", "RefreshSession"];

    public static JsonObject From(JsonNode api)
    {
        var folders = new JsonObject();
        foreach (JsonNode? tag in api["tags"]!.AsArray())
            folders[tag.Text("name")] = new JsonObject { ["name"] = tag.Text("name"), ["description"] = tag.Text("description"), ["item"] = new JsonArray() };
        foreach ((string path, JsonNode? item) in api["paths"]!.AsObject())
        {
            foreach ((string method, JsonNode? operation) in item!.AsObject())
                folders[(string)operation!["tags"]![0]!]!["item"]!.AsArray().Add(Request(api, path, method.ToUpperInvariant(), operation));
        }
        return new JsonObject
        {
            ["info"] = new JsonObject
            {
                ["name"] = $"{api["info"].Text("title")} {api["info"].Text("version")}",
                ["description"] = "Made from openapi.json. Set baseUrl, sign in with LogIn, and every other request has the token. docs/clients.md tells the stories that these requests are parts of.",
                ["schema"] = "https://schema.getpostman.com/json/collection/v2.1.0/collection.json",
            },
            ["auth"] = new JsonObject { ["type"] = "bearer", ["bearer"] = new JsonArray(new JsonObject { ["key"] = "token", ["value"] = "{{token}}", ["type"] = "string" }) },
            ["variable"] = new JsonArray(Variable("baseUrl", "http://localhost:5080"), Variable("token", ""), Variable("refreshToken", "")),
            ["item"] = new JsonArray([.. folders.Select(f => f.Value!.DeepClone())]),
        };
    }

    private static JsonObject Request(JsonNode api, string path, string method, JsonNode operation)
    {
        JsonArray parameters = operation["parameters"]?.AsArray() ?? [];
        var headers = new JsonArray([.. parameters.Where(p => p.Text("in") == "header").Select(p => new JsonObject { ["key"] = p.Text("name"), ["value"] = "{{$guid}}", ["description"] = p.Text("description") })]);
        string[] parts = [.. path.Trim('/').Split('/').Select(p => p.StartsWith('{') ? $":{p.Trim('{', '}')}" : p)];
        var url = new JsonObject
        {
            ["raw"] = "{{baseUrl}}/" + string.Join('/', parts),
            ["host"] = new JsonArray("{{baseUrl}}"),
            ["path"] = new JsonArray([.. parts.Select(p => JsonValue.Create(p))]),
        };
        JsonNode?[] query = [.. parameters.Where(p => p.Text("in") == "query")];
        if (query.Length > 0)
            url["query"] = new JsonArray([.. query.Select(q => new JsonObject { ["key"] = q.Text("name"), ["value"] = "", ["disabled"] = (bool?)q!["required"] != true })]);
        if (parts.Any(p => p[0] == ':'))
            url["variable"] = new JsonArray([.. parts.Where(p => p[0] == ':').Select(p => Variable(p[1..], ""))]);
        var request = new JsonObject { ["method"] = method, ["header"] = headers, ["url"] = url };
        if (operation["security"] is null)
            request["auth"] = new JsonObject { ["type"] = "noauth" };
        if (operation["requestBody"]?["content"]?["application/json"]?["schema"] is { } schema)
        {
            headers.Add(new JsonObject { ["key"] = "Content-Type", ["value"] = "application/json" });
            request["body"] = new JsonObject { ["mode"] = "raw", ["raw"] = Example(api, schema, 0)?.ToJsonString(new System.Text.Json.JsonSerializerOptions { WriteIndented = true }).ReplaceLineEndings("\n"), ["options"] = new JsonObject { ["raw"] = new JsonObject { ["language"] = "json" } } };
        }
        string name = operation.Text("operationId");
        var made = new JsonObject { ["name"] = name, ["request"] = request, ["response"] = new JsonArray() };
        if (GivesToken.Contains(name))
        {
            made["event"] = new JsonArray(new JsonObject
            {
                ["listen"] = "test",
                ["script"] = new JsonObject
                {
                    ["type"] = "text/javascript",
                    ["exec"] = new JsonArray(
                        "const answer = pm.response.code < 300 ? pm.response.json() : {};",
                        "for (const name of [\"accessToken\", \"refreshToken\"]) if (answer[name]) pm.collectionVariables.set(name === \"accessToken\" ? \"token\" : name, answer[name]);"),
                },
            });
        }
        return made;
    }

    /// <summary>A value of the right shape; what is optional is left out below the first level, so that no example needs an end.</summary>
    private static JsonNode? Example(JsonNode api, JsonNode schema, int depth)
    {
        if ((string?)schema["$ref"] is { } reference)
            schema = api["components"]!["schemas"]![reference.Split('/')[^1]]!;
        if ((schema["oneOf"] ?? schema["anyOf"]) is JsonArray several)
            return several.Select(s => Example(api, s!, depth)).FirstOrDefault(e => e is not null);
        if (schema["enum"] is JsonArray words)
            return words[0]!.DeepClone();
        string type = schema["type"] is JsonArray types ? (string)types.First(t => (string?)t != "null")! : (string?)schema["type"] ?? "object";
        switch (type)
        {
            case "string":
                return (string?)schema["format"] switch
                {
                    "uuid" => "00000000-0000-0000-0000-000000000000",
                    "date-time" => "2026-11-22T12:00:00Z",
                    _ => (string?)schema["default"] ?? "",
                };
            case "integer" or "number":
                return schema["default"]?.DeepClone() ?? 0;
            case "boolean":
                return schema["default"]?.DeepClone() ?? false;
            case "array":
                return new JsonArray();
            default:
                var example = new JsonObject();
                var required = (schema["required"]?.AsArray() ?? []).Select(r => (string)r!).ToHashSet();
                foreach ((string field, JsonNode? of) in schema["properties"]?.AsObject() ?? [])
                {
                    if (depth == 0 || required.Contains(field))
                        example[field] = depth < 4 ? Example(api, of!, depth + 1) : null;
                }
                return example;
        }
    }

    private static JsonObject Variable(string key, string value) => new() { ["key"] = key, ["value"] = value };

    /// <summary>"METHOD path" of everything in it.</summary>
    public static IEnumerable<string> Requests(JsonNode collection) => collection["item"]!.AsArray().SelectMany(f => f!["item"]!.AsArray()).Select(i =>
        string.Create(CultureInfo.InvariantCulture, $"{i!["request"].Text("method")} {string.Join('/', i["request"]!["url"]!["path"]!.AsArray().Select(p => (string)p!))}"));
}
