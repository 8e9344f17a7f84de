using System.Text.Json;
using Dapper;
using Latchkey.Domain.Leases;
using Latchkey.Link.Messages;
using Latchkey.Server.Devices;
using Latchkey.Server.Features.Places;
using Latchkey.Server.Hosting;
using Latchkey.Server.Journal;
using Latchkey.Server.Storage;

namespace Latchkey.Server.Features.Deposits;

/// <summary>
/// Deposits go on by what their doors do, which nobody asks for: shut behind the thing, it is stored and its receiver written to; proven open for whoever takes it out, it costs no more; shut again, it is
/// over and the locker free. Where no sensor sees the door, the sender says that it is stored, and it counts as shut a while after it was opened. Each step is looked for when a door or what is behind it has moved, and once a second.
/// </summary>
public sealed class DepositProgress : BackgroundService
{
    private static readonly TimeSpan Every = TimeSpan.FromSeconds(1);

    // Of each step in one round, so that none waits for long behind another.
    private const int MostAtOnce = 100;

    private const string Shut = "k.door in ('closed', 'locked')";

    private readonly Wake _moved = new();
    private readonly Db _db;
    private readonly CollectCodes _codes;
    private readonly DeviceKeys _keys;
    private readonly PlaceBook _places;
    private readonly TimeProvider _time;
    private readonly ILogger<DepositProgress> _log;

    public DepositProgress(Db db, CollectCodes codes, DeviceKeys keys, PlaceBook places, JournalTail tail, TimeProvider time, ILogger<DepositProgress> log)
    {
        (_db, _codes, _keys, _places, _time, _log) = (db, codes, keys, places, time, log);
        tail.Read += batch =>
        {
            if (batch.Any(r => r.Entry is { LeaseId: not null, Kind: JournalKinds.DoorClosed or JournalKinds.DoorOpened or JournalKinds.PutIn or JournalKinds.TakenOut or JournalKinds.CommandSettled }))
                _moved.Call();
        };
    }

    protected override Task ExecuteAsync(CancellationToken stoppingToken) => Periodic.Run(Every, _time, _log, "sweep of deposits", Sweep, stoppingToken, _moved);

    public async Task Sweep(CancellationToken cancel)
    {
        DateTimeOffset now = _time.GetUtcNow();
        List<Due> due = await _db.Read(
            async c => (await c.QueryAsync<Due>(
                $"""
                select * from (select l.id, l.bank_id, {NextStep} as step
                from deposit d join lease l on l.id = d.lease_id join locker k on k.id = l.locker_id
                where d.over_at is null and l.state in ('active', 'overdue', 'expired', 'cancelled') and not {CommandLedger.LeaseHasOne}) due
                where step is not null limit @MostAtOnce
                """,
                Limits(now))).ToList(),
            cancel);
        foreach (Due one in due)
        {
            CommandKey? key = one.Step == "store" ? await _keys.Of(_places.Bank(one.BankId)!.DeviceId, cancel) : null;
            await _db.Change(tx => Step(tx, one, key), cancel);
        }
    }

    // Proof is the door that was seen open, also where the order's result was lost; without a sensor, the pulse.
    private const string Proof =
        """
        (select s.role from command c join share s on s.id = c.share_id where c.lease_id = l.id and (c.state in ('opened', 'pulsed', 'unlocked')
          or exists (select 1 from journal j where j.lease_id = l.id and j.kind = 'door-opened' and j.command_id = c.id)) order by c.id limit 1)
        """;

