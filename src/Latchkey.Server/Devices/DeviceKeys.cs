using System.Security.Cryptography;
using Dapper;
using Latchkey.Link.Messages;
using Latchkey.Server.Storage;
using Microsoft.Extensions.Caching.Memory;

namespace Latchkey.Server.Devices;

/// <summary>The key that this server and one device share (<see cref="CommandKey"/>), kept because making one costs an ECDH of 0.2 ms.</summary>
public sealed class DeviceKeys(Db db, ServerKeys keys) : IDisposable
{
    // 5,000 banks' keys are half a megabyte.
    private const int KeysKept = 5000;

    /// <summary>For a node that did not hear that a device is about to change its key.</summary>
    private static readonly TimeSpan Kept = TimeSpan.FromMinutes(1);

    private readonly MemoryCache _keys = new(new MemoryCacheOptions { SizeLimit = KeysKept });

    /// <summary>For a bank whose controller has not come yet a key that nobody has: it is a bank that is away, and what was made for it is made anew for the controller that comes.</summary>
    public async Task<CommandKey> Of(Guid device, CancellationToken cancel)
    {
        if (_keys.TryGetValue(device, out CommandKey? known))
            return known!;
        (byte[] peer, bool changing) = await db.Read(
            c => c.QuerySingleAsync<(byte[], bool)>("select public_key, next_public_key is not null from device where id = @device", new { device }), cancel);
        if (peer.Length == 0)
        {
            using ECDiffieHellman nobody = ECDiffieHellman.Create(ECCurve.NamedCurves.nistP256);
            return await Derive(nobody.ExportSubjectPublicKeyInfo(), device, cancel);
        }
        CommandKey key = await Derive(peer, device, cancel);
        // The next one may be heard by another node at any moment, and what is signed with this one after that is refused as forged: so it is looked up each time until then.
        return changing ? key : _keys.Set(device, key, new MemoryCacheEntryOptions { Size = 1, AbsoluteExpirationRelativeToNow = Kept });
    }

    /// <summary>The public key that the device has offered and not yet used, if it makes the key of this name.</summary>
    public async Task<byte[]?> Offered(Guid device, string named, CancellationToken cancel)
    {
        byte[]? next = await db.Read(c => c.QueryFirstOrDefaultAsync<byte[]>("select next_public_key from device where id = @device and next_public_key is not null", new { device }), cancel);
        return next is not null && (await Derive(next, device, cancel)).Name == named ? next : null;
    }

    /// <summary>The device has another key now, or is about to.</summary>
    public void Forget(Guid device) => _keys.Remove(device);

    public void Dispose() => _keys.Dispose();

    private async Task<CommandKey> Derive(byte[] peer, Guid device, CancellationToken cancel)
    {
        using var ownKey = ECDiffieHellman.Create();
        ownKey.ImportPkcs8PrivateKey(await keys.PrivateKey(ServerKeys.Command, cancel), out _);
        using var peerKey = ECDiffieHellman.Create();
        peerKey.ImportSubjectPublicKeyInfo(peer, out _);
        return CommandKey.Derive(ownKey, peerKey.PublicKey, device);
    }
}
