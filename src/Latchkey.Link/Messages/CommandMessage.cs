using System.Buffers.Text;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;

namespace Latchkey.Link.Messages;

/// <summary>One order to one device. <c>dn/command</c>, QoS 1, never retained.</summary>
/// <param name="Id">Names the command once; a controller that has seen it answers with the stored result and does nothing.</param>
/// <param name="Kind">One of <see cref="CommandKinds"/>.</param>
/// <param name="Locker">The door's number, from 1.</param>
/// <param name="Expires">By the controller's clock, in milliseconds since 1970-01-01 UTC. From this instant on the command is not acted on.</param>
/// <param name="Authority">Why the door may open: <c>lease:{id}</c>, <c>share:{id}</c> or <c>operator:{id}</c>. At most 64 characters.</param>
/// <param name="Mac">See <see cref="CommandKey"/>.</param>
public sealed record CommandMessage(int V, Guid Id, string Kind, int Locker, long Expires, string Authority, string Mac) : IMessage;

/// <summary>The values of <see cref="CommandMessage.Kind"/>.</summary>
public static class CommandKinds
{
    public const string Open = "open";
    public const string Lock = "lock";
    public const string Unlock = "unlock";
}

/// <summary>
/// The key that one server installation and one device share, so that whoever owns the broker opens nothing. It is never sent:
/// both ends derive it, HKDF-SHA-256 (RFC 5869) over the ECDH secret (NIST SP 800-56A, P-256) with the device's id as context.
/// </summary>
public sealed class CommandKey
{
    private readonly byte[] _key;
    private readonly Guid _device;
    private readonly byte[][] _pinKeys;

    private CommandKey(byte[] key, Guid device, IEnumerable<byte[]> earlierPinKeys)
    {
        (_key, _device) = (key, device);
        PinKey = HKDF.Expand(HashAlgorithmName.SHA256, key, 32, Encoding.ASCII.GetBytes($"LK-PIN-1|{device:D}"));
        _pinKeys = [PinKey, .. earlierPinKeys];
        Name = Base64Url.EncodeToString(HMACSHA256.HashData(key, Encoding.ASCII.GetBytes($"LK-NAM-1|{device:D}")).AsSpan(0, 12));
    }

    /// <summary>Which key this is, 16 characters: the device says it in its hello, and nothing about the key follows from it.</summary>
    public string Name { get; }

    /// <summary>What PINs are hashed with; it opens no command.</summary>
    public byte[] PinKey { get; }

    /// <summary>The same key, by which PINs are still known that were hashed before the device changed its key.</summary>
    public CommandKey Knowing(IEnumerable<byte[]> earlierPinKeys) => new(_key, _device, earlierPinKeys);

    /// <param name="own">This end's private key.</param>
    /// <param name="peer">The other end's public key.</param>
    /// <param name="device">The device's id, which makes the key useless for any other device.</param>
    /// <exception cref="CryptographicException">The two keys are not on P-256.</exception>
    public static CommandKey Derive(ECDiffieHellman own, ECDiffieHellmanPublicKey peer, Guid device)
    {
        byte[] secret = own.DeriveRawSecretAgreement(peer);
        try
        {
            byte[] key = HKDF.DeriveKey(HashAlgorithmName.SHA256, secret, 32, info: Encoding.ASCII.GetBytes($"LK-CMD-1|{device:D}"));
            return new CommandKey(key, device, []);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(secret);
        }
    }

    /// <summary>The command with its <c>mac</c>.</summary>
    public CommandMessage Sign(Guid id, string kind, int locker, DateTimeOffset expires, string authority)
    {
        var unsigned = new CommandMessage(Wire.Version, id, kind, locker, expires.ToUnixTimeMilliseconds(), authority, "");
        return unsigned with { Mac = Base64Url.EncodeToString(Mac(unsigned)) };
    }

    /// <summary>Whether this command was made by the other end, for this device, unchanged.</summary>
    /// <remarks>The texts are compared, not what they decode to: nothing is parsed before it is proven, and there is one spelling.</remarks>
    public bool IsGenuine(CommandMessage command) => CryptographicOperations.FixedTimeEquals(
        MemoryMarshal.AsBytes<char>(command.Mac), MemoryMarshal.AsBytes<char>(Base64Url.EncodeToString(Mac(command))));

    /// <summary>The change with its <c>mac</c>.</summary>
    /// <exception cref="ArgumentException">The body is longer than a message can carry.</exception>
    public GrantsMessage Sign(Guid id, long after, long revision, GrantsBody body)
    {
        var unsigned = new GrantsMessage(Wire.Version, id, after, revision, Base64Url.EncodeToString(body.Write()), "");
        if (unsigned.Body.Length > GrantsMessage.LongestBody)
            throw new ArgumentException($"The body has {unsigned.Body.Length} characters; a message carries {GrantsMessage.LongestBody}.", nameof(body));
        return unsigned with { Mac = Base64Url.EncodeToString(Mac(unsigned)) };
    }

    /// <summary>What the change says; null when it was not made by the other end, for this device, unchanged.</summary>
    public GrantsBody? Open(GrantsMessage change) =>
        change.Body.Length <= GrantsMessage.LongestBody
        && CryptographicOperations.FixedTimeEquals(MemoryMarshal.AsBytes<char>(change.Mac), MemoryMarshal.AsBytes<char>(Base64Url.EncodeToString(Mac(change))))
        && Base64Url.IsValid(change.Body)
            ? GrantsBody.Read(Base64Url.DecodeFromChars(change.Body)) : null;

    /// <summary>
    /// What is kept of a PIN, in base64url: HMAC-SHA-256 under a key of this device and server alone, over salt, door and PIN. Whoever has the hash without
    /// the key cannot try PINs, and the hash of one door fits no other.
    /// </summary>
    /// <param name="salt">16 hexadecimal digits, new for each PIN.</param>
    public string HashPin(string salt, int locker, string pin) => PinUnder(PinKey, salt, locker, pin);

    /// <summary>Whether the hash is this PIN's, under this key or one that the device had before.</summary>
    public bool IsPin(string hash, string salt, int locker, string pin)
    {
        bool any = false;
        // All are compared, so that the time it takes says nothing.
        foreach (byte[] key in _pinKeys)
            any |= CryptographicOperations.FixedTimeEquals(MemoryMarshal.AsBytes<char>(hash), MemoryMarshal.AsBytes<char>(PinUnder(key, salt, locker, pin)));
        return any;
    }

    private static string PinUnder(byte[] key, string salt, int locker, string pin) =>
        Base64Url.EncodeToString(HMACSHA256.HashData(key, Encoding.UTF8.GetBytes($"{salt}|{locker}|{pin}")));

    private byte[] Mac(GrantsMessage c) => HMACSHA256.HashData(_key, Encoding.UTF8.GetBytes($"LK-GRT-1|{_device:D}|{c.Id:D}|{c.After}|{c.Revision}|{c.Body}"));

    // No field may contain the separator in a way that lets two commands share a text: the id, the number and the time
    // cannot, kind is compared with a closed list, and the authority comes last.
    private byte[] Mac(CommandMessage c) =>
        HMACSHA256.HashData(_key, Encoding.UTF8.GetBytes($"LK-CMD-1|{_device:D}|{c.Id:D}|{c.Kind}|{c.Locker}|{c.Expires}|{c.Authority}"));
}
