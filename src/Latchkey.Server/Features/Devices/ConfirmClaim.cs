using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Latchkey.Domain;
using Latchkey.Server.Devices;
using Latchkey.Server.Devices.Broker;
using Latchkey.Server.Features.Accounts;
using Latchkey.Server.Features.Locks;
using Latchkey.Server.Features.Places;
using Latchkey.Server.Hosting;
using Latchkey.Server.Journal;
using Latchkey.Server.Storage;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Latchkey.Server.Features.Devices;

/// <summary>
/// An admin has compared what the device shows with what came with its code, and says the digits. Only now is there a device: it gets a certificate for its
/// key and the bank; the one that had the bank is revoked, and what runs there is told to the new one.
/// </summary>
public static class ConfirmClaim
{
    /// <param name="Fingerprint">The twelve digits, as the device shows them.</param>
    public sealed record Request(string Fingerprint);

    public static void Map(IEndpointRouteBuilder routes) => routes.MapPost("/devices/claims/{id:guid}/confirm", Handle).WithName("ConfirmClaim").SignedIn(Scopes.DevicesWrite);

    private static async Task<Results<Ok<ClaimView>, ProblemHttpResult>> Handle(
        Guid id, Request request, HttpContext http, Db db, ServerKeys keys, Grants grants, PlaceBook places, TimeProvider time, CancellationToken cancel)
    {
        if (http.NotAnAdmin() is { } forbidden)
            return forbidden;
        string digits = request.Fingerprint.Length <= 40 ? string.Concat(request.Fingerprint.Where(c => c != ' ')) : "";
        if (new Check().That(digits.Length == 12 && digits.All(char.IsAsciiDigit), "fingerprint", "The fingerprint is the twelve digits that the device shows.").Problem is { } invalid)
            return invalid;
        Guid admin = http.Caller().Id;
        DateTimeOffset now = time.GetUtcNow();
        // Before the transaction: one that needs a second connection can starve behind others.
        (X509Certificate2 authority, ECDsa authorityKey) = await DeviceAuthority.Of(keys, now, cancel);
        using ECDsa disposed = authorityKey;
        Decision<ClaimView> decision = await db.Decide<ClaimView>(
            async tx =>
            {
                if (await tx.First<ClaimRow>($"select {ClaimRow.Columns} from device_claim where id = @id for update", new { id }) is not { } row)
                    return Refusal.NotFound("claim");
                string state = row.StateAt(now);
                if (state is not ("waiting" or "confirmed"))
                    return state == "open" ? Refusal.ClaimNotWaiting : Refusal.ClaimOver;
                if (row.Fingerprint!.Replace(" ", "", StringComparison.Ordinal) != digits)
                    return Refusal.FingerprintDiffers;
                // Asked twice: the first answer stands.
                if (state == "confirmed")
                    return row.View(now);
                var device = Guid.CreateVersion7(now);
                using X509Certificate2 certificate = DeviceAuthority.SignDevice(authority, authorityKey, PublicKey.CreateFromSubjectPublicKeyInfo(row.PublicKey, out _), device, now);
                await tx.Execute("insert into device (id, model, public_key, claimed_at) values (@device, @Model, @PublicKey, @now)", new { device, row.Model, row.PublicKey, now });
                await DeviceCertificates.Record(tx, device, certificate, now);
                await TakeOver(tx, places.Bank(row.BankId)!, device, admin, grants, now);
                await tx.Execute(
                    "update device_claim set state = 'confirmed', device_id = @device, certificate = @pem, decided_by = @admin, decided_at = @now where id = @id",
                    new { id, device, pem = certificate.ExportCertificatePem() + "\n", admin, now });
                // Whoever has come with the code of a lock has waited for this. An admin may have given it to somebody else meanwhile: then that stands.
                if (row.OwnerId is { } owner)
                    await LockOwnership.Begin(tx, grants, places.Bank(row.BankId)!, owner, JournalEntry.ByPerson(admin), now);
                tx.Journal(MakeClaim.Entry(JournalKinds.DeviceClaimed, JournalEntry.ByPerson(admin), places.Bank(row.BankId)!, id, now, device));
                return row.View(now) with { State = "confirmed", Device = device };
            },
            cancel);
        if (decision.Refusal is { } no)
            return Problems.Of(no);
        // This node knows it before it says so; the others read it in the journal.
        await places.Reload(cancel);
        return TypedResults.Ok(decision.Value);
    }

    private static async Task TakeOver(Transaction tx, BankPlace bank, Guid device, Guid admin, Grants grants, DateTimeOffset now)
    {
        // Whoever writes a grant for this bank waits here, and then writes it for the new device.
        Guid old = await tx.Scalar<Guid>("select device_id from bank where id = @Id for update", new { bank.Id });
        await tx.Execute("update bank set device_id = @device where id = @Id", new { bank.Id, device });
        await RevokeDevice.Revoke(tx, old, admin, "replaced", bank, now);
        // What the old one saw of its doors is not what the new one will see.
        await tx.Execute("update locker set door = 'unknown', door_since = @now, occupied = null, latched = false where bank_id = @Id", new { bank.Id, now });
        foreach (Guid lease in await grants.HandOver(tx, old, device, bank.Id, now))
        {
            (Guid person, Guid locker) = await tx.First<(Guid, Guid)>("select person_id, locker_id from lease where id = @lease", new { lease });
            tx.Journal(new JournalEntry(now, JournalKinds.PinVoid, JournalEntry.ByPerson(admin), person, bank.SiteId, bank.Id, locker, lease, device));
        }
    }
}
