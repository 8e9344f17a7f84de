using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Latchkey.Link.Mqtt;
using Latchkey.Server.Devices;
using Latchkey.Server.Devices.Broker;
using Latchkey.Server.Storage;

namespace Latchkey.Server.Hosting.Private;

/// <summary>
/// A Mosquitto of this server's own, on a free loopback port, with a configuration made anew at each start from what the database knows of its
/// devices. When it stops by itself it is started again, on the same port.
/// </summary>
public sealed class PrivateMosquitto : IAsyncDisposable
{
    /// <summary>Names that nodes on this broker may have: this process is the first, others on this machine take an identity from the folder.</summary>
    private static readonly string[] Nodes = ["node-1", "node-2", "node-3", "node-4"];

    private static readonly TimeSpan RestartAfter = TimeSpan.FromMilliseconds(500);

    private readonly CancellationTokenSource _stopping = new();
    private readonly ILogger _log;
    private readonly TimeProvider _time;
    private readonly string _folder;
    private ChildProcess _process;
    private Task _keeping = Task.CompletedTask;

    private PrivateMosquitto(ChildProcess process, string folder, BrokerAddress address, Db db, ServerKeys keys, TimeProvider time, ILogger log)
    {
        (_process, _folder, _time, _log) = (process, folder, time, log);
        Address = address with { RefreshRevocations = cancel => RefreshRevocations(db, keys, cancel) };
    }

    public BrokerAddress Address { get; }

    /// <exception cref="StartUpException">Mosquitto is missing or does not start.</exception>
    public static async Task<PrivateMosquitto> Start(DataDirectory data, Db db, ServerKeys keys, BrokerListener? open, TimeProvider time, ILogger log, CancellationToken cancel)
    {
        string program = Find(["/usr/sbin/mosquitto", "/usr/bin/mosquitto", "/usr/local/sbin/mosquitto"]);
        string plugin = BrokerFiles.FindPlugin() ?? throw new StartUpException("Mosquitto's dynamic-security plugin is missing. Install the Debian package mosquitto, or name a broker you have in LATCHKEY_MQTT.");
        string folder = data.FolderOf("mosquitto", "mosquitto");
        await ChildProcess.EndLeftover(Path.Combine(folder, "mosquitto.pid"), folder, signal: 15, time, cancel);
        int port = FreePort();
        BrokerAddress address = await WriteFiles(folder, port, plugin, open, db, keys, time.GetUtcNow(), cancel);
        ChildProcess process = await Launch(program, folder);
        var mosquitto = new PrivateMosquitto(process, folder, address, db, keys, time, log);
        try
        {
            await mosquitto.WaitUntilReady(port, cancel);
        }
        catch
        {
            await mosquitto.DisposeAsync();
            throw;
        }
        mosquitto._keeping = mosquitto.Keep(program);
        return mosquitto;
    }

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        await _keeping;
        await _process.Stop(PosixSignal.SIGTERM, TimeSpan.FromSeconds(2), _log);
        _process.Dispose();
        _stopping.Dispose();
    }

    private static async Task<BrokerAddress> WriteFiles(string folder, int port, string plugin, BrokerListener? open, Db db, ServerKeys keys, DateTimeOffset now, CancellationToken cancel)
    {
        string nodes = Path.Combine(Path.GetDirectoryName(folder)!, "nodes");
        IPEndPoint[] listeners = [new(IPAddress.Loopback, port), .. open is null ? (IPEndPoint[])[] : [open.At]];
        await new BrokerSet(folder, folder, nodes, Nodes, listeners, open?.Names ?? [], plugin).Write(db, keys, now, cancel);
        (X509Certificate2 own, X509Certificate2Collection trust) = BrokerUrl.Load(Path.Combine(nodes, Nodes[0]));
        return new BrokerAddress(MqttDialer.Tls("127.0.0.1", port, trust, own), Nodes[0], null, null, $"mqtts://127.0.0.1:{port}") { Tls = ("127.0.0.1", port, trust), CertificateEnds = new DateTimeOffset(own.NotAfter) };
    }

    private async Task RefreshRevocations(Db db, ServerKeys keys, CancellationToken cancel)
    {
        (X509Certificate2 authority, ECDsa authorityKey) = await DeviceAuthority.Of(keys, _time.GetUtcNow(), cancel);
        using ECDsa key = authorityKey;
        string list = await DeviceCertificates.RevocationList(db, authority, key, _time.GetUtcNow(), cancel);
        await BrokerFolder.Write(_folder, new Dictionary<string, string> { ["revoked.pem"] = list }, cancel);
        _process.Reload();
    }

    private static Task<ChildProcess> Launch(string program, string folder) => ChildProcess.Start(
        "Mosquitto", "TERM", "mosquitto", Path.Combine(folder, "mosquitto.log"), wantOutput: false, [program, "-c", Path.Combine(folder, "mosquitto.conf")]);

    private async Task Keep(string program)
    {
        try
        {
            while (true)
            {
                await _process.Exited(_stopping.Token);
                _log.LogError("The private Mosquitto has stopped by itself and is started again. Its log: {Log}", Path.Combine(_folder, "mosquitto.log"));
                await Task.Delay(RestartAfter, _time, _stopping.Token);
                ChildProcess stopped = _process;
                _process = await Launch(program, _folder);
                stopped.Dispose();
            }
        }
        catch (OperationCanceledException)
        {
            // The server is stopping.
        }
        catch (StartUpException e)
        {
            _log.LogCritical(e, "The private Mosquitto cannot be started again; no door can be opened until Latchkey is restarted.");
        }
    }

    private async Task WaitUntilReady(int port, CancellationToken cancel)
    {
        for (int attempt = 0; ; attempt++)
        {
            using var probe = new TcpClient();
            try
            {
                await probe.ConnectAsync(IPAddress.Loopback, port, cancel);
                return;
            }
            catch (SocketException) when (attempt < 200 && !_process.HasExited)
            {
                await Task.Delay(TimeSpan.FromMilliseconds(25), _time, cancel);
            }
            catch (SocketException e)
            {
                throw new StartUpException($"Mosquitto does not start. See {Path.Combine(_folder, "mosquitto.log")}.", e);
            }
        }
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    private static string Find(string[] paths) => paths.FirstOrDefault(File.Exists)
        ?? throw new StartUpException("Mosquitto is not installed. Install it (apt install mosquitto), or name a broker you have in LATCHKEY_MQTT.");
}
