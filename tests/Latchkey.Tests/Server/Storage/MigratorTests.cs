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

    [Fact]
    public async Task Who_was_signed_in_before_there_were_devices_has_one_for_each_sign_in()
    {
        await using NpgsqlDataSource source = NpgsqlDataSource.Create(await databases.Empty());
        await Ask<int>(source, "create table schema_migration (number int primary key, name text not null, checksum text not null, applied_at timestamptz not null)");
        foreach (Migration before in Migrator.All().Where(m => m.Number < 8))
        {
            await Ask<int>(source, before.Sql);
            await Ask<int>(source, $"insert into schema_migration values ({before.Number}, '{before.Name}', '{before.Checksum}', now())");
        }
        await Ask<int>(
            source,
            """
            insert into person values ('00000000-0000-7000-8000-000000000001', 'asha@example.com', 'Asha', '-', 'customer', now());
            insert into refresh_token (hash, family, person_id, created_at, expires_at, revoked_at)
              select n::text::bytea, ('00000000-0000-7000-8000-00000000001' || n / 2)::uuid, '00000000-0000-7000-8000-000000000001', now(), now(), case when n > 1 then now() end
              from generate_series(0, 3) n;
            """);
        await Migrate(source);
        (await Ask<long>(source, "select count(*) from session where person_id = '00000000-0000-7000-8000-000000000001'")).ShouldBe(2);
        (await Ask<string>(source, "select id::text from session where ended_at is null")).ShouldBe("00000000-0000-7000-8000-000000000010");
    }
}
