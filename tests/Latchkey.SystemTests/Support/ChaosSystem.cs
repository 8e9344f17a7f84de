using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text.Json.Nodes;
using Latchkey.Server.Devices;
using Latchkey.Server.Features.Accounts;
using Latchkey.Server.Features.Demo;
using Latchkey.Server.Features.Locks;
using Latchkey.Server.Features.Places;
using Latchkey.Server.Hosting;
using Latchkey.Server.Hosting.Private;
using Latchkey.Server.Journal;
using Latchkey.Server.Storage;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;

namespace Latchkey.SystemTests.Support;

/// <summary>
/// Two nodes, a database, a broker with its certificates and a simulator, each a process of its own, and a <see cref="FaultProxy"/> on every line between them and to the people.
/// What looks at it all stands beside: the database by its own socket, the doors by the simulator's own port.
/// </summary>
public sealed class ChaosSystem : IAsyncDisposable
{
    public const int Nodes = 2;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60), TokensFor = TimeSpan.FromMinutes(10);

    private readonly List<Person> _people = [];
    private readonly LatchkeyProcess[] _nodes = new LatchkeyProcess[Nodes];
    private readonly NpgsqlDataSource _source;
    private readonly ServerKeys _keys;
    private DataDirectory _folder = null!;
    private PrivatePostgres _postgres = null!;
    private PrivateMosquitto _broker = null!;
    private Process? _simulator;
    private long _tokensOf;

    private ChaosSystem(string data)
    {
        Data = data;
        _source = NpgsqlDataSource.Create(SystemDatabase.ConnectionTo(data) + ";Pooling=false");
        Db = new Db(_source, new JournalBell());
        _keys = new ServerKeys(Db, TimeProvider.System);
    }

    public string Data { get; }

    /// <summary>Past all proxies.</summary>
    public Db Db { get; }

    /// <summary>Each node's line to the database.</summary>
    public FaultProxy[] ToDatabase { get; private set; } = [];

    /// <summary>Each node's line to the broker.</summary>
    public FaultProxy[] ToBroker { get; private set; } = [];

    /// <summary>All banks' line to the broker.</summary>
    public FaultProxy FromBanks { get; private set; } = null!;

    /// <summary>People's line to each node.</summary>
    public FaultProxy[] FromPeople { get; private set; } = [];

    /// <summary>The doors, as they are.</summary>
    public ChaosDoors Doors { get; private set; } = null!;

    /// <summary>Locks with an owner of their own: the lease, and who has it.</summary>
    public IReadOnlyList<(Guid Lease, Person Owner, ChaosDoor Door)> Locks { get; private set; } = [];

    public IReadOnlyList<LatchkeyProcess> Processes => _nodes;

    /// <summary>Whether the banks have a disk of their own that can be filled; a mount needs a right that not every machine gives.</summary>
    public bool BanksDiskIsTheirOwn { get; private set; }

    /// <summary>Somebody with an account and a token that is renewed. Written into the database: passwords are not what is tested.</summary>
    public sealed record Person(Guid Id, string Email)
    {
        public AuthenticationHeaderValue? Token { get; set; }
    }

    /// <param name="locks">How many locks have an owner.</param>
    public static async Task<ChaosSystem> Start(int seed, int locks)
    {
        var system = new ChaosSystem(await DemoData.Into(LatchkeyProcess.NewData()));
        try
        {
            await system.StartAll(seed, locks);
            return system;
        }
        catch
        {
            await system.DisposeAsync();
            throw;
        }
    }

    public async Task<Person> GivenPerson()
    {
        var person = new Person(Guid.CreateVersion7(), $"{RandomNumberGenerator.GetHexString(16, lowercase: true)}@test.example");
        await Db.Change(
            tx => tx.Execute(
                "insert into person (id, email, name, password_hash, role, created_at) values (@Id, @Email, 'Somebody', '-', 'customer', now())", new { person.Id, person.Email }),
            CancellationToken.None);
        _people.Add(person);
        return person;
    }

    /// <summary>A token lives for 15 minutes; asked for between two faults, this renews them in time.</summary>
    public async Task RenewTokens()
    {
        if (_people.TrueForAll(p => p.Token is not null) && Stopwatch.GetElapsedTime(_tokensOf) < TokensFor)
            return;
        _tokensOf = Stopwatch.GetTimestamp();
        using TokenKeys keys = await TokenKeys.Load(Db, _keys, TimeProvider.System, CancellationToken.None);
        var tokens = new AccessTokens(keys);
        foreach (Person person in _people)
            person.Token = new AuthenticationHeaderValue("Bearer", tokens.Issue(new Caller(person.Id, "customer"), TimeProvider.System.GetUtcNow()).Token);
    }

    /// <summary>Ended with a signal and started again: INT is the fast shutdown, QUIT the immediate one, after which it recovers as from a power cut.</summary>
    public async Task StopDatabase(string signal)
    {
        await Support.Processes.Signal(DatabaseProcess, signal);
        using var limit = new CancellationTokenSource(Patience);
        await _postgres.Exited(limit.Token);
    }

    public async Task StartDatabase()
    {
        await _postgres.DisposeAsync();
        _postgres = await PrivatePostgres.Start(_folder, TimeProvider.System, NullLogger.Instance, CancellationToken.None);
    }

    /// <summary>The database's processes may write no file longer than this: to them it is a disk without room. Null: as before.</summary>
    public async Task LimitDatabaseFiles(long? bytes)
    {
        if (!DatabaseRuns)
            return;
        // Their own user may, and root without every right may not.
        string[] asTheirs = DataDirectory.IsRoot ? ["--reuid", "postgres", "--regid", "postgres", "--init-groups"] : [];
        string limit = bytes?.ToString(CultureInfo.InvariantCulture) ?? "unlimited";
        int[] all = [.. Support.Processes.WithDescendants([DatabaseProcess])];
        foreach (int pid in all)
        {
            (int exit, string said) = await Support.Processes.Run("setpriv", [.. asTheirs, "prlimit", "--pid", $"{pid}", $"--fsize={limit}:"]);
            // A connection may have ended meanwhile; the first of them is the one whose children have what it has.
            if (bytes is not null && pid == all[0])
                exit.ShouldBe(0, said);
        }
    }

    /// <summary>There is room again. Where it could not even come to its feet without, it is started, as whoever has made room does.</summary>
    public async Task GiveDatabaseRoom()
    {
        await LimitDatabaseFiles(null);
        // One that is on its way down still answers for a moment.
        for (int tenths = 0; tenths < 300; tenths++)
        {
            if (!DatabaseRuns)
                await StartDatabase();
            try
            {
                await SystemDatabase.Sql<int>(Data, "select 1");
                return;
            }
            catch (NpgsqlException)
            {
                await Task.Delay(TimeSpan.FromMilliseconds(100), TimeProvider.System);
            }
        }
        throw new TimeoutException("The database did not come back within 30 s.");
    }

    private bool DatabaseRuns => !_postgres.Exited(CancellationToken.None).IsCompleted;

    /// <summary>kill -9; whoever keeps it starts it again after half a second.</summary>
    public async Task KillBroker()
    {
        int killed = BrokerProcess;
        await Support.Processes.Signal(killed, "KILL");
        await Eventually.Holds(() => BrokerProcess != killed && Support.Processes.IsAlive(BrokerProcess), Patience, "the broker is started again");
    }

    /// <summary>Nothing more fits on the disk where banks keep what they have promised; or again.</summary>
    public async Task FillBanksDisk(bool full)
    {
        // Only they see their disk; through them it can be seen from here.
        string ballast = $"/proc/{_simulator!.Id}/root{Journals}/ballast";
        if (!full)
            File.Delete(ballast);
        else
            (await Support.Processes.Run("dd", "if=/dev/zero", $"of={ballast}", "bs=4k", "status=none")).ExitCode.ShouldBe(1, "the disk is full at some time");
    }

    public async ValueTask DisposeAsync()
    {
        foreach (LatchkeyProcess node in _nodes.Where(n => n is not null))
        {
            await Support.Processes.Signal(node.Id, "CONT");
            await node.DisposeAsync();
        }
        if (Doors is not null)
            await Doors.DisposeAsync();
        if (_simulator is { } simulator)
        {
            simulator.Kill();
            await simulator.WaitForExitAsync();
            simulator.Dispose();
        }
        foreach (FaultProxy proxy in (FaultProxy[])[.. ToDatabase, .. ToBroker, .. FromPeople, .. FromBanks is null ? (FaultProxy[])[] : [FromBanks]])
            await proxy.DisposeAsync();
        if (_broker is not null)
            await _broker.DisposeAsync();
        if (_postgres is not null)
            await _postgres.DisposeAsync();
        await _source.DisposeAsync();
        _folder?.Dispose();
    }

    private string Journals => Path.Combine(Data, "simulator", "journals");

    private int DatabaseProcess => SystemDatabase.PidIn($"{Data}/postgres/cluster/postmaster.pid");

    private int BrokerProcess => SystemDatabase.PidIn($"{Data}/mosquitto/mosquitto.pid");

    private async Task StartAll(int seed, int locks)
    {
        _folder = DataDirectory.Open(Data);
        _postgres = await PrivatePostgres.Start(_folder, TimeProvider.System, NullLogger.Instance, CancellationToken.None);
        SimulatorFolder folder = await MakeLocks(locks);
        // A bath house where nobody takes money lets everybody out; what they owe stays in the books.
        await SystemDatabase.Sql<int>(Data, "update site set desk = false");
        _broker = await PrivateMosquitto.Start(_folder, Db, _keys, null, [], TimeProvider.System, NullLogger.Instance, CancellationToken.None);
        var broker = new IPEndPoint(IPAddress.Loopback, _broker.Address.Tls!.Value.Port);
        var database = new UnixDomainSocketEndPoint($"{Data}/run/pg/.s.PGSQL.5432");
        ToDatabase = [.. Enumerable.Range(0, Nodes).Select(n => new FaultProxy(database, seed + n))];
        ToBroker = [.. Enumerable.Range(0, Nodes).Select(n => new FaultProxy(broker, seed + 10 + n))];
        FromBanks = new FaultProxy(broker, seed + 20);
        LatchkeyProcess[] started = await Task.WhenAll(Enumerable.Range(0, Nodes).Select(StartNode));
        started.CopyTo(_nodes, 0);
        FromPeople = [.. _nodes.Select((n, i) => new FaultProxy(new IPEndPoint(IPAddress.Loopback, new Uri(n.Address).Port), seed + 30 + i))];
        await folder.WriteLink($"mqtts://127.0.0.1:{FromBanks.Port}", "mqtt", _nodes[0].Address, CancellationToken.None);
        Doors = await ChaosDoors.Of(Data, await StartSimulator());
        Locks = [.. Locks.Select(l => (l.Lease, l.Owner, Doors.Behind(l.Lease)))];
        await Eventually.Holds(
            async () => await SystemDatabase.Sql<long>(Data, "select count(*) from device where model = 'LK-sim' and online is not true") == 0, Patience, "all banks are there");
        await RenewTokens();
    }

    /// <summary>Banks that are locks, with owners, keys and certificates: made before the servers start, which then find them.</summary>
    private async Task<SimulatorFolder> MakeLocks(int count)
    {
        var grants = new Grants(await _keys.PrivateKey(ServerKeys.Pass, CancellationToken.None));
        Guid site = await SystemDatabase.Sql<Guid>(Data, "select id from site where name = @Name", new { DemoPlaces.All[0].Name });
        var made = new List<(Guid, Person, ChaosDoor)>();
        var entries = new JsonArray();
        for (int i = 0; i < count; i++)
        {
            Person owner = await GivenPerson();
            (BankPlace bank, Guid? lease) = await Db.Change(
                async tx =>
                {
                    DateTimeOffset now = TimeProvider.System.GetUtcNow();
                    BankPlace bank = await MakeLock.Insert(tx, site, $"Lock {i}", DemoSeed.SimulatedModel, now);
                    return (bank, await LockOwnership.Begin(tx, grants, bank, owner.Id, JournalEntry.ByServer, now));
                },
                CancellationToken.None);
            made.Add((lease!.Value, owner, null!));
            entries.Add(new JsonObject { ["device"] = bank.DeviceId, ["name"] = bank.Name, ["model"] = "LK-sim", ["lockers"] = 1, ["latched"] = new JsonArray(1) });
        }
        Locks = made;
        string cabinets = Path.Combine(Data, "more-cabinets.json");
        await File.WriteAllTextAsync(cabinets, entries.ToJsonString());
        (int exit, string said) = await Support.Processes.Run("dotnet", ClaimedCabinet.Program, "enrol", "--cabinets", cabinets, "--keys", Path.Combine(Data, "simulator", "keys"));
        exit.ShouldBe(0, said);
        var folder = new SimulatorFolder(_folder, _keys, Db);
        await folder.Enrol(TimeProvider.System, CancellationToken.None);
        return folder;
    }

    private Task<LatchkeyProcess> StartNode(int node) => LatchkeyProcess.Start(
        LatchkeyProcess.NewData(),
        ["--no-demo"],
        new Dictionary<string, string>
        {
            ["LATCHKEY_DATABASE"] = $"Host=127.0.0.1;Port={ToDatabase[node].Port};Username=latchkey;Database=latchkey;SSL Mode=Disable;GSS Encryption Mode=Disable;Maximum Pool Size=30;Timeout=5",
            ["LATCHKEY_MQTT"] = $"mqtts://127.0.0.1:{ToBroker[node].Port}?identity={Data}/nodes/node-{node + 1}",
        });

    private async Task<Uri> StartSimulator()
    {
        VirtualBank.ForgetStarts(Data);
        BanksDiskIsTheirOwn = (await Support.Processes.Run("unshare", "--mount", "true")).ExitCode == 0;
        string[] program =
        [
            "dotnet", ClaimedCabinet.Program, "run", "--cabinets", Path.Combine(Data, "simulator", "cabinets.json"), "--keys", Path.Combine(Data, "simulator", "keys"), "--journals", Journals,
            "--breaker-doors", "200",
        ];
        // A disk of a few megabytes for their journals, which nobody else sees; what they knew before is theirs on it too.
        string[] mounted = ["unshare", "--mount", "sh", "-c", $"cp -a {Journals} {Journals}.before && mount -t tmpfs -o size=8m none {Journals} && cp -a {Journals}.before/. {Journals} && exec \"$@\"", "sh"];
        string[] all = BanksDiskIsTheirOwn ? [.. mounted, .. program] : program;
        _simulator = Process.Start(new ProcessStartInfo(all[0], all[1..]) { RedirectStandardOutput = true, RedirectStandardError = true, UseShellExecute = false })!;
        _simulator.ErrorDataReceived += (_, _) => { };
        _simulator.BeginErrorReadLine();
        using var limit = new CancellationTokenSource(Patience);
        string line = await _simulator.StandardOutput.ReadLineAsync(limit.Token) ?? throw new InvalidOperationException("The simulator does not start.");
        return new Uri((string)JsonNode.Parse(line)!["hardware"]!);
    }
}
