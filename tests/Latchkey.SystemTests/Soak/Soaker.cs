using System.Text.Json.Nodes;

namespace Latchkey.SystemTests.Soak;

/// <summary>Somebody who does the same thing again and again, in their own time, until the run is over; what they have begun they bring to its end.</summary>
internal abstract class Soaker(SoakWorld world, Book book, int seed, double scale) : IDisposable
{
    /// <summary>What the server does by itself after a door has moved (a deposit is stored, a code is sent) takes it a second or two; nobody waits longer than this before they complain.</summary>
    protected static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    /// <summary>How often an opening may say "still under way", a second apart, before the door counts as one that did not open.</summary>
    private const int MostLooks = 15;

    private int _flows;
    private volatile bool _gone;

    /// <summary>They have brought to its end what they were at.</summary>
    public bool IsGone => _gone;

    protected SoakWorld World => world;

    /// <summary>Nobody else has this one.</summary>
    protected int Seed => seed;

    protected Book Book => book;

    protected SoakClient Client { get; } = new(world.Nodes, book, new Random(seed));

    protected Pace Pace { get; } = new(new Random(seed + 1_000_000), scale);

    protected Random Chance => Pace.Chance;

    public abstract string Kind { get; }

    public string Email => $"soak-{Kind}-{seed}@test.example";

    /// <summary>What is done once, before the first time.</summary>
    public virtual Task Begin() => World.SignUp(Client, Email);

    /// <summary>Once through; false where somebody else was faster or they thought better of it.</summary>
    protected abstract Task<bool> Flow();

    /// <param name="mostFlows">Then they have had enough.</param>
    /// <param name="over">They begin nothing new. What they are at they bring to its end in their own time: five hundred who all hurry at the same moment are a storm, and not people.</param>
    public async Task Live(int mostFlows, CancellationToken over)
    {
        // Not everybody at once.
        await Pace.Away(over);
        while (!over.IsCancellationRequested && _flows < mostFlows)
        {
            try
            {
                if (await Flow())
                {
                    book.Done(Kind);
                    _flows++;
                }
            }
            catch (Exception e) when (e is SoakFault or TimeoutException)
            {
                book.Error(Kind, e.Message);
            }
            catch (Exception e)
            {
                // An answer that does not look as it should is somebody's error too, and the others go on.
                book.Error(Kind, e.ToString());
            }
            await Pace.Away(over);
        }
        _gone = true;
    }

    /// <summary>The order's answer, or its last state when the answer came before the door had moved.</summary>
    /// <param name="meant">opened, unlocked, locked.</param>
    protected async Task Moves(JsonNode? command, string meant)
    {
        JsonNode seen = command ?? throw new SoakFault("no order was given");
        for (int look = 0; (string?)seen["state"] is "pending" or "sent" && look < MostLooks; look++)
        {
            await Pace.Sleep(TimeSpan.FromSeconds(1), CancellationToken.None);
            if (Client.Token is null)
                break; // nobody without an account reads an order
            seen = (await Client.Get($"commands/{seen["id"]}")).Body!;
        }
        if ((string?)seen["state"] != meant)
            throw new SoakFault($"the door is not {meant}: {seen.ToJsonString()}");
    }

    /// <summary>The bank and the number of a locker's door.</summary>
    protected (SoakBank Bank, int Number) DoorOf(Guid locker)
    {
        SoakBank bank = World.Banks.First(b => b.Lockers.ContainsKey(locker));
        return (bank, bank.Lockers[locker].Number);
    }

    /// <summary>What hands do at a door: put-in, take-out, close, pull.</summary>
    protected Task Does(SoakBank bank, int number, string deed) => Client.Hardware(World.Nodes[0], $"{bank.Id}/hardware/doors/{number}/{deed}");

    protected Task<JsonNode> Looks(SoakBank bank) => Client.Hardware(World.Nodes[0], $"{bank.Id}/hardware", look: true);

    /// <summary>Something is put in or taken out of an open locker, and its door is shut.</summary>
    protected async Task Uses(Guid locker, string deed)
    {
        (SoakBank bank, int number) = DoorOf(locker);
        await Uses(bank, number, deed);
    }

    protected async Task Uses(SoakBank bank, int number, string deed)
    {
        if (!(await Looks(bank))["doors"]!.AsArray().Any(d => (int)d!["number"]! == number && (bool)d["open"]!))
            throw new SoakFault($"door {number} of {bank.Id} is said to be open and is shut");
        await Does(bank, number, deed);
        await Pace.Hands();
        await Does(bank, number, "close");
    }

    protected async Task Pays(JsonNode payment)
    {
        string checkout = $"sandbox/checkouts/{((string)payment["checkoutUrl"]!).Split('/', '?')[2]}";
        await Client.Get(checkout);
        await Pace.Reads();
        Answer paid = await Client.Post(checkout, new { card = "4242424242424242" });
        if ((string?)paid["state"] != "authorised")
            throw new SoakFault($"a good card was not taken: {paid.Body!.ToJsonString()}");
    }

    /// <summary>
    /// Asks again while the door's last word is still on its way to the server, as somebody presses "Finish" once more. With human timing it hardly ever is.
    /// </summary>
    protected async Task<Answer> WhenShut(Func<string[], Task<Answer>> ask)
    {
        string[] own = ["door-open", "command-pending", "not-empty"];
        const int most = 20;
        for (int time = 0; ; time++)
        {
            Answer answer = await ask(time < most ? own : []);
            if (!answer.Refused)
                return answer;
            await Pace.Sleep(TimeSpan.FromSeconds(0.5), CancellationToken.None);
        }
    }

    /// <summary>Looks until it is as it should be.</summary>
    protected static async Task<JsonNode> Becomes(Func<Task<Answer>> look, Func<JsonNode, bool> asMeant, string what)
    {
        long begun = TimeProvider.System.GetTimestamp();
        while (true)
        {
            JsonNode seen = (await look()).Body!;
            if (asMeant(seen))
                return seen;
            if (TimeProvider.System.GetElapsedTime(begun) > Patience)
                throw new SoakFault($"not within {Patience.TotalSeconds} s: {what}; it is {seen.ToJsonString()}");
            await Pace.Sleep(TimeSpan.FromSeconds(0.5), CancellationToken.None);
        }
    }

    public void Dispose() => Client.Dispose();
}
