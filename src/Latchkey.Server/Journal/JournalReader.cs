using Dapper;
using Npgsql;
using NpgsqlTypes;

namespace Latchkey.Server.Journal;

/// <summary>
/// Reads the journal in an order that never changes behind the reader: by the transaction that wrote, and only below the oldest
/// transaction that still runs. "Id greater than the last one" would skip an entry whose transaction took its number early and
/// committed late (1,062 of 10,274 in a measured race).
/// </summary>
public static class JournalReader
{
    /// <summary>Entries fetched at once: about 300 kB, 25 ms.</summary>
    public const int MostPerRead = 1000;

    private const string Text =
        """
        select xid, id, at, kind, authority, person_id, site_id, bank_id, locker_id, lease_id, device_id, command_id, data::text
        from journal
        where (xid, id) > ($1, $2) and xid < pg_snapshot_xmin(pg_current_snapshot())
        order by xid, id
        limit $3
        """;

    /// <summary>The entries after the cursor, at most <see cref="MostPerRead"/>; empty when there are none that are safe to read.</summary>
    public static async Task<IReadOnlyList<JournalRead>> After(NpgsqlConnection db, JournalCursor cursor, CancellationToken cancel, int most = MostPerRead)
    {
        await using var command = new NpgsqlCommand(Text, db);
        Fill(command.Parameters, cursor, most);
        await using NpgsqlDataReader rows = await command.ExecuteReaderAsync(cancel);
        return await Rows(rows, cancel);
    }

    /// <summary>The same as a statement among others.</summary>
    internal static NpgsqlBatchCommand After(JournalCursor cursor)
    {
        var command = new NpgsqlBatchCommand(Text);
        Fill(command.Parameters, cursor, MostPerRead);
        return command;
    }

    internal static async Task<IReadOnlyList<JournalRead>> Rows(NpgsqlDataReader rows, CancellationToken cancel)
    {
        var read = new List<JournalRead>();
        while (await rows.ReadAsync(cancel))
        {
            read.Add(new JournalRead(
                new JournalCursor(rows.GetFieldValue<ulong>(0), rows.GetInt64(1)),
                new JournalEntry(
                    rows.GetFieldValue<DateTimeOffset>(2), rows.GetString(3), rows.GetString(4), Id(rows, 5), Id(rows, 6), Id(rows, 7), Id(rows, 8), Id(rows, 9), Id(rows, 10), Id(rows, 11),
                    rows.IsDBNull(12) ? null : rows.GetString(12))));
        }
        return read;
    }

    private static Guid? Id(NpgsqlDataReader rows, int column) => rows.IsDBNull(column) ? null : rows.GetGuid(column);

    private static void Fill(NpgsqlParameterCollection parameters, JournalCursor cursor, int most)
    {
        parameters.Add(new NpgsqlParameter<ulong> { TypedValue = cursor.Xid, NpgsqlDbType = NpgsqlDbType.Xid8 });
        parameters.Add(new NpgsqlParameter<long> { TypedValue = cursor.Id });
        parameters.Add(new NpgsqlParameter<int> { TypedValue = most });
    }

    /// <summary>The place after everything that a reader could have read by now.</summary>
    public static async Task<JournalCursor> End(NpgsqlConnection db, CancellationToken cancel)
    {
        // Nothing with a transaction id below xmin can appear any more: (xmin, 0) lies before all that is still to come.
        ulong xmin = await db.ExecuteScalarAsync<ulong>(new CommandDefinition(
            "select pg_snapshot_xmin(pg_current_snapshot())", cancellationToken: cancel));
        return new JournalCursor(xmin - 1, long.MaxValue);
    }

    /// <summary>Whether no reader can have come there yet, on whatever node.</summary>
    public static Task<bool> IsAhead(NpgsqlConnection db, JournalCursor cursor, CancellationToken cancel) => db.ExecuteScalarAsync<bool>(new CommandDefinition(
        "select @Xid::xid8 >= pg_snapshot_xmax(pg_current_snapshot())", new { Xid = cursor.Xid.ToString() }, cancellationToken: cancel));
}