    /// <summary>What is next for a deposit d of the lease l at the locker k, with the limits that <see cref="Sweep"/> names.</summary>
    private const string NextStep =
        $"""
        case
          when l.state in ('expired', 'cancelled') then 'gone'
          when d.stage = 'placing' and l.opened_ever and {Shut} and k.occupied is distinct from false then 'store'
          when d.stage = 'placing' and l.paid_from <= @placed and (not l.opened_ever or k.occupied = false) and k.door <> 'open'
            and not exists (select 1 from command c where c.lease_id = l.id and c.state = 'pulsed') then 'cancel'
          when d.stage = 'stored' and {Proof} is not null then 'take'
          when d.stage in ('collecting', 'returning') and ({Shut} or d.taken_at <= @longest or (k.door = 'unknown' and d.taken_at <= @unseen)) then 'close'
          when d.stage = 'stored' and d.remind_at <= @now then 'remind' end
        """;

    private static object Limits(DateTimeOffset now, Guid? id = null) =>
        new { id, placed = now - Deposit.PlacedWithin, longest = now - Deposit.LongestOpen, unseen = now - Deposit.UnseenOpen, now, MostAtOnce };

    /// <summary>Once, whichever node comes first: what was looked for is looked for again under the lock. Its door may have been opened since.</summary>
    private async Task<bool> Step(Transaction tx, Due one, CommandKey? key)
    {
        // What has ended with its lease, which others end.
        if (one.Step == "gone")
            return await tx.Execute("update deposit d set stage = 'cancelled', over_at = l.ended_at from lease l where l.id = @Id and d.lease_id = @Id and d.over_at is null", new { one.Id }) == 1;
        DateTimeOffset now = _time.GetUtcNow();
        if (await DepositRow.Lock(tx, one.Id) is not { } deposit || !deposit.Runs || deposit.Lease.CommandUnderWay || deposit.Lease.BankId != one.BankId)
            return false;
        await tx.Execute("select 1 from locker where id = @LockerId for no key update", new { deposit.Lease.LockerId });
        if (await tx.Scalar<string?>($"select {NextStep} from deposit d join lease l on l.id = d.lease_id join locker k on k.id = l.locker_id where l.id = @id", Limits(now, one.Id)) != one.Step)
            return false;
        switch (one.Step, deposit.At)
        {
            case ("store", DepositStage.Placing):
                await StoreDeposit.Store(tx, deposit, key!, _codes, _places, said: false, now);
                return true;
            case ("cancel", DepositStage.Placing):
                await DepositMoney.End(tx, deposit, DepositStage.Cancelled, _places, JournalEntry.ByServer, "nothing-put-in", now);
                return true;
            case ("take", DepositStage.Stored):
                string role = await tx.Scalar<string>($"select {Proof} from lease l where l.id = @Id", new { one.Id });
                await tx.Execute("update deposit set stage = @stage, taken_at = @now where lease_id = @Id", new { one.Id, now, stage = role == "return" ? "returning" : "collecting" });
                tx.Journal(deposit.Entry(now, JournalKinds.DepositTaken, JournalEntry.ByServer, JsonSerializer.Serialize(new Taken(role), Json.Options)));
                return true;
            case ("remind", DepositStage.Stored):
                if (await tx.Execute(
                    "update deposit set remind_at = @next where lease_id = @Id and remind_at <= @now", new { one.Id, now, next = Deposit.NextReminder(deposit.StoredAt!.Value, deposit.Lease.PaidUntil!.Value, now) }) == 0)
                    return false;
                tx.Journal(deposit.Entry(now, JournalKinds.DepositReminded, JournalEntry.ByServer));
                return true;
            case ("close", DepositStage.Collecting):
                await DepositMoney.End(tx, deposit, DepositStage.Collected, _places, JournalEntry.ByServer, null, now);
                return true;
            case ("close", DepositStage.Returning):
                await DepositMoney.End(tx, deposit, DepositStage.Returned, _places, JournalEntry.ByPerson(deposit.Lease.PersonId), null, now);
                return true;
            default:
                return false;
        }
    }

    /// <summary>What the journal says of who has opened it to take it out.</summary>
    private sealed record Taken(string Role);

    private sealed class Due
    {
        public Guid Id { get; init; }
        public Guid BankId { get; init; }
        public string Step { get; init; } = "";
    }
}
