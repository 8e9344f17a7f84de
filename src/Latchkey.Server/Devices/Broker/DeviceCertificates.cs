using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Dapper;
using Latchkey.Server.Storage;

namespace Latchkey.Server.Devices.Broker;

/// <summary>Which certificates were given to which device: a revocation list names serial numbers.</summary>
public static class DeviceCertificates
{
    /// <summary>Before the device gets it, so that there is none that cannot be revoked.</summary>
    public static Task<int> Record(Transaction tx, Guid device, X509Certificate2 certificate, DateTimeOffset now) => tx.Execute(
        "insert into device_certificate (serial, device_id, issued_at, not_after, key_hash) values (@serial, @device, @now, @notAfter, @key)",
        new
        {
            serial = certificate.SerialNumber, device, now, notAfter = new DateTimeOffset(certificate.NotAfter).ToUniversalTime(),
            key = SHA256.HashData(certificate.PublicKey.ExportSubjectPublicKeyInfo()),
        });

    /// <summary>The list of all that are revoked and would still be believed, PEM.</summary>
    public static async Task<string> RevocationList(Db db, X509Certificate2 authority, ECDsa authorityKey, DateTimeOffset now, CancellationToken cancel)
    {
        IEnumerable<string> serials = await db.Read(
            c => c.QueryAsync<string>(
                "select c.serial from device_certificate c join device d on d.id = c.device_id where (d.revoked_at is not null or c.revoked_at is not null) and c.not_after > @now order by c.serial", new { now }),
            cancel);
        // Milliseconds rise with every list, over restarts and nodes.
        return DeviceAuthority.Revoke(authority, authorityKey, serials, now.ToUnixTimeMilliseconds(), now);
    }
}
