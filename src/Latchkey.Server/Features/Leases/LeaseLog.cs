using System.Text.Json;
using Dapper;
using Latchkey.Server.Hosting;
using Latchkey.Server.Journal;
using Latchkey.Server.Live;
using Latchkey.Server.Storage;
using Npgsql;

namespace Latchkey.Server.Features.Leases;

/// <summary>The journal's entries about one lease as its holder reads them. An order is one line: what became of it says that it was given, and that a bolt moved by it. One of the staff's is two, because the first says why.</summary>
internal static class LeaseLog
{
    private const string Select =
        """
        select j.id, j.at, j.kind, j.authority, j.data::text as data, c.kind as ordered, p.id as person, p.name, s.name as shared_with, l.hash
        from journal j left join command c on c.id = j.command_id
          left join person p on p.id = coalesce(c.person_id, case when j.authority like 'person:%' then substr(j.authority, 8)::uuid end)
          left join journal_link l on l.journal_id = j.id
          left join share s on s.id = coalesce(c.share_id, (j.data ->> 'share')::uuid)
        where j.lease_id = @lease and j.id < @before and j.kind <> 'command-sent'
          and not (j.kind = 'command-created' and c.settled_at is not null and j.authority not like 'operator:%') and not (j.kind in ('door-locked', 'door-unlocked') and j.command_id is not null)
        """;

    public static async Task<IReadOnlyList<Row>> NewestFirst(NpgsqlConnection db, Guid lease, long before, int most) =>
        (await db.QueryAsync<Row>($"{Select} order by j.id desc limit @most", new { lease, before, most })).ToList();

    public static async Task<IReadOnlyList<Row>> OldestFirst(NpgsqlConnection db, Guid lease, int most) =>
        (await db.QueryAsync<Row>($"{Select} order by j.id limit @most", new { lease, before = long.MaxValue, most })).ToList();

    public sealed class Row
    {
        public long Id { get; init; }
        public DateTimeOffset At { get; init; }
        public string Kind { get; init; } = "";
        public string Authority { get; init; } = "";
        public string? Data { get; init; }
        public string? Ordered { get; init; }
        public Guid? Person { get; init; }
        public string? Name { get; init; }

        /// <summary>For whom the holder has shared it, in their own words; null where this is about no share.</summary>
        public string? SharedWith { get; init; }

        /// <summary>Of its link in the journal's chain; null in its first seconds.</summary>
        public byte[]? Hash { get; init; }

        public string What => Kind switch
        {
            JournalKinds.CommandCreated => "ordered",
            JournalKinds.CommandSettled => JsonSerializer.Deserialize<LiveEvents.Settled>(Data!, Json.Options)!.State.Text(),
            _ => Kind,
        };

        public string? Reason => Data is not null && JsonSerializer.Deserialize<JsonElement>(Data) is { ValueKind: JsonValueKind.Object } data ? Text(data, "reason") ?? Text(data, "issue") : null;

        /// <summary>Who, and what else there is to say of who.</summary>
        public (string By, string? Name) By(Guid reader) =>
            SharedWith is { } other && Kind is not (JournalKinds.ShareMade or JournalKinds.ShareTold or JournalKinds.ShareEnded) && !IsOfItself ? ("shared", other.Length > 0 ? other : null)
            : Person is { } person && !IsOfItself ? (person == reader ? ("you", null) : ("person", Name))
            : Kind is JournalKinds.CredentialUsed or JournalKinds.CredentialRefused ? ("credential", CredentialOf(Authority))
            : Authority == JournalEntry.ByServer ? ("latchkey", null) : ("lock", null);

        private bool IsOfItself => Kind is JournalKinds.DeviceOnline or JournalKinds.DeviceOffline or JournalKinds.DeviceIssue or JournalKinds.DoorJammed or JournalKinds.DoorUnknown;

        private static string? CredentialOf(string authority) =>
            authority.StartsWith("pass:", StringComparison.Ordinal) ? "pass" : authority.Split(':') is [_, _, var kind, ..] ? kind.Split('-')[0] : null;

        private static string? Text(JsonElement data, string name) => data.TryGetProperty(name, out JsonElement value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;
    }
}
