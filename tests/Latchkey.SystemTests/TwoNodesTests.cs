using System.Diagnostics;
using System.Net.Http.Headers;
using System.Text.Json.Nodes;
using Latchkey.Server.Features.Accounts;
using Latchkey.Server.Journal;
using Latchkey.Server.Storage;
using Npgsql;
using Latchkey.Server.Hosting;
using Latchkey.SystemTests.Support;
using Latchkey.Tests.Support;

namespace Latchkey.SystemTests;

/// <summary>Two server processes share one database and one broker, and nothing else.</summary>
public sealed class TwoNodes : IAsyncLifetime
{
    /// <summary>On a busy machine too; with one second the people came back before the node did, and their load made its start longer still.</summary>
    private static readonly TimeSpan StartsWithin = TimeSpan.FromSeconds(5);

    private volatile TaskCompletionSource _secondIsUp = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public string Data { get; } = LatchkeyProcess.NewData();

    public LatchkeyProcess First { get; private set; } = null!;

    public LatchkeyProcess Second { get; private set; } = null!;

    public async ValueTask InitializeAsync()
    {
        First = await LatchkeyProcess.Start(await DemoData.Into(Data));
        await StartSecond();
    }

    /// <param name="environment">What it is told besides where the database and the broker are.</param>
    public async Task StartSecond(IReadOnlyDictionary<string, string>? environment = null)
    {
        Second = await LatchkeyProcess.Beside(Data, environment: environment, mayDie: environment?.ContainsKey(KillPoint.Variable) == true);
    }

    /// <summary>People do not know which node they talk to; one that is dead is found out by asking it.</summary>
    public LatchkeyProcess Either() => _secondIsUp.Task.IsCompleted && Random.Shared.Next(3) > 0 ? Second : First;

    /// <summary>
    /// Between two things that a person does. While the second node starts they take their time: what is tested comes when it runs, and starting under
    /// full load was most of the hour that a thousand kills took.
    /// </summary>
    public async Task Breathe()
    {
        await Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System);
        await Task.WhenAny(_secondIsUp.Task, Task.Delay(StartsWithin, TimeProvider.System));
    }

    /// <summary>Starts the second node, told to die at a step, and waits until it has.</summary>
    /// <param name="time">At which time it comes there.</param>
    /// <param name="patience">How long the people may take to bring it there.</param>
    /// <param name="people">They go on, or the test has failed.</param>
    public async Task KillSecondAt(string step, int time, TimeSpan patience, Task[] people)
    {
        await StartSecond(new Dictionary<string, string> { [KillPoint.Variable] = $"{step}:{time}" });
        // A journal entry of the people at the other node may have been read before it was ready.
        if (Second.Address.Length > 0)
            _secondIsUp.SetResult();
        Task<int> died = Second.End(patience);
        Task first = await Task.WhenAny([died, .. people]);
        foreach (Task person in people.Where(p => p.IsFaulted))
            await person;
        first.ShouldBe(died, "the people stopped by themselves");
        try
        {
            (await died).ShouldBe(137, $"the node ended otherwise than at \"{step}\": {Second.Complaints}");
        }
        catch (OperationCanceledException e)
        {
            throw new InvalidOperationException($"The step \"{step}\" was never reached.", e);
        }
        finally
        {
            _secondIsUp = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await Second.DisposeAsync();
        await First.DisposeAsync();
    }
}

/// <summary>What two nodes promise together.</summary>
public sealed class TwoNodesTests(TwoNodes nodes) : IClassFixture<TwoNodes>
{
    private const int Clients = 200;

    /// <summary>A token lives for 15 minutes; a long campaign needs new ones.</summary>
    private static readonly TimeSpan TokensFor = TimeSpan.FromMinutes(10);

    [Fact, Trait("campaign", "race")]
    public async Task Last_locker_race_has_exactly_one_winner()
    {
        int rounds = Campaign.Count("race", 20), winners = 0, doubles = 0;
        // The only extra large one of this site; the first customers take turns at both nodes.
        VirtualBank bank = await VirtualBank.Find(nodes.First, "Hall B, bank 2");
        Guid locker = bank.Numbers.Values.Single(l => l.Size == "XL").Id;
        TestPerson[] people = await GivenPeople();
        long begun = Stopwatch.GetTimestamp(), tokensOf = begun;
        for (int round = 0; round < rounds; round++)
        {
            if (Stopwatch.GetElapsedTime(tokensOf) > TokensFor)
            {
                await GiveTokens(people);
                tokensOf = Stopwatch.GetTimestamp();
            }
            (int Status, JsonNode? Body)[] answers = await Task.WhenAll(people.Select(p => p.Post($"sites/{bank.Site}/holds", new { size = "XL", hours = 1 })));
            int[] won = [.. Enumerable.Range(0, Clients).Where(i => answers[i].Status == 201)];
            long live = await SystemDatabase.Sql<long>(nodes.Data, "select count(*) from lease where locker_id = @locker and state in ('held', 'active', 'overdue')", new { locker });
            winners += won.Length;
            if (won.Length > 1 || live > 1)
                doubles++;
            answers.Where(a => a.Status != 201).ShouldAllBe(a => a.Status == 409 && ((string?)a.Body!["code"] == "no-free-locker" || (string?)a.Body["code"] == "locker-taken"));
            foreach (int winner in won)
                await GiveBack(people[winner], answers[winner].Body!, pay: round % 2 == 1);
        }
        await Campaign.Report(
            "race", new { campaign = "race", rounds, clients = Clients, winners, doubles, seconds = Math.Round(Stopwatch.GetElapsedTime(begun).TotalSeconds, 1) });
        doubles.ShouldBe(0);
        winners.ShouldBe(rounds);
        await SystemDatabase.ShouldKeepEveryPromise(nodes.Data);
    }

