using System.Security.Cryptography;
using System.Text;
using Dapper;
using Npgsql;

namespace Latchkey.Server.Storage;

/// <summary>
/// Runs the numbered SQL files that this program carries, each once, in a transaction, with its checksum. An advisory lock lets
/// several nodes start at the same time.
/// </summary>
public static class Migrator
{
    // Any constant that no other program on this database uses: "latchkey" in ASCII, folded into 64 bits.
    private const long LockKey = 0x6C617463686B6579;

    /// <exception cref="Hosting.StartUpException">A file that has run before was changed, or the database is newer than this program.</exception>
    public static async Task Migrate(NpgsqlDataSource source, TimeProvider time, CancellationToken cancel)
    {
        await using NpgsqlConnection db = await source.OpenConnectionAsync(cancel);
        // No limit of time here: another node may be migrating, and moving a large table takes as long as it takes.
        await db.ExecuteAsync(new CommandDefinition("select pg_advisory_lock(@LockKey)", new { LockKey }, commandTimeout: 0, cancellationToken: cancel));
        try
        {
            await db.ExecuteAsync(
                """
                create table if not exists schema_migration (
                  number int primary key, name text not null, checksum text not null, applied_at timestamptz not null)
                """);
            Dictionary<int, string> applied = (await db.QueryAsync<(int Number, string Checksum)>(
                "select number, checksum from schema_migration")).ToDictionary(m => m.Number, m => m.Checksum);
            IReadOnlyList<Migration> known = All();
            if (applied.Keys.Except(known.Select(m => m.Number)).Any())
                throw new Hosting.StartUpException("The database was made by a newer Latchkey. Start that version, or restore a backup from before the upgrade.");
            foreach (Migration migration in known)
            {
                if (!applied.TryGetValue(migration.Number, out string? checksum))
                    await Apply(db, migration, time.GetUtcNow(), cancel);
                else if (checksum != migration.Checksum)
                    throw new Hosting.StartUpException($"Migration {migration.Name} was changed after it had run here. Put the file back and add a new migration instead.");
            }
        }
        finally
        {
            await db.ExecuteAsync("select pg_advisory_unlock(@LockKey)", new { LockKey });
        }
    }

    /// <summary>The migrations this program carries, in order.</summary>
    public static IReadOnlyList<Migration> All()
    {
        var assembly = typeof(Migrator).Assembly;
        var found = new List<Migration>();
        foreach (string resource in assembly.GetManifestResourceNames().Where(n => n.EndsWith(".sql", StringComparison.Ordinal)))
        {
            using var reader = new StreamReader(assembly.GetManifestResourceStream(resource)!);
            string sql = reader.ReadToEnd();
            string name = resource[(resource.IndexOf(".Migrations.", StringComparison.Ordinal) + ".Migrations.".Length)..^".sql".Length].TrimStart('_');
            string checksum = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(sql)));
            found.Add(new Migration(int.Parse(name[..4]), name, sql, checksum));
        }
        return [.. found.OrderBy(m => m.Number)];
    }

    private static async Task Apply(NpgsqlConnection db, Migration migration, DateTimeOffset now, CancellationToken cancel)
    {
        await using NpgsqlTransaction tx = await db.BeginTransactionAsync(cancel);
        await db.ExecuteAsync(new CommandDefinition(migration.Sql, transaction: tx, commandTimeout: 0, cancellationToken: cancel));
        await db.ExecuteAsync(
            "insert into schema_migration (number, name, checksum, applied_at) values (@Number, @Name, @Checksum, @now)",
            new { migration.Number, migration.Name, migration.Checksum, now },
            tx);
        await tx.CommitAsync(cancel);
    }
}

/// <param name="Number">Four digits at the start of the file's name; the order of running.</param>
public sealed record Migration(int Number, string Name, string Sql, string Checksum);
