using Latchkey.Domain.Leases;
using Latchkey.Domain.Pricing;
using Latchkey.Server.Features.Leases;
using Latchkey.Server.Hosting;
using Latchkey.Server.Journal;
using Latchkey.Server.Storage;

namespace Latchkey.Server.Features.Payments;

/// <summary>
/// What time does to leases that are paid for: prepaid hours are charged once the door was proven open, and the overdue ladder is climbed, each step journalled
/// once. Both are written down with their instants, so that a restart forgets none.
/// </summary>
public sealed class PaidLeases(Db db, TimeProvider time, ILogger<PaidLeases> log) : BackgroundService
{
    private static readonly TimeSpan Every = TimeSpan.FromSeconds(1);

    // One sweep takes at most so many, so that its transaction stays short; the next one is a second away.
    private const int MostAtOnce = 200;

    protected override Task ExecuteAsync(CancellationToken stoppingToken) => Periodic.Run(Every, time, log, "sweep of paid leases", Sweep, stoppingToken);

    public async Task Sweep(CancellationToken cancel)
    {
        await db.Change(Charge, cancel);
        await db.Change(Climb, cancel);
        await db.Change(EndCheckouts, cancel);
    }

    /// <summary>
    /// What a checkout for a deposit or a change says stands until its deadline, and nobody pays an old sum later: it is closed. A hold's is closed with the hold. Whoever has paid and waits for their
    /// bank is waited for.
    /// </summary>
    private async Task<int> EndCheckouts(Transaction tx)
    {
        DateTimeOffset now = time.GetUtcNow();
        return await tx.Execute(
            """
            insert into payment_order (id, payment_id, kind, due_at, created_at)
              select gen_random_uuid(), p.id, 'close', @now, @now from payment p left join lease_change c on c.id = p.change_id left join deposit d on d.lease_id = p.lease_id
              where p.state in ('pending', 'declined') and coalesce(c.expires_at, d.pay_until) <= @now
                and not exists (select 1 from payment_order o where o.payment_id = p.id and o.kind = 'close') order by p.created_at limit @MostAtOnce
              on conflict do nothing;
            update lease_change c set state = 'gone', settled_at = @now
              where c.state = 'waiting' and c.expires_at <= @now and not exists (select 1 from payment p where p.change_id = c.id and p.state = 'processing');
            """,
            new { now, MostAtOnce });
    }

    private async Task<int> Charge(Transaction tx)
    {
        DateTimeOffset now = time.GetUtcNow();
        List<LeaseRow> due =
        [
            .. await tx.Query<LeaseRow>(
                LeaseRow.Select + "\nwhere l.charge_at <= @now and l.opened_ever and l.state in ('active', 'overdue') order by l.charge_at limit @MostAtOnce for no key update of l skip locked", new { now, MostAtOnce }),
        ];
        foreach (LeaseRow lease in due)
            await SettleRental.AtProof(tx, lease, now);
        return due.Count;
    }

    private async Task<int> Climb(Transaction tx)
    {
        DateTimeOffset now = time.GetUtcNow();
        List<(Guid Id, Guid Person, int Ladder)> due =
        [
            .. await tx.Query<(Guid, Guid, int)>(
                "select id, person_id, ladder from lease where ladder_at <= @now and state in ('active', 'overdue') order by ladder_at limit @MostAtOnce for no key update skip locked", new { now, MostAtOnce }),
        ];
        foreach ((Guid id, Guid person, int ladder) in due)
        {
            LeaseRow lease = (await LeaseRow.LockPaid(tx, id, person))!;
            Rental rental = lease.Rental();
            OverdueStep step = OverdueLadder.At(rental.Tariff, rental.SizePriced, rental.PaidUntil!.Value, now);
            if (rental.FallOverdue(now) is { Refusal: null } overdue)
                await tx.Execute("update lease set state = @state where id = @id", new { id, state = overdue.Value.State.Text() });
            // Steps that were slept through are told too, in their order; but nobody is warned of what has come.
            for (var passed = (OverdueStep)(ladder + 1); passed <= step; passed++)
            {
                if (Kind(passed) is { } kind && !(passed == OverdueStep.DueSoon && step > passed))
                    tx.Journal(lease.Entry(now, kind, JournalEntry.ByServer));
            }
            await tx.Execute(
                "update lease set ladder = @step, ladder_at = @next where id = @id", new { id, step = Math.Max(ladder, (int)step), next = OverdueLadder.NextLook(rental.Tariff, rental.PaidUntil.Value, now) });
        }
        return due.Count;
    }

    private static string? Kind(OverdueStep step) => step switch
    {
        OverdueStep.DueSoon => JournalKinds.LeaseDueSoon,
        OverdueStep.Grace => JournalKinds.LeaseOverdue,
        OverdueStep.Fee => JournalKinds.LeaseOverdueFee,
        OverdueStep.Capped => JournalKinds.LeaseOverdueCapped,
        OverdueStep.Staff => JournalKinds.LeaseOverdueStaff,
        _ => null,
    };
}
