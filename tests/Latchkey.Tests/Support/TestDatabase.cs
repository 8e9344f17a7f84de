using Latchkey.Server.Hosting;
using Latchkey.Server.Hosting.Private;
using Latchkey.Server.Storage;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;

[assembly: AssemblyFixture(typeof(Latchkey.Tests.Support.TestDatabase))]

namespace Latchkey.Tests.Support;

/// <summary>One private PostgreSQL for a whole test run; each test gets a database of its own, cloned from a migrated template, bare or with the demo's places and a server's keys.</summary>
public sealed class TestDatabase : IAsyncLifetime
{
    private const string Bare = "template_bare", Furnished = "template_furnished";

    // A connection costs a process and some 7 ms of its time until it knows the tables, and a server takes twenty where it may, all at its start. With three of them (one listens)
    // seven hundred servers of tests use a tenth less of the processor than with six, and wait no longer. What needs more says so.
    private const int Connections = 3;

    private readonly SemaphoreSlim _cloning = new(1); // a template cannot be cloned twice at the same moment
    private DataDirectory? _data;
    private PrivatePostgres? _postgres;
    private int _clones;

    public async ValueTask InitializeAsync()
    {
        _data = DataDirectory.Open(TestFolders.New($"lk-test-{Environment.ProcessId}"));
        _postgres = await PrivatePostgres.Start(_data, TimeProvider.System, NullLogger.Instance, CancellationToken.None);
        // No test lives long enough to need it, and with hundreds of databases it starts a process for one of them ten times a second.
        await Execute("alter system set autovacuum = off");
        await Execute("select pg_reload_conf()");
        await Execute($"create database {Bare}");
        await using (NpgsqlDataSource bare = NpgsqlDataSource.Create(ConnectionTo(Bare)))
            await Migrator.Migrate(bare, TimeProvider.System, CancellationToken.None);
        await Copy(Furnished, Bare);
        // Started once: a server makes a dozen keys of its own at its first start, each in a transaction.
        await using LatchkeyApp first = await LatchkeyApp.Start(this, database: ConnectionTo(Furnished));
    }

    /// <summary>A fresh, migrated database; its connection string.</summary>
    public Task<string> Clone() => CloneOf(Bare);

    /// <summary>The same with the demo's places in it.</summary>
    public Task<string> CloneWithPlaces() => CloneOf(Furnished);

    private async Task<string> CloneOf(string template)
    {
        string name = $"test_{Interlocked.Increment(ref _clones)}";
        await _cloning.WaitAsync();
        try
        {
            await Copy(name, template);
        }
        finally
        {
            _cloning.Release();
        }
        return ConnectionTo(name);
    }

    // Files copied as they are: half the time of a copy through the write-ahead log, which is the usual way since PostgreSQL 15.
    private Task Copy(string name, string template) => Execute($"create database {name} template {template} strategy file_copy");

    /// <summary>A fresh database without a table; its connection string.</summary>
    public async Task<string> Empty()
    {
        string name = $"test_{Interlocked.Increment(ref _clones)}";
        await Execute($"create database {name}");
        return ConnectionTo(name);
    }

    public async ValueTask DisposeAsync()
    {
        if (_postgres is not null)
            await _postgres.DisposeAsync();
        if (_data is null)
            return;
        _data.Dispose();
        Directory.Delete(_data.Root, recursive: true);
    }

    private string ConnectionTo(string database) =>
        new NpgsqlConnectionStringBuilder(_postgres!.ConnectionString) { Database = database, MaxPoolSize = Connections, Timeout = 15 }.ConnectionString;

    private async Task Execute(string sql)
    {
        await using var db = new NpgsqlConnection(new NpgsqlConnectionStringBuilder(_postgres!.ConnectionString) { Pooling = false }.ConnectionString);
        await db.OpenAsync();
        await using var command = new NpgsqlCommand(sql, db);
        await command.ExecuteNonQueryAsync();
    }
}
