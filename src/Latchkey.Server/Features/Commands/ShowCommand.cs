using Dapper;
using Latchkey.Domain;
using Latchkey.Domain.Commands;
using Latchkey.Server.Features.Accounts;
using Latchkey.Server.Hosting;
using Latchkey.Server.Storage;
using Microsoft.AspNetCore.Http.HttpResults;
using Npgsql;

namespace Latchkey.Server.Features.Commands;

/// <summary>An order to a door and what became of it.</summary>
/// <param name="Final">False while it is under way, and for <c>unconfirmed</c>, which one late report may still settle.</param>
/// <param name="Reason">With <c>refused</c>: why.</param>
public sealed record CommandView(
    Guid Id, Guid? LeaseId, Guid LockerId, string Kind, CommandState State, bool Final, string? Reason,
    DateTimeOffset CreatedAt, DateTimeOffset ExpiresAt, DateTimeOffset? SettledAt)
{
    /// <param name="state">As it is stored.</param>
    internal static CommandView Of(
        Guid id, Guid? lease, Guid locker, string kind, string state, string? reason, DateTimeOffset createdAt, DateTimeOffset expiresAt, DateTimeOffset? settledAt)
    {
        CommandState parsed = EnumText.Parse<CommandState>(state);
        return new CommandView(id, lease, locker, kind, parsed, CommandRules.IsFinal(parsed), reason, createdAt, expiresAt, settledAt);
    }
}

/// <summary>Somebody asks what became of their order.</summary>
public static class ShowCommand
{
    public static void Map(IEndpointRouteBuilder routes) => routes.MapGet("/commands/{id:guid}", Handle).WithName("ShowCommand").SignedIn(Scopes.LeasesRead);

    private static async Task<Results<Ok<CommandView>, ProblemHttpResult>> Handle(Guid id, HttpContext http, Db db, CancellationToken cancel)
    {
        CommandView? command = await Load(db, id, http.Caller().Id, cancel);
        return command is null ? Problems.Of(Refusal.NotFound("command")) : TypedResults.Ok(command);
    }

    public static Task<CommandView?> Load(Db db, Guid id, Guid person, CancellationToken cancel) => db.Read(c => Load(c, id, person), cancel);

    /// <param name="person">Whose it has to be; null where its right was looked at before.</param>
    public static async Task<CommandView?> Load(NpgsqlConnection db, Guid id, Guid? person = null)
    {
        Row? row = await db.QueryFirstOrDefaultAsync<Row>(
            "select id, lease_id, locker_id, kind, state, reason, created_at, expires_at, settled_at from command where id = @id and (@person::uuid is null or person_id = @person)", new { id, person });
        return row is null ? null : CommandView.Of(row.Id, row.LeaseId, row.LockerId, row.Kind, row.State, row.Reason, row.CreatedAt, row.ExpiresAt, row.SettledAt);
    }

    private sealed class Row
    {
        public Guid Id { get; init; }
        public Guid? LeaseId { get; init; }
        public Guid LockerId { get; init; }
        public string Kind { get; init; } = "";
        public string State { get; init; } = "";
        public string? Reason { get; init; }
        public DateTimeOffset CreatedAt { get; init; }
        public DateTimeOffset ExpiresAt { get; init; }
        public DateTimeOffset? SettledAt { get; init; }
    }
}
