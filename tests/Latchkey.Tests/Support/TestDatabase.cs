using Latchkey.Server.Hosting;
using Latchkey.Server.Hosting.Private;
using Latchkey.Server.Storage;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;

[assembly: AssemblyFixture(typeof(Latchkey.Tests.Support.TestDatabase))]

namespace Latchkey.Tests.Support;

/// <summary>One private PostgreSQL for a whole test run; each test class gets a database of its own, cloned from a migrated template.</summary>
public sealed class TestDatabase : IAsyncLifetime
{
    private const string Template = "template_latchkey";

    private readonly SemaphoreSlim _cloning = new(1); // a template cannot be cloned twice at the same moment
    private DataDirectory? _data;
    private PrivatePostgres? _postgres;
    private int _clones;

    public async ValueTask InitializeAsync()
    {
        _data = DataDirectory.Open(TestFolders.New($"lk-test-{Environment.ProcessId}"));
        _postgres = await PrivatePostgres.Start(_data, TimeProvider.System, NullLogger.Instance, CancellationToken.None);
        await Execute($"create database {Template}");
        await using NpgsqlDataSource template = NpgsqlDataSource.Create(ConnectionTo(Template));
        await Migrator.Migrate(template, TimeProvider.System, CancellationToken.None);
        NpgsqlConnection.ClearPool(template.CreateConnection());
    }

    /// <summary>A fresh, migrated database; its connection string.</summary>
    public async Task<string> Clone()
    {
        string name = $"test_{Interlocked.Increment(ref _clones)}";
        await _cloning.WaitAsync();
        try
        {
            await Execute($"create database {name} template {Template}");
        }
        finally
        {
            _cloning.Release();
        }
        return ConnectionTo(name);
    }

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
        new NpgsqlConnectionStringBuilder(_postgres!.ConnectionString) { Database = database, MaxPoolSize = 20 }.ConnectionString;

    private async Task Execute(string sql)
    {
        await using var db = new NpgsqlConnection(new NpgsqlConnectionStringBuilder(_postgres!.ConnectionString) { Pooling = false }.ConnectionString);
        await db.OpenAsync();
        await using var command = new NpgsqlCommand(sql, db);
        await command.ExecuteNonQueryAsync();
    }
}
