using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using Latchkey.Controller.Claims;
using Latchkey.Link.Mqtt;
using Latchkey.Link.Transport;

namespace Latchkey.Controller.Cabinet;

/// <summary>The folder with a device's own key, its certificate and the way to its server. What is wrong in it is said in one sentence.</summary>
public static class DeviceFolder
{
    private const string PendingKeyFile = "claim.key.pem", AuthorityFile = "ca.crt.pem", HttpAuthorityFile = "http-ca.pem";
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;
    private const UnixFileMode Readable = OwnerOnly | UnixFileMode.GroupRead | UnixFileMode.OtherRead;

    private const string Next = ".next";

    /// <summary>A lease lives for weeks; a device that changes its key every year needs one of them.</summary>
    private const int MostPinKeys = 4;

    /// <summary>Makes what is missing: the private key, readable by its owner only, and the request that the server signs.</summary>
    public static void Enrol(Guid device, string keys)
    {
        string key = KeyPath(keys, device), request = Path.Combine(keys, $"{device:D}.csr.pem");
        if (!File.Exists(key))
            WriteWhole(key, DeviceIdentity.NewKey(), OwnerOnly);
        if (!File.Exists(request))
            WriteWhole(request, DeviceIdentity.CertificateRequest($"{device:D}", File.ReadAllText(key)), Readable);
    }

    public static (LinkFile Link, X509Certificate2Collection? Trust) ReadLink(string keys)
    {
        string path = Path.Combine(keys, LinkFile.Name);
        LinkFile link = ReadJson(path, DeviceJson.Default.LinkFile);
        if (!link.Broker.IsAbsoluteUri || link.Broker.Port < 1 || link.Broker.Scheme is not ("mqtt" or "mqtts"))
            throw new UsageException($"{path}: the broker is mqtts://host:port, or mqtt://host:port on this machine, not '{link.Broker}'.");
        if (!link.IsMqtt)
        {
            if (link.Transport is not ("ws" or "poll") || link.Http is not { IsAbsoluteUri: true, Scheme: "http" or "https" } http)
                throw new UsageException($"{path}: the transport is mqtt, or ws or poll with 'http', the server's address; not '{link.Transport}' with '{link.Http}'.");
            if (http.Scheme == "http" && !MqttDialer.IsLoopback(http.Host))
                throw new UsageException($"{path}: http:// without TLS is for this machine only, not for {http.Host}.");
            return (link, link.HttpAuthority is null ? null : ServerDoor.ReadAuthority(Path.Combine(keys, link.HttpAuthority)));
        }
        if (link.Broker.Scheme == "mqtt")
        {
            // Without TLS anybody on the way reads which door opens when, and nobody proves to be the broker.
            if (!MqttDialer.IsLoopback(link.Broker.Host))
                throw new UsageException($"{path}: mqtt:// without TLS is for this machine only, not for {link.Broker.Host}.");
            return (link, null);
        }
        if (link.Authority is null)
            throw new UsageException($"{path}: mqtts:// needs 'authority', the file with the authority's certificate.");
        var trust = new X509Certificate2Collection();
        trust.ImportFromPem(ReadText(Path.Combine(keys, link.Authority)));
        return (link, trust);
    }

    public static DeviceIdentity ReadIdentity(Guid device, string keys, LinkFile link)
    {
        Settle(keys, device);
        string key = ReadText(KeyPath(keys, device));
        string? certificate = link.IsMqtt && link.Broker.Scheme == "mqtts" ? ReadText(CertificatePath(keys, device)) : null;
        try
        {
            DeviceIdentity identity = DeviceIdentity.Read(device, key, certificate, Convert.FromBase64String(link.Server));
            string pins = PinKeysPath(keys, device);
            return File.Exists(pins) ? identity with { Commands = identity.Commands.Knowing(File.ReadLines(pins).Select(Convert.FromBase64String)) } : identity;
        }
        catch (Exception e) when (e is CryptographicException or FormatException)
        {
            throw new UsageException($"The key or certificate of {device} in {keys}, or 'server' in link.json, cannot be used: {e.Message}", e);
        }
    }

    /// <summary>The byte stream: to the broker, or to the server itself, where HTTP speaks TLS over it by itself.</summary>
    public static MqttDial Dialer(DeviceIdentity identity, LinkFile link, X509Certificate2Collection? trust) => link switch
    {
        { IsMqtt: false, Http: { } http } => MqttDialer.Bytes(http.DnsSafeHost, http.Port),
        { Broker.Scheme: "mqtts" } => MqttDialer.Tls(link.Broker.DnsSafeHost, link.Broker.Port, trust, identity.Certificate),
        _ => MqttDialer.Tcp(link.Broker.DnsSafeHost, link.Broker.Port),
    };

    /// <param name="trust">As <see cref="ReadLink"/> gave it.</param>
    public static Func<MqttDial, ICabinetLink> Link(DeviceIdentity identity, LinkFile link, TimeSpan longestRetry, TimeProvider time, X509Certificate2Collection? trust = null) => dial =>
    {
        if (link.IsMqtt)
            return new MqttCabinetLink(identity.Device, dial, time, longestRetry);
        var endpoint = new DeviceEndpoint(link.Http!, identity.Device, identity.Key, dial, time) { Trust = trust };
        OpenSession open = link.Transport == "ws" ? (will, cancel) => WebSocketSession.Open(endpoint, will, cancel) : (will, cancel) => PollSession.Open(endpoint, will, cancel);
        return new SessionCabinetLink(open, time, longestRetry);
    };

