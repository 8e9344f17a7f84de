using System.Net.Http.Headers;
using System.Net.ServerSentEvents;
using System.Text.Json.Nodes;
using Latchkey.Tests.Support;

namespace Latchkey.SystemTests.Support;

/// <summary>One person's screen: follows the live feed, comes back with the last id whenever the feed breaks, at whichever server there is.</summary>
/// <param name="known">A place that it knows from an earlier day; empty for a new screen.</param>
public sealed class LiveFollower(TestPerson person, Func<LatchkeyProcess> server, string known = "")
{
    // A phone that goes to sleep, a train in a tunnel: the feed breaks without anybody's fault, too, and comes back at another node.
    private const int BreaksAfter = 20;

    private readonly List<string> _seen = [];

    /// <summary>The ids of all events, in the order of their coming.</summary>
    public IReadOnlyList<string> Seen => _seen;

    /// <summary>How often the feed was opened.</summary>
    public int Connections { get; private set; }

    /// <summary>How often it was told to begin anew although it knew where it was.</summary>
    public int Gaps { get; private set; }

    /// <summary>The feed has begun: what happens from now on must be seen.</summary>
    public TaskCompletionSource Began { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public async Task Run(CancellationToken cancel)
    {
        string last = known;
        int events = 0;
        while (!cancel.IsCancellationRequested)
        {
            try
            {
                using var http = new HttpClient { BaseAddress = server().Http.BaseAddress, Timeout = Timeout.InfiniteTimeSpan };
                using var request = new HttpRequestMessage(HttpMethod.Get, "live");
                request.Headers.Authorization = person.Http.DefaultRequestHeaders.Authorization as AuthenticationHeaderValue;
                if (last.Length > 0)
                    request.Headers.Add("Last-Event-ID", last);
                using HttpResponseMessage answer = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancel);
                answer.EnsureSuccessStatusCode();
                await using Stream stream = await answer.Content.ReadAsStreamAsync(cancel);
                Connections++;
                await foreach (SseItem<string> e in SseParser.Create(stream).EnumerateAsync(cancel))
                {
                    last = Take(e, last);
                    if (++events % BreaksAfter == 0)
                        break;
                }
            }
            catch (Exception e) when (e is HttpRequestException or IOException or System.Net.Sockets.SocketException)
            {
                // That server is gone; the next round finds another.
            }
            catch (OperationCanceledException) when (cancel.IsCancellationRequested)
            {
                return;
            }
            await Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System, CancellationToken.None);
        }
    }

    private string Take(SseItem<string> e, string last)
    {
        if (e.EventType == "hello")
        {
            if (last.Length > 0 && !(bool)JsonNode.Parse(e.Data)!["replayed"]!)
                Gaps++;
            Began.TrySetResult();
        }
        else if (e.EventType != "beat")
        {
            lock (_seen)
                _seen.Add(e.EventId!);
        }
        return e.EventId ?? last;
    }

    public int Count
    {
        get
        {
            lock (_seen)
                return _seen.Count;
        }
    }
}
