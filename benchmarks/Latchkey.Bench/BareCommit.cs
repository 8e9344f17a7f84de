using System.Diagnostics;
using Npgsql;

namespace Latchkey.Bench;

/// <summary>The baseline of everything durable: one prepared single-row insert in the same database, committed by itself.</summary>
internal sealed class BareCommit : IAsyncDisposable
{
    private readonly NpgsqlConnection _db;
    private readonly NpgsqlCommand _insert;

    private BareCommit(NpgsqlConnection db, NpgsqlCommand insert) => (_db, _insert) = (db, insert);

    public static async Task<BareCommit> Open(string database)
    {
        var db = new NpgsqlConnection(database);
        await db.OpenAsync();
        // Several clients may begin at once: "if not exists" alone is not safe against that, an advisory lock makes it so.
        await using (var make = new NpgsqlCommand(
            "select pg_advisory_lock(7); create table if not exists bench_row (id bigint generated always as identity primary key, at timestamptz not null); select pg_advisory_unlock(7)", db))
            await make.ExecuteNonQueryAsync();
        var insert = new NpgsqlCommand("insert into bench_row (at) values (now())", db);
        await insert.PrepareAsync();
        return new BareCommit(db, insert);
    }

    /// <summary>Milliseconds of one.</summary>
    public async Task<double> Once()
    {
        long begun = Stopwatch.GetTimestamp();
        await _insert.ExecuteNonQueryAsync();
        return Stopwatch.GetElapsedTime(begun).TotalMilliseconds;
    }

    public async ValueTask DisposeAsync()
    {
        await _insert.DisposeAsync();
        await _db.DisposeAsync();
    }
}
