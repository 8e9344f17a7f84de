using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Latchkey.Tests.Server.Fuzz;

/// <summary>Values made from a schema, as JSON text: some of what is sent is nothing that a JSON writer would write.</summary>
/// <param name="known">Things that are there, somebody else's among them.</param>
internal sealed class FuzzValues(FuzzApi api, Random random, FuzzThings known)
{
    private const int DeepestGood = 6;

    /// <summary>JSON that fits no schema, or hardly any.</summary>
    private static readonly string[] Odd =
    [
        "null", "true", "false", "[]", "{}", "-1", "0", "-0", "1.5", "1e400", "-1e400", "1e-400", "2147483647", "2147483648", "-2147483649", "9223372036854775807", "9223372036854775808",
        "99999999999999999999999999", "NaN", "Infinity", "-Infinity", "0x10", "01", "[[[]]]", "{\"a\":{\"b\":[1,null]}}", "[null]", "[\"\"]", "undefined", "'x'", "\"\\ud800\"", "\"\\udc00\\ud800\"", "\"\\u0000\"",
        "\"a\\u0000b\"", "\"\\uffff\"", "\"\\x\"", "\"open",
    ];

    /// <summary>Texts that some program somewhere has stumbled over.</summary>
    private static readonly string[] Texts =
    [
        "", " ", "x", "\t", "\r\n", "a\0b", "\0", "\u001b[31m", "\u202eevil", "\u200b", "\ufeff", "\U0001F4A9", "Z\u0351\u036b\u0343a\u0349l\u034d", "\u0130\u0131\u1e9e", "\u0905\u0936", "\ud83d\ude00\ud83d\ude00", "NaN", "Infinity", "-infinity", "null", "undefined", "true", "[]", "{}", "-1", "0", "1.5", "1e9",
        "99999999999999999999", "' or 1=1 --", "\"; drop table person; --", "%", "_", "\\", "../../etc/passwd", "<script>alert(1)</script>", "{{7*7}}", "${jndi:ldap://x}", "%s%n", "%00", "a@b.example\r\nBcc: c@d.example", "a@b", "@", "a@b.example",
        "+919876543210", "+0", "+99999999999999999999", "9876543210", "123456", "000000", "١٢٣٤٥٦", "0000-00-00T00:00:00Z", "9999-12-31T23:59:59Z", "0001-01-01T00:00:00Z", "2026-02-30T00:00:00Z", "infinity", "2026-11-22T10:00:00+25:00", "00000000-0000-0000-0000-000000000000",
        "ffffffff-ffff-ffff-ffff-ffffffffffff", "{0}", "S", "XL", "M", "open", "other", "check", "admin", "operator", "customer", "courier", "en", "hi", "INR", "XXX", "cash", "sender", "receiver", "sign-in", "sign-up", "reset", "live", "past", "email", "sms", "LK1:AAAA", "4242424242424242", "dirty", "staff", "Asia/Kolkata", "Mars/Base",
        "__proto__", "constructor", "file:///etc/passwd", "http://127.0.0.1:1/", "04a1b2c3", "uid", "jam", "plug-in",
    ];

    public bool Chance(double share) => random.NextDouble() < share;

    public T One<T>(IReadOnlyList<T> list) => list[random.Next(list.Count)];

    /// <summary>A text that is sent where no JSON is: in paths, queries and headers.</summary>
    public string Text() => random.Next(12) switch
    {
        0 => new string((char)random.Next(0x20, 0x3000), random.Next(1, 3_000)),
        1 => string.Create(CultureInfo.InvariantCulture, $"{random.NextInt64(long.MinValue, long.MaxValue)}"),
        2 => new string([.. Enumerable.Range(0, random.Next(1, 40)).Select(_ => (char)random.Next(1, 0xd7ff))]),
        3 or 4 => known.Any(random),
        _ => One(Texts),
    };

