using Dapper;
using Latchkey.Domain;
using Latchkey.Server.Hosting;
using Latchkey.Server.Journal;
using Npgsql;

namespace Latchkey.Server.Storage;

/// <summary>The database: short reads, and transactions that take their journal entries with them.</summary>
public sealed class Db(NpgsqlDataSource source, JournalBell bell)
{
    // A deadlock or a serialization failure is nobody's fault and gone the next moment; three in a row is a bug worth seeing.
    private const int MostTries = 3;

    static Db() => DapperSetup.Once();

    public async Task<T> Read<T>(Func<NpgsqlConnection, Task<T>> read, CancellationToken cancel)
    {
        await using NpgsqlConnection connection = await source.OpenConnectionAsync(cancel);
        return await read(connection);
    }

    /// <summary>
    /// Runs the work in one transaction. A refusal rolls everything back. The caller's token is honoured up to the commit and not
    /// after it: what may have been committed is finished.
    /// </summary>
    public async Task<Decision<T>> Decide<T>(Func<Transaction, Task<Decision<T>>> work, CancellationToken cancel)
    {
        for (int attempt = 1; ; attempt++)
        {
            try
            {
                await using NpgsqlConnection connection = await source.OpenConnectionAsync(cancel);
                await using NpgsqlTransaction inner = await connection.BeginTransactionAsync(cancel);
                var transaction = new Transaction(connection, inner);
                Decision<T> result = await work(transaction);
                if (result.Refusal is not null)
                    return result;
                cancel.ThrowIfCancellationRequested();
                Reach(KillPoint.Before, transaction);
                using JournalLook? look = transaction.Entries.Count > 0 ? bell.Tail?.Look() : null;
                JournalCursor last = await transaction.Commit(look);
                Reach(KillPoint.After, transaction);
                if (transaction.Entries.Count > 0)
                    bell.Ring(last, transaction.Entries, look);
                transaction.Committed();
                return result;
            }
            catch (PostgresException e) when (e.SqlState is PostgresErrorCodes.DeadlockDetected or PostgresErrorCodes.SerializationFailure && attempt < MostTries)
            {
                cancel.ThrowIfCancellationRequested();
            }
        }
    }

    private static void Reach(Func<string, string> step, Transaction transaction)
    {
        if (!KillPoint.IsArmed)
            return;
        foreach (JournalEntry entry in transaction.Entries)
            KillPoint.At(step(entry.Kind));
    }

    /// <summary>The same for work that is never refused.</summary>
    public async Task<T> Change<T>(Func<Transaction, Task<T>> work, CancellationToken cancel) =>
        (await Decide<T>(async tx => await work(tx), cancel)).Value;
}

/// <summary>An open transaction, and the journal entries that will be written with it.</summary>
public sealed class Transaction(NpgsqlConnection connection, NpgsqlTransaction inner)
{
    private readonly List<JournalEntry> _entries = [];
    private readonly List<NpgsqlBatchCommand> _deferred = [], _last = [];
    private readonly List<Action> _afterCommit = [];

    public NpgsqlConnection Connection => connection;

    public IReadOnlyList<JournalEntry> Entries => _entries;

    public void Journal(JournalEntry entry) => _entries.Add(entry);

    public Task<int> Execute(string sql, object? parameters = null) => connection.ExecuteAsync(sql, parameters, inner);

    public Task<IEnumerable<T>> Query<T>(string sql, object? parameters = null) => connection.QueryAsync<T>(sql, parameters, inner);

    public Task<T?> First<T>(string sql, object? parameters = null) => connection.QueryFirstOrDefaultAsync<T>(sql, parameters, inner);

    public Task<T> Scalar<T>(string sql, object? parameters = null) => connection.ExecuteScalarAsync<T>(sql, parameters, inner)!;

    /// <summary>
    /// What follows from the change and is not in the database: done once it is committed, and never when it was rolled back, tried again or found
    /// to be a repeat. It is short and does not throw.
    /// </summary>
    public void AfterCommit(Action action) => _afterCommit.Add(action);

    internal void Committed() => _afterCommit.ForEach(action => action());

