using System.Security.Cryptography;
using Dapper;
using Latchkey.Server.Invariants;
using Latchkey.Server.Journal;
using Latchkey.Tests.Support;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace Latchkey.Tests.Server.Journal;

/// <summary>JournalChain: whatever is changed in what was linked is found; forgetting a person, restoring and several nodes at once leave it whole.</summary>
public sealed class JournalChainTests(TestDatabase databases)
{
    private static readonly IReadOnlyList<Invariant> Chain =
    [
        .. AllInvariants.List.Where(i => i.Statement.StartsWith("Each entry", StringComparison.Ordinal) || i.Statement.StartsWith("No entry was put", StringComparison.Ordinal) || i.Statement.StartsWith("What was signed", StringComparison.Ordinal)),
        new SignedCheckpoints(),
    ];

    private static JournalChain ChainOf(LatchkeyApp app) => app.Services.GetRequiredService<JournalChain>();

    private static async Task<IReadOnlyList<string>> Wrong(LatchkeyApp app, NpgsqlConnection? inside = null)
    {
        await using var own = new NpgsqlConnection(app.Database + ";Pooling=false");
        if (inside is null)
            await own.OpenAsync();
        var wrong = new List<string>();
        foreach (Invariant invariant in Chain)
            wrong.AddRange(await invariant.Offenders(inside ?? own, app.Time.GetUtcNow(), CancellationToken.None));
        return wrong;
    }

    /// <summary>Entries of all shapes, as many as asked for.</summary>
    private static Task<int> Write(LatchkeyApp app, int entries) => app.Sql<int>(
        """
        insert into journal (at, kind, authority, person_id, locker_id, data)
        select @now + n * interval '1 millisecond', (array['door-opened', 'lease-held', 'command-created'])[n % 3 + 1], 'person:' || gen_random_uuid(), gen_random_uuid(),
          case when n % 2 = 0 then gen_random_uuid() end, case when n % 3 = 0 then jsonb_build_object('n', n, 'text', 'a' || chr(10) || 'b') end
        from generate_series(1, @entries) n
        """,
        new { now = app.Time.GetUtcNow(), entries });

    [Fact, Trait("campaign", "chain")]
    public async Task Whatever_is_flipped_deleted_inserted_swapped_or_cut_off_is_found()
    {
        int rows = Campaign.Count("chain", 200);
        await using LatchkeyApp app = await LatchkeyApp.Start(databases);
        await Write(app, rows);
        await app.UntilLinked();
        (await Wrong(app)).ShouldBeEmpty();
        var random = new Random(20261122);
        string[] changes =
        [
            "update journal set data = coalesce(data, '{}') || '{\"x\": 1}' where id = @id",
            "update journal set at = at + interval '1 microsecond' where id = @id",
            "update journal set authority = 'server' where id = @id",
            "update journal set person_id = gen_random_uuid() where id = @id",
            "update journal set person_id = locker_id, locker_id = person_id where id = @id",
            "delete from journal where id = @id",
            "delete from journal where id = @id; delete from journal_link where journal_id = @id",
            "insert into journal (xid, at, kind, authority) select xid, at, kind, authority from journal where id = @id",
            "update journal_link set hash = sha256(hash) where journal_id = @id",
            "delete from journal_link where position >= (select position from journal_link where journal_id = @id)",
            "delete from journal where id >= @id; delete from journal_link where journal_id >= @id",
        ];
        long[] ids = await app.Sql<long[]>("select array(select journal_id from journal_link order by position)") ?? [];
        int unseen = 0;
        await using var db = new NpgsqlConnection(app.Database + ";Pooling=false");
        await db.OpenAsync();
        for (int i = 0; i < rows; i++)
        {
            await using NpgsqlTransaction tx = await db.BeginTransactionAsync();
            await using (var change = new NpgsqlCommand($"{changes[i % changes.Length].Replace("@id", "" + ids[random.Next(1, ids.Length)], StringComparison.Ordinal)}", db, tx))
                await change.ExecuteNonQueryAsync();
            unseen += (await Wrong(app, db)).Count > 0 ? 0 : 1;
            await tx.RollbackAsync();
        }
        await Campaign.Report("chain", new { campaign = "chain", changes = rows, unseen });
        unseen.ShouldBe(0);
    }

