using System.Diagnostics;
using System.Net;
using System.Net.Sockets;

namespace Latchkey.Tests.Support;

/// <summary>
/// A real Mosquitto on a loopback port of its own, in a folder that it can enter. It can be stopped, killed and started again on the
/// same port. It ends with the test; it dies with the runner too, which is its parent.
/// </summary>
public sealed class MosquittoBroker : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);
    private readonly string _configuration;
    private Process? _process;
    private TaskCompletionSource _ended = new();

    private MosquittoBroker(int port, string folder, string configuration) => (Port, Folder, _configuration) = (port, folder, configuration);

    public int Port { get; }

    public int Id => _process!.Id;

    /// <summary>What Mosquitto said, for a test that fails.</summary>
    public string Log => File.Exists(LogFile) ? File.ReadAllText(LogFile) : "";
    private string Folder { get; }
    private string LogFile => Path.Combine(Folder, "mosquitto.log");

    /// <summary>One that lets everybody in.</summary>
    public static Task<MosquittoBroker> StartOpen() =>
        Start((port, _) => Task.FromResult($"listener {port} 127.0.0.1\nallow_anonymous true\nset_tcp_nodelay true\nmax_queued_messages 100000\n"));

    /// <param name="configure">From port and folder to the configuration; may write files into the folder.</param>
    /// <param name="givenPort">The port that the configuration names, if that is known already.</param>
    public static async Task<MosquittoBroker> Start(Func<int, string, Task<string>> configure, int? givenPort = null)
    {
        string folder = TestFolders.New($"lk-mosq-{Environment.ProcessId}-{Path.GetRandomFileName()}");
        int port = givenPort ?? FreePort();
        string file = Path.Combine(folder, "test.conf");
        await File.WriteAllTextAsync(file, await configure(port, folder));
        var broker = new MosquittoBroker(port, folder, file);
        await broker.StartAgain();
        return broker;
    }

    public async Task StartAgain()
    {
        var start = new ProcessStartInfo("setpriv", ["--pdeathsig", "KILL", "/usr/sbin/mosquitto", "-c", _configuration])
        {
            UseShellExecute = false,
            RedirectStandardError = true,
            RedirectStandardOutput = true,
        };
        var started = new TaskCompletionSource<Process>(TaskCreationOptions.RunContinuationsAsynchronously);
        // The death signal follows the thread that started the child, not the process: a pool thread may end any time.
        var ended = _ended = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        new Thread(() =>
        {
            try
            {
                using Process child = Process.Start(start)!;
                started.SetResult(child);
                child.WaitForExit();
                ended.SetResult();
            }
            catch (Exception e)
            {
                started.TrySetException(e);
                ended.TrySetResult();
            }
        }) { IsBackground = true, Name = "mosquitto" }.Start();
        _process = await started.Task;
        _process.ErrorDataReceived += (_, line) => Append(line.Data);
        _process.OutputDataReceived += (_, line) => Append(line.Data);
        _process.BeginErrorReadLine();
        _process.BeginOutputReadLine();
        using var patience = new CancellationTokenSource(Patience);
        while (!await Answers())
        {
            if (ended.Task.IsCompleted)
                throw new InvalidOperationException($"Mosquitto ended at once: {Log}");
            patience.Token.ThrowIfCancellationRequested();
            await Task.Delay(TimeSpan.FromMilliseconds(5), TimeProvider.System, patience.Token);
        }
    }

    /// <summary>The way of a service manager.</summary>
    public async Task Stop()
    {
        using (Process kill = Process.Start("kill", ["-TERM", $"{_process!.Id}"]))
            await kill.WaitForExitAsync();
        await Ended();
    }

    /// <summary>The way of a power cut.</summary>
    public async Task Kill()
    {
        _process!.Kill();
        await Ended();
    }

    public async ValueTask DisposeAsync()
    {
        if (_process is not null)
            await Kill();
        Directory.Delete(Folder, recursive: true);
    }

    public static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    private async Task Ended()
    {
        await _ended.Task.WaitAsync(Patience);
        _process = null;
    }

    private void Append(string? line)
    {
        lock (_configuration)
        {
            if (line is not null && Directory.Exists(Folder))
                File.AppendAllText(LogFile, line + "\n");
        }
    }

    private async Task<bool> Answers()
    {
        try
        {
            using var probe = new Socket(SocketType.Stream, ProtocolType.Tcp);
            await probe.ConnectAsync(IPAddress.Loopback, Port);
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
