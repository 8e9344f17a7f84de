using System.Collections.Concurrent;
using System.Net.Http.Json;
using System.Net.Sockets;
using System.Text.Json;
using System.Text.Json.Nodes;
using Dapper;
using Npgsql;

namespace Latchkey.SystemTests.Support;

/// <summary>How long somebody goes on trying before it counts as broken.</summary>
public sealed class Trying(TimeSpan patience, string what)
{
    private readonly long _begun = TimeProvider.System.GetTimestamp();

    /// <summary>Waits a moment, or says that it has taken too long.</summary>
    public async Task Again(string last, int milliseconds = 200)
    {
        if (TimeProvider.System.GetElapsedTime(_begun) > patience)
            throw new TimeoutException($"{what}: not within {patience.TotalSeconds:0} s; last: {last}");
        await Task.Delay(TimeSpan.FromMilliseconds(milliseconds), TimeProvider.System);
    }
}

/// <summary>
/// People before a service that is being broken: who is not answered asks the other node with the same key, and goes on until there is an answer. What is no honest answer is written down.
/// </summary>
public sealed class ChaosClient(ChaosSystem system) : IDisposable
{
    /// <summary>How long a person looks at a page that does not come; longer where the page waits for a door.</summary>
    private static readonly TimeSpan Glance = TimeSpan.FromSeconds(3), WithDoor = TimeSpan.FromSeconds(8);

    private readonly HttpClient[] _nodes =
    [
        .. system.FromPeople.Select(p => new HttpClient(new SocketsHttpHandler { ConnectTimeout = TimeSpan.FromSeconds(2), UseProxy = false })
        {
            BaseAddress = new Uri($"http://127.0.0.1:{p.Port}/api/v1/"), Timeout = TimeSpan.FromSeconds(20),
        }),
    ];

    /// <summary>Kept open: whoever looks twenty times a second would have the database start a process each time.</summary>
    private readonly NpgsqlDataSource _reader = NpgsqlDataSource.Create(SystemDatabase.ConnectionTo(system.Data, poolSize: 8));

    private int _turn, _answers, _unanswered;

    /// <summary>What must never be said, whatever is broken.</summary>
    public ConcurrentQueue<string> Lies { get; } = new();

    /// <summary>How often each honest "no" was said.</summary>
    public ConcurrentDictionary<string, int> Noes { get; } = new();

    public int Answers => Volatile.Read(ref _answers);

    public int Unanswered => Volatile.Read(ref _unanswered);

    public Task<(int Status, JsonNode? Body)> Post(ChaosSystem.Person? who, Trying trying, string path, object? body = null, bool wait = false) => Ask(HttpMethod.Post, who, trying, path, body, wait);

    public Task<(int Status, JsonNode? Body)> Get(ChaosSystem.Person? who, Trying trying, string path) => Ask(HttpMethod.Get, who, trying, path, null, wait: false);

    private async Task<(int Status, JsonNode? Body)> Ask(HttpMethod method, ChaosSystem.Person? who, Trying trying, string path, object? body, bool wait)
    {
        string key = Guid.CreateVersion7().ToString();
        for (int node = Interlocked.Increment(ref _turn); ; node++)
        {
            string last;
            try
            {
                using var request = new HttpRequestMessage(method, path);
                request.Headers.Authorization = who?.Token;
                if (method != HttpMethod.Get)
                    request.Headers.Add("Idempotency-Key", key);
                if (wait)
                    request.Headers.Add("Prefer", "wait=5");
                if (body is not null)
                    request.Content = JsonContent.Create(body);
                using var limit = new CancellationTokenSource(wait ? WithDoor : Glance);
                using HttpResponseMessage answer = await _nodes[node % _nodes.Length].SendAsync(request, limit.Token);
                string text = await answer.Content.ReadAsStringAsync(limit.Token);
                JsonNode? said = Judge(method, path, (int)answer.StatusCode, answer.Content.Headers.ContentType?.MediaType, text);
                if ((int)answer.StatusCode is not 503)
                {
                    Interlocked.Increment(ref _answers);
                    return ((int)answer.StatusCode, said);
                }
                last = text;
            }
            catch (Exception e) when (e is HttpRequestException or IOException or SocketException or OperationCanceledException) // the socket: reset between connecting and asking
            {
                Interlocked.Increment(ref _unanswered);
                last = e.GetType().Name;
            }
            await trying.Again($"{method} {path}: {last}", milliseconds: 50);
        }
    }

    /// <summary>An answer says what it is about, in our words, and never what it looks like inside.</summary>
    private JsonNode? Judge(HttpMethod method, string path, int status, string? type, string text)
    {
        JsonNode? said = null;
        try
        {
            said = text.Length > 0 ? JsonNode.Parse(text) : null;
        }
        catch (JsonException)
        {
            Lies.Enqueue($"{method} {path}: {status} with what is no JSON: {text}");
        }
        if (status >= 400)
        {
            string code = (string?)said?["code"] ?? "";
            if (code.Length == 0 || type != "application/problem+json" || status is >= 500 and not 503)
                Lies.Enqueue($"{method} {path}: {status} {text}");
            Noes.AddOrUpdate(code, 1, (_, n) => n + 1);
        }
        if (text.Contains("   at ", StringComparison.Ordinal) || text.Contains("Exception", StringComparison.Ordinal))
            Lies.Enqueue($"{method} {path}: {status} shows its inside: {text}");
        return said;
    }

    /// <summary>What somebody has been sent, or a screen would show: read past all that is broken, unless the database itself is.</summary>
    public async Task<T?> Read<T>(Trying trying, string sql, object parameters)
    {
        while (true)
        {
            try
            {
                await using NpgsqlConnection db = await _reader.OpenConnectionAsync();
                return await db.ExecuteScalarAsync<T>(sql, parameters);
            }
            catch (NpgsqlException e)
            {
                await trying.Again(e.Message);
            }
        }
    }

    public void Dispose()
    {
        foreach (HttpClient node in _nodes)
            node.Dispose();
        _reader.Dispose();
    }
}
