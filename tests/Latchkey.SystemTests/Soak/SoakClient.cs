using System.Diagnostics;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace Latchkey.SystemTests.Soak;

/// <summary>An answer, or a refusal that the asker brought about.</summary>
internal readonly record struct Answer(int Status, JsonNode? Body)
{
    /// <summary>One of those that were expected here.</summary>
    public bool Refused => Status >= 400;

    public string? Code => Refused ? (string?)Body?["code"] : null;

    public JsonNode? this[string field] => Body![field];
}

/// <summary>
/// One person's browser: connections of its own that are closed when they are idle, a session that is renewed, and each request at either node. Every answer is timed as its person feels it, by the route's
/// template. Whatever is neither a success nor a refusal that was expected at this step is a fault.
/// </summary>
internal sealed partial class SoakClient(IReadOnlyList<Uri> nodes, Book book, Random chance) : IDisposable
{
    /// <summary>The server gives the longest request, one that waits for a door, up after 25 s.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    /// <summary>As a browser on a phone does it, roughly.</summary>
    private readonly HttpClient _http = new(new SocketsHttpHandler { PooledConnectionIdleTimeout = TimeSpan.FromSeconds(30), UseProxy = false }) { Timeout = Patience };

    private string? _token, _refresh;

    public string? Token => _token;

    public Guid Person { get; private set; }

    public void TakeSession(JsonNode session) => (_token, _refresh, Person) = ((string?)session["accessToken"], (string?)session["refreshToken"], (Guid)session["person"]!["id"]!);

    public Uri Either() => nodes[chance.Next(nodes.Count)];

    public Task<Answer> Get(string path, params string[] own) => Ask(HttpMethod.Get, path, null, "", own);

    public Task<Answer> Post(string path, object? body = null, params string[] own) => Ask(HttpMethod.Post, path, body, "", own);

    /// <summary>With <c>Prefer: wait=10</c>: the answer comes when the door has moved.</summary>
    public Task<Answer> PostAndWait(string path, object? body = null, params string[] own) => Ask(HttpMethod.Post, path, body, "wait=10", own);

    public Task<Answer> Delete(string path) => Ask(HttpMethod.Delete, path, null, "");

    /// <summary>Somebody who stands before a virtual bank; not timed, since no route of the product is asked.</summary>
    public async Task<JsonNode> Hardware(Uri node, string path, object? body = null, bool look = false)
    {
        using var request = new HttpRequestMessage(look ? HttpMethod.Get : HttpMethod.Post, new Uri(node, $"demo/banks/{path}"));
        if (body is not null)
            request.Content = JsonContent.Create(body);
        (int status, JsonNode? answer) = await Send(request, path);
        return status == 200 ? answer! : throw new SoakFault($"{path}: {status} {answer?.ToJsonString()}");
    }

    /// <param name="own">Codes of refusals that the asker has brought about.</param>
    private async Task<Answer> Ask(HttpMethod method, string path, object? body, string prefer, params string[] own)
    {
        string route = $"{method} {Template(path)}", key = Guid.CreateVersion7().ToString();
        for (bool again = false; ; again = true)
        {
            using var request = new HttpRequestMessage(method, new Uri(Either(), path));
            if (body is not null)
                request.Content = JsonContent.Create(body);
            if (method != HttpMethod.Get)
                request.Headers.Add("Idempotency-Key", key);
            if (prefer.Length > 0)
                request.Headers.Add("Prefer", prefer);
            if (_token is not null)
                request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", _token);
            long begun = Stopwatch.GetTimestamp();
            (int status, JsonNode? answer) = await Send(request, route);
            var told = new Answer(status, answer);
            if (told.Code == "token-expired" && !again && _refresh is not null)
            {
                await Renew();
                continue;
            }
            book.Took(route, Stopwatch.GetElapsedTime(begun).TotalMilliseconds);
            if (status < 400)
                return told;
            if (status is >= 500 or 408 || told.Code is not { } code || !own.Contains(code))
                throw new SoakFault($"{route}: {status} {answer?.ToJsonString()}");
            book.SaysNo(code);
            return told;
        }
    }

    private async Task Renew()
    {
        Answer session = await Post("auth/refresh", new { refreshToken = Interlocked.Exchange(ref _refresh, null) });
        TakeSession(session.Body!);
    }

    private async Task<(int Status, JsonNode? Body)> Send(HttpRequestMessage request, string what)
    {
        try
        {
            using HttpResponseMessage answer = await _http.SendAsync(request);
            string text = await answer.Content.ReadAsStringAsync();
            return ((int)answer.StatusCode, text.Length > 0 ? JsonNode.Parse(text) : null);
        }
        catch (Exception e) when (e is HttpRequestException or IOException or OperationCanceledException)
        {
            throw new SoakFault($"{what}: {e.Message}");
        }
    }

    /// <summary>sites/{id}/holds: what stands for one thing among many is left out.</summary>
    internal static string Template(string path) => Named().Replace(path.Split('?')[0], "{id}");

    [GeneratedRegex("(?<=/)([0-9a-f]{8}-[0-9a-f-]{27}|[0-9]+|(?<=checkouts/)[^/]+)(?=/|$)", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Named();

    public void Dispose() => _http.Dispose();
}
