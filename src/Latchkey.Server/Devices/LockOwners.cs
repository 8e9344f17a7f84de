using Latchkey.Server.Features.Places;
using Latchkey.Server.Journal;
using Latchkey.Server.Storage;

namespace Latchkey.Server.Devices;

/// <summary>What a lock that somebody owns says of itself is its owner's business: the journal names them, and so they see it and are told.</summary>
internal static class LockOwners
{
    /// <summary>The entry with the owner in it; as it is where nobody owns the bank.</summary>
    public static async Task<JournalEntry> Told(Transaction tx, BankPlace bank, JournalEntry entry)
    {
        if (!bank.Owned)
            return entry;
        (Guid lease, Guid person) = await tx.First<(Guid, Guid)>("select id, person_id from lease where bank_id = @Id and kind = 'assignment' and state = 'active'", new { bank.Id });
        return lease == Guid.Empty ? entry : entry with { PersonId = person, LeaseId = lease, LockerId = bank.Lockers[0].Id };
    }
}