    /// <summary>
    /// Several statements in one round trip, each seeing what the one before it did and what was committed until it began.
    /// </summary>
    public Task<SqlMapper.GridReader> Several(string sql, object? parameters = null) => connection.QueryMultipleAsync(sql, parameters, inner);

    /// <summary>
    /// A statement whose result nobody needs: sent together with the journal, just before the commit, and so without a round trip of its own.
    /// </summary>
    /// <param name="sql">With $1, $2, ... for the values.</param>
    public void Defer(string sql, params object?[] values) => _deferred.Add(Command(sql, values));

    /// <summary>The same, after everything else: for a row that many wait for, so that it is locked for no longer than the commit takes.</summary>
    public void DeferToLast(string sql, params object?[] values) => _last.Add(Command(sql, values));

    private static NpgsqlBatchCommand Command(string sql, object?[] values)
    {
        var command = new NpgsqlBatchCommand(sql);
        foreach (object? value in values)
            command.Parameters.Add(new NpgsqlParameter { Value = value ?? DBNull.Value });
        return command;
    }

    /// <summary>Sends what was deferred, the journal and the COMMIT together: a customer at a door waits for every round trip.</summary>
    /// <param name="look">A look at the journal right after it, which goes with it.</param>
    /// <returns>The place of the last journal entry.</returns>
    public async Task<JournalCursor> Commit(JournalLook? look)
    {
        if (_entries.Count > 0)
            _deferred.Add(JournalInsert());
        await using var batch = new NpgsqlBatch(connection, inner);
        foreach (NpgsqlBatchCommand command in _deferred.Concat(_last))
            batch.BatchCommands.Add(command);
        var commit = new NpgsqlBatchCommand("commit");
        batch.BatchCommands.Add(commit);
        if (look is not null)
            batch.BatchCommands.Add(look.Statement);
        await using NpgsqlDataReader reader = await batch.ExecuteReaderAsync(CancellationToken.None);
        JournalCursor last = default;
        for (int left = _entries.Count; left > 0 && await reader.ReadAsync(CancellationToken.None); left--)
            last = new JournalCursor(reader.GetFieldValue<ulong>(0), reader.GetInt64(1));
        try
        {
            // To its end, where an error would come.
            while (await reader.NextResultAsync(CancellationToken.None))
                look!.Found = await JournalReader.Rows(reader, CancellationToken.None);
        }
        catch (PostgresException) when (look is not null && commit.StatementType != StatementType.Unknown)
        {
            // The database has answered the commit, so only the look has failed; the tail looks by itself.
        }
        return last;
    }

    private NpgsqlBatchCommand JournalInsert()
    {
        var command = new NpgsqlBatchCommand();
        var rows = new List<string>(_entries.Count);
        foreach (JournalEntry e in _entries)
        {
            int n = command.Parameters.Count;
            rows.Add($"(${n + 1}, ${n + 2}, ${n + 3}, ${n + 4}, ${n + 5}, ${n + 6}, ${n + 7}, ${n + 8}, ${n + 9}, ${n + 10}, ${n + 11}::jsonb)");
            command.Parameters.Add(new NpgsqlParameter { Value = e.At.ToUniversalTime() });
            command.Parameters.Add(new NpgsqlParameter { Value = e.Kind });
            command.Parameters.Add(new NpgsqlParameter { Value = e.Authority });
            foreach (Guid? id in (Guid?[])[e.PersonId, e.SiteId, e.BankId, e.LockerId, e.LeaseId, e.DeviceId, e.CommandId])
                command.Parameters.Add(new NpgsqlParameter { Value = (object?)id ?? DBNull.Value, NpgsqlDbType = NpgsqlTypes.NpgsqlDbType.Uuid });
            command.Parameters.Add(new NpgsqlParameter { Value = (object?)e.Data ?? DBNull.Value, NpgsqlDbType = NpgsqlTypes.NpgsqlDbType.Text });
        }
        command.CommandText =
            "insert into journal (at, kind, authority, person_id, site_id, bank_id, locker_id, lease_id, device_id, command_id, data) values "
            + string.Join(", ", rows) + " returning xid, id";
        return command;
    }
}
