using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Dapper;
using Latchkey.Server.Devices;
using Latchkey.Server.Features.Demo;
using Latchkey.Server.Features.Locks;
using Latchkey.Server.Features.Places;
using Latchkey.Server.Journal;
using Latchkey.Server.Storage;
using Latchkey.SystemTests.Support;
using Latchkey.Tests.Support;
using Npgsql;

namespace Latchkey.SystemTests.Soak;

/// <param name="Lockers">By their ids: door, label, size.</param>
internal sealed record SoakBank(Guid Id, Guid Site, string Mode, bool Owned, IReadOnlyDictionary<Guid, (int Number, string Label, string Size)> Lockers)
{
    /// <summary>One person stands before a reader or a keypad; others queue.</summary>
    public SemaphoreSlim Queue { get; } = new(1);
}

/// <summary>
/// Three sites, their banks run by the demo's simulator over MQTT, and two nodes. The demo brings ten banks; the others are written into its database as it does it itself, and get their keys and certificates
/// from the server at its next start, like every simulated device.
/// </summary>
internal sealed class SoakWorld : IAsyncDisposable
{
    /// <summary>Twelve doors, as a bank of the demo has.</summary>
    private static readonly string[] Rented = ["SSSSSS", "MMM", "LL", "XL"], Wide = ["SSSSSS", "SSSSSS", "MMM", "MMM", "MMM"];

    /// <summary>Labels of two banks do not meet.</summary>
    private const int MostDoors = 200;

    /// <summary>Behind the demo's own.</summary>
    private const int Beside = 500;

    private readonly string _data;

    private SoakWorld(string data, NpgsqlDataSource database) => (_data, Database) = (data, database);

    public LatchkeyProcess First { get; private set; } = null!;

    public LatchkeyProcess Second { get; private set; } = null!;

    public string Data => _data;

    /// <summary>The database under a name of its own, so that these connections are not counted with the nodes'.</summary>
    public NpgsqlDataSource Database { get; }

    public const string DatabaseName = "soak";

    public IReadOnlyList<SoakBank> Banks { get; private set; } = [];

    public IReadOnlyList<Guid> Sites => [.. Banks.Select(b => b.Site).Distinct()];

    public Uri[] Nodes => [First.Http.BaseAddress!, Second.Http.BaseAddress!];

    /// <param name="more">How many banks of each mode stand beside the demo's own; none of them: the demo as it is.</param>
    public static async Task<SoakWorld> Start(More more)
    {
        string data = await DemoData.New();
        var world = new SoakWorld(data, NpgsqlDataSource.Create($"{SystemDatabase.ConnectionTo(data)};Application Name={DatabaseName}"));
        world.First = await LatchkeyProcess.Start(data);
        if (more.Any)
        {
            await world.Add(more);
            NpgsqlConnection.ClearAllPools(); // the database goes with its server
            await world.First.DisposeAsync();
            world.Database.Clear();
            world.First = await LatchkeyProcess.Start(data);
        }
        world.Second = await LatchkeyProcess.Beside(data);
        await world.Look();
        return world;
    }

    /// <summary>Banks beside the demo's.</summary>
    internal sealed record More(int Rental, int Keypad, int Gates, int Visit, int Owned)
    {
        public bool Any => Rental + Keypad + Gates + Visit + Owned > 0;
    }

    public async Task<T?> Sql<T>(string sql, object? parameters = null)
    {
        await using NpgsqlConnection db = await Database.OpenConnectionAsync();
        return await db.ExecuteScalarAsync<T>(sql, parameters);
    }

    public async Task<IReadOnlyList<T>> Rows<T>(string sql, object? parameters = null)
    {
        DefaultTypeMap.MatchNamesWithUnderscores = true;
        await using NpgsqlConnection db = await Database.OpenConnectionAsync();
        return [.. await db.QueryAsync<T>(sql, parameters)];
    }

    /// <summary>Of what was just sent to an address, the words; its reader has waited for it.</summary>
    public async Task<JsonNode> Sent(string address, string word, TimeSpan within)
    {
        // Ids are in the order of time: the newest minutes are found without reading all that was ever sent.
        string words = await Eventually.Is(
            () => Sql<string>(
                "select words::text from message where id > @since and address = @address and words ? @word order by id desc limit 1",
                new { since = Guid.CreateVersion7(TimeProvider.System.GetUtcNow() - TimeSpan.FromMinutes(20)), address, word }),
            within, $"a message with a {word} for {address}");
        return JsonNode.Parse(words)!;
    }

