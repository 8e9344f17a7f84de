using System.Collections.Concurrent;
using System.Net.Sockets;
using System.Text.Json.Nodes;
using Latchkey.Tests.Support;

namespace Latchkey.SystemTests.Support;

/// <summary>
/// People who hold, pay, open and finish, each request repeated with its key until it is answered, and who remember what they were told: so that
/// the database can be held to it after the servers they talked to have died.
/// </summary>
/// <param name="data">The data directory of the database.</param>
/// <param name="server">Whom to ask next.</param>
/// <param name="gone">Waits until it makes sense to ask again, after a server did not answer.</param>
public sealed class Crowd(string data, Func<LatchkeyProcess> server, Func<LatchkeyProcess, Task> gone)
{
    /// <summary>The furthest that somebody was told their rental has come.</summary>
    private enum Told
    {
        Held,
        Active,
        Opened,
        Ended,
        Cancelled,
    }

    /// <summary>People, not a storm: what is tested is what a kill leaves behind, and a busy processor only makes every kill take longer.</summary>
    private static readonly TimeSpan Thinking = TimeSpan.FromMilliseconds(30);

    private readonly ConcurrentDictionary<Guid, (Guid Person, Told Told)> _told = new();
    private volatile IReadOnlyList<VirtualBank> _banks = [];
    private volatile bool _finishing;
    private readonly PatientClient _client = new(server, gone, Thinking);

    public int Answers => _client.Answers;

    public int Lost { get; private set; }

    public int Doubled { get; private set; }

    /// <summary>The last turn of everybody is played to its end.</summary>
    public void Finish() => _finishing = true;

    /// <summary>The two sites that never close: two banks each.</summary>
    public async Task FindBanks(LatchkeyProcess at)
    {
        var banks = new List<VirtualBank>();
        foreach (string name in (string[])["Hall A, bank 1", "Concourse, left", "Hall B, bank 2", "Concourse, right"])
            banks.Add(await VirtualBank.Find(at, name));
        foreach (VirtualBank bank in banks)
            await bank.BecomesReachable();
        _banks = banks;
    }

