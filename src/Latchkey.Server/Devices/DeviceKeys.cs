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

    private readonly MemoryCache _keys = new(new MemoryCacheOptions { SizeLimit = KeysKept });

    public async Task<CommandKey> Of(Guid device, CancellationToken cancel)
    {
        if (_keys.TryGetValue(device, out CommandKey? known))
            return known!;
        byte[] own = await keys.PrivateKey(ServerKeys.Command, cancel);
        byte[] peer = await db.Read(c => c.QuerySingleAsync<byte[]>("select public_key from device where id = @device", new { device }), cancel);
        using var ownKey = ECDiffieHellman.Create();
        ownKey.ImportPkcs8PrivateKey(own, out _);
        using var peerKey = ECDiffieHellman.Create();
        peerKey.ImportSubjectPublicKeyInfo(peer, out _);
        return _keys.Set(device, CommandKey.Derive(ownKey, peerKey.PublicKey, device), new MemoryCacheEntryOptions { Size = 1 });
    }

    /// <summary>The device has another key now.</summary>
    public void Forget(Guid device) => _keys.Remove(device);

    public void Dispose() => _keys.Dispose();
}
