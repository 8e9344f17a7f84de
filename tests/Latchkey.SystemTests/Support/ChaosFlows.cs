using System.Collections.Concurrent;
using System.Text.Json.Nodes;

namespace Latchkey.SystemTests.Support;

/// <summary>
/// What people do with lockers, each from its beginning to its end: a rental, an owned lock, a locker of the keypad bank, a visit by card, a deposit and its collection. Who is told no, or
/// nothing, tries again as a person does; who is told that a door has opened looks whether it has.
/// </summary>
public sealed class ChaosFlows
{
    public const string Rental = "rental", Lock = "lock", Keypad = "keypad", Visit = "visit", Deposit = "deposit";

    public static readonly string[] All = [Rental, Lock, Keypad, Visit, Deposit];

    /// <summary>So many visits go on at a time: a locker rests while others are used, as its coil must.</summary>
    private const int VisitsAtATime = 6;

    private readonly ChaosSystem _system;
    private readonly ChaosClient _client;
    private readonly ConcurrentQueue<ChaosDoor> _rentals, _deposits, _keypads;
    private readonly ConcurrentQueue<(Guid Lease, ChaosSystem.Person Owner, ChaosDoor Door)> _locks;
    private readonly ConcurrentQueue<ChaosSystem.Person> _people;
    private readonly ConcurrentQueue<string> _inside = new();
    private readonly ConcurrentDictionary<Guid, SemaphoreSlim> _readers = new();
    private int _number;

    public ChaosFlows(ChaosSystem system, ChaosClient client, IEnumerable<ChaosSystem.Person> people)
    {
        (_system, _client, _people) = (system, client, new ConcurrentQueue<ChaosSystem.Person>(people));
        ChaosDoor[] rented = [.. system.Doors.All.Where(d => d.Mode == "rental" && d.BankName != "West gate")]; // which closes at night
        _rentals = new ConcurrentQueue<ChaosDoor>(rented.Where((_, i) => i % 2 == 0));
        _deposits = new ConcurrentQueue<ChaosDoor>(rented.Where((_, i) => i % 2 == 1));
        _keypads = new ConcurrentQueue<ChaosDoor>(system.Doors.All.Where(d => d.Mode == "keypad"));
        _locks = new ConcurrentQueue<(Guid, ChaosSystem.Person, ChaosDoor)>(system.Locks);
    }

    public ConcurrentDictionary<string, int> Done { get; } = new();

    /// <summary>Played to its end, or a <see cref="TimeoutException"/>.</summary>
    public async Task Play(string flow, TimeSpan patience)
    {
        var trying = new Trying(patience, flow);
        await (flow switch
        {
            Rental => Rent(trying),
            Lock => UnlockAndLock(trying),
            Keypad => TakeAtKeypad(trying),
            Visit => ComeAndGo(trying),
            _ => LeaveAndCollect(trying),
        });
        Done.AddOrUpdate(flow, 1, (_, n) => n + 1);
    }

    private async Task Rent(Trying trying)
    {
        (ChaosDoor door, ChaosSystem.Person person) = (await Take(_rentals, trying), await Take(_people, trying));
        JsonNode lease = await Yes(201, trying, () => _client.Post(person, trying, $"sites/{door.Site}/holds", new { size = door.Size, hours = 1, lockerId = door.Locker }));
        await Pay(person, trying, lease);
        await Open(door, trying, () => _client.Post(person, trying, $"leases/{lease["id"]}/open", wait: true));
        await Yes(200, trying, () => _client.Post(person, trying, $"leases/{lease["id"]}/finish"));
        _rentals.Enqueue(door);
        _people.Enqueue(person);
    }

    private async Task UnlockAndLock(Trying trying)
    {
        (Guid lease, ChaosSystem.Person owner, ChaosDoor door) = await Take(_locks, trying);
        foreach ((string deed, string done, bool bolted) in ((string, string, bool)[])[("unlock", "unlocked", false), ("lock", "locked", true)])
        {
            for (string last = ""; last != done;)
            {
                (int status, JsonNode? said) = await _client.Post(owner, trying, $"locks/{lease}/{deed}", wait: true);
                last = (string?)said?[status < 400 ? "state" : "code"] ?? "";
                if (status < 400 && last == done && (await _system.Doors.Look(door)).Bolted != bolted)
                    _client.Lies.Enqueue($"The lock of {lease} was said to be {done} and is not.");
                if (last != done)
                    await trying.Again($"{deed}: {said?.ToJsonString()}");
            }
        }
        _locks.Enqueue((lease, owner, door));
    }