    /// <summary>One person's evening: hold, pay or think better of it, open, close, finish; each request with its key until it is answered.</summary>
    public async Task Write(TestPerson person, int seed)
    {
        for (int turn = seed; !_finishing; turn++)
        {
            VirtualBank bank = _banks[turn % 2];
            (int status, JsonNode? lease) = await Ask(person, $"sites/{bank.Site}/holds", new { size = turn % 3 == 0 ? "S" : "M", hours = 1 });
            if (status != 201)
            {
                // Full for a moment: the others finish.
                await Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System);
                continue;
            }
            var id = (Guid)lease!["id"]!;
            var locker = (Guid)lease["locker"]!["id"]!;
            Note(person, id, Told.Held);
            if (turn % 5 == 4)
            {
                // It takes no key: said again after a kill, it finds the hold cancelled already.
                (status, JsonNode? cancelled) = await Ask(person, $"leases/{id}/cancel");
                (status == 200 || (string?)cancelled?["code"] == "lease-not-held").ShouldBeTrue(cancelled?.ToJsonString());
                Note(person, id, Told.Cancelled);
                continue;
            }
            (status, JsonNode? payment) = await Ask(person, $"leases/{id}/payments");
            status.ShouldBe(201, payment?.ToJsonString());
            (status, JsonNode? paid) = await Ask(person, $"sandbox/checkouts/{((string)payment!["checkoutUrl"]!).Split('/', '?')[2]}", new { card = "4242424242424242" });
            ((string?)paid?["state"]).ShouldBe("authorised", paid?.ToJsonString());
            Note(person, id, Told.Active);
            await OpenAndFinish(person, id, locker);
        }
    }

    private async Task OpenAndFinish(TestPerson person, Guid lease, Guid locker)
    {
        (int status, JsonNode? command) = await Ask(person, $"leases/{lease}/open", wait: true);
        status.ShouldBeOneOf(200, 202);
        if ((string?)command!["state"] == "opened")
            Note(person, lease, Told.Opened);
        for (int attempt = 0; ; attempt++)
        {
            VirtualBank bank = _banks.Single(b => b.Numbers.Values.Any(l => l.Id == locker));
            await Quietly(() => bank.Do($"doors/{bank.Numbers.Single(n => n.Value.Id == locker).Key}/close"));
            (status, JsonNode? ended) = await Ask(person, $"leases/{lease}/finish");
            if (status == 200)
                break;
            // The door's word or the command's is still under way.
            ((string?)ended!["code"]).ShouldBeOneOf("door-open", "command-pending");
            attempt.ShouldBeLessThan(1000, ended.ToJsonString());
            await Task.Delay(TimeSpan.FromMilliseconds(50), TimeProvider.System);
        }
        Note(person, lease, Told.Ended);
    }

    /// <summary>A person at the door needs no answer; without a server they wait for it like everybody.</summary>
    private async Task Quietly(Func<Task> deed)
    {
        try
        {
            await deed();
        }
        catch (Exception e) when (e is HttpRequestException or SocketException)
        {
            await gone(server());
        }
    }

    private Task<(int Status, JsonNode? Body)> Ask(TestPerson person, string path, object? body = null, bool wait = false) =>
        _client.Ask(person, HttpMethod.Post, path, body, wait ? [("Prefer", "wait=5")] : []);

    private void Note(TestPerson person, Guid lease, Told told) => _told[lease] = (person.Id, told);

    /// <summary>The rows beside what people were told; while nobody is answered, or it may be told of what comes a moment later.</summary>
    public async Task CheckAll()
    {
        Dictionary<Guid, LeaseNow> rows = (await SystemDatabase.Rows<LeaseNow>(
            data,
            """
            select l.id, l.state, l.person_id, l.opened_ever, l.receipt_number,
              (select count(*) from payment p where p.lease_id = l.id and p.state in ('authorised', 'captured')) as good,
              (select count(*) from payment p where p.lease_id = l.id) as payments,
              (select count(*) from ledger_entry e where e.lease_id = l.id and e.kind = 'charge') as charges,
              (select coalesce(sum(e.minor), 0)::bigint from ledger_entry e where e.lease_id = l.id and e.kind = 'charge') as charged,
              (select coalesce(sum(e.minor), 0)::bigint from ledger_entry e where e.lease_id = l.id and e.kind = 'payment') as paid,
              (select coalesce(sum(p.captured_minor), 0)::bigint from payment p where p.lease_id = l.id) as captured,
              (select count(*) from journal j where j.lease_id = l.id and j.kind = 'lease-held') as helds,
              (select count(*) from journal j where j.lease_id = l.id and j.kind = 'lease-active') as actives,
              (select count(*) from journal j where j.lease_id = l.id and j.kind = 'lease-ended') as ends,
              (select count(*) from command c where c.lease_id = l.id) as commands
            from lease l where l.kind = 'rental' -- the demo has a lock that somebody owns
            """)).ToDictionary(r => r.Id);
        foreach ((Guid id, (Guid person, Told told)) in _told)
        {
            if (!rows.TryGetValue(id, out LeaseNow? row) || row.PersonId != person || !Keeps(row, told))
                Lost++;
        }
        foreach (LeaseNow row in rows.Values)
        {
            bool paidFor = row.State is "active" or "ended";
            if (row.Helds != 1 || row.Actives != (paidFor ? 1 : 0) || row.Ends != (row.State == "ended" ? 1 : 0))
                Doubled++;
            if (row.Payments > 1 || row.Charges > 1 || row.Commands > 1 || row.Paid != row.Captured || row.Paid > row.Charged)
                Doubled++;
            if (row.State == "ended" && ((row.Charges == 1) != row.OpenedEver || row.ReceiptNumber is null))
                Lost++;
        }
        Doubled += (int)await SystemDatabase.Sql<long>(
            data, "select count(*) from (select locker_id from lease where state in ('held', 'active', 'overdue') group by locker_id having count(*) > 1) t");
    }

    /// <summary>At the end everybody knows of each of their rentals: none was made that nobody was told of.</summary>
    public async Task CheckWriters(IReadOnlyList<TestPerson> people)
    {
        foreach (TestPerson person in people)
        {
            IReadOnlyList<Guid> stored = await SystemDatabase.Rows<Guid>(data, "select id from lease where person_id = @Id", new { person.Id });
            Guid[] known = [.. _told.Where(t => t.Value.Person == person.Id).Select(t => t.Key)];
            Doubled += stored.Except(known).Count();
            Lost += known.Except(stored).Count();
        }
    }

    private static bool Keeps(LeaseNow row, Told told) => told switch
    {
        Told.Held => row.State is "held" or "active" or "cancelled",
        Told.Active => row.State is "active" or "ended" && (row.State == "ended" || row.Good == 1),
        Told.Opened => row.State is "active" or "ended" && row.OpenedEver,
        Told.Ended => row.State == "ended",
        _ => row.State == "cancelled",
    };

    private sealed class LeaseNow
    {
        public Guid Id { get; init; }
        public string State { get; init; } = "";
        public Guid PersonId { get; init; }
        public bool OpenedEver { get; init; }
        public long? ReceiptNumber { get; init; }
        public long Good { get; init; }
        public long Payments { get; init; }
        public long Charges { get; init; }
        public long Charged { get; init; }
        public long Paid { get; init; }
        public long Captured { get; init; }
        public long Helds { get; init; }
        public long Actives { get; init; }
        public long Ends { get; init; }
        public long Commands { get; init; }
    }
}
