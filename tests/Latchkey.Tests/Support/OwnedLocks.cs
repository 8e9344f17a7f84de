using System.Security.Cryptography;
using System.Text.Json.Nodes;
using Latchkey.Link.Messages;
using Latchkey.Server.Devices;
using Latchkey.Server.Features.Locks;
using Latchkey.Server.Features.Places;
using Latchkey.Server.Journal;
using Microsoft.Extensions.DependencyInjection;

namespace Latchkey.Tests.Support;

internal sealed record OwnedLock(Guid Lease, BankPlace Bank);

/// <summary>Locks of somebody's own.</summary>
internal static class OwnedLocks
{
    /// <summary>A lock that is this person's, has said hello and is locked.</summary>
    public static async Task<OwnedLock> GivenLock(this LatchkeyApp app, TestPerson owner, string name = "Cycle box", bool online = true)
    {
        using var key = ECDiffieHellman.Create(ECCurve.NamedCurves.nistP256);
        DateTimeOffset now = app.Time.GetUtcNow();
        Guid id = await app.Db.Change(
            async tx =>
            {
                BankPlace made = await MakeLock.Insert(tx, app.Places.Sites[0].Id, name, "LK-1", now);
                await tx.Execute("update device set public_key = @key where id = @DeviceId", new { made.DeviceId, key = key.ExportSubjectPublicKeyInfo() });
                return made.Id;
            },
            CancellationToken.None);
        await app.Places.Reload(CancellationToken.None);
        BankPlace bank = app.Places.Bank(id)!;
        Guid lease = (await app.Db.Change(tx => LockOwnership.Begin(tx, app.Services.GetRequiredService<Grants>(), bank, owner.Id, JournalEntry.ByServer, now), CancellationToken.None))!.Value;
        if (online)
        {
            await app.Report(bank, (m, b, seq) => Wire.Write(new HelloMessage(1, m, b, seq, 0, seq, "1.0", "LK-1", 1, Locks: "s")), "hello");
            await app.State(bank, "l");
        }
        return new OwnedLock(lease, bank);
    }

    public static async Task<JsonNode> Show(this TestPerson person, OwnedLock owned)
    {
        (int status, JsonNode? body) = await person.Get($"locks/{owned.Lease}");
        status.ShouldBe(200, body?.ToJsonString());
        return body!;
    }
}
