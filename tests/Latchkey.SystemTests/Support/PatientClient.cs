using System.Net.Sockets;
using System.Text.Json.Nodes;
using Latchkey.Tests.Support;

namespace Latchkey.SystemTests.Support;

/// <summary>Asks until there is an answer, with the same key: a request that was under way when a server died is repeated, not lost.</summary>
/// <param name="server">Whom to ask next.</param>
/// <param name="gone">Waits until it makes sense to ask again, after a server did not answer.</param>
/// <param name="thinking">How long a person reads an answer.</param>
public sealed class PatientClient(Func<LatchkeyProcess> server, Func<LatchkeyProcess, Task> gone, TimeSpan thinking)
{
    private int _answers;

    public int Answers => Volatile.Read(ref _answers);

    public async Task<(int Status, JsonNode? Body)> Ask(TestPerson person, HttpMethod method, string path, object? body = null, params (string, string)[] headers)
    {
        string? key = method == HttpMethod.Get ? null : Guid.CreateVersion7().ToString();
        while (true)
        {
            LatchkeyProcess asked = server();
            try
            {
                using var http = new HttpClient { BaseAddress = asked.Http.BaseAddress };
                http.DefaultRequestHeaders.Authorization = person.Http.DefaultRequestHeaders.Authorization;
                (int status, JsonNode? answer) = await (person with { Http = http }).Send(method, path, body, key, headers);
                // A token lives for 15 minutes; a renewed one serves the next requests too.
                person.Http.DefaultRequestHeaders.Authorization = http.DefaultRequestHeaders.Authorization;
                if (status != 503)
                {
                    status.ShouldBeLessThan(500, answer?.ToJsonString());
                    Interlocked.Increment(ref _answers);
                    await Task.Delay(thinking, TimeProvider.System);
                    return (status, answer);
                }
                await Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System);
            }
            catch (Exception e) when (e is HttpRequestException or IOException or SocketException) // the last: it died between connecting and asking
            {
                await gone(asked);
            }
        }
    }
}
