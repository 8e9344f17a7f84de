using System.Net;
using Latchkey.Server.Hosting.Face;
using Latchkey.Server.Hosting.Limits;
using Latchkey.Tests.Support;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;

namespace Latchkey.Tests.Server.Hosting.Limits;

/// <summary>Who asks too often is told when to come again; the count is one for all nodes.</summary>
public sealed class RateLimitTests(TestDatabase databases)
{
    [Fact]
    public async Task Two_nodes_give_together_what_the_limit_says_and_no_more()
    {
        await using Nodes nodes = await Nodes.On(databases, "doors=12/60");
        int given = 0;
        for (int i = 0; i < 40; i++)
            given += await nodes[i % 2].Take(RateKind.Doors, "person:1", CancellationToken.None) is null ? 1 : 0;
        given.ShouldBe(12);
        (await nodes[0].Take(RateKind.Doors, "person:2", CancellationToken.None)).ShouldBeNull("another caller is another count");
        (await nodes[0].Take(RateKind.Money, "person:1", CancellationToken.None)).ShouldBeNull("and so is another kind");
    }

    [Fact]
    public async Task All_at_once_on_two_nodes_it_is_not_more_either()
    {
        await using Nodes nodes = await Nodes.On(databases, "reads=500/60");
        int given = 0;
        await Task.WhenAll(Enumerable.Range(0, 1200).Select(async i =>
        {
            if (await nodes[i % 2].Take(RateKind.Reads, "address:x", CancellationToken.None) is null)
                Interlocked.Increment(ref given);
        }));
        // In batches of 50: what one node has taken and not used is lost to the other.
        given.ShouldBeInRange(450, 500);
    }

    [Fact]
    public async Task Reading_costs_a_statement_now_and_then_and_a_flood_costs_none()
    {
        await using Nodes nodes = await Nodes.On(databases, "reads=600/60");
        for (int i = 0; i < 600; i++)
            (await nodes[0].Take(RateKind.Reads, "address:x", CancellationToken.None)).ShouldBeNull();
        (await nodes.Updates()).ShouldBe(10, "600 permits in batches of 60");
        for (int i = 0; i < 1000; i++)
            (await nodes[0].Take(RateKind.Reads, "address:x", CancellationToken.None)).ShouldNotBeNull();
        (await nodes.Updates()).ShouldBe(11, "the first refusal asks, the others know");
    }

    [Fact]
    public async Task Who_waits_as_told_is_let_in_and_at_no_edge_twice_as_many_get_through()
    {
        await using Nodes nodes = await Nodes.On(databases, "doors=12/60");
        var passed = new List<DateTimeOffset>();
        TimeSpan? longest = null;
        for (int i = 0; i < 60; i++)
        {
            if (await nodes[i % 2].Take(RateKind.Doors, "person:1", CancellationToken.None) is not { } wait)
            {
                passed.Add(nodes.Time.GetUtcNow());
                continue;
            }
            longest = longest is { } l && l > wait ? l : wait;
            nodes.Time.Advance(TimeSpan.FromSeconds(Math.Ceiling(wait.TotalSeconds)));
            (await nodes[i % 2].Take(RateKind.Doors, "person:1", CancellationToken.None)).ShouldBeNull("it waited as it was told");
            passed.Add(nodes.Time.GetUtcNow());
        }
        longest.ShouldNotBeNull();
        longest.Value.ShouldBeLessThanOrEqualTo(TimeSpan.FromSeconds(66));
        passed.Count.ShouldBe(60);
        // The weighing takes what was before as spread evenly, so a burst at its end may let a few more through; never the double.
        foreach (DateTimeOffset from in passed)
            passed.Count(p => p >= from && p < from.AddSeconds(60)).ShouldBeLessThanOrEqualTo(18);
    }

    [Fact]
    public async Task Without_the_database_each_node_counts_by_itself()
    {
        using var gone = NpgsqlDataSource.Create("Host=127.0.0.1;Port=1;Username=x;Timeout=1");
        using var limiter = new RateLimiter(() => gone, new RateLimits(["money=5/60"]), [1], new ManualTime(), NullLogger<RateLimiter>.Instance);
        int given = 0;
        for (int i = 0; i < 10; i++)
            given += await limiter.Take(RateKind.Money, "person:1", CancellationToken.None) is null ? 1 : 0;
        given.ShouldBe(5);
    }

