using System.Net.ServerSentEvents;
using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Threading.Channels;
using Latchkey.Server.Features.Places;
using Latchkey.Server.Hosting;
using Latchkey.Server.Hosting.Limits;
using Latchkey.Server.Journal;
using Latchkey.Server.Storage;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Latchkey.Server.Live;

/// <summary>
/// A screen follows what happens: server-sent events, each with an id to come back with. Without one the feed begins now; with one it begins
/// after it, read from the journal.
/// </summary>
public static class LiveFeed
{
    private const int MostSites = 50;
    private static readonly TimeSpan Heartbeat = TimeSpan.FromSeconds(10);

    // An absence longer than this many entries is not replayed: the screen reads everything anew and goes on from now.
    private const int MostReplayed = 5000;

    public static void Map(IEndpointRouteBuilder routes) =>
        routes.MapGet("/live", Handle).WithName("FollowLive").Produces(200, contentType: "text/event-stream").DisableRequestTimeout().LimitedAs(RateKind.Live);

    /// <param name="floor">Sites at which the reader works: of each change there they hear where to look again.</param>
    private static async Task<Results<ServerSentEventsResult<string>, ProblemHttpResult>> Handle(
        HttpContext http, LiveHub hub, JournalTail tail, Db db, TimeProvider time, IHostApplicationLifetime life, Guid[]? site = null, Guid[]? floor = null, CancellationToken cancel = default)
    {
        Guid[] sites = site ?? [], floors = floor ?? [];
        string last = http.Request.Headers["Last-Event-ID"].ToString();
        JournalCursor cursor = default;
        if (new Check()
            .That(sites.Length <= MostSites, "site", $"Follow at most {MostSites} sites at once.")
            .That(floors.Length <= MostSites, "floor", $"Follow at most {MostSites} floors at once.")
            .That(last.Length == 0 || JournalCursor.TryParse(last, out cursor), "Last-Event-ID", "This is not an id of this feed.")
            .Problem is { } invalid)
            return invalid;
        if (floors.Length > 0)
        {
            if (http.CallerOrNull() is not { } caller)
                return Problems.Unauthenticated();
            foreach (Guid one in floors)
            {
                if (!await SiteStaff.WorksAt(db, caller, one, cancel))
                    return Problems.Of(Domain.Refusal.NotFound("site"));
            }
        }
        http.Response.Headers.CacheControl = "no-store";
        http.Response.Headers["X-Accel-Buffering"] = "no"; // a proxy in between must not collect events
        return TypedResults.ServerSentEvents(Events(http.CallerOrNull()?.Id, sites.ToHashSet(), floors.ToHashSet(), last.Length > 0 ? cursor : null, hub, tail, db, time, life.ApplicationStopping, cancel));
    }

    private static async IAsyncEnumerable<SseItem<string>> Events(
        Guid? person, IReadOnlySet<Guid> sites, IReadOnlySet<Guid> floors, JournalCursor? since, LiveHub hub, JournalTail tail, Db db, TimeProvider time, CancellationToken stopping,
        [EnumeratorCancellation] CancellationToken cancel)
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancel, stopping);
        // A place that this database has not come to yet is one from before a restore: nothing after it would ever be shown.
        if (since is { } known && known > tail.Position && await db.Read(c => JournalReader.IsAhead(c, known, either.Token), either.Token))
            since = null;
        // The place to come back to is read before joining: an event handed over in between must not lie before it.
        JournalCursor place = since ?? tail.Position;
        // First join, then read what was missed: nothing falls between the two, and what comes twice is known by its place.
        LiveReader reader = hub.Join(person, sites, floors);
        try
        {
            yield return Hello(time.GetUtcNow(), replayed: since is not null, place);
            JournalCursor position = since ?? default;
            if (since is not null)
            {
                int replayed = 0;
                IReadOnlyList<JournalRead> missed;
                do
                {
                    missed = await db.Read(c => JournalReader.After(c, position, either.Token), either.Token);
                    foreach (LiveEvent e in missed.SelectMany(m => LiveEvents.From(m, person, sites, floors)))
                        yield return Item(e);
                    position = missed.Count > 0 ? missed[^1].Cursor : position;
                    replayed += missed.Count;
                }
                while (missed.Count == JournalReader.MostPerRead && replayed < MostReplayed);
                if (missed.Count == JournalReader.MostPerRead)
                {
                    // Too much to tell: a second greeting says that everything is to be read anew.
                    place = tail.Position;
                    yield return Hello(time.GetUtcNow(), replayed: false, place);
                }
            }
            while (await Next(reader.Events, time, either.Token) is { } wake)
            {
                if (!wake)
                    yield return new SseItem<string>("{}", "beat");
                while (reader.Events.TryRead(out LiveEvent? e))
                {
                    if (JournalCursor.TryParse(e.Id, out JournalCursor at) && at > position)
                        yield return Item(e);
                }
            }
            // Told, so that a reader need not wonder: it comes back to another node, with its last id.
            if (stopping.IsCancellationRequested && !cancel.IsCancellationRequested)
                yield return new SseItem<string>("{}", "bye");
        }
        finally
        {
            hub.Leave(reader);
        }
    }

    private static SseItem<string> Hello(DateTimeOffset now, bool replayed, JournalCursor place) => new(JsonSerializer.Serialize(new { now, replayed }, Json.Options), "hello")
    {
        EventId = place.ToString(),
        ReconnectionInterval = TimeSpan.FromSeconds(1),
    };

    private static SseItem<string> Item(LiveEvent e) => new(e.Data, e.Kind) { EventId = e.Last ? e.Id : null };

    /// <summary>True: there is something to read. False: a heartbeat is due. Null: the feed is over.</summary>
    private static async Task<bool?> Next(ChannelReader<LiveEvent> events, TimeProvider time, CancellationToken cancel)
    {
        try
        {
            return await events.WaitToReadAsync(cancel).AsTask().WaitAsync(Heartbeat, time, cancel) ? true : null;
        }
        catch (TimeoutException)
        {
            return false;
        }
        catch (OperationCanceledException)
        {
            return null;
        }
    }
}
