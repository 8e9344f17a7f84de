using System.Text;
using System.Text.RegularExpressions;

namespace Latchkey.Tests.Server.Fuzz;

/// <summary>One request, made from a seed and its number: the same ones are made again by the same seed.</summary>
internal sealed partial class FuzzRequest
{
    private static readonly HttpMethod[] Methods =
        [HttpMethod.Get, HttpMethod.Post, HttpMethod.Put, HttpMethod.Delete, HttpMethod.Patch, HttpMethod.Head, HttpMethod.Options, HttpMethod.Trace, HttpMethod.Parse("BREW")];

    private static readonly string[] ContentTypes =
        ["text/plain", "application/xml", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "application/json; charset=utf-16", "application/json; charset=nonsense", "application/problem+json", "application/octet-stream", "application/jsonx", "*/*"];

    private const int Small = 4_000;

    private readonly List<(string Name, string Value)> _headers = [];
    private string? _contentType;
    private byte[]? _body;

    private FuzzRequest(string number) => Number = number;

    public string Number { get; }

    public string Who { get; private init; } = "";

    public required FuzzOperation Operation { get; init; }

    public HttpMethod Method { get; private set; } = HttpMethod.Get;

    public string Path { get; private set; } = "";

    [GeneratedRegex(@"\{(?<name>\w+)\}", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Places();

    public static FuzzRequest Make(FuzzApi api, FuzzScene scene, int seed, int number)
    {
        var random = new Random(Mixed(seed, number));
        var values = new FuzzValues(api, random, scene.Things);
        (string who, string? authorization) = scene.Caller(random);
        var request = new FuzzRequest($"seed {seed} number {number}") { Operation = values.One(api.Operations), Who = who };
        request.Method = values.Chance(0.93) ? request.Operation.Method : values.One(Methods);
        request.Path = Address(request.Operation, values, scene, random);
        if (authorization is not null)
            request._headers.Add(("Authorization", authorization));
        request.AddHeaders(values, random);
        if (request.Operation.Body is not null ? values.Chance(0.97) : values.Chance(0.1))
            request.AddBody(values, random);
        return request;
    }

    public HttpRequestMessage Message()
    {
        var message = new HttpRequestMessage(Method, Path);
        foreach ((string name, string value) in _headers)
            message.Headers.TryAddWithoutValidation(name, value);
        if (_body is not null && Method != HttpMethod.Trace)
        {
            message.Content = new ByteArrayContent(_body);
            if (_contentType is not null)
                message.Content.Headers.TryAddWithoutValidation("Content-Type", _contentType);
            // A large body is sent only if the server wants it: otherwise its answer can be lost in a connection that is closed under the sender.
            message.Headers.ExpectContinue = _body.Length > Small ? true : null;
        }
        return message;
    }

    /// <summary>All that is needed to send it again by hand.</summary>
    public override string ToString()
    {
        string body = _body is null ? "(no body)" : $"{_contentType}: {Encoding.UTF8.GetString(_body)}";
        return $"{Number}, {Who}\n{Method} {Path}\n{string.Join('\n', _headers.Select(h => $"{h.Name}: {h.Value}"))}\n{body}";
    }

    /// <summary>SplitMix64. Seeds that lie side by side begin alike, and then the same caller always meets the same address.</summary>
    private static int Mixed(int seed, int number)
    {
        ulong x = ((ulong)(uint)seed << 32 | (uint)number) + 0x9e3779b97f4a7c15;
        x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9;
        x = (x ^ (x >> 27)) * 0x94d049bb133111eb;
        return (int)(x ^ (x >> 31));
    }

    private static string Address(FuzzOperation operation, FuzzValues values, FuzzScene scene, Random random)
    {
        string path = Places().Replace(operation.Path, m =>
        {
            FuzzParameter? parameter = operation.Parameters.FirstOrDefault(p => p.Place == "path" && p.Name == m.Groups["name"].Value);
            string before = operation.Path[..m.Index].TrimEnd('/').Split('/')[^1];
            bool isId = (string?)parameter?.Schema?["format"] == "uuid";
            string value = values.Chance(0.12) ? values.Text() : isId ? scene.Things.Id(random, $"{before[..Math.Max(1, before.Length - 1)]} {m.Groups["name"].Value}") : values.Good(m.Groups["name"].Value, parameter?.Schema).Trim('"');
            return Escaped(value.Length == 0 ? "x" : value);
        });
        var query = new List<string>();
        foreach (FuzzParameter parameter in operation.Parameters.Where(p => p.Place == "query" && values.Chance(0.4)))
        {
            for (int i = values.Chance(0.1) ? 2 : 1; i > 0; i--)
                query.Add($"{parameter.Name}={Escaped(values.Chance(0.5) ? values.Text() : values.Good(parameter.Name, parameter.Schema).Trim('"'))}");
        }
        if (values.Chance(0.05))
            query.Add($"{Escaped(values.Text())}={values.One((string[])["%", "%zz", "%ED%A0%80", "%00", "+", "&&=", ""])}");
        return query.Count == 0 ? path : $"{path}?{string.Join('&', query)}";
    }

    /// <summary>Half characters are left out: a client cannot say them but as raw bytes, which the queries above have. Short enough for a request line.</summary>
    private static string Escaped(string value) => Uri.EscapeDataString(string.Concat(value.EnumerateRunes().Take(400)));

    private void AddHeaders(FuzzValues values, Random random)
    {
        if (values.Chance(Operation.Parameters.Any(p => p.Name == "Idempotency-Key") ? 0.95 : 0.1))
            Add("Idempotency-Key", values.Chance(0.85) ? $"{Number}".Replace(' ', '-') : values.Chance(0.5) ? $"again-and-again-{random.Next(20)}" : Line(values));
        (string Name, Func<string> Value)[] others =
        [
            ("Prefer", () => values.One((string[])["wait=1", "wait=0", "wait=-1", "wait=99999999999999", "wait=", "wait=NaN", "respond-async", ",,,", Line(values)])),
            ("If-Match", () => values.One((string[])["*", "\"x\"", "W/\"1\"", Line(values)])),
            ("If-None-Match", () => values.One((string[])["*", "\"x\"", "W/", Line(values)])),
            ("Range", () => values.One((string[])["bytes=0-0", "bytes=-1", "bytes=9-1", "bytes=0-,0-,0-", "x", Line(values)])),
            ("Accept", () => values.One((string[])["text/event-stream", "image/png", "*/*;q=9", "application/json;q=0", Line(values)])),
            ("Accept-Language", () => values.One((string[])["hi", "xx-XX", "*;q=-1", new string('h', 2_000), Line(values)])),
            ("Accept-Encoding", () => values.One((string[])["br;q=x", "identity;q=0", Line(values)])),
            ("Content-Encoding", () => "gzip"),
            ("X-Forwarded-For", () => values.One((string[])["127.0.0.1", "::1, x", Line(values)])),
            ("X-HTTP-Method-Override", () => "DELETE"),
            ("Origin", () => "https://evil.example"),
            ("Cookie", () => Line(values)),
            ("Last-Event-ID", () => values.One((string[])["0", "-1", "99999999999999999999.1", Line(values)])),
            ("traceparent", () => values.One((string[])["00-00000000000000000000000000000000-0000000000000000-00", Line(values)])),
            ("User-Agent", () => Line(values)),
        ];
        while (values.Chance(0.25))
        {
            (string name, Func<string> value) = values.One(others);
            Add(name, value());
        }
    }

    private void Add(string name, string value)
    {
        if (_headers.All(h => h.Name != name))
            _headers.Add((name, value));
    }

    /// <summary>What fits on one line in the bytes of HTTP; anything else the client itself refuses to send.</summary>
    private static string Line(FuzzValues values) => new([.. values.Text().Select(c => c is < ' ' or > '~' ? (char)('!' + (c % 90)) : c).Take(1_500)]);

    private void AddBody(FuzzValues values, Random random)
    {
        string? text = values.Body(Operation.Body);
        if (text is null)
            return;
        _contentType = values.Chance(0.95) ? "application/json" : values.Chance(0.1) ? null : values.One(ContentTypes);
        _body = Encoding.UTF8.GetBytes(text);
        switch (random.Next(60))
        {
            case 0:
                _body = new byte[random.Next(3) == 0 ? 1 << 20 : 70_000];
                Array.Fill(_body, (byte)'"');
                break;
            case 1 when _body.Length > 0:
                _body[random.Next(_body.Length)] = (byte)random.Next(256); // often no UTF-8 any more
                break;
            case 2 when _body.Length > 0:
                _body = _body[..random.Next(_body.Length)];
                break;
            case 3:
                _body = [0xef, 0xbb, 0xbf, .. _body];
                break;
            default:
                break;
        }
        // A client goes on sending a body after an answer that is no refusal, into a connection that the server has closed; so what takes no body gets a small one.
        if (Operation.Body is null && _body.Length > Small)
            _body = _body[..Small];
    }
}