    [Fact]
    public async Task A_command_ordered_at_one_node_ends_the_same_at_both_whichever_hears_the_answer()
    {
        VirtualBank bank = await VirtualBank.Find(nodes.First, "Hall A, bank 1");
        // The broker gives each report to either node in turn.
        for (int door = 1; door <= 8; door++)
        {
            TestPerson there = await nodes.Second.GivenCustomer();
            TestPerson here = At(nodes.First, there);
            Guid lease = await bank.Rent(there, door);
            JsonNode command = await there.OpenAndWait(lease);
            ((string?)command["state"]).ShouldBe("opened");
            (await here.StateOf(command)).ShouldBe("opened");
            ((bool)(await here.Get($"leases/{lease}")).Body!["openedEver"]!).ShouldBeTrue();
        }

        // The node that ordered dies before the answer: the other one hears it.
        TestPerson asha = await nodes.Second.GivenCustomer();
        TestPerson later = At(nodes.First, asha);
        Guid jammed = await bank.Rent(asha, 9);
        await bank.Do("doors/9/jam");
        JsonNode ordered = await asha.Open(jammed);
        await Eventually.Holds(async () => await bank.Pulses(9) == 1, TimeSpan.FromSeconds(5), "the pulse");
        await nodes.Second.Kill();
        await later.Becomes(ordered, ["not-opened"], TimeSpan.FromSeconds(10));
        (await bank.Pulses(9)).ShouldBe(1);
        await nodes.StartSecond();
        (await At(nodes.Second, asha).StateOf(ordered)).ShouldBe("not-opened");
    }

    /// <summary>The same person, talking to another node.</summary>
    private static TestPerson At(LatchkeyProcess node, TestPerson person)
    {
        var http = new HttpClient { BaseAddress = node.Http.BaseAddress };
        http.DefaultRequestHeaders.Authorization = person.Http.DefaultRequestHeaders.Authorization;
        return person with { Http = http };
    }

    /// <summary>Half of them at each node. Written into the database: 200 passwords would take longer to hash than the race takes.</summary>
    private async Task<TestPerson[]> GivenPeople()
    {
        var people = new TestPerson[Clients];
        for (int i = 0; i < Clients; i++)
        {
            Guid id = Guid.CreateVersion7();
            await SystemDatabase.Sql<int>(
                nodes.Data, "insert into person (id, email, name, password_hash, role, created_at) values (@id, @email, 'Racer', '-', 'customer', now())", new { id, email = $"{id:N}@test.example" });
            var http = new HttpClient { BaseAddress = (i % 2 == 0 ? nodes.First : nodes.Second).Http.BaseAddress, Timeout = TimeSpan.FromSeconds(60) };
            people[i] = new TestPerson(http, id, $"{id:N}@test.example", new JsonObject());
        }
        await GiveTokens(people);
        return people;
    }

    private async Task GiveTokens(TestPerson[] people)
    {
        await using NpgsqlDataSource source = NpgsqlDataSource.Create(SystemDatabase.ConnectionTo(nodes.Data));
        var db = new Db(source, new JournalBell());
        using TokenKeys keys = await TokenKeys.Load(db, new ServerKeys(db, TimeProvider.System), TimeProvider.System, CancellationToken.None);
        var tokens = new AccessTokens(keys);
        foreach (TestPerson person in people)
        {
            person.Http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue(
                "Bearer", tokens.Issue(new Caller(person.Id, "customer"), TimeProvider.System.GetUtcNow()).Token);
        }
    }

    private static async Task GiveBack(TestPerson winner, JsonNode lease, bool pay)
    {
        if (pay)
            await winner.Pay(lease);
        (int status, JsonNode? body) = await winner.Post($"leases/{lease["id"]}/{(pay ? "finish" : "cancel")}");
        status.ShouldBe(200, body?.ToJsonString());
    }
}