    [Fact]
    public async Task The_answer_is_a_problem_with_retry_after_and_each_signed_in_person_has_a_count_of_their_own()
    {
        await using LatchkeyApp app = await LatchkeyApp.Start(databases, face: new FaceOptions { Limits = new RateLimits(["reads=3/60", "sign-in=4/60", "account=2/60"]) });
        TestPerson asha = await app.Quick(), ravi = await app.Quick();
        for (int i = 0; i < 3; i++)
            (await asha.Get("leases")).Status.ShouldBe(200);
        using HttpResponseMessage refused = await asha.Http.GetAsync("leases");
        refused.StatusCode.ShouldBe(HttpStatusCode.TooManyRequests);
        int.Parse(refused.Headers.GetValues("Retry-After").Single()).ShouldBeInRange(1, 90);
        (await asha.Get("leases")).ShouldBeRefused(429, "too-many-requests");
        (await ravi.Get("leases")).Status.ShouldBe(200);
        (await app.Ask(HttpMethod.Get, "/health/live")).Status.ShouldBe(200, "probes are not counted");

        var guess = new { email = "asha@test.example", password = "not her password" };
        (await app.Ask(HttpMethod.Post, "auth/login", guess)).ShouldBeRefused(401, "wrong-credentials");
        (await app.Ask(HttpMethod.Post, "auth/login", guess)).ShouldBeRefused(401, "wrong-credentials");
        (await app.Ask(HttpMethod.Post, "auth/login", guess)).ShouldBeRefused(429, "too-many-requests"); // the account's count
        (await app.Ask(HttpMethod.Post, "auth/login", guess with { email = "else@test.example" })).ShouldBeRefused(401, "wrong-credentials");
        (await app.Ask(HttpMethod.Post, "auth/login", guess with { email = "third@test.example" })).ShouldBeRefused(429, "too-many-requests"); // the address's
    }

    [Fact]
    public async Task The_count_holds_no_address_and_no_person_and_is_forgotten()
    {
        await using Nodes nodes = await Nodes.On(databases, "money=5/60");
        await nodes[0].Take(RateKind.Money, "address:203.0.113.9", CancellationToken.None);
        (await nodes.Sql<string>("select encode(caller, 'escape') from rate_window")).ShouldNotContain("203");
        (await nodes.Sql<int>("select octet_length(caller) from rate_window")).ShouldBe(16);
        (await nodes.Sql<bool>("select until <= now() + interval '100 years' and until is not null from rate_window")).ShouldBeTrue();
    }

    [Theory]
    [InlineData("203.0.113.9", "203.0.113.9")]
    [InlineData("::ffff:203.0.113.9", "203.0.113.9")]
    [InlineData("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64")]
    [InlineData("2001:db8:1:2:ffff::1", "2001:db8:1:2::/64")]
    public void An_ipv6_line_is_one_caller(string address, string caller) => RateLimiting.Network(IPAddress.Parse(address)).ShouldBe(caller);

    [Fact]
    public void Limits_are_read_from_the_command_line()
    {
        var limits = new RateLimits(["all=7/30", "doors=1/2"]);
        limits[RateKind.Doors].ShouldBe(new Rate(1, TimeSpan.FromSeconds(2)));
        limits[RateKind.Reads].ShouldBe(new Rate(7, TimeSpan.FromSeconds(30)));
        foreach (string wrong in (string[])["doors", "doors=0/1", "doors=1", "windows=1/1", "doors=1/0", "doors=1/1/1", ""])
            RateLimits.IsWellFormed(wrong).ShouldBeFalse(wrong);
    }

    [Fact]
    public async Task Who_was_counted_by_a_node_alone_begins_anew_in_the_next_window_also_when_the_database_was_back_in_between()
    {
        await using Nodes nodes = await Nodes.On(databases, "money=4/60");
        async Task<int> Given(int asked)
        {
            int given = 0;
            for (int i = 0; i < asked; i++)
                given += await nodes[0].Take(RateKind.Money, "person:1", CancellationToken.None) is null ? 1 : 0;
            return given;
        }
        await nodes.Sql<int>("alter table rate_window rename to away");
        (await Given(6)).ShouldBe(4);
        nodes.Time.Advance(TimeSpan.FromSeconds(60));
        await nodes.Sql<int>("alter table away rename to rate_window");
        (await Given(1)).ShouldBe(1);
        await nodes.Sql<int>("alter table rate_window rename to away");
        (await Given(1)).ShouldBe(1, "what it took a minute ago is no reason");
    }

    /// <summary>Two limiters on one database, as two nodes have them.</summary>
    private sealed class Nodes : IAsyncDisposable
    {
        private readonly NpgsqlDataSource[] _sources;
        private readonly RateLimiter[] _limiters;

        private Nodes(string database, string limit)
        {
            _sources = [NpgsqlDataSource.Create(database), NpgsqlDataSource.Create(database)];
            _limiters = [.. _sources.Select(s => new RateLimiter(() => s, new RateLimits([limit]), [1, 2, 3], Time, NullLogger<RateLimiter>.Instance))];
        }

        public ManualTime Time { get; } = new();

        public RateLimiter this[int node] => _limiters[node];

        public static async Task<Nodes> On(TestDatabase databases, string limit)
        {
            var nodes = new Nodes(await databases.Clone() + ";Maximum Pool Size=3", limit);
            await nodes.Sql<int>("create table lease_count (n int); insert into lease_count values (0); create function count_lease() returns trigger language plpgsql as $$ begin update lease_count set n = n + 1; return null; end $$; create trigger counted after insert or update on rate_window for each row execute function count_lease()");
            return nodes;
        }

        public Task<int> Updates() => Sql<int>("select n from lease_count");

        public async Task<T> Sql<T>(string sql)
        {
            await using NpgsqlCommand command = _sources[0].CreateCommand(sql);
            return (T)(await command.ExecuteScalarAsync() ?? default(T))!;
        }

        public async ValueTask DisposeAsync()
        {
            foreach (RateLimiter limiter in _limiters)
                limiter.Dispose();
            foreach (NpgsqlDataSource source in _sources)
                await source.DisposeAsync();
        }
    }
}
