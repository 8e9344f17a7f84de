using System.Buffers.Binary;
using System.Buffers.Text;
using System.Collections.Concurrent;
using System.Security.Cryptography;
using Dapper;
using Latchkey.Domain.Commands;
using Latchkey.Link.Transport;
using Latchkey.Server.Hosting;
using Latchkey.Server.Journal;
using Latchkey.Server.Storage;

namespace Latchkey.Server.Devices.Gateway;

/// <summary>
/// The sessions of polling devices on this node. A challenge can be made and checked by any node; a session lives on the node that opened it,
/// and a device that comes to another one is told that it has none, and opens one there.
/// </summary>
public sealed class DevicePolling(DeviceGateway gateway, Db db, ServerKeys keys, TimeProvider time, ILogger<DevicePolling> log) : BackgroundService
{
    private static readonly TimeSpan ChallengeLives = TimeSpan.FromSeconds(30);

    /// <summary>At 200 openings a second, thirty seconds of them. Beyond it nobody is let in for a moment.</summary>
    private const int MostUsed = 6000;

    private readonly ConcurrentDictionary<string, PollingSession> _sessions = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, DateTimeOffset> _used = new(StringComparer.Ordinal);

    /// <summary>16 random bytes, when it ends, and a mac over both: nothing has to be remembered for a stranger.</summary>
    public async Task<string> Challenge(CancellationToken cancel)
    {
        byte[] nonce = new byte[40];
        RandomNumberGenerator.Fill(nonce.AsSpan(0, 16));
        BinaryPrimitives.WriteInt64BigEndian(nonce.AsSpan(16), (time.GetUtcNow() + ChallengeLives).ToUnixTimeMilliseconds());
        HMACSHA256.HashData(await keys.Secret(ServerKeys.DeviceChallenge, cancel), nonce.AsSpan(0, 24)).AsSpan(0, 16).CopyTo(nonce.AsSpan(24));
        return Base64Url.EncodeToString(nonce);
    }

    /// <summary>The new session's token; or why there is none.</summary>
    public async Task<(string? Session, string? Refusal)> Open(Guid device, string nonce, string proof, byte[] will, CancellationToken cancel)
    {
        if (!await Reads(nonce, cancel))
            return (null, "refused");
        (DeviceRelay? relay, string? refusal) = await gateway.Open(device, LinkProof.Polling, nonce, proof, will, cancel, () => TryUse(nonce));
        if (relay is null)
            return (null, refusal);
        string token = Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(32));
        var session = new PollingSession(relay, time, command => Expired(device, command));
        _sessions[token] = session;
        session.Start();
        return (token, null);
    }

    /// <summary>Null when this node has none with this token, or it has ended.</summary>
    public PollingSession? Find(string? token) =>
        token is not null && _sessions.TryGetValue(token, out PollingSession? session) && !session.Relay.Ended.IsCancellationRequested ? session : null;

    /// <summary>By what is written of the command, not by what the message says of itself: that may be a stranger's.</summary>
    private async Task Expired(Guid device, Guid command)
    {
        DateTimeOffset now = time.GetUtcNow();
        bool over = await db.Read(
            c => c.ExecuteScalarAsync<bool>("select exists (select 1 from command where id = @command and device_id = @device and expires_at <= @now)", new { command, device, now }), CancellationToken.None);
        if (over)
            await CommandLedger.Settle(db, command, CommandState.Expired, null, JournalEntry.ByServer, now);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await Periodic.Run(TimeSpan.FromSeconds(1), time, log, "sweep of polling devices", Sweep, stoppingToken);
        await Task.WhenAll(_sessions.Values.Select(Close));
    }

    private async Task Close(PollingSession session)
    {
        await gateway.Close(session.Relay);
        await session.Collected;
    }

    private async Task Sweep(CancellationToken cancel)
    {
        foreach ((string token, PollingSession session) in _sessions)
        {
            if ((session.Relay.Ended.IsCancellationRequested || session.Silence >= DeviceGateway.SilenceAllowed) && _sessions.TryRemove(token, out _))
                await Close(session);
        }
        DateTimeOffset now = time.GetUtcNow();
        foreach ((string nonce, DateTimeOffset ends) in _used)
        {
            if (ends <= now)
                _used.TryRemove(nonce, out _);
        }
    }

    /// <summary>It is one of ours, and its time is not over.</summary>
    internal async Task<bool> Reads(string nonce, CancellationToken cancel)
    {
        if (BytesOf(nonce) is not { } bytes)
            return false;
        byte[] mac = HMACSHA256.HashData(await keys.Secret(ServerKeys.DeviceChallenge, cancel), bytes.AsSpan(0, 24));
        return CryptographicOperations.FixedTimeEquals(mac.AsSpan(0, 16), bytes.AsSpan(24)) && EndOf(bytes) > time.GetUtcNow();
    }

    /// <summary>
    /// Uses up a challenge that <see cref="Reads"/>; false when it was used before. Only once its proof was found genuine: a stranger must not fill what is remembered for devices.
    /// </summary>
    // The bytes, not the text, or another spelling of the last character would be another nonce.
    internal bool TryUse(string nonce) => BytesOf(nonce) is { } bytes && _used.Count < MostUsed && _used.TryAdd(Convert.ToHexString(bytes), EndOf(bytes));

    private static byte[]? BytesOf(string nonce)
    {
        byte[] bytes = new byte[40];
        return nonce.Length == 54 && Base64Url.IsValid(nonce) && Base64Url.TryDecodeFromChars(nonce, bytes, out int length) && length == bytes.Length ? bytes : null;
    }

    private static DateTimeOffset EndOf(byte[] nonce) => DateTimeOffset.FromUnixTimeMilliseconds(BinaryPrimitives.ReadInt64BigEndian(nonce.AsSpan(16)));
}