    private async Task TakeAtKeypad(Trying trying)
    {
        ChaosDoor door = await Take(_keypads, trying);
        // Far from each other: how many SMS go to numbers that begin alike has a limit.
        string phone = $"+919{Interlocked.Increment(ref _number) * 618_033_989L % 1_000_000_000:000000000}";
        Guid lease = Guid.Empty;
        for (string? state = null; state != "active";)
        {
            JsonNode asked = await Yes(202, trying, () => _client.Post(null, trying, $"keypad/banks/{door.Bank}/lockers", new { lockerId = door.Locker, phone }));
            lease = (Guid)asked["id"]!;
            // The bank says that it has it on its disk, or it is let go after twenty seconds and asked for again.
            for (state = "held"; state == "held";)
            {
                await trying.Again("the keypad bank has not said that it keeps it", milliseconds: 100);
                state = (string?)(await _client.Get(null, trying, $"keypad/lockers/{lease}")).Body?["state"];
            }
        }
        string code = await Sent(trying, phone);
        await Open(door, trying, () => _client.Post(null, trying, $"keypad/lockers/{lease}/open", new { number = phone, code }, wait: true));
        await Yes(200, trying, () => _client.Post(null, trying, $"keypad/lockers/{lease}/finish", new { number = phone, code }));
        _keypads.Enqueue(door);
    }

    private async Task ComeAndGo(Trying trying)
    {
        string card = $"04{Interlocked.Increment(ref _number):x8}";
        await AtReader(_system.Doors.Gate, card, "in", trying, async () => await Said(trying, card) is "begun" or "known");
        Guid locker = await _client.Read<Guid>(trying, "select locker_id from lease where card = @card and kind = 'visit' and state = 'active'", new { card });
        ChaosDoor door = _system.Doors.All.Single(d => d.Locker == locker);
        int before = (await _system.Doors.Look(door)).Pulses;
        await AtReader(door.Device, card, null, trying, async () => (await _system.Doors.Look(door)).Pulses > before);
        await Shut(door, trying);
        _inside.Enqueue(card);
        if (_inside.Count <= VisitsAtATime || !_inside.TryDequeue(out string? leaving))
            return;
        await AtReader(_system.Doors.Gate, leaving, "out", trying, async () => await Said(trying, leaving) == "ended");
    }

    private async Task LeaveAndCollect(Trying trying)
    {
        (ChaosDoor door, ChaosSystem.Person sender) = (await Take(_deposits, trying), await Take(_people, trying));
        string receiver = $"receiver-{Interlocked.Increment(ref _number)}@receiver.example";
        JsonNode deposit = await Yes(201, trying, () => _client.Post(sender, trying, "deposits", new { lockerId = door.Locker, receiverEmail = receiver, pays = "sender", hours = 1 }));
        if ((string?)deposit["stage"] == "paying")
            await Pay(sender, trying, deposit);
        await Open(door, trying, () => _client.Post(sender, trying, $"deposits/{deposit["id"]}/open", wait: true), "put-in");
        await Reaches(deposit, sender, "stored", trying);
        string code = await Sent(trying, receiver);
        await Open(door, trying, () => _client.Post(null, trying, $"deposits/lockers/{door.Locker}/collect", new { code }, wait: true), "take-out");
        await Reaches(deposit, sender, "collected", trying);
        _deposits.Enqueue(door);
        _people.Enqueue(sender);
    }

    private async Task Reaches(JsonNode deposit, ChaosSystem.Person sender, string stage, Trying trying)
    {
        while (true)
        {
            JsonNode? seen = (await _client.Get(sender, trying, $"deposits/{deposit["id"]}")).Body;
            if ((string?)seen?["stage"] == stage)
                return;
            await trying.Again($"the deposit is not {stage}: {seen?.ToJsonString()}", milliseconds: 100);
        }
    }

