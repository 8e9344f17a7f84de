using System.Net.Http.Headers;
using System.Net.ServerSentEvents;
using System.Text.Json.Nodes;

namespace Latchkey.SystemTests.Soak;

/// <summary>Who works there all day: takes the money of those whom the gate has sent to the desk, and looks at the floor of each site.</summary>
internal sealed class Staff(SoakWorld world, Book book, SoakClient client, double scale)
{
    private static readonly TimeSpan Round = TimeSpan.FromSeconds(5);

    /// <param name="goHome">Not before the last visitor is out.</param>
    public async Task Work(CancellationToken goHome)
    {
        for (int round = 0; !goHome.IsCancellationRequested; round++)
        {
            try
            {
                foreach (Guid site in world.Banks.Where(b => b.Mode == "gate").Select(b => b.Site).Distinct())
                    await TakeMoney(site);
                // Twice a minute somebody looks around.
                if (round % 6 == 0)
                    await LookAround(world.Sites[round / 6 % world.Sites.Count]);
            }
            catch (SoakFault e)
            {
                book.Error("staff", e.Message);
            }
            await Pace.Sleep(Round * scale, goHome);
        }
    }

    private async Task TakeMoney(Guid site)
    {
        foreach (JsonNode? visit in (await client.Get($"staff/sites/{site}/visits"))["items"]!.AsArray())
        {
            if ((string?)visit!["called"] == "pay" && (long)visit["due"]!["minor"]! is > 0 and var minor)
                await client.Post($"staff/visits/{visit["id"]}/payment", new { by = "cash", minor }, "already-paid", "amount-changed", "visit-over");
        }
    }

    private async Task LookAround(Guid site)
    {
        await client.Get("staff/sites");
        await client.Get($"staff/sites/{site}/floor");
        await client.Get($"staff/sites/{site}/history");
        await client.Get($"staff/sites/{site}/taps");
    }
}

/// <summary>A screen that follows the live feed of a site or a floor, sleeps now and then like a telephone, and comes back at either node with the last place it knows.</summary>
internal sealed class Screen(SoakClient client, Book book, Pace pace, string what)
{
    public async Task Follow(CancellationToken over)
    {
        string last = "";
        using var http = new HttpClient(new SocketsHttpHandler { UseProxy = false }) { Timeout = Timeout.InfiniteTimeSpan };
        while (!over.IsCancellationRequested)
        {
            try
            {
                using var asleep = CancellationTokenSource.CreateLinkedTokenSource(over);
                // The clock of a screen is a person's: minutes, not the feed's own end.
                asleep.CancelAfter(pace.Draw(TimeSpan.FromMinutes(2)));
                last = await Look(http, last, asleep.Token);
            }
            catch (OperationCanceledException)
            {
                // It has gone dark; where it was it says when it wakes.
            }
            catch (Exception e) when (e is HttpRequestException or IOException)
            {
                book.Error("screen", e.Message);
            }
            await pace.Reads(over);
        }
    }

    private async Task<string> Look(HttpClient http, string last, CancellationToken asleep)
    {
        // Renews the session when it must: the feed itself is not asked twice.
        await client.Get("auth/me");
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(client.Either(), $"live?{what}"));
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", client.Token);
        if (last.Length > 0)
            request.Headers.Add("Last-Event-ID", last);
        using HttpResponseMessage answer = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, asleep);
        if (!answer.IsSuccessStatusCode)
        {
            book.Error("screen", $"live?{what}: {(int)answer.StatusCode} {await answer.Content.ReadAsStringAsync(CancellationToken.None)}");
            return last;
        }
        try
        {
            await foreach (SseItem<string> e in SseParser.Create(await answer.Content.ReadAsStreamAsync(asleep)).EnumerateAsync(asleep))
            {
                if (e.EventType == "hello" && last.Length > 0 && !(bool)JsonNode.Parse(e.Data)!["replayed"]!)
                    book.Error("screen", "a screen that knew where it was had to begin anew");
                else if (e.EventType is not ("hello" or "beat"))
                    book.Sees();
                last = e.EventId ?? last;
            }
        }
        catch (OperationCanceledException)
        {
            return last;
        }
        return last;
    }
}
