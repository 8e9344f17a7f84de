using Dapper;
using Npgsql;

namespace Latchkey.Server.Messages;

public sealed class MessageRow
{
    public const string Columns =
        "m.id, m.kind, m.channel, m.person_id, m.address, m.language, m.zone, m.words::text as words, m.lease_id, m.state, m.reason, m.created_at, m.due_at, m.expires_at, m.attempts, m.sent_at, m.read_at";

    public Guid Id { get; init; }
    public string Kind { get; init; } = "";
    public string Channel { get; init; } = "";
    public Guid? PersonId { get; init; }
    public string? Address { get; init; }
    public string Language { get; init; } = "";
    public string Zone { get; init; } = "";
    public string Words { get; init; } = "";
    public Guid? LeaseId { get; init; }
    public string State { get; init; } = "";
    public string? Reason { get; init; }
    public DateTimeOffset CreatedAt { get; init; }
    public DateTimeOffset DueAt { get; init; }
    public DateTimeOffset ExpiresAt { get; init; }
    public int Attempts { get; init; }
    public DateTimeOffset? SentAt { get; init; }
    public DateTimeOffset? ReadAt { get; init; }
}

/// <summary>What must still be so when a message that was written ahead is sent: who has paid meanwhile is not told to pay.</summary>
internal static class MessageConditions
{
    private const string LeaseIs = "select exists (select 1 from lease where id = @LeaseId and state = ";

    public static Func<NpgsqlConnection, MessageRow, Task<bool>>? Of(string kind) => kind switch
    {
        MessageKinds.HoldEnding => (c, m) => c.ExecuteScalarAsync<bool>(LeaseIs + "'held')", new { m.LeaseId }),
        MessageKinds.RentalEnding => (c, m) => c.ExecuteScalarAsync<bool>(LeaseIs + "'active')", new { m.LeaseId }),
        MessageKinds.BankOffline or MessageKinds.LockOffline => (c, m) => c.ExecuteScalarAsync<bool>(
            "select exists (select 1 from device d join bank b on b.device_id = d.id where b.id = (@Words::jsonb ->> 'bankId')::uuid and d.online = false)", new { m.Words }),
        _ => null,
    };
}
