using Latchkey.SystemTests.Support;
using Latchkey.Tests.Support;

namespace Latchkey.SystemTests.Soak;

/// <summary>How many of each kind come.</summary>
/// <param name="Owners">At most as many as there are locks.</param>
/// <param name="Screens">Beside the people: what hangs on a wall or lies on a table and follows.</param>
internal sealed record SoakPeople(int Renters, int Owners, int Guests, int Visitors, int Depositors, int Screens)
{
    public int Customers => Renters + Owners + Guests + Visitors + Depositors;
}

/// <summary>The people of a soak, from their coming to their going.</summary>
internal sealed class SoakRun
{
    private readonly SoakWorld _world;
    private readonly int _mostFlows;
    private readonly List<Soaker> _people = [];
    private readonly List<SoakClient> _others = [];
    private readonly List<Screen> _screens = [];
    private Staff _staff = null!;
    private int[] _before = [];

    private SoakRun(SoakWorld world, int mostFlows) => (_world, _mostFlows, Watch) = (world, mostFlows, new Watch(world, Book));

    /// <summary>Whoever is in the middle of it when the run is over goes on in their own time: two long absences, and a queue before a gate, at worst.</summary>
    private static readonly TimeSpan LongestGoodbye = TimeSpan.FromMinutes(12);

    public Book Book { get; } = new();

    public static async Task<SoakRun> Of(SoakWorld world, SoakPeople people, double scale, int mostFlows, int seed = 20261123)
    {
        var run = new SoakRun(world, mostFlows);
        TestPerson admin = await world.First.GivenAdmin();
        SoakBank[] locks = [.. world.Banks.Where(b => b.Owned)];
        int n = seed;
        run._people.AddRange(Enumerable.Range(0, people.Renters).Select(_ => new Renter(world, run.Book, n++, scale)));
        run._people.AddRange(Enumerable.Range(0, people.Owners).Select(i => new LockOwner(world, run.Book, n++, scale, locks[i], admin)));
        run._people.AddRange(Enumerable.Range(0, people.Guests).Select(_ => new KeypadGuest(world, run.Book, n++, scale)));
        run._people.AddRange(Enumerable.Range(0, people.Visitors).Select(_ => new Visitor(world, run.Book, n++, scale)));
        run._people.AddRange(Enumerable.Range(0, people.Depositors).Select(_ => new Depositor(world, run.Book, n++, scale)));
        foreach (Soaker person in run._people)
            await person.Begin();
        SoakClient desk = run.Another(n++);
        desk.TakeSession(admin.Session);
        run._staff = new Staff(world, run.Book, desk, scale);
        for (int i = 0; i < people.Screens; i++)
        {
            SoakClient owner = run.Another(n);
            await world.SignUp(owner, $"soak-screen-{n}@test.example");
            run._screens.Add(new Screen(owner, run.Book, new Pace(new Random(n++), scale), $"site={world.Sites[i % world.Sites.Count]}"));
        }
        return run;
    }

    /// <summary>What was seen meanwhile.</summary>
    public Watch Watch { get; }

    /// <summary>Everybody comes, and after so long, or when all have had enough, everybody brings to its end what they are at.</summary>
    public async Task Play(TimeSpan length)
    {
        // Not theirs: of the test itself, and of the simulator's page.
        _before = [.. _world.Nodes.Select(Watch.ConnectionsTo)];
        using var over = new CancellationTokenSource();
        using var goHome = new CancellationTokenSource();
        Task[] screens = [.. _screens.Select(s => Task.Run(() => s.Follow(goHome.Token)))];
        Task staff = Task.Run(() => _staff.Work(goHome.Token));
        Task watching = Task.Run(() => Watch.Run(over.Token));
        Task people = Task.WhenAll(_people.Select(p => Task.Run(() => p.Live(_mostFlows, over.Token))));
        await Task.WhenAny(people, Task.Delay(length, TimeProvider.System));
        await over.CancelAsync();
        await watching;
        if (await Task.WhenAny(people, Task.Delay(LongestGoodbye, TimeProvider.System)) != people)
            Book.Error("people", $"after {LongestGoodbye.TotalMinutes} minutes {_people.Count(p => !p.IsGone)} have not come to the end of what they were at: {string.Join(", ", _people.Where(p => !p.IsGone).CountBy(p => p.Kind))}");
        await goHome.CancelAsync();
        await staff;
        await Task.WhenAll(screens);
    }

    /// <summary>They close their browsers, and no connection of theirs is left at either node.</summary>
    public async Task NobodyIsLeft()
    {
        foreach (Soaker person in _people)
            person.Dispose();
        foreach (SoakClient other in _others)
            other.Dispose();
        for (int node = 0; node < _world.Nodes.Length; node++)
        {
            Uri at = _world.Nodes[node];
            await Eventually.Holds(() => Watch.ConnectionsTo(at) <= _before[node], TimeSpan.FromSeconds(10), $"the {Watch.ConnectionsTo(at)} connections to node {node + 1} are {_before[node]} as before they came");
        }
    }

    private SoakClient Another(int seed)
    {
        var client = new SoakClient(_world.Nodes, Book, new Random(seed));
        _others.Add(client);
        return client;
    }
}