    /// <summary>Somebody with an account that has no password: who signs in is not what is looked at, and 500 hashes take minutes.</summary>
    public async Task SignUp(SoakClient client, string email)
    {
        Answer asked = await client.Post("auth/codes", new { purpose = "sign-up", email });
        string code = (string)(await Sent(email, "code", TimeSpan.FromSeconds(10)))["code"]!;
        client.TakeSession((await client.Post("auth/signup", new { challenge = (string?)asked["challenge"], code, name = "Soaker" })).Body!);
    }

    /// <summary>Makes this person the owner of a lock that nobody of these has.</summary>
    public async Task Own(SoakBank bank, Guid person, TestPerson admin)
    {
        string? email = await Sql<string>("select email from person where id = @person", new { person });
        using HttpResponseMessage given = await admin.Http.PutAsJsonAsync($"admin/locks/{bank.Id}/owner", new { email });
        ((int)given.StatusCode).ShouldBe(200, await given.Content.ReadAsStringAsync());
    }

    private async Task Add(More more)
    {
        var db = new Db(Database, new JournalBell());
        var grants = new Grants(await new ServerKeys(db, TimeProvider.System).PrivateKey(ServerKeys.Pass, CancellationToken.None));
        Guid[] sites = [.. await Rows<Guid>("select id from site order by name")];
        Guid pool = await Sql<Guid>("select site_id from bank where mode = 'gate'"), second = sites.First(s => s != pool);
        int label = 1000;
        await db.Change(
            async tx =>
            {
                DateTimeOffset now = TimeProvider.System.GetUtcNow();
                // One of the demo's sites is shut at night; a soak may be run at any hour. Visits begin with any card.
                await tx.Execute("update site set opening_hours = '[]', uid_cards = true");
                for (int n = 0; n < more.Rental; n++)
                    label = await Insert(tx, sites[n % sites.Length], $"Soak {n + 1}", BankMode.Rental, Rented, label, grants, now);
                for (int n = 0; n < more.Keypad; n++)
                    label = await Insert(tx, sites[n % sites.Length], $"Soak keypad {n + 1}", BankMode.Keypad, Wide, label, grants, now);
                for (int n = 0; n < more.Gates; n++)
                    await Insert(tx, second, $"Soak gate {n + 1}", BankMode.Gate, [], label, grants, now);
                for (int n = 0; n < more.Visit; n++)
                    label = await Insert(tx, n % 2 == 0 ? second : pool, $"Soak pool {n + 1}", BankMode.Visit, Wide, label, grants, now);
                for (int n = 0; n < more.Owned; n++)
                    await MakeLock.Insert(tx, sites[n % sites.Length], $"Soak box {n + 1}", DemoSeed.SimulatedModel, now);
                return true;
            },
            CancellationToken.None);
    }

    /// <summary>As the demo writes its own; the first label of the next one.</summary>
    private static async Task<int> Insert(Transaction tx, Guid site, string name, BankMode mode, string[] columns, int label, Grants grants, DateTimeOffset now)
    {
        Guid bank = await DemoSeed.AddBank(tx, site, new DemoBank(name, label, columns, Mode: mode, CodeDigits: 4), Beside, now);
        if (mode != BankMode.Rental)
            await grants.Introduce(tx, bank, now);
        return label + MostDoors;
    }

    /// <summary>What stands where, and that all of it is on line.</summary>
    private async Task Look()
    {
        IReadOnlyList<LockerRow> rows = await Rows<LockerRow>(
            "select b.id as bank, b.site_id as site, b.mode, b.owned, k.id, coalesce(k.number, 0) as number, coalesce(k.label, '') as label, coalesce(k.size, '') as size from bank b left join locker k on k.bank_id = b.id order by b.position, b.id, k.number");
        Banks = [.. rows.GroupBy(r => r.Bank).Select(g => new SoakBank(g.Key, g.First().Site, g.First().Mode, g.First().Owned, g.Where(r => r.Id is not null).ToDictionary(r => r.Id!.Value, r => (r.Number, r.Label, r.Size))))];
        await Eventually.Holds(
            async () => await Sql<long>("select count(*) from device d join bank b on b.device_id = d.id where d.online is not true") == 0, TimeSpan.FromSeconds(60), "every bank is on line");
    }

    private sealed class LockerRow
    {
        public Guid Bank { get; init; }
        public Guid Site { get; init; }
        public string Mode { get; init; } = "";
        public bool Owned { get; init; }
        public Guid? Id { get; init; }
        public int Number { get; init; }
        public string Label { get; init; } = "";
        public string Size { get; init; } = "";
    }

    public async ValueTask DisposeAsync()
    {
        await Database.DisposeAsync();
        if (Second is not null)
            await Second.DisposeAsync();
        await First.DisposeAsync();
    }
}
