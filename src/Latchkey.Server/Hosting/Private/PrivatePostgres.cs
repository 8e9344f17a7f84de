using System.Runtime.InteropServices;
using Npgsql;

namespace Latchkey.Server.Hosting.Private;

/// <summary>
/// A PostgreSQL of this server's own: made on first use, reached over a Unix socket only, durable, run as an unprivileged user, stopped with
/// the server.
/// </summary>
public sealed class PrivatePostgres : IAsyncDisposable
{
    private const string Role = "latchkey";

    private readonly ChildProcess _process;
    private readonly ILogger _log;

    private PrivatePostgres(ChildProcess process, string connectionString, ILogger log) => (_process, ConnectionString, _log) = (process, connectionString, log);

    public string ConnectionString { get; }

    public Task Exited(CancellationToken cancel) => _process.Exited(cancel);

    /// <exception cref="StartUpException">PostgreSQL is missing or does not start.</exception>
    public static async Task<PrivatePostgres> Start(DataDirectory data, TimeProvider time, ILogger log, CancellationToken cancel)
    {
        string programs = FindPrograms();
        string folder = data.FolderOf("postgres", "postgres");
        string sockets = SocketsIn(data.Sockets);
        Directory.CreateDirectory(sockets);
        DataDirectory.Own(sockets, "postgres");
        string logFile = Path.Combine(folder, "postgres.log");
        string cluster = Path.Combine(folder, "cluster");
        if (!File.Exists(Path.Combine(cluster, "PG_VERSION")))
            await Make(programs, cluster, folder, logFile, cancel);
        await ChildProcess.EndLeftover(Path.Combine(cluster, "postmaster.pid"), cluster, signal: 2, time, cancel);
        await WriteSettings(cluster, sockets, cancel);
        ChildProcess process = await ChildProcess.Start(
            "PostgreSQL", "INT", "postgres", logFile, wantOutput: false, [Path.Combine(programs, "postgres"), "-D", cluster]);
        NpgsqlConnectionStringBuilder connection = ConnectionTo(sockets);
        var postgres = new PrivatePostgres(process, connection.ConnectionString, log);
        try
        {
            await postgres.WaitUntilReady(connection, logFile, time, cancel);
            return postgres;
        }
        catch
        {
            await postgres.DisposeAsync();
            throw;
        }
    }

    /// <summary>How to reach the database that a running server keeps in this data directory; null when none runs.</summary>
    public static string? ConnectionBeside(string data)
    {
        string sockets = SocketsIn(DataDirectory.SocketsOf(Path.GetFullPath(data)));
        return File.Exists(Path.Combine(sockets, ".s.PGSQL.5432")) ? ConnectionTo(sockets).ConnectionString : null;
    }

    private static string SocketsIn(string folder) => Path.Combine(folder, "pg");

    // Each connection is a process of 4 MB and more at the database: one that nobody has needed for a minute ends.
    private static NpgsqlConnectionStringBuilder ConnectionTo(string sockets) =>
        new() { Host = sockets, Username = Role, Database = Role, MaxPoolSize = 60, ConnectionIdleLifetime = 60, ConnectionPruningInterval = 10, Timeout = 5, ApplicationName = "latchkey" };

    public async ValueTask DisposeAsync()
    {
        // SIGINT is the fast shutdown: sessions end, a checkpoint is written.
        await _process.Stop(PosixSignal.SIGINT, TimeSpan.FromSeconds(5), _log);
        _process.Dispose();
    }

    private static string FindPrograms()
    {
        foreach (string folder in (string[])["/usr/lib/postgresql/15/bin", "/usr/lib/postgresql/16/bin", "/usr/lib/postgresql/17/bin"])
        {
            if (File.Exists(Path.Combine(folder, "postgres")))
                return folder;
        }
        throw new StartUpException("PostgreSQL is not installed. Install it (apt install postgresql-15), or name a server you have in LATCHKEY_DATABASE.");
    }

    private static async Task Make(string programs, string cluster, string folder, string logFile, CancellationToken cancel)
    {
        // A half-made cluster of an interrupted first start has no PG_VERSION and holds nothing of worth.
        if (Directory.Exists(cluster))
            Directory.Delete(cluster, recursive: true);
        using ChildProcess initdb = await ChildProcess.Start(
            "initdb", "KILL", "postgres", logFile, wantOutput: false,
            [Path.Combine(programs, "initdb"), "-D", cluster, "-U", Role, "-E", "UTF8", "--locale=C", "--auth-local=peer", "--auth-host=reject"]);
        await initdb.Exited(cancel);
        if (!File.Exists(Path.Combine(cluster, "PG_VERSION")))
            throw new StartUpException($"The database cannot be made in {folder}: {LastLine(logFile)} See {logFile}.");
    }

    private static async Task WriteSettings(string cluster, string sockets, CancellationToken cancel)
    {
        await File.WriteAllTextAsync(
            Path.Combine(cluster, "postgresql.auto.conf"),
            $"""
            # Written by Latchkey at each start.
            listen_addresses = ''
            unix_socket_directories = '{sockets}'
            unix_socket_permissions = 0777          # the folder itself is closed to everybody else
            fsync = on
            full_page_writes = on
            synchronous_commit = on
            max_connections = 200                   # three nodes with a pool of 60 each, and people who look
            shared_buffers = 64MB
            # The journal's readers wait for the oldest write transaction: none may sleep.
            idle_in_transaction_session_timeout = '30s'
            # A refused row's values and a statement's parameters stay out of the log: they may be an address or a token.
            log_error_verbosity = terse
            log_parameter_max_length_on_error = 0
            timezone = 'UTC'
            log_timezone = 'UTC'
            """,
            cancel);
        await File.WriteAllTextAsync(Path.Combine(cluster, "pg_hba.conf"), "local all latchkey peer map=latchkey\nlocal replication latchkey peer map=latchkey\n", cancel);
        await File.WriteAllTextAsync(
            Path.Combine(cluster, "pg_ident.conf"),
            string.Concat(((string[])[Environment.UserName, "root", "postgres"]).Distinct().Select(user => $"latchkey {user} {Role}\n")),
            cancel);
    }

    private async Task WaitUntilReady(NpgsqlConnectionStringBuilder connection, string logFile, TimeProvider time, CancellationToken cancel)
    {
        var maintenance = new NpgsqlConnectionStringBuilder(connection.ConnectionString) { Database = "postgres", Pooling = false };
        for (int attempt = 0; ; attempt++)
        {
            try
            {
                await using var db = new NpgsqlConnection(maintenance.ConnectionString);
                await db.OpenAsync(cancel);
                await using var exists = new NpgsqlCommand($"select 1 from pg_database where datname = '{Role}'", db);
                if (await exists.ExecuteScalarAsync(cancel) is null)
                {
                    await using var create = new NpgsqlCommand($"create database {Role}", db);
                    await create.ExecuteNonQueryAsync(cancel);
                }
                return;
            }
            catch (NpgsqlException e)
            {
                // Recovery after a power cut may take a while; 60 s covers a gigabyte of log.
                if (_process.HasExited || attempt > 1200)
                    throw new StartUpException($"PostgreSQL does not start: {LastLine(logFile)} See {logFile}.", e);
                await Task.Delay(TimeSpan.FromMilliseconds(50), time, cancel);
            }
        }
    }

    private static string LastLine(string file)
    {
        try
        {
            return File.ReadLines(file).LastOrDefault(l => l.Length > 0) ?? "it says nothing.";
        }
        catch (IOException)
        {
            return "it says nothing.";
        }
    }
}
