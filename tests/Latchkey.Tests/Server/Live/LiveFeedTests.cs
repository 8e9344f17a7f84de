using System.Net.Http.Headers;
using System.Net.ServerSentEvents;
using System.Text.Json.Nodes;
using Latchkey.Server.Features.Places;
using Latchkey.Server.Journal;
using Latchkey.Server.Live;
using Latchkey.Tests.Support;
using Microsoft.Extensions.DependencyInjection;

namespace Latchkey.Tests.Server.Live;

public sealed class LiveFeedTests(TestDatabase databases)
{
    /// <summary>An open feed; what came is read one by one, with patience.</summary>
    private sealed class Feed(HttpResponseMessage answer, IAsyncEnumerator<SseItem<string>> events) : IAsyncDisposable
    {
        public string? LastId { get; private set; }

        public static async Task<Feed> Open(LatchkeyApp app, TestPerson? person, string query = "", string? last = null)
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, "live" + query);
            request.Headers.Accept.Add(new MediaTypeWithQualityHeaderValue("text/event-stream"));
            if (last is not null)
                request.Headers.Add("Last-Event-ID", last);
            HttpResponseMessage answer = await (person?.Http ?? app.Http).SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
            answer.EnsureSuccessStatusCode();
            var feed = new Feed(answer, SseParser.Create(await answer.Content.ReadAsStreamAsync()).EnumerateAsync().GetAsyncEnumerator());
            (await feed.Next()).EventType.ShouldBe("hello");
            return feed;
        }

        public async Task<SseItem<string>> Next()
        {
            (await events.MoveNextAsync().AsTask().WaitAsync(TimeSpan.FromSeconds(10), TimeProvider.System)).ShouldBeTrue("The feed ended.");
            if (events.Current.EventId is { Length: > 0 } id)
                LastId = id;
            return events.Current;
        }

        /// <summary>The server has closed it, whatever came before.</summary>
        public async Task Ended()
        {
            while (await events.MoveNextAsync().AsTask().WaitAsync(TimeSpan.FromSeconds(10), TimeProvider.System))
            {
            }
        }

        /// <summary>All that comes up to and with the first of this kind.</summary>
        public async Task<List<SseItem<string>>> UpTo(Func<SseItem<string>, bool> last)
        {
            var seen = new List<SseItem<string>>();
            do
                seen.Add(await Next());
            while (!last(seen[^1]));
            return seen;
        }

        public async ValueTask DisposeAsync()
        {
            answer.Dispose();
            await Task.CompletedTask;
        }
    }

    private static string What(SseItem<string> e) => (string?)JsonNode.Parse(e.Data)?["what"] ?? "";

    [Fact]
    public async Task Everybody_sees_what_is_free_where_they_look_and_their_own_and_nobody_elses()
    {
        await using LatchkeyApp app = await LatchkeyApp.Start(databases);
        TestPerson[] people = await app.GivenCustomers(2);
        (SitePlace here, SitePlace there) = (app.Places.Sites[0], app.Places.Sites[1]);
        await using Feed nobody = await Feed.Open(app, null, $"?site={here.Id}");
        await using Feed own = await Feed.Open(app, people[0]);
        JsonNode elsewhere = await people[1].Hold(there);
        JsonNode foreign = await people[1].Hold(here);
        JsonNode lease = await people[0].Rent(here);
        await app.Use(people[0], lease);
        await people[0].Post($"leases/{lease.Id()}/finish");

        List<SseItem<string>> mine = await own.UpTo(e => What(e) == "lease-ended");
        mine.Select(e => e.EventType).Distinct().ShouldBe(["lease", "door", "command"], ignoreOrder: true);
        mine.Where(e => e.EventType != "beat").ShouldAllBe(e => e.Data.Contains($"{lease.Id():D}"));
        mine.Where(e => e.EventType == "lease").Select(What).ShouldBe(["lease-held", "payment-authorised", "lease-active", "lease-ended"]);
        mine.Where(e => e.EventType == "door").Select(e => JsonNode.Parse(e.Data).Text("state")).ShouldBe(["open", "closed"]);

        List<SseItem<string>> free = await nobody.UpTo(e => e.Data.Contains("\"free\"", StringComparison.Ordinal));
        free.ShouldAllBe(e => e.EventType == "availability");
        free.Select(e => JsonNode.Parse(e.Data).Text("availability")).ShouldBe(["taken", "taken", "free"]);
        string everything = string.Concat(free.Select(e => e.Data));
        everything.ShouldNotContain($"{foreign.Id():D}");
        everything.ShouldNotContain($"{elsewhere["locker"]!.Id():D}");
        everything.ShouldNotContain($"{people[0].Id:D}");
    }

    [Fact]
    public async Task Who_comes_back_with_the_last_id_misses_nothing_and_hears_nothing_twice()
    {
        await using LatchkeyApp app = await LatchkeyApp.Start(databases);
        TestPerson asha = await app.Quick();
        SitePlace site = app.Places.Sites[0];
        var heard = new List<string>();
        Feed feed = await Feed.Open(app, asha);
        for (int round = 0; round < 4; round++)
        {
            JsonNode lease = await asha.Hold(site);
            heard.AddRange((await feed.UpTo(e => What(e) == "lease-held")).Select(e => e.Data));
            await feed.DisposeAsync();
            // While nobody listens.
            await asha.Post($"leases/{lease.Id()}/cancel");
            await Driving.Until(() => Task.FromResult(app.Services.GetRequiredService<LiveHub>().Readers == 0), "the feed is closed");
            feed = await Feed.Open(app, asha, last: feed.LastId);
            heard.AddRange((await feed.UpTo(e => What(e) == "lease-cancelled")).Select(e => e.Data));
        }
        await feed.DisposeAsync();
        heard.Count.ShouldBe(8);
        heard.ShouldBeUnique();
        heard.Select(d => JsonNode.Parse(d).Text("what")).ShouldBe([.. Enumerable.Range(0, 4).SelectMany(_ => new[] { "lease-held", "lease-cancelled" })]);
    }

    [Fact]
    public async Task An_id_that_is_none_of_this_feed_and_too_many_sites_are_refused()
    {
        await using LatchkeyApp app = await LatchkeyApp.Start(databases);
        TestPerson asha = await app.Quick();
        foreach (string id in (string[])["x", "1", "1-2-3", "9999999999999999999999-1"])
            (await asha.Send(HttpMethod.Get, "live", null, null, ("Last-Event-ID", id))).ShouldBeRefused(400, "invalid-request");
        (await asha.Get("live?site=x")).ShouldBeRefused(400, "invalid-request");
        (await asha.Get("live?" + string.Join('&', Enumerable.Range(0, 51).Select(_ => $"site={Guid.CreateVersion7()}")))).ShouldBeRefused(400, "invalid-request");
    }

    [Fact]
    public async Task A_heartbeat_comes_every_ten_seconds()
    {
        await using LatchkeyApp app = await LatchkeyApp.Start(databases);
        await using Feed feed = await Feed.Open(app, null);
        Task<SseItem<string>> beat = feed.Next();
        await Driving.Until(
            () =>
            {
                app.Time.Advance(TimeSpan.FromSeconds(1));
                return Task.FromResult(beat.IsCompleted);
            },
            "a heartbeat");
        (await beat).EventType.ShouldBe("beat");
    }

    [Fact]
    public async Task A_reader_that_is_too_slow_is_cut_after_what_it_could_still_take()
    {
        Guid person = Guid.CreateVersion7();
        var reader = new LiveReader(person, new HashSet<Guid>(), new HashSet<Guid>(), mostWaiting: 4);
        for (int i = 1; i <= 6; i++)
            reader.Offer(new JournalRead(new JournalCursor(1, i), new JournalEntry(DateTimeOffset.UnixEpoch, JournalKinds.LeaseHeld, JournalEntry.ByServer, person, LeaseId: person)));
        var taken = new List<string>();
        await foreach (LiveEvent e in reader.Events.ReadAllAsync())
            taken.Add(e.Id);
        // It ends by itself, without a gap: the reader comes back with 1-4.
        taken.ShouldBe(["1-1", "1-2", "1-3", "1-4"]);
    }

    [Fact]
    public async Task An_open_feed_ends_when_who_opened_it_is_signed_out_elsewhere()
    {
        await using LatchkeyApp app = await LatchkeyApp.Start(databases);
        TestPerson asha = await app.GivenCustomer(), ravi = await app.GivenCustomer("Ravi");
        await using Feed lost = await Feed.Open(app, asha);
        await using Feed other = await Feed.Open(app, ravi);
        JsonNode again = (await app.Ask(HttpMethod.Post, "auth/login", new { email = asha.Email, password = TestPerson.Password })).Body!;
        TestPerson home = TestPerson.With(app.Http, asha.Email, again["session"] ?? again);
        JsonNode phone = (await home.Get("auth/sessions")).Body!["items"]!.AsArray().Single(s => !(bool)s!["here"]!)!;
        (await home.Send(HttpMethod.Delete, $"auth/sessions/{phone.Id()}")).Status.ShouldBe(204);
        await lost.Ended();
        await home.Hold(app.Places.Sites[0]);
        await ravi.Hold(app.Places.Sites[0]);
        (await other.UpTo(e => What(e) == "lease-held")).ShouldNotBeEmpty("somebody else's feed goes on");
    }
}
