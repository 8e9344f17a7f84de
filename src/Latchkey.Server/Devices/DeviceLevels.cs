using System.Text.Json;
using Latchkey.Link.Messages;
using Latchkey.Server.Features.Places;
using Latchkey.Server.Hosting;
using Latchkey.Server.Journal;
using Latchkey.Server.Storage;

namespace Latchkey.Server.Devices;

/// <summary>What a device tells besides its doors: what is wrong with it, its battery, and whether something lies in its lockers.</summary>
internal static class DeviceLevels
{
    /// <summary>A whole state: what differs is written, and journalled where somebody may ask for it later.</summary>
    public static async Task Apply(Transaction tx, Guid device, BankPlace bank, StateMessage m, DateTimeOffset now)
    {
        bool? issueChanged = await tx.First<bool?>(
            """
            update device d set issue = @Issue, battery = @Battery
            from (select id, issue, battery from device where id = @device for no key update) o
            where d.id = o.id and (o.issue, o.battery) is distinct from (@Issue::text, @Battery::int)
            returning o.issue is distinct from @Issue::text
            """,
            new { device, m.Issue, m.Battery });
        if (issueChanged == true)
        {
            tx.Journal(await LockOwners.Told(tx, bank, new JournalEntry(
                now, JournalKinds.DeviceIssue, JournalEntry.ByDevice(device), SiteId: bank.SiteId, BankId: bank.Id, DeviceId: device,
                Data: JsonSerializer.Serialize(new { m.Issue }, Json.Options))));
        }
        // One statement for all doors: most states change none.
        foreach (Change change in await tx.Query<Change>(
            $"""
            update locker k set occupied = o.now
            from (
              select id, occupied as before, case substr(@inside, number, 1) when 'i' then true when 'e' then false end as now
              from locker where bank_id = @bank order by id for no key update) o
            where k.id = o.id and o.before is distinct from o.now
            returning k.id as locker_id, o.now as occupied, o.before is not null and o.now is not null as moved, {Holder}
            """,
            new { bank = bank.Id, inside = m.Inside ?? "" }))
        {
            if (change.Moved)
                Journal(tx, device, bank, change, late: false, now);
        }
    }

    /// <summary>Something was put in or taken out. One that comes late is recorded; what is known of the locker stays.</summary>
    public static async Task Apply(Transaction tx, Guid device, BankPlace bank, EventMessage m, bool newest, DateTimeOffset now)
    {
        bool occupied = m.Event == EventKinds.PutIn;
        Change? change = await tx.First<Change>(
            $"""
            update locker k set occupied = case when @newest then @occupied else occupied end
            where bank_id = @bank and number = @number and (not @newest or occupied is distinct from @occupied)
            returning k.id as locker_id, @occupied as occupied, true as moved, {Holder}
            """,
            new { newest, occupied, bank = bank.Id, number = m.Locker });
        if (change is not null)
            Journal(tx, device, bank, change, late: !newest, now);
    }

    private const string Holder =
        """
        (select l.id from lease l where l.locker_id = k.id and l.state in ('active', 'overdue')) as lease_id,
        (select l.person_id from lease l where l.locker_id = k.id and l.state in ('active', 'overdue')) as person_id
        """;

    private static void Journal(Transaction tx, Guid device, BankPlace bank, Change change, bool late, DateTimeOffset now) => tx.Journal(new JournalEntry(
        now, change.Occupied == true ? JournalKinds.PutIn : JournalKinds.TakenOut, JournalEntry.ByDevice(device), change.PersonId, bank.SiteId, bank.Id,
        change.LockerId, change.LeaseId, device, Data: late ? "{\"late\":true}" : null));

    private sealed class Change
    {
        public Guid LockerId { get; init; }
        public bool? Occupied { get; init; }
        public bool Moved { get; init; }
        public Guid? LeaseId { get; init; }
        public Guid? PersonId { get; init; }
    }
}