    /// <summary>What fits the schema, as far as it says.</summary>
    public string Good(string name, JsonNode? schema, int depth = 0)
    {
        schema = api.Resolve(schema);
        if (schema?["enum"]?.AsArray() is { } words)
            return One(words.Where(w => w is not null).Select(w => w!.ToJsonString()).ToList());
        if (schema?["type"] is JsonArray && Chance(0.2) || depth > DeepestGood)
            return "null";
        switch (FuzzApi.TypeOf(schema))
        {
            case "integer":
                return One(["1", "1", "2", "3", "0", "20", "24", "72", "1000"]);
            case "number":
                return One(["1", "0", "18.5", "73.8", "-90", "180", "0.25"]);
            case "boolean":
                return Chance(0.5) ? "true" : "false";
            case "array":
                return $"[{string.Join(',', Enumerable.Range(0, random.Next(4)).Select(_ => Chance(0.03) ? Bad() : Good(name, schema!["items"], depth + 1)))}]";
            case "object":
                return Object(schema!, depth, 0);
            default:
                return Quote((string?)schema?["format"] switch
                {
                    "uuid" => known.Id(random, name),
                    "date-time" => known.Now.AddMinutes(random.Next(-100_000, 100_000)).ToString("O", CultureInfo.InvariantCulture),
                    _ => known.Named(random, name) ?? (Chance(0.5) ? $"Thing {random.Next(1000)}" : One(Texts)),
                });
        }
    }

    /// <summary>What need not fit anything.</summary>
    public string Bad() => random.Next(10) switch
    {
        0 => Quote(new string((char)random.Next(1, 0xd7ff), One([300, 5_000, 60_000]))),
        1 => string.Concat(Enumerable.Repeat("[", random.Next(1, 80))) is { } open ? open + new string(']', open.Length) : "",
        2 => string.Create(CultureInfo.InvariantCulture, $"{random.NextInt64(long.MinValue, long.MaxValue)}"),
        3 or 4 => Quote(Text()),
        _ => One(Odd),
    };

    /// <summary>An object with a field of each that the schema has.</summary>
    /// <param name="bad">How many fields of a hundred are spoilt.</param>
    public string Object(JsonNode schema, int depth, int bad)
    {
        var required = (schema["required"]?.AsArray() ?? []).Select(r => (string)r!).ToHashSet();
        var fields = new List<string>();
        foreach ((string name, JsonNode? field) in schema["properties"]?.AsObject() ?? [])
        {
            if (bad > 0 && random.Next(100) < bad / 3 || !required.Contains(name) && Chance(0.4))
                continue;
            fields.Add($"{Quote(name)}:{(random.Next(100) < bad ? Bad() : Good(name, field, depth + 1))}");
        }
        // A dictionary: what it is asked by stands in no schema, and is most often a size.
        if (schema["additionalProperties"] is JsonObject each)
            fields.AddRange(((string[])["S", "M", "L", "XL"]).Where(_ => Chance(0.8)).Select(size => $"\"{size}\":{(random.Next(100) < Math.Max(bad, 4) ? Bad() : Good(size, each, depth + 1))}"));
        if (bad > 0 && Chance(0.15))
            fields.Add($"{Quote(Text())}:{Bad()}");
        if (bad > 0 && Chance(0.05) && fields.Count > 0)
            fields.Add(fields[0]);
        return $"{{{string.Join(',', fields)}}}";
    }

    public string? Body(JsonNode? schema) => random.Next(40) switch
    {
        0 => null,
        1 => "",
        2 => "{",
        3 => "{\"a\":",
        4 => Bad(),
        5 => new string('[', 1_000) + new string(']', 1_000),
        6 => string.Concat(Enumerable.Repeat("{\"a\":", 200)) + "1" + new string('}', 200),
        < 24 => Object(api.Resolve(schema) ?? new JsonObject(), 0, 0),
        < 33 => Object(api.Resolve(schema) ?? new JsonObject(), 0, 12),
        _ => Object(api.Resolve(schema) ?? new JsonObject(), 0, 50),
    };

    // Half a character cannot be encoded; those are sent as escapes, see the odd values.
    private static string Quote(string text) => $"\"{JsonEncodedText.Encode(string.Concat(text.EnumerateRunes()))}\"";
}

