using Latchkey.Server.Devices;
using Latchkey.Server.Features.Places;
using Latchkey.Server.Journal;
using Latchkey.Server.Storage;

namespace Latchkey.Server.Features.Locks;

/// <summary>How a lock comes to have an owner, and to have none: a lease of kind <c>assignment</c> begins or ends, and the lock is told.</summary>
public static class LockOwnership
{
    /// <summary>The new lease, or null: somebody has it. The index decides.</summary>
    public static async Task<Guid?> Begin(Transaction tx, Grants grants, BankPlace bank, Guid owner, string authority, DateTimeOffset now)
    {
        LockerPlace door = bank.Lockers[0];
        var lease = Guid.CreateVersion7(now);
        int begun = await tx.Execute(
            """
            insert into lease (id, kind, state, person_id, site_id, bank_id, locker_id, created_at)
            select @lease, 'assignment', 'active', id, @SiteId, @bank, @door, @now from person where id = @owner and erased_at is null
            on conflict do nothing
            """,
            new { lease, owner, bank.SiteId, bank = bank.Id, door = door.Id, now });
        if (begun == 0)
            return null;
        await grants.Begin(tx, lease, door, bank, now);
        tx.Journal(new JournalEntry(now, JournalKinds.OwnerSet, authority, owner, bank.SiteId, bank.Id, door.Id, lease, bank.DeviceId));
        return lease;
    }

    /// <summary>Whoever owns it does no longer, nor do those who have registered it and wait. False: nobody did.</summary>
    public static async Task<bool> End(Transaction tx, BankPlace bank, string authority, DateTimeOffset now)
    {
        await tx.Execute("update device_claim set owner_id = null, registered_at = null where bank_id = @Id and owner_id is not null and state in ('open', 'waiting')", new { bank.Id });
        (Guid lease, Guid owner) = await tx.First<(Guid, Guid)>(
            "update lease set state = 'ended', ended_at = @now, cards = '[]' where bank_id = @Id and kind = 'assignment' and state = 'active' returning id, person_id", new { bank.Id, now });
        if (lease == Guid.Empty)
            return false;
        await Grants.End(tx, lease, bank.Lockers[0], bank, now);
        tx.Journal(new JournalEntry(now, JournalKinds.OwnerEnded, authority, owner, bank.SiteId, bank.Id, bank.Lockers[0].Id, lease, bank.DeviceId));
        return true;
    }
}