    [Fact]
    public async Task Who_writes_the_chain_anew_is_found_by_the_file_and_who_has_not_the_key_by_the_signature()
    {
        await using LatchkeyApp app = await LatchkeyApp.Start(databases);
        string folder = Directory.CreateTempSubdirectory("lk-chain-").FullName;
        CheckpointFile file = CheckpointFile.In(folder);
        await Write(app, 50);
        await app.UntilLinked();
        Checkpoint signed = await Last(app);
        file.Append(signed);
        file.Append(signed);
        file.LastPosition().ShouldBe(signed.Position);
        (await Exported(app, file)).ShouldBeEmpty();

        // The journal is changed and all that follows is linked again, as this program would.
        await app.Sql<int>("update journal set authority = 'server' where id = (select max(id) from journal); delete from journal_link; delete from journal_checkpoint; update journal_chain set xid = '0', id = 0, position = 0, hash = ''");
        await app.UntilLinked();
        (await Wrong(app)).ShouldBeEmpty("it looks whole from inside");
        (await Exported(app, file)).ShouldNotBeEmpty();

        using var other = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        Checkpoint now = await Last(app), forged = Checkpoint.Sign(other, now.Position, now.Hash, now.At);
        await app.Sql<int>("update journal_checkpoint set signature = @Signature where position = @Position", new { forged.Signature, forged.Position });
        (await Wrong(app)).ShouldBe([$"checkpoint {now.Position}"]);
        // The last line of a file may be cut off with the power.
        await File.AppendAllTextAsync(Path.Combine(folder, "journal-checkpoints.log"), "99 2026-11-");
        file.LastPosition().ShouldBe(signed.Position);
        Directory.Delete(folder, recursive: true);
    }

    [Fact]
    public async Task Forgetting_a_person_leaves_the_chain_whole()
    {
        await using LatchkeyApp app = await LatchkeyApp.Start(databases);
        TestPerson asha = await app.GivenCustomer();
        await app.UntilLinked();
        (await asha.Post("auth/me/erase", new { })).Status.ShouldBe(204);
        await app.UntilLinked();
        (await app.Sql<long>("select count(*) from journal where kind = 'person-erased'")).ShouldBe(1);
        (await Wrong(app)).ShouldBeEmpty();
    }

    [Fact]
    public async Task Many_that_link_at_once_beside_writers_that_commit_late_make_one_chain()
    {
        await using LatchkeyApp app = await LatchkeyApp.Start(databases);
        await using var late = new NpgsqlConnection(app.Database + ";Pooling=false");
        await late.OpenAsync();
        await using NpgsqlTransaction open = await late.BeginTransactionAsync();
        await using (var early = new NpgsqlCommand("insert into journal (at, kind, authority) values (now(), 'door-opened', 'server')", late, open))
            await early.ExecuteNonQueryAsync();
        await Write(app, 3000);
        await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Task.Run(() => ChainOf(app).LinkNext(CancellationToken.None))));
        await open.CommitAsync();
        await app.UntilLinked(atOnce: 8);
        (await Wrong(app)).ShouldBeEmpty();
        (await app.Sql<long>("select max(position) from journal_link")).ShouldBe(await app.Sql<long>("select count(*) from journal_link"));
        (await app.Sql<long>("select count(*) from journal_checkpoint")).ShouldBeGreaterThan(1, "after each thousand");
    }

    [Fact]
    public async Task After_a_restore_what_was_not_linked_yet_is()
    {
        await using LatchkeyApp app = await LatchkeyApp.Start(databases);
        await Write(app, 20);
        await app.UntilLinked();
        await Write(app, 5);
        // As pg_dump leaves it in a cluster that has not come so far.
        await app.Sql<int>("update journal set xid = (pg_current_xact_id()::text::bigint + 1000000)::text::xid8");
        await using (NpgsqlDataSource source = NpgsqlDataSource.Create(app.Database))
            (await RestoredJournal.PutBeforeThePresent(source, CancellationToken.None)).ShouldBeGreaterThan(0);
        await app.UntilLinked();
        (await Wrong(app)).ShouldBeEmpty();
    }

    private static Task<Checkpoint> Last(LatchkeyApp app) => app.Db.Read(c => c.QuerySingleAsync<Checkpoint>("select position, hash, at, signature from journal_checkpoint order by position desc limit 1"), CancellationToken.None);

    private static async Task<IReadOnlyList<string>> Exported(LatchkeyApp app, CheckpointFile file)
    {
        await using var db = new NpgsqlConnection(app.Database + ";Pooling=false");
        await db.OpenAsync();
        return await new ExportedCheckpoints(file).Offenders(db, app.Time.GetUtcNow(), CancellationToken.None);
    }

    [Fact]
    public void A_checkpoint_after_one_that_was_cut_off_with_the_power_is_a_line_of_its_own()
    {
        string folder = Directory.CreateTempSubdirectory("lk-").FullName;
        CheckpointFile file = CheckpointFile.In(folder);
        file.Append(At(1));
        string path = Directory.GetFiles(folder).Single();
        File.WriteAllText(path, File.ReadAllText(path) + "2 2026-11-23T00:00:00.00000");
        file.Append(At(3));
        file.Append(At(4));
        file.Read().Select(c => c.Position).ShouldBe([1, 3, 4]);
        Directory.Delete(folder, recursive: true);

        static Checkpoint At(long position) => new() { Position = position, At = DateTimeOffset.UnixEpoch, Hash = new byte[32], Signature = new byte[64] };
    }
}
