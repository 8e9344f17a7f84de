using System.Security.Cryptography;
using Latchkey.Server.Features.Places;
using Latchkey.Server.Journal;
using Latchkey.Server.Storage;

namespace Latchkey.Server.Devices.Claims;

/// <summary>The other half of a new key: the device has it in use, so it takes the place of the one before.</summary>
public sealed class KeyChanges(PlaceBook places, DeviceKeys keys)
{
    /// <param name="tx">The transaction of the hello that named the key.</param>
    /// <param name="next">The public key that was offered.</param>
    public async Task InUse(Transaction tx, Guid device, byte[] next, DateTimeOffset now)
    {
        byte[]? before = await tx.First<byte[]>("select public_key from device where id = @device and next_public_key = @next for update", new { device, next });
        if (before is null)
            return;
        await tx.Execute("update device set public_key = next_public_key, next_public_key = null, next_offered_at = null where id = @device", new { device });
        await RevokeCertificates(tx, device, before, now);
        tx.Journal(Entry(JournalKinds.DeviceKeyChanged, device, now));
        tx.AfterCommit(() => keys.Forget(device));
    }

    /// <summary>Those from before keys could change have no hash, and are of the first key.</summary>
    internal static Task<int> RevokeCertificates(Transaction tx, Guid device, byte[] publicKey, DateTimeOffset now) => tx.Execute(
        "update device_certificate set revoked_at = @now where device_id = @device and revoked_at is null and (key_hash is null or key_hash = @hash)",
        new { device, now, hash = SHA256.HashData(publicKey) });

    internal JournalEntry Entry(string kind, Guid device, DateTimeOffset now)
    {
        BankPlace? bank = places.BankOfDevice(device);
        return new JournalEntry(now, kind, JournalEntry.ByDevice(device), SiteId: bank?.SiteId, BankId: bank?.Id, DeviceId: device);
    }
}
