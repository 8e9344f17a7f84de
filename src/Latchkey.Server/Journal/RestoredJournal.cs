using Dapper;
using Npgsql;

namespace Latchkey.Server.Journal;

/// <summary>
/// After pg_dump and a restore into another cluster the journal holds transaction numbers that this cluster has not come to yet, and readers, who go
/// by them, would pass over all that is written until it has. Everything in a dump was committed before anything that follows, so its entries get the lowest
/// number, in which their ids keep their order.
/// </summary>
public static class RestoredJournal
{
    // "latchkey" in ASCII and one more: nodes that start at the same time do this one after the other.
    private const long LockKey = 0x6C617463686B657A;

    /// <returns>How many entries were renumbered; 0 for every database that was not restored from a dump.</returns>
    public static async Task<int> PutBeforeThePresent(NpgsqlDataSource source, CancellationToken cancel)
    {
        await using NpgsqlConnection db = await source.OpenConnectionAsync(cancel);
        if (!await IsAhead(db, cancel))
            return 0;
        await using NpgsqlTransaction tx = await db.BeginTransactionAsync(cancel);
        await db.ExecuteAsync(new CommandDefinition("select pg_advisory_xact_lock(@LockKey)", new { LockKey }, tx, commandTimeout: 0, cancellationToken: cancel));
        // Nobody writes an entry of today meanwhile: it would be renumbered with the others.
        await db.ExecuteAsync(new CommandDefinition("lock table journal in share row exclusive mode", transaction: tx, commandTimeout: 0, cancellationToken: cancel));
        int renumbered = await IsAhead(db, cancel)
            ? await db.ExecuteAsync(new CommandDefinition(
                // The chain looks through all of it again for what was not linked yet when the dump was made.
                "with again as (update journal_chain set xid = '0', id = 0) update journal set xid = '1'", transaction: tx, commandTimeout: 0, cancellationToken: cancel))
            : 0;
        await tx.CommitAsync(cancel);
        return renumbered;
    }

    /// <summary>Never true otherwise: what a snapshot shows was written below its own upper end.</summary>
    private static Task<bool> IsAhead(NpgsqlConnection db, CancellationToken cancel) => db.ExecuteScalarAsync<bool>(new CommandDefinition(
        "select coalesce((select max(xid) from journal) >= pg_snapshot_xmax(pg_current_snapshot()), false)", cancellationToken: cancel));
}
