using Dapper;
using Latchkey.Server.Hosting;
using Npgsql;

namespace Latchkey.Server.Storage;

/// <summary>Reaching the database, and whether it can keep a promise.</summary>
public static class Database
{
    /// <exception cref="StartUpException">The connection string cannot be understood.</exception>
    public static NpgsqlDataSource Source(string connectionString)
    {
        try
        {
            var settings = new NpgsqlConnectionStringBuilder(connectionString);
            // ShouldSerialize, because ContainsKey says yes to every name that Npgsql knows, set or not.
            if (!settings.ShouldSerialize("Timeout"))
                settings.Timeout = 5;
            // The same few statements over and over, all of them aimed at a few rows by key: prepared at their second use on a connection and planned
            // once. Planning costs more than running them, and the pool takes its connections in turn, so that "after a few uses" would be much later. A page by an index costs as
            // much as one in a row: what is asked for is in memory or on flash.
            if (!settings.ShouldSerialize("Max Auto Prepare"))
                (settings.MaxAutoPrepare, settings.AutoPrepareMinUsages) = (200, 2);
            if (settings.MaxAutoPrepare > 0 && string.IsNullOrEmpty(settings.Options))
                settings.Options = "-c plan_cache_mode=force_generic_plan -c random_page_cost=1.1";
            // Statements take milliseconds. One that waits longer than this stands behind a lock or a dead disk, and its request is answered 503
            // before its own limit (10 s) is up.
            if (!settings.ShouldSerialize("Command Timeout"))
                settings.CommandTimeout = 8;
            // Nothing here leaves anything in a session: no temporary table, no setting, no lock that is not given back. Eight statements each time that one goes back to the pool would
            // be a fifth of all there are.
            if (!settings.ShouldSerialize("No Reset On Close"))
                settings.NoResetOnClose = true;
            if (string.IsNullOrEmpty(settings.Host))
                throw new FormatException("it names no Host");
            // Without ranges, shapes, full-text search and composites, which nothing here reads: they are five hundred methods to compile at every start.
            return new NpgsqlSlimDataSourceBuilder(settings.ConnectionString).EnableArrays().EnableTransportSecurity().Build();
        }
        catch (Exception e) when (e is ArgumentException or FormatException)
        {
            throw new StartUpException(
                $"LATCHKEY_DATABASE is not a connection string ({e.Message.TrimEnd('.')}). It looks like \"Host=db.example;Database=latchkey;Username=latchkey;Password=...\".", e);
        }
    }

    /// <summary>What the server acknowledges must survive a power cut: settings that break this promise are refused.</summary>
    /// <exception cref="StartUpException">It cannot be reached, or is not durable.</exception>
    public static async Task Check(NpgsqlDataSource source, bool ours, CancellationToken cancel)
    {
        try
        {
            await using NpgsqlConnection db = await source.OpenConnectionAsync(cancel);
            foreach (string setting in (string[])["fsync", "full_page_writes", "synchronous_commit"])
            {
                string value = (await db.ExecuteScalarAsync<string>(new CommandDefinition($"show {setting}", cancellationToken: cancel)))!;
                if (value == "off")
                    throw new StartUpException($"The database has {setting} = {value}: it could forget what it has promised. Switch it on and start again.");
            }
        }
        catch (Exception e) when (e is NpgsqlException or System.Net.Sockets.SocketException or TimeoutException)
        {
            throw new StartUpException(
                ours ? $"The private database does not answer: {e.Message}" : $"The database named in LATCHKEY_DATABASE cannot be used: {Reason(e)} Check host, name, user and password.", e);
        }
    }

    private static readonly string[] Broken = ["57P", "XX"];

    /// <summary>The database is stopped, full, not to be reached, or broken inside (class XX: it may not write, or finds no sense in what it reads); anything else that it refuses is a mistake of ours.</summary>
    public static bool IsAway(Exception? error) => error switch
    {
        PostgresException refused => refused.IsTransient || Broken.Any(s => refused.SqlState.StartsWith(s, StringComparison.Ordinal)),
        NpgsqlException or TimeoutException => true,
        _ => false,
    };

    private static string Reason(Exception e)
    {
        string message = (e.InnerException ?? e).Message.TrimEnd('.');
        return message + ".";
    }
}
