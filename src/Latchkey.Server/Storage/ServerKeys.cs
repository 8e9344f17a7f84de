using System.Collections.Concurrent;
using System.Security.Cryptography;
using Dapper;

namespace Latchkey.Server.Storage;

/// <summary>
/// The keys of this installation. They live in the database because its nodes share nothing else; whoever can read the database
/// can read them, so it is kept like a key.
/// </summary>
public sealed class ServerKeys(Db db, TimeProvider time)
{
    /// <summary>Signed access tokens before there were several; the first of <c>signing_key</c>.</summary>
    public const string AccessToken = "access-token";

    /// <summary>The server's half of every <see cref="Link.Messages.CommandKey"/>.</summary>
    public const string Command = "command";

    /// <summary>Signs the certificates of devices, nodes and the private broker.</summary>
    public const string DeviceAuthority = "device-authority";

    /// <summary>Signs passes (LK1).</summary>
    public const string Pass = "pass";

    /// <summary>Derives a refresh token's successor.</summary>
    public const string RefreshToken = "refresh-token";

    /// <summary>Makes of a one-time code what is stored of it.</summary>
    public const string OneTimeCode = "one-time-code";

    /// <summary>Makes of the code of a deposit what is stored of it.</summary>
    public const string CollectCode = "collect-code";

    /// <summary>Signs the tickets between the two steps of a sign-in.</summary>
    public const string SecondStep = "second-step";

    /// <summary>Hides who was counted.</summary>
    public const string RateLimit = "rate-limit";

    /// <summary>Proves that a challenge to a polling device was made here.</summary>
    public const string DeviceChallenge = "device-challenge";

    /// <summary>Signs the checkpoints of the journal's chain.</summary>
    public const string Checkpoint = "journal-checkpoint";

    private readonly ConcurrentDictionary<string, byte[]> _known = new(StringComparer.Ordinal);

    /// <summary>A P-256 private key as PKCS #8; made once, by the first node that asks.</summary>
    public Task<byte[]> PrivateKey(string name, CancellationToken cancel) => Get(
        name,
        () =>
        {
            using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
            return key.ExportPkcs8PrivateKey();
        },
        cancel);

    /// <summary>32 random bytes; made once, by the first node that asks.</summary>
    public Task<byte[]> Secret(string name, CancellationToken cancel) => Get(name, () => RandomNumberGenerator.GetBytes(32), cancel);

    /// <summary>Any other bytes that are made once (a certificate), by the first node that asks.</summary>
    public async Task<byte[]> Get(string name, Func<byte[]> make, CancellationToken cancel)
    {
        if (_known.TryGetValue(name, out byte[]? known))
            return known;
        byte[]? stored = await db.Read(c => c.ExecuteScalarAsync<byte[]?>("select private_key from server_key where name = @name", new { name }), cancel);
        stored ??= await db.Change(
            async tx =>
            {
                await tx.Execute(
                    "insert into server_key (name, private_key, created_at) values (@name, @key, @now) on conflict do nothing",
                    new { name, key = make(), now = time.GetUtcNow() });
                return await tx.Scalar<byte[]>("select private_key from server_key where name = @name", new { name });
            },
            cancel);
        return _known.GetOrAdd(name, stored);
    }
}
