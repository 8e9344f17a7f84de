using Latchkey.Server.Devices;
using Latchkey.Server.Features.Leases;
using Latchkey.Server.Journal;
using Latchkey.Server.Storage;

namespace Latchkey.Server.Features.Places;

/// <summary>
/// Whether anybody is given a locker. Servers look at its row before each claim; a keypad bank decides by itself, also off line, and is told with the change.
/// </summary>
public static class LockerService
{
    /// <summary>Puts a locker into service or takes it out. Twice is no error and no second entry; a locker that was taken away stays so.</summary>
    /// <param name="authority">Who does it, as the journal says it.</param>
    /// <returns>Whether anything has changed.</returns>
    public static async Task<bool> Set(Transaction tx, Grants grants, PlaceBook places, LockerPlace locker, bool inService, string authority, DateTimeOffset now, string? data = null)
    {
        if (await tx.Execute("update locker set in_service = @inService where id = @Id and in_service <> @inService and removed_at is null", new { inService, locker.Id }) == 0)
            return false;
        tx.Journal(new JournalEntry(
            now, inService ? JournalKinds.LockerIn : JournalKinds.LockerOut, authority, SiteId: locker.SiteId, BankId: locker.BankId, LockerId: locker.Id, Data: data));
        await Tell(tx, grants, places.Bank(locker.BankId)!, now);
        return true;
    }

    /// <summary>Somebody has it, or holds it. The caller has locked its row, so that nobody gets it meanwhile.</summary>
    public static Task<bool> IsTaken(Transaction tx, Guid locker) =>
        tx.Scalar<bool>($"select {LockerClaim.IsTaken} from locker k where k.id = @locker", new { locker });

    /// <summary>The bank hears which of its lockers are nobody's now, where it is the one who gives them out.</summary>
    public static Task Tell(Transaction tx, Grants grants, BankPlace bank, DateTimeOffset now) => bank.Mode == BankMode.Keypad ? grants.Introduce(tx, bank.Id, now) : Task.CompletedTask;
}