    /// <summary>The key that waits to be confirmed: made once, and the same after a power cut.</summary>
    public static string PendingKey(string keys)
    {
        string path = Path.Combine(keys, PendingKeyFile);
        if (!File.Exists(path))
            WriteWhole(path, DeviceIdentity.NewKey(), OwnerOnly);
        return ReadText(path);
    }

    public static void ForgetPendingKey(string keys) => File.Delete(Path.Combine(keys, PendingKeyFile));

    /// <summary>The key that the device will have next; the same when a change is begun again.</summary>
    internal static string NextKey(string keys, Guid device)
    {
        string path = KeyPath(keys, device) + Next;
        if (!File.Exists(path))
            WriteWhole(path, DeviceIdentity.NewKey(), OwnerOnly);
        return ReadText(path);
    }

    /// <summary>What PINs were hashed with so far: it opens no command, and PINs that were made with it stay good.</summary>
    internal static void KeepPinKey(string keys, Guid device, byte[] pinKey)
    {
        string path = PinKeysPath(keys, device), line = Convert.ToBase64String(pinKey);
        string[] known = File.Exists(path) ? File.ReadAllLines(path) : [];
        if (!known.Contains(line))
            WriteWhole(path, string.Join('\n', known.Append(line).TakeLast(MostPinKeys)) + "\n", OwnerOnly);
    }

    /// <summary>From here on the next key is the device's.</summary>
    internal static void KeepNextCertificate(string keys, Guid device, string certificate) => WriteWhole(CertificatePath(keys, device) + Next, certificate, Readable);

    /// <summary>Finishes a change of the key that has its certificate. Cut at any point it is finished by the next call.</summary>
    internal static void Settle(string keys, Guid device)
    {
        string certificate = CertificatePath(keys, device), key = KeyPath(keys, device);
        if (!File.Exists(certificate + Next))
            return;
        if (File.Exists(key + Next))
            File.Move(key + Next, key, overwrite: true);
        UnixFolder.Flush(keys);
        File.Move(certificate + Next, certificate, overwrite: true);
        UnixFolder.Flush(keys);
    }

    private static string PinKeysPath(string keys, Guid device) => Path.Combine(keys, $"{device:D}.pins");

    /// <summary>
    /// Makes a device of the folder: each file whole and on the disk, link.json last, because a folder without it is no device's yet. What other devices
    /// have in it stays.
    /// </summary>
    /// <param name="httpAuthority">What vouches for the server itself, PEM; null for the system's authorities.</param>
    public static void Install(string keys, string keyPem, Claiming.Granted granted, Uri http, string transport, string? httpAuthority)
    {
        WriteWhole(KeyPath(keys, granted.Device), keyPem, OwnerOnly);
        WriteWhole(CertificatePath(keys, granted.Device), granted.Certificate, Readable);
        WriteWhole(Path.Combine(keys, AuthorityFile), granted.Authority, Readable);
        if (httpAuthority is not null)
            WriteWhole(Path.Combine(keys, HttpAuthorityFile), httpAuthority, Readable);
        var link = new LinkFile(granted.Broker, granted.Server, AuthorityFile, transport, http, granted.Device, httpAuthority is null ? null : HttpAuthorityFile);
        WriteWhole(Path.Combine(keys, LinkFile.Name), JsonSerializer.Serialize(link, DeviceJson.Default.LinkFile), Readable);
    }

    private static string CertificatePath(string keys, Guid device) => Path.Combine(keys, $"{device:D}.crt.pem");

    private static string KeyPath(string keys, Guid device) => Path.Combine(keys, $"{device:D}.key.pem");

    private static string ReadText(string path)
    {
        try
        {
            return File.ReadAllText(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new UsageException($"{path} cannot be read: {e.Message}", e);
        }
    }

    /// <exception cref="UsageException">It cannot be read, or is not of this shape.</exception>
    public static T ReadJson<T>(string path, JsonTypeInfo<T> type)
    {
        try
        {
            return JsonSerializer.Deserialize(ReadText(path), type) ?? throw new JsonException("it holds null");
        }
        catch (JsonException e)
        {
            throw new UsageException($"{path} is not what is expected there: {e.Message}", e);
        }
    }

    // First beside it and on the disk, then its name: a key that is there is whole, over a power cut too.
    internal static void WriteWhole(string path, string text, UnixFileMode mode)
    {
        string fresh = path + ".new";
        var options = new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
            options.UnixCreateMode = mode;
        using (var file = new FileStream(fresh, options))
        {
            file.Write(System.Text.Encoding.UTF8.GetBytes(text));
            file.Flush(flushToDisk: true);
        }
        File.Move(fresh, path, overwrite: true);
        UnixFolder.Flush(Path.GetDirectoryName(Path.GetFullPath(path))!);
    }
}

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, RespectNullableAnnotations = true, RespectRequiredConstructorParameters = true)]
[JsonSerializable(typeof(LinkFile))]
internal sealed partial class DeviceJson : JsonSerializerContext;
