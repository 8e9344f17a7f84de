using Dapper;
using Latchkey.Server.Hosting;
using Latchkey.Server.Storage;
using Latchkey.Tests.Support;
using Npgsql;

namespace Latchkey.Tests.Server.Storage;

public sealed class MigratorTests(TestDatabase databases)
{
    private static Task Migrate(NpgsqlDataSource source) => Migrator.Migrate(source, TimeProvider.System, CancellationToken.None);

    private static async Task<T?> Ask<T>(NpgsqlDataSource source, string sql)
    {
        await using NpgsqlConnection db = await source.OpenConnectionAsync();
        return await db.ExecuteScalarAsync<T>(sql);
    }

    [Fact]
    public async Task Every_migration_runs_once_also_when_nodes_start_at_the_same_time()
    {
        await using NpgsqlDataSource source = NpgsqlDataSource.Create(await databases.Empty());
        await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => Migrate(source)));
        (await Ask<long>(source, "select count(*) from schema_migration")).ShouldBe(Migrator.All().Count);
        var first = await Ask<DateTime>(source, "select max(applied_at) from schema_migration");
        await Migrate(source);
        (await Ask<DateTime>(source, "select max(applied_at) from schema_migration")).ShouldBe(first);
    }

    [Fact]
    public void Migrations_are_numbered_without_gaps() => Migrator.All().Select(m => m.Number).ShouldBe(Enumerable.Range(1, Migrator.All().Count));

    [Fact]
    public async Task A_migration_that_was_changed_after_it_had_run_is_refused()
    {
        await using NpgsqlDataSource source = NpgsqlDataSource.Create(await databases.Clone());
        await Ask<int>(source, "update schema_migration set checksum = 'other' where number = 1");
        (await Should.ThrowAsync<StartUpException>(Migrate(source))).Message.ShouldContain("was changed after it had run");
    }

    [Fact]
    public async Task A_database_of_a_newer_program_is_refused_and_nothing_stays_locked()
    {
        await using NpgsqlDataSource source = NpgsqlDataSource.Create(await databases.Clone());
        await Ask<int>(source, "insert into schema_migration values (9999, '9999_future', '', now())");
        (await Should.ThrowAsync<StartUpException>(Migrate(source))).Message.ShouldContain("newer Latchkey");
        await Ask<int>(source, "delete from schema_migration where number = 9999");
        await Migrate(source);
    }
}
