using Dapper;
using Npgsql;

namespace Latchkey.Server.Invariants;

/// <summary>Something that must be true of the stored data at every moment, told by a query for what breaks it.</summary>
/// <param name="Promise">The promise of the design that it belongs to, 1 to 7.</param>
/// <param name="Sql">One text column: an offender a row, at most <see cref="MostShown"/> are read. It may use @now.</param>
public record Invariant(int Promise, string Statement, string Sql)
{
    public const int MostShown = 10;

    // A check of a large installation may scan its journal; it must not do so for ever beside the customers.
    private const int LongestSeconds = 120;

    /// <summary>What breaks it; empty when nothing does.</summary>
    public virtual async Task<IReadOnlyList<string>> Offenders(NpgsqlConnection db, DateTimeOffset now, CancellationToken cancel) =>
    [
        .. await db.QueryAsync<string>(new CommandDefinition(
            $"select * from ({Sql}) as offender limit {MostShown}", new { now }, commandTimeout: LongestSeconds, cancellationToken: cancel)),
    ];
}
