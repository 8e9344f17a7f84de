using System.Net;
using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Nodes;
using Latchkey.Link.Messages;
using Latchkey.Server.Hosting;

namespace Latchkey.Server.Devices.Broker;

/// <summary>
/// One lock of an older system: it publishes to <c>smartlock/status</c> and listens on <c>smartlock/commands</c>, and says nothing of who it is. So it gets a small broker of
/// its own, where nobody else speaks, and a password that is good for these two topics only. One broker with a <c>mount_point</c> for each of them would do, but Mosquitto
/// leaves it in what it delivers before 2.0.12 (eclipse-mosquitto/mosquitto#2244), which is what Debian 12 has. The lock's bridge (<c>latchkey-controller</c> with <c>smartlock</c>
/// in its file) comes with a certificate of the name <see cref="Bridge"/> and is a device of this installation like any other.
/// </summary>
/// <param name="Name">1 to 32 small letters, digits and hyphens.</param>
/// <param name="At">Where the lock comes to. Such locks speak no TLS: this address belongs in a network of its own.</param>
/// <param name="BridgeAt">Where its bridge comes to, with TLS.</param>
public sealed record OldLock(string Name, IPEndPoint At, IPEndPoint BridgeAt, string Password)
{
    /// <summary>Each is a process of some 2 MB.</summary>
    private const int Most = 200;

    /// <summary>
    /// As Mosquitto's plugin stores passwords: PBKDF2 with SHA-512, 12 bytes of salt, 64 of hash. Its own tools take 101 rounds. A thousand are a millisecond for each
    /// attempt, in the one thread that serves all devices: more would let a stranger hold it up.
    /// </summary>
    private const int SaltBytes = 12, HashBytes = 64, Rounds = 1_000;

    private const string Example = """[{"name": "gym-door", "listen": "10.0.5.1:18831", "bridge": "127.0.0.1:18931", "password": "at least 12 characters"}]""";

    private const string Form = $"LATCHKEY_OLD_LOCKS looks like {Example}, with a name and ports of its own for each.";

    public string User => $"smartlock-{Name}";

    public string Bridge => $"bridge-{Name}";

    /// <summary>Its broker's configuration, in the same folder as the main one's.</summary>
    public string ConfigurationFile => $"old-{Name}.conf";

    public string PidFile => $"old-{Name}.pid";

    public string SecurityFile => $"old-{Name}.json";

    /// <param name="text">As it stands in LATCHKEY_OLD_LOCKS; null where nobody has such locks.</param>
    /// <exception cref="StartUpException">It is not in that form.</exception>
    public static IReadOnlyList<OldLock> Parse(string? text)
    {
        if (text is null)
            return [];
        try
        {
            OldLock[] locks = [.. (JsonSerializer.Deserialize<Entry?[]>(text, Strict) ?? []).Select(e => e ?? throw new FormatException("null is no lock.")).Select(e => new OldLock(e.Name, IPEndPoint.Parse(e.Listen), IPEndPoint.Parse(e.Bridge), e.Password))];
            if (locks.Length <= Most && locks.All(l => IsName(l.Name) && l.At.Port > 0 && l.BridgeAt.Port > 0 && l.Password.Length is >= 12 and <= 128)
                && locks.DistinctBy(l => l.Name).Count() == locks.Length && locks.SelectMany(l => (int[])[l.At.Port, l.BridgeAt.Port]).Distinct().Count() == 2 * locks.Length)
                return locks;
        }
        catch (Exception e) when (e is JsonException or FormatException)
        {
            throw new StartUpException(Form, e);
        }
        throw new StartUpException(Form);
    }

    /// <summary>Who may do what at its broker: the lock itself says how it is and hears orders, its bridge the other way round.</summary>
    public string Security()
    {
        byte[] salt = RandomNumberGenerator.GetBytes(SaltBytes);
        JsonObject self = BrokerFiles.Client(User, User);
        self["password"] = Convert.ToBase64String(Rfc2898DeriveBytes.Pbkdf2(Password, salt, Rounds, HashAlgorithmName.SHA512, HashBytes));
        self["salt"] = Convert.ToBase64String(salt);
        self["iterations"] = Rounds;
        return BrokerFiles.Security(
            [self, BrokerFiles.Client(Bridge, Bridge)],
            [BrokerFiles.Role(User, Ways(says: OldTopics.Status, hears: OldTopics.Commands)), BrokerFiles.Role(Bridge, Ways(says: OldTopics.Commands, hears: OldTopics.Status))]);
    }

    private static (string, string)[] Ways(string says, string hears) =>
        [("publishClientSend", says), ("subscribeLiteral", hears), ("unsubscribeLiteral", hears), ("publishClientReceive", hears)];

    private static bool IsName(string name) => name.Length is >= 1 and <= 32 && name.All(c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c == '-');

    private static readonly JsonSerializerOptions Strict = new(Json.Options) { RespectNullableAnnotations = true, RespectRequiredConstructorParameters = true };

    private sealed record Entry(string Name, string Listen, string Bridge, string Password);
}
