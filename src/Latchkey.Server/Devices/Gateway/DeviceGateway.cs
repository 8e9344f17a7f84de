using System.Collections.Concurrent;
using Dapper;
using Latchkey.Link.Messages;
using Latchkey.Link.Transport;
using Latchkey.Server.Storage;

namespace Latchkey.Server.Devices.Gateway;

/// <summary>
/// The devices that speak to this node itself, by WebSocket or polling: lets them in, and ends them when their credential is taken away. Where
/// else a device is connected is settled by the broker: it ends the older of two connections with one name, on whatever node.
/// </summary>
public sealed class DeviceGateway : IAsyncDisposable
{
    /// <summary>As with MQTT: a heartbeat comes every 9 s, and one and a half times 10 s without a word is an end.</summary>
    public static readonly TimeSpan SilenceAllowed = TimeSpan.FromSeconds(15);

    /// <summary>About 100 kB each with its connection to the broker: a node that serves more wants more nodes beside it.</summary>
    private const int MostDevices = 5000;

    /// <summary>Proving costs a query, a signature and a handshake; so many at a time, and the next waits for its next attempt.</summary>
    private const int MostOpening = 64;

    private readonly ConcurrentDictionary<DeviceRelay, bool> _relays = [];
    private readonly SemaphoreSlim _opening = new(MostOpening);
    private readonly Db _db;
    private readonly RevokedDevices _revoked;
    private readonly StandInDialer _standIn;
    private readonly TimeProvider _time;

    public DeviceGateway(Db db, RevokedDevices revoked, StandInDialer standIn, TimeProvider time)
    {
        (_db, _revoked, _standIn, _time) = (db, revoked, standIn, time);
        revoked.Revoked += device =>
        {
            foreach (DeviceRelay relay in _relays.Keys.Where(r => r.Device == device))
                relay.End();
        };
    }

    /// <summary>The relay of a device that has proven itself; or null and why not, in a word that tells a stranger nothing.</summary>
    /// <param name="once">Asked when the proof is genuine: false where it was shown before.</param>
    public async Task<(DeviceRelay? Relay, string? Refusal)> Open(Guid device, string purpose, string nonce, string? proof, byte[] will, CancellationToken cancel, Func<bool>? once = null)
    {
        if (_relays.Count >= MostDevices || !await _opening.WaitAsync(TimeSpan.Zero, cancel))
            return (null, "busy");
        try
        {
            (byte[]? key, byte[]? next) = await _db.Read(
                c => c.QueryFirstOrDefaultAsync<(byte[]?, byte[]?)>("select public_key, next_public_key from device where id = @device and revoked_at is null", new { device }), cancel);
            // Unknown, revoked and unproven look the same from outside. While a device changes its key both are good.
            if (key is null || !(LinkProof.IsGenuine(key, purpose, nonce, device, proof) || (next is not null && LinkProof.IsGenuine(next, purpose, nonce, device, proof))))
                return (null, "refused");
            if (once?.Invoke() == false)
                return (null, "refused");
            if (!Wire.TryRead(will, out StateMessage? last) || last.Gone != true)
                return (null, "no last will");
            if (await DeviceRelay.Start(device, will, _standIn, _time, cancel) is not { } relay)
                return (null, "no broker");
            _relays[relay] = true;
            // Revoked between the question and now: the event may have come before the relay was known.
            if (_revoked.IsRevoked(device))
                relay.End();
            return (relay, null);
        }
        finally
        {
            _opening.Release();
        }
    }

    public async Task Close(DeviceRelay relay)
    {
        _relays.TryRemove(relay, out _);
        await relay.DisposeAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await Task.WhenAll(_relays.Keys.Select(Close));
        _opening.Dispose();
    }
}
