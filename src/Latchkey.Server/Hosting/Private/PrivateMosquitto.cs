using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Latchkey.Link.Mqtt;
using Latchkey.Server.Devices;
using Latchkey.Server.Devices.Broker;
using Latchkey.Server.Storage;

namespace Latchkey.Server.Hosting.Private;

/// <summary>
/// A Mosquitto of this server's own, on a free loopback port, with a configuration made anew at each start from what the database knows of its
/// devices; and a small one beside it for each lock of an older system.
/// </summary>
public sealed class PrivateMosquitto : IAsyncDisposable
{
    /// <summary>Names that nodes on this broker may have: this process is the first, others on this machine take an identity from the folder.</summary>
    private static readonly string[] Nodes = ["node-1", "node-2", "node-3", "node-4"];

    private readonly List<MosquittoProcess> _processes = [];
    private readonly string _folder;
    private readonly TimeProvider _time;

    private PrivateMosquitto(string folder, BrokerAddress address, Db db, ServerKeys keys, TimeProvider time)
    {
        (_folder, _time) = (folder, time);
        Address = address with { RefreshRevocations = cancel => RefreshRevocations(db, keys, cancel) };
    }

    public BrokerAddress Address { get; }

    /// <exception cref="StartUpException">Mosquitto is missing or does not start.</exception>
    public static async Task<PrivateMosquitto> Start(DataDirectory data, Db db, ServerKeys keys, BrokerListener? open, IReadOnlyList<OldLock> oldLocks, TimeProvider time, ILogger log, CancellationToken cancel)
    {
        string plugin = BrokerFiles.FindPlugin() ?? throw new StartUpException("Mosquitto's dynamic-security plugin is missing. Install the Debian package mosquitto, or name a broker you have in LATCHKEY_MQTT.");
        string folder = data.FolderOf("mosquitto", "mosquitto");
        var at = new IPEndPoint(IPAddress.Loopback, FreePort());
        var mosquitto = new PrivateMosquitto(folder, await WriteFiles(folder, at, plugin, open, oldLocks, db, keys, time.GetUtcNow(), cancel), db, keys, time);
        try
        {
            mosquitto._processes.Add(await MosquittoProcess.Start(folder, "mosquitto.conf", "mosquitto.pid", at, time, log, cancel));
            foreach (OldLock old in oldLocks)
                mosquitto._processes.Add(await MosquittoProcess.Start(folder, old.ConfigurationFile, old.PidFile, old.BridgeAt, time, log, cancel));
            return mosquitto;
        }
        catch
        {
            await mosquitto.DisposeAsync();
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (MosquittoProcess process in _processes)
            await process.DisposeAsync();
    }

    private static async Task<BrokerAddress> WriteFiles(string folder, IPEndPoint at, string plugin, BrokerListener? open, IReadOnlyList<OldLock> oldLocks, Db db, ServerKeys keys, DateTimeOffset now, CancellationToken cancel)
    {
        string nodes = Path.Combine(Path.GetDirectoryName(folder)!, "nodes");
        IPEndPoint[] listeners = [at, .. open is null ? (IPEndPoint[])[] : [open.At]];
        await new BrokerSet(folder, folder, nodes, Nodes, listeners, open?.Names ?? [], plugin, oldLocks).Write(db, keys, now, cancel);
        (X509Certificate2 own, X509Certificate2Collection trust) = BrokerUrl.Load(Path.Combine(nodes, Nodes[0]));
        return new BrokerAddress(MqttDialer.Tls("127.0.0.1", at.Port, trust, own), Nodes[0], null, null, $"mqtts://127.0.0.1:{at.Port}") { Tls = ("127.0.0.1", at.Port, trust), CertificateEnds = new DateTimeOffset(own.NotAfter) };
    }

    private async Task RefreshRevocations(Db db, ServerKeys keys, CancellationToken cancel)
    {
        (X509Certificate2 authority, ECDsa authorityKey) = await DeviceAuthority.Of(keys, _time.GetUtcNow(), cancel);
        using ECDsa key = authorityKey;
        string list = await DeviceCertificates.RevocationList(db, authority, key, _time.GetUtcNow(), cancel);
        await BrokerFolder.Write(_folder, new Dictionary<string, string> { ["revoked.pem"] = list }, cancel);
        foreach (MosquittoProcess process in _processes)
            process.Reload();
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
