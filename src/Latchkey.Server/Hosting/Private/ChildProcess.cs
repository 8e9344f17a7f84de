using System.Collections.Concurrent;
using System.Diagnostics;
using System.Runtime.InteropServices;

namespace Latchkey.Server.Hosting.Private;

/// <summary>
/// A program that this server runs and that does not outlive it. The kernel sends it a signal when the server dies, however it dies. That
/// signal follows the thread that started the child, not the process, so all children are started by one thread that never ends.
/// </summary>
public sealed class ChildProcess : IDisposable
{
    private static readonly BlockingCollection<Action> Starts = new(boundedCapacity: 16); // a handful of children, started in turn

    static ChildProcess() => new Thread(() =>
    {
        foreach (Action start in Starts.GetConsumingEnumerable())
            start();
    }) { IsBackground = true, Name = "parent of children" }.Start();

    private readonly Process _process;
    private readonly string _name;

    private ChildProcess(Process process, string name) => (_process, _name) = (process, name);

    public int Id => _process.Id;

    public bool HasExited => _process.HasExited;

    public Task Exited(CancellationToken cancel) => _process.WaitForExitAsync(cancel);

    /// <summary>Lines on standard output, where it was asked for.</summary>
    public StreamReader Output => _process.StandardOutput;

    /// <param name="name">What to call it in messages.</param>
    /// <param name="deathSignal">What the kernel sends it when this server dies: the signal that makes it stop cleanly and at once.</param>
    /// <param name="user">Whom it runs as when the server is root.</param>
    /// <param name="log">File that its errors (and its output, unless wanted) are appended to.</param>
    /// <exception cref="StartUpException">The program is missing.</exception>
    public static async Task<ChildProcess> Start(string name, string deathSignal, string? user, string log, bool wantOutput, string[] command, IDictionary<string, string>? environment = null)
    {
        string[] privileges = DataDirectory.IsRoot && user is not null ? ["--reuid", user, "--regid", user, "--init-groups"] : [];
        var info = new ProcessStartInfo("setsid") { RedirectStandardOutput = wantOutput, RedirectStandardInput = true, UseShellExecute = false, WorkingDirectory = "/" };
        // The shell only opens the log; exec makes the child this process itself, so that its id is the program's.
        foreach (string argument in (string[])["setpriv", "--pdeathsig", deathSignal, .. privileges, "sh", "-c", wantOutput ? "exec \"$@\" 2>>\"$0\"" : "exec \"$@\" >>\"$0\" 2>&1", log, .. command])
            info.ArgumentList.Add(argument);
        foreach ((string key, string value) in environment ?? new Dictionary<string, string>())
            info.Environment[key] = value;
        var started = new TaskCompletionSource<Process>(TaskCreationOptions.RunContinuationsAsynchronously);
        Starts.Add(() =>
        {
            try
            {
                started.SetResult(Process.Start(info)!);
            }
            catch (Exception e)
            {
                started.SetException(new StartUpException($"{name} cannot be started: {e.Message}", e));
            }
        });
        return new ChildProcess(await started.Task, name);
    }

    /// <summary>Asks it to stop with a signal, and kills it when it has not within the time.</summary>
    public async Task Stop(PosixSignal signal, TimeSpan patience, ILogger log)
    {
        if (_process.HasExited)
            return;
        _ = kill(_process.Id, signal == PosixSignal.SIGINT ? 2 : 15);
        using var limit = new CancellationTokenSource(patience);
        try
        {
            await _process.WaitForExitAsync(limit.Token);
        }
        catch (OperationCanceledException)
        {
            log.LogWarning("{Name} did not stop within {Seconds} s and is killed.", _name, patience.TotalSeconds);
            _process.Kill(entireProcessTree: true);
            await _process.WaitForExitAsync(CancellationToken.None);
        }
    }

    /// <summary>SIGHUP: it reads its files anew.</summary>
    public void Reload()
    {
        if (!_process.HasExited)
            _ = kill(_process.Id, 1);
    }

    public void Dispose() => _process.Dispose();

    /// <summary>Whether a process is alive and is what its pid file says: pids are used again.</summary>
    public static bool IsAlive(int pid, string commandLineContains)
    {
        try
        {
            return File.ReadAllText($"/proc/{pid}/cmdline").Contains(commandLineContains, StringComparison.Ordinal);
        }
        catch (IOException)
        {
            return false;
        }
        catch (UnauthorizedAccessException)
        {
            return false;
        }
    }

    /// <summary>Ends a leftover of an earlier run, and removes its pid file: another process may have its number by now.</summary>
    /// <param name="pidFile">Its first line is the process id.</param>
    /// <param name="commandLineContains">What only that program has on its command line: pids are used again.</param>
    /// <exception cref="StartUpException">It does not end.</exception>
    public static async Task EndLeftover(string pidFile, string commandLineContains, int signal, TimeProvider time, CancellationToken cancel)
    {
        string? first;
        try
        {
            first = (await File.ReadAllLinesAsync(pidFile, cancel)).FirstOrDefault();
        }
        catch (FileNotFoundException)
        {
            return; // none is left, or it removed its file while it ended: asking first and reading then would race with that
        }
        if (int.TryParse(first, out int pid))
            await EndLeftover(pid, commandLineContains, signal, time, cancel);
        File.Delete(pidFile);
    }

    private static async Task EndLeftover(int pid, string commandLineContains, int signal, TimeProvider time, CancellationToken cancel)
    {
        // It has been told by the kernel already when its server died; half of the patience is for that, half for our own word.
        for (int tenths = 0; IsAlive(pid, commandLineContains); tenths++)
        {
            if (tenths == 20)
                _ = kill(pid, signal);
            if (tenths == 80)
                _ = kill(pid, 9);
            if (tenths > 100)
                throw new StartUpException($"Process {pid} of an earlier run does not end. Stop it by hand, then start again.");
            await Task.Delay(TimeSpan.FromMilliseconds(100), time, cancel);
        }
    }

#pragma warning disable SYSLIB1054, CA5392
    [DllImport("libc")]
    private static extern int kill(int pid, int signal);
#pragma warning restore SYSLIB1054, CA5392
}
