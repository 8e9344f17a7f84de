using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace Latchkey.Server.Hosting.Private;

/// <summary>One Mosquitto as a child of this process. When it stops by itself it is started again, on the same port.</summary>
internal sealed class MosquittoProcess : IAsyncDisposable
{
    private static readonly TimeSpan RestartAfter = TimeSpan.FromMilliseconds(500);

    private readonly CancellationTokenSource _stopping = new();
    private readonly string _program, _configuration, _logFile;
    private readonly TimeProvider _time;
    private readonly ILogger _log;
    private ChildProcess _process;
    private Task _keeping = Task.CompletedTask;

    private MosquittoProcess(ChildProcess process, string program, string configuration, string logFile, TimeProvider time, ILogger log) =>
        (_process, _program, _configuration, _logFile, _time, _log) = (process, program, configuration, logFile, time, log);

    /// <param name="folder">Where its configuration and its log lie.</param>
    /// <param name="pidFile">In the folder; a leftover that it names is ended first.</param>
    /// <param name="at">Where it listens; once it does, it is ready.</param>
    /// <exception cref="StartUpException">It is not installed, or does not start.</exception>
    public static async Task<MosquittoProcess> Start(string folder, string configuration, string pidFile, IPEndPoint at, TimeProvider time, ILogger log, CancellationToken cancel)
    {
        string program = Find(["/usr/sbin/mosquitto", "/usr/bin/mosquitto", "/usr/local/sbin/mosquitto"]), file = Path.Combine(folder, configuration), logFile = Path.ChangeExtension(file, ".log");
        await ChildProcess.EndLeftover(Path.Combine(folder, pidFile), file, signal: 15, time, cancel);
        var started = new MosquittoProcess(await Launch(program, file, logFile), program, file, logFile, time, log);
        try
        {
            await started.WaitUntilReady(at, cancel);
        }
        catch
        {
            await started.DisposeAsync();
            throw;
        }
        started._keeping = started.Keep();
        return started;
    }

    /// <summary>Reads its revocation list again.</summary>
    public void Reload() => _process.Reload();

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        await _keeping;
        await _process.Stop(PosixSignal.SIGTERM, TimeSpan.FromSeconds(2), _log);
        _process.Dispose();
        _stopping.Dispose();
    }

    private static Task<ChildProcess> Launch(string program, string configuration, string logFile) =>
        ChildProcess.Start("Mosquitto", "TERM", "mosquitto", logFile, wantOutput: false, [program, "-c", configuration]);

    private async Task Keep()
    {
        try
        {
            while (true)
            {
                await _process.Exited(_stopping.Token);
                _log.LogError("The private Mosquitto has stopped by itself and is started again. Its log: {Log}", _logFile);
                await Task.Delay(RestartAfter, _time, _stopping.Token);
                ChildProcess stopped = _process;
                _process = await Launch(_program, _configuration, _logFile);
                stopped.Dispose();
            }
        }
        catch (OperationCanceledException)
        {
            // The server is stopping.
        }
        catch (StartUpException e)
        {
            _log.LogCritical(e, "The private Mosquitto cannot be started again; its doors cannot be opened until Latchkey is restarted.");
        }
    }

    private async Task WaitUntilReady(IPEndPoint at, CancellationToken cancel)
    {
        for (int attempt = 0; ; attempt++)
        {
            using var probe = new TcpClient(at.AddressFamily);
            try
            {
                await probe.ConnectAsync(at.Address.Equals(IPAddress.Any) ? IPAddress.Loopback : at.Address.Equals(IPAddress.IPv6Any) ? IPAddress.IPv6Loopback : at.Address, at.Port, cancel);
                return;
            }
            catch (SocketException) when (attempt < 200 && !_process.HasExited)
            {
                await Task.Delay(TimeSpan.FromMilliseconds(25), _time, cancel);
            }
            catch (SocketException e)
            {
                throw new StartUpException($"Mosquitto does not start. See {_logFile}.", e);
            }
        }
    }

    private static string Find(string[] paths) => paths.FirstOrDefault(File.Exists)
        ?? throw new StartUpException("Mosquitto is not installed. Install it (apt install mosquitto), or name a broker you have in LATCHKEY_MQTT.");
}