    private async Task Pay(ChaosSystem.Person person, Trying trying, JsonNode lease)
    {
        JsonNode payment = await Yes(201, trying, () => _client.Post(person, trying, $"leases/{lease["id"]}/payments"));
        string checkout = $"sandbox/checkouts/{((string)payment["checkoutUrl"]!).Split('/', '?')[2]}";
        ((string?)(await Yes(200, trying, () => _client.Post(null, trying, checkout, new { card = "4242424242424242" })))["state"]).ShouldBe("authorised");
    }

    /// <summary>Asked until it is granted: each no along the way is an honest one, or it is among the lies.</summary>
    private static async Task<JsonNode> Yes(int wanted, Trying trying, Func<Task<(int Status, JsonNode? Body)>> ask)
    {
        while (true)
        {
            (int status, JsonNode? said) = await ask();
            if (status == wanted)
                return said!;
            await trying.Again($"{status} {said?.ToJsonString()}", milliseconds: 150);
        }
    }

    /// <summary>Ordered until the door has moved; whoever was told that it has opened looks. Then something is done inside, and it is shut.</summary>
    private async Task Open(ChaosDoor door, Trying trying, Func<Task<(int Status, JsonNode? Body)>> order, string? inside = null)
    {
        int first = (await _system.Doors.Look(door)).Pulses;
        for (int before = first; before == first;)
        {
            (int status, JsonNode? said) = await order();
            string? state = (string?)(said?["command"] ?? said)?["state"];
            before = (await _system.Doors.Look(door)).Pulses;
            if (status < 400 && state == "opened" && before == first)
                _client.Lies.Enqueue($"Door {door.Label} of {door.BankName} was said to have opened and has not: {said?.ToJsonString()}");
            if (before == first)
                await trying.Again($"door {door.Label} of {door.BankName}: {status} {said?.ToJsonString()}", milliseconds: 300);
        }
        await Shut(door, trying, inside);
    }

    private async Task Shut(ChaosDoor door, Trying trying, string? inside = null)
    {
        while (!(await _system.Doors.Look(door)).Open)
            await trying.Again($"door {door.Label} of {door.BankName} was released and is not open", milliseconds: 20);
        if (inside is not null)
            await _system.Doors.Do(door, inside);
        // A hand takes its time, and what is inside is believed after a second.
        await Task.Delay(TimeSpan.FromMilliseconds(inside is null ? 150 : 1200), TimeProvider.System);
        await _system.Doors.Do(door, "close");
    }

    /// <summary>A card is held to a reader, by one person at a time, and again every two seconds until it has worked.</summary>
    private async Task AtReader(Guid device, string card, string? way, Trying trying, Func<Task<bool>> worked)
    {
        SemaphoreSlim reader = _readers.GetOrAdd(device, _ => new SemaphoreSlim(1));
        for (bool done = false; !done;)
        {
            await reader.WaitAsync();
            try
            {
                await _system.Doors.Tap(device, card, way);
                long tapped = TimeProvider.System.GetTimestamp();
                while (!(done = await worked()) && TimeProvider.System.GetElapsedTime(tapped).TotalSeconds < 2)
                    await trying.Again($"card {card} at {device} {way}: {await Said(trying, card)}", milliseconds: 50);
            }
            finally
            {
                reader.Release();
            }
        }
    }

    private Task<string?> Said(Trying trying, string card) => _client.Read<string>(trying, "select said from tap where card = @card order by at desc limit 1", new { card });

    /// <summary>The code that came to an address.</summary>
    private async Task<string> Sent(Trying trying, string address)
    {
        while (true)
        {
            if (await _client.Read<string>(trying, "select words ->> 'code' from message where address = @address and words ? 'code' order by id desc limit 1", new { address }) is { } code)
                return code;
            await trying.Again($"no code has come to {address}", milliseconds: 100);
        }
    }

    /// <summary>The one that has rested longest.</summary>
    private static async Task<T> Take<T>(ConcurrentQueue<T> from, Trying trying)
    {
        T? taken;
        while (!from.TryDequeue(out taken))
            await trying.Again("all are in use");
        return taken;
    }
}
