using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;
using Latchkey.Tests.Support;

namespace Latchkey.Tests.Server.Hosting;

/// <summary>
/// Every operation of the running server's own description, fed with what it must refuse: the answer is always a problem with a code, never
/// a 5xx and never another person's data. A new endpoint is covered by being described.
/// </summary>
public sealed class BadInputTests(TestDatabase databases)
{
    private const string Secret = "Secret Sanyogita";

    [Fact]
    public async Task Whatever_is_sent_wrong_to_any_endpoint_the_answer_is_a_problem_with_a_code()
    {
        await using LatchkeyApp app = await LatchkeyApp.Start(databases);
        TestPerson owner = await app.GivenCustomer(Secret);
        TestPerson stranger = await app.Quick();
        JsonNode lease = await owner.Rent(app.Places.Sites[0]);
        string command = (string)(await owner.Post($"leases/{lease.Id()}/open")).Body!["id"]!;
        var foreign = new Foreign((string)lease["id"]!, command, (string)lease["payment"]!["id"]!, app.Places.Sites[0].Id.ToString());
        JsonNode api = JsonNode.Parse(await app.Http.GetStringAsync(new Uri(app.Http.BaseAddress!, "/openapi/v1.json")))!;
        var wrong = new List<string>();
        int sent = 0;
        foreach (Attempt attempt in Operations(api).SelectMany(o => Attempts(o, foreign)))
        {
            using HttpRequestMessage request = attempt.Request(stranger.Http.DefaultRequestHeaders.Authorization!.Parameter!);
            using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(20));
            using HttpResponseMessage answer = await app.Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, patience.Token);
            sent++;
            // A feed that was accepted does not end; only a problem's body is read.
            string body = answer.Content.Headers.ContentType?.MediaType == "text/event-stream" ? "(feed)" : await answer.Content.ReadAsStringAsync(patience.Token);
            if (Judge((int)answer.StatusCode, answer.Content.Headers.ContentType, body, attempt.MayPass) is { } fault)
                wrong.Add($"{attempt.What}: {(int)answer.StatusCode} {fault}");
            if (body.Contains(Secret, StringComparison.Ordinal) || body.Contains(owner.Email, StringComparison.Ordinal))
                wrong.Add($"{attempt.What}: shows another person's data");
        }
        wrong.ShouldBeEmpty();
        sent.ShouldBeGreaterThan(300);
        (await owner.Lease(lease)).Text("state").ShouldBe("active");
        (await app.Sql<long>("select count(*) from lease where person_id = @Id", new { owner.Id })).ShouldBe(1);
    }

    /// <summary>What Kestrel refuses before there is a request (a line of 20 kB, a NUL in the path) has no body; it must still be a 4xx.</summary>
    [Fact]
    public async Task What_is_no_request_at_all_is_a_4xx()
    {
        await using LatchkeyApp app = await LatchkeyApp.Start(databases);
        foreach (string path in (string[])["sites?query=" + new string('x', 20_000), "sites/%00", "sandbox/checkouts/a%00b", "sites/%c0%af"])
        {
            using HttpResponseMessage answer = await app.Http.GetAsync(path);
            ((int)answer.StatusCode).ShouldBeInRange(400, 499, path[..Math.Min(40, path.Length)]);
        }
    }

    private static string? Judge(int status, MediaTypeHeaderValue? type, string body, bool mayPass)
    {
        if (mayPass && status is >= 200 and < 400)
            return null;
        if (status is < 400 or > 499)
            return "is not a 4xx";
        if (type?.MediaType != "application/problem+json")
            return $"is no problem but {type}";
        JsonNode problem = JsonNode.Parse(body)!;
        return (string?)problem["code"] is not { Length: > 0 } code || code.Any(c => !char.IsAsciiLetterLower(c) && c != '-') ? $"has no code: {body}"
            : (int?)problem["status"] != status ? "has another status in its body"
            : (string?)problem["detail"] is not { Length: > 0 } ? "has no detail" : null;
    }

    private sealed record Foreign(string Lease, string Command, string Payment, string Site);

    private sealed record Operation(string Method, string Path, bool SignedIn, IReadOnlyList<string> Query, IReadOnlyList<KeyValuePair<string, JsonNode>>? Fields, IReadOnlySet<string> Required);

    private sealed record Attempt(string What, Operation Operation, string Path, HttpContent? Body = null, string? Token = "own", bool MayPass = false)
    {
        public HttpRequestMessage Request(string own)
        {
            var request = new HttpRequestMessage(new HttpMethod(Operation.Method), Path) { Content = Body };
            request.Headers.Add("Idempotency-Key", Guid.CreateVersion7().ToString());
            // A large body is sent only if the server wants it: otherwise its answer can be lost in a connection that is closed under the sender.
            request.Headers.ExpectContinue = Body?.Headers.ContentLength > 100_000 ? true : null;
            if (Token is not null)
                request.Headers.TryAddWithoutValidation("Authorization", Token == "own" ? $"Bearer {own}" : Token);
            return request;
        }
    }

    private static IEnumerable<Operation> Operations(JsonNode api)
    {
        foreach ((string path, JsonNode? item) in api["paths"]!.AsObject())
        {
            foreach ((string method, JsonNode? o) in item!.AsObject())
            {
                JsonNode? body = o!["requestBody"]?["content"]?["application/json"]?["schema"];
                JsonNode? schema = (string?)body?["$ref"] is { } name ? api["components"]!["schemas"]![name.Split('/')[^1]] : body;
                yield return new Operation(
                    method.ToUpperInvariant(), path, o["security"] is not null,
                    [.. (o["parameters"]?.AsArray() ?? []).Where(p => p.Text("in") == "query").Select(p => p.Text("name"))],
                    schema is null ? null : [.. schema["properties"]!.AsObject().Select(p => KeyValuePair.Create(p.Key, p.Value!))],
                    (schema?["required"]?.AsArray() ?? []).Select(r => (string)r!).ToHashSet());
            }
        }
    }

    private static IEnumerable<Attempt> Attempts(Operation o, Foreign foreign)
    {
        string name = $"{o.Method} {o.Path}";
        string random = Fill(o.Path, Guid.CreateVersion7().ToString());
        string known = Fill(o.Path, o.Path.Contains("/sites/", StringComparison.Ordinal) ? foreign.Site : o.Path.Contains("/commands/", StringComparison.Ordinal) ? foreign.Command
            : o.Path.Contains("/payments/", StringComparison.Ordinal) ? foreign.Payment : foreign.Lease);
        bool isPublic = !o.SignedIn && !o.Path.Contains('{');
        bool isSite = o.Path.Contains("/sites/", StringComparison.Ordinal);
        HttpContent? Valid() => o.Fields is null ? null : Json(Example(o));
        if (o.SignedIn)
            yield return new Attempt(name + " without a token", o, known, Valid(), Token: null);
        bool takesNoToken = o.Path.Contains("/auth/", StringComparison.Ordinal) && !o.SignedIn;
        foreach (string token in (string[])["Bearer garbage", "Bearer a.b.c", "Basic YTpi", "Bearer", "Bearer " + new string('x', 3000)])
            yield return new Attempt($"{name} with the token '{token[..Math.Min(20, token.Length)]}'", o, known, Valid(), token, MayPass: takesNoToken || isPublic && o.SignedIn);
        if (o.Path.Contains('{'))
        {
            yield return new Attempt(name + " random id", o, random, Valid());
            // A site is everybody's; leases, commands and payments are not.
            yield return new Attempt(name + " another's id", o, known, Valid(), MayPass: isSite);
            foreach (string id in (string[])["x", "1", "-1", "null", "'%20or%201=1", "00000000-0000-0000-0000-000000000000", "%F0%9F%92%A9", new string('9', 3000)])
                yield return new Attempt($"{name} id {id[..Math.Min(20, id.Length)]}", o, Fill(o.Path, id), Valid());
        }
        foreach (string query in o.Query)
        {
            foreach (string value in (string[])["%00", "%ED%A0%80", "-1", "99999999999999999999", "[]", "a%20b", "%27;--", new string('z', 4000)])
                yield return new Attempt($"{name} ?{query}={value[..Math.Min(20, value.Length)]}", o, $"{known}?{query}={value}", Valid(), MayPass: query is ("query" or "city" or "location") && value.Length < 100);
        }
        if (o.Fields is null)
            yield break;
        // With the id of something that is there, so that it is the body that is refused.
        string target = isSite ? known : random;
        (string What, HttpContent Body)[] bodies =
        [
            ("no JSON", Text("hello")), ("half JSON", Text("{\"a\":")), ("null", Text("null")), ("an array", Text("[]")), ("a string", Text("\"x\"")), ("a number", Text("1")),
            ("an empty object", Text("{}")), ("nothing", Text("")), ("nested arrays", Text(new string('[', 1000) + new string(']', 1000))), ("1 MB", Text(new string('x', 1 << 20))),
            ("not UTF-8", new ByteArrayContent([0x7b, 0x22, 0xff, 0xfe, 0x22, 0x3a, 0x31, 0x7d]) { Headers = { ContentType = new MediaTypeHeaderValue("application/json") } }),
            ("another content type", new StringContent(Example(o).ToJsonString(), Encoding.UTF8, "text/plain")),
            ("a character set that nobody knows", new StringContent(Example(o).ToJsonString()) { Headers = { ContentType = new MediaTypeHeaderValue("application/json", "nonsense") } }),
            ("a form", new FormUrlEncodedContent([KeyValuePair.Create("a", "b")])),
        ];
        foreach ((string what, HttpContent body) in bodies)
            yield return new Attempt($"{name} with {what}", o, target, body);
        foreach ((string field, JsonNode schema) in o.Fields)
        {
            foreach ((string what, string json) in BadValues(field, schema, o.Required.Contains(field)))
            {
                string text = "{" + string.Join(',', Example(o).Where(p => p.Key != field).Select(p => $"\"{p.Key}\":{p.Value!.ToJsonString()}").Append($"\"{field}\":{json}")) + "}";
                // Any text is a password or a token that signs somebody out; it is never more than that.
                yield return new Attempt($"{name} with {what} as {field}", o, target, Text(text), MayPass: o.Path.EndsWith("/logout", StringComparison.Ordinal) || (field == "password" && what == "NUL"));
            }
            if (o.Required.Contains(field))
            {
                JsonObject without = Example(o);
                without.Remove(field);
                yield return new Attempt($"{name} without {field}", o, target, Json(without));
            }
        }
    }

    private static IEnumerable<(string What, string Json)> BadValues(string field, JsonNode schema, bool required)
    {
        string type = schema["type"] is JsonArray several ? (string)several.First(t => (string?)t != "null")! : (string?)schema["type"] ?? "string";
        yield return ("an array", "[[[]]]");
        yield return ("an object", "{\"a\":{}}");
        if (type == "array")
            yield return ("null in it", "[null]");
        if (type != "boolean")
            yield return ("true", "true");
        if (required)
            yield return ("null", "null");
        if (type != "integer")
            yield return ("a number", "-1");
        else
        {
            foreach (string number in (string[])["-1", "0", "1.5", "1e400", "99999999999999999999", "\"1\""])
                yield return (number, number);
        }
        yield return ("a lone surrogate", "\"\\ud800\"");
        yield return ("NUL", field == "password" ? "\"0123456789\\u0000\"" : field == "email" ? "\"a\\u0000@b.example\"" : "\"a\\u0000b\"");
        yield return ("1 MB", $"\"{new string('y', 1 << 20)}\"");
        yield return ("60 kB", $"\"{new string('y', 60_000)}\"");
        yield return ("an escape sequence", "\"\\u001b[31m\"");
    }

    private static JsonObject Example(Operation o)
    {
        var example = new JsonObject();
        foreach ((string field, JsonNode _) in o.Fields!.Where(f => o.Required.Contains(f.Key)))
        {
            example[field] = field switch
            {
                // Good values, of nobody: only what an attempt spoils is wrong.
                "email" => "nobody-at-all@test.example",
                "hours" => 1,
                "size" => "S",
                "name" => "Nobody",
                _ => "0123456789",
            };
        }
        return example;
    }

    private static string Fill(string path, string id)
    {
        string filled = path.Replace("{number}", "1", StringComparison.Ordinal).Replace("{deed}", "jam", StringComparison.Ordinal);
        return System.Text.RegularExpressions.Regex.Replace(filled, "{[a-z]+}", id, System.Text.RegularExpressions.RegexOptions.None, TimeSpan.FromSeconds(1));
    }

    private static StringContent Text(string json) => new(json, Encoding.UTF8, "application/json");

    private static StringContent Json(JsonNode json) => Text(json.ToJsonString());
}
