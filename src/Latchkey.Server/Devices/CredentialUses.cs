using System.Text.Json;
using Latchkey.Link.Messages;
using Latchkey.Server.Features.Places;
using Latchkey.Server.Hosting;
using Latchkey.Server.Journal;
using Latchkey.Server.Storage;

namespace Latchkey.Server.Devices;

/// <summary>
/// A door was opened at the bank by a credential, with nobody's order. It gets a row like a command's, so that what follows (proof of use, the door's
/// state, the lease's history) goes the same way.
/// </summary>
public static class CredentialUses
{
    /// <summary>Writes the use down unless it is known; false when the bank has no such door.</summary>
    public static async Task<bool> Enter(Transaction tx, Guid device, BankPlace bank, ResultMessage m, DateTimeOffset now)
    {
        if (bank.Lockers.FirstOrDefault(l => l.Number == m.Locker) is not { } locker)
            return false;
        string[] parts = m.Authority!.Split(':');
        Guid? named = parts is ["lease", var id, ..] && Guid.TryParseExact(id, "D", out Guid lease) ? lease : null;
        string? token = parts is ["pass" or "phone", var name, ..] ? name : null;
        Guid? sharedBy = parts is ["share", var of, ..] && Guid.TryParseExact(of, "D", out Guid shared) ? shared : null;
        // Whose it was is looked up for this very locker: a device can speak for its own doors only.
        (Guid? leaseId, Guid? person, Guid? share) = await tx.First<(Guid?, Guid?, Guid?)>(
            """
            select l.id, l.person_id, coalesce(s.id, p.share_id) from lease l
              left join lease_pass p on p.token = @token and p.lease_id = l.id left join share s on s.id = @sharedBy and s.lease_id = l.id
            where l.locker_id = @Id and (l.id = @named or p.token is not null or s.id is not null)
            """,
            new { locker.Id, named, token, sharedBy });
        int entered = await tx.Execute(
            """
            insert into command (id, device_id, locker_id, lease_id, person_id, share_id, kind, authority, state, created_at, expires_at, presented)
            values (@Command, @device, @Id, @leaseId, @person, @share, 'open', @Authority, 'pending', @now, @now, true) on conflict do nothing
            """,
            new { m.Command, device, locker.Id, leaseId, person, share, m.Authority, now });
        if (entered == 1)
        {
            string? data = share is null ? null : JsonSerializer.Serialize(new { share }, Json.Options);
            tx.Journal(new JournalEntry(now, JournalKinds.CredentialUsed, m.Authority, person, bank.SiteId, bank.Id, locker.Id, leaseId, device, m.Command, data));
        }
        return true;
    }
}
