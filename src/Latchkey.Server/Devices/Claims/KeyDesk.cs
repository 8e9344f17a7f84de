using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Latchkey.Link.Transport;
using Latchkey.Server.Devices.Broker;
using Latchkey.Server.Devices.Gateway;
using Latchkey.Server.Hosting.Limits;
using Latchkey.Server.Journal;
using Latchkey.Server.Storage;

namespace Latchkey.Server.Devices.Claims;

/// <summary>
/// A device changes its key, or has a new certificate made for the one it has. The present key signs for the next one. Both are let in until the next one was
/// heard; then it is the device's, and the certificates of the one before are revoked.
/// </summary>
public sealed class KeyDesk(Db db, ServerKeys keys, KeyChanges changes, DevicePolling challenges, RateLimiter limiter, DeviceWelcome welcome, TimeProvider time)
{
    /// <summary>Null: no.</summary>
    public async Task<Claiming.Granted?> Change(Claiming.Change change, PublicKey next, CancellationToken cancel)
    {
        if (await limiter.Take(RateKind.Claims, $"key:{change.Device:D}", cancel) is not null || !await challenges.Reads(change.Nonce, cancel))
            return null;
        DateTimeOffset now = time.GetUtcNow();
        byte[] nextKey = next.ExportSubjectPublicKeyInfo();
        // Before the transaction: one that needs a second connection can starve behind others.
        (X509Certificate2 authority, ECDsa authorityKey) = await DeviceAuthority.Of(keys, now, cancel);
        using ECDsa disposed = authorityKey;
        bool used = false;
        string? certificate = await db.Change(
            async tx =>
            {
                KeyRow? row = await tx.First<KeyRow>("select public_key, next_public_key from device where id = @Device and revoked_at is null for update", new { change.Device });
                // Unknown, revoked and unproven look the same from outside.
                if (row is null || !Claiming.IsGenuineChange(row.PublicKey, change.Nonce, change.Device, nextKey, change.Proof))
                    return null;
                // Once, also where this transaction is tried again.
                if (!used && !(used = challenges.TryUse(change.Nonce)))
                    return null;
                bool sameKey = row.PublicKey.AsSpan().SequenceEqual(nextKey);
                if (!sameKey && (row.NextPublicKey is null || !row.NextPublicKey.AsSpan().SequenceEqual(nextKey)))
                {
                    await tx.Execute("update device set next_public_key = @nextKey, next_offered_at = @now where id = @Device", new { nextKey, now, change.Device });
                    if (row.NextPublicKey is { } dropped)
                        await KeyChanges.RevokeCertificates(tx, change.Device, dropped, now);
                    tx.Journal(changes.Entry(JournalKinds.DeviceKeyOffered, change.Device, now));
                }
                using X509Certificate2 signed = DeviceAuthority.SignDevice(authority, authorityKey, next, change.Device, now);
                await DeviceCertificates.Record(tx, change.Device, signed, now);
                if (sameKey)
                    tx.Journal(changes.Entry(JournalKinds.DeviceRenewed, change.Device, now));
                return signed.ExportCertificatePem() + "\n";
            },
            cancel);
        return certificate is null ? null : await welcome.For(change.Device, certificate, cancel);
    }

    private sealed class KeyRow
    {
        public byte[] PublicKey { get; init; } = [];
        public byte[]? NextPublicKey { get; init; }
    }
}
