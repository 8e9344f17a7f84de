using System.Text.Json;
using Latchkey.Domain.Commands;
using Latchkey.Server.Hosting;
using Latchkey.Server.Journal;
using Latchkey.Server.Live;
using Latchkey.Server.Storage;

namespace Latchkey.Server.Devices;

/// <summary>How commands come to their one outcome: every way leads through the same conditional update.</summary>
public static class CommandLedger
{
    // What staff ordered is the business of whoever has the locker.
    private const string Settled =
        """
        c.id, c.device_id, c.locker_id, c.lease_id, coalesce(case when c.authority not like 'operator:%' then c.person_id end, (select l.person_id from lease l where l.id = c.lease_id)) as person_id,
        c.share_id, b.id as bank_id, b.site_id
        """;

    /// <summary>SQL: an order of lease <c>l</c> has no outcome yet.</summary>
    public const string LeaseHasOne = "exists (select 1 from command c where c.lease_id = l.id and c.state in ('pending', 'sent'))";

    /// <summary>The same of a locker, alias k.</summary>
    public const string LockerHasOne = "exists (select 1 from command c where c.locker_id = k.id and c.state in ('pending', 'sent'))";

    /// <summary>An order of this lease has no outcome yet. The caller has locked the lease, so that nobody gives another one meanwhile.</summary>
    public static Task<bool> IsUnderWay(Transaction tx, Guid lease) => tx.Scalar<bool>("select exists (select 1 from command where lease_id = @lease and state in ('pending', 'sent'))", new { lease });

    /// <summary>Writes an outcome unless there is one already.</summary>
    public static Task<bool> Settle(Db db, Guid command, CommandState state, string? reason, string authority, DateTimeOffset now) => db.Change(
        async tx => await Settle(tx, command, null, state, reason, authority, now) is not null, CancellationToken.None);

    /// <summary>The settled row, or null when the command is not known, not this device's, or already final.</summary>
    public static async Task<SettledRow?> Settle(Transaction tx, Guid command, Guid? device, CommandState state, string? reason, string authority, DateTimeOffset now)
    {
        string[] from = [.. Enum.GetValues<CommandState>().Where(s => CommandRules.Settle(s, state) is not null).Select(s => s.Text())];
        SettledRow? row = await tx.First<SettledRow>(
            $"""
            update command c set state = @state, reason = @reason, settled_at = @now
            from locker k join bank b on b.id = k.bank_id
            where c.id = @command and k.id = c.locker_id and c.state = any(@from) and (@device::uuid is null or c.device_id = @device)
            returning {Settled}
            """,
            new { command, device, state = state.Text(), reason, now, from });
        if (row is not null)
        {
            tx.Journal(new JournalEntry(
                now, JournalKinds.CommandSettled, authority, row.PersonId, row.SiteId, row.BankId, row.LockerId, row.LeaseId, row.DeviceId, row.Id,
                JsonSerializer.Serialize(new LiveEvents.Settled(state, reason, row.ShareId), Json.Options)));
        }
        return row;
    }

    public static Task<int> MarkSent(Db db, IReadOnlyList<Guid> commands, DateTimeOffset now, CancellationToken cancel) => db.Change(
        async tx =>
        {
            List<SettledRow> rows =
            [
                .. await tx.Query<SettledRow>(
                    $"""
                    update command c set state = 'sent' from locker k join bank b on b.id = k.bank_id
                    where c.id = any(@commands) and k.id = c.locker_id and c.state = 'pending'
                    returning {Settled}
                    """,
                    new { commands }),
            ];
            foreach (SettledRow row in rows)
                tx.Journal(new JournalEntry(now, JournalKinds.CommandSent, JournalEntry.ByServer, row.PersonId, row.SiteId, row.BankId, row.LockerId, row.LeaseId, row.DeviceId, row.Id));
            return rows.Count;
        },
        cancel);

    /// <summary>Calls unconfirmed what was never answered. It may have moved the door: nothing surer can be said.</summary>
    public static Task<int> Sweep(Db db, DateTimeOffset now, CancellationToken cancel) => db.Change(
        async tx =>
        {
            // The same instant that CommandRules.IsPastAnswering names. 500 at most: a short transaction, the next sweep is a second away.
            List<Guid> unanswered =
            [
                .. await tx.Query<Guid>(
                    "select id from command where state in ('pending', 'sent') and expires_at <= @before order by expires_at limit 500 for update skip locked",
                    new { before = now - CommandRules.ResultGrace }),
            ];
            foreach (Guid command in unanswered)
                await Settle(tx, command, null, CommandState.Unconfirmed, null, JournalEntry.ByServer, now);
            return unanswered.Count;
        },
        cancel);

    public sealed class SettledRow
    {
        public Guid Id { get; init; }
        public Guid DeviceId { get; init; }
        public Guid LockerId { get; init; }
        public Guid? LeaseId { get; init; }
        /// <summary>Whose business it is: the lease's holder, also where somebody it is shared with has ordered it.</summary>
        public Guid? PersonId { get; init; }
        public Guid? ShareId { get; init; }
        public Guid BankId { get; init; }
        public Guid SiteId { get; init; }
    }
}
