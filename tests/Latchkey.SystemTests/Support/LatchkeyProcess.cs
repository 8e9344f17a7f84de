using System.Collections.Concurrent;
using System.Diagnostics;
using System.Security.Cryptography;
using Dapper;
using Latchkey.Tests.Support;
using Npgsql;

namespace Latchkey.SystemTests.Support;

/// <summary>The real program in a process of its own, as a person starts it; killed and started again as a test likes.</summary>
public sealed class LatchkeyProcess : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private static readonly ConcurrentBag<string> Folders = [];

    private readonly ConcurrentQueue<string> _said = new();
    private readonly ConcurrentQueue<string> _complaints = new();
    private readonly Process _process;
    private readonly TaskCompletionSource<string> _ready = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private LatchkeyProcess(Process process) => _process = process;

    /// <summary>http://127.0.0.1:PORT</summary>
    public string Address { get; private set; } = "";

    public int Id => _process.Id;

    /// <summary>Everything it has written, for a test that fails.</summary>
    public string Said => string.Join('\n', _said);

    /// <summary>What it has written to standard error.</summary>
    public string Complaints => string.Join('\n', _complaints);

    public string Data { get; private init; } = "";

    private string _database = "";

    public HttpClient Http { get; private set; } = new();

    /// <summary>The folder that this checkout's Server was built into.</summary>
    public static string Program { get; } =
        Path.GetFullPath(Path.Combine(AppContext.BaseDirectory.Replace("tests/Latchkey.SystemTests", "src/Latchkey.Server", StringComparison.Ordinal), "Latchkey.Server.dll"));

    private static string DotNet { get; } = Path.GetFileNameWithoutExtension(Environment.ProcessPath) == "dotnet" ? Environment.ProcessPath! : "dotnet";

    /// <summary>Starts it and waits for its "ready" line.</summary>
    /// <param name="data">Its data directory; a new one where null.</param>
    /// <param name="environment">LATCHKEY_DATABASE, LATCHKEY_MQTT, ...</param>
    /// <param name="mayDie">It has been told where to die, which may be before it is ready; then it has no address.</param>
    public static async Task<LatchkeyProcess> Start(
        string data, IReadOnlyList<string>? arguments = null, IReadOnlyDictionary<string, string>? environment = null, bool mayDie = false)
    {
        VirtualBank.ForgetStarts(data);
        LatchkeyProcess started = Launch(data, arguments, environment);
        Task first = await Task.WhenAny(started._ready.Task, started._process.WaitForExitAsync(), Task.Delay(Patience, TimeProvider.System));
        if (mayDie && first != started._ready.Task && started._process.HasExited)
            return started;
        if (first != started._ready.Task)
        {
            await started.DisposeAsync();
            throw new InvalidOperationException($"The server did not get ready:\n{started.Said}");
        }
        started.Address = await started._ready.Task;
        started.Http = new HttpClient { BaseAddress = new Uri(started.Address + "/api/v1/") };
        return started;
    }

    /// <summary>A second node for the database and the broker of another that runs.</summary>
    /// <param name="data">The other's data directory.</param>
    /// <param name="environment">What it is told besides where they are.</param>
    public static Task<LatchkeyProcess> Beside(string data, IReadOnlyList<string>? arguments = null, IReadOnlyDictionary<string, string>? environment = null, bool mayDie = false, int poolSize = 30) => Start(
        NewData(),
        ["--no-demo", .. arguments ?? []],
        new Dictionary<string, string>(environment ?? new Dictionary<string, string>())
        {
            ["LATCHKEY_DATABASE"] = SystemDatabase.ConnectionTo(data, poolSize), ["LATCHKEY_MQTT"] = $"mqtts://127.0.0.1:{BrokerPort(data)}?identity={data}/nodes/node-2",
        },
        mayDie);

    /// <summary>Starts it and does not wait for anything.</summary>
    /// <param name="wrapper">A command line to put before the program's own.</param>
    public static LatchkeyProcess Begin(
        string data, IReadOnlyList<string>? arguments = null, IReadOnlyDictionary<string, string>? environment = null, IReadOnlyList<string>? wrapper = null) =>
        Launch(data, arguments, environment, wrapper);

    /// <summary>Starts it and waits for its end: for starts that should fail. Exit code, and what it wrote to standard error.</summary>
    public static async Task<(int ExitCode, string Complaints)> RunToEnd(
        string data, IReadOnlyList<string>? arguments = null, IReadOnlyDictionary<string, string>? environment = null, IReadOnlyList<string>? wrapper = null)
    {
        await using LatchkeyProcess started = Launch(data, arguments, environment, wrapper);
        return (await started.End(), started.Complaints);
    }

    /// <summary>Waits until it ends by itself; the exit code.</summary>
    public async Task<int> End(TimeSpan? patience = null)
    {
        using var limit = new CancellationTokenSource(patience ?? Patience);
        await _process.WaitForExitAsync(limit.Token);
        return _process.ExitCode;
    }

    /// <summary>Where the private broker of this data directory listens.</summary>
    public static string BrokerPort(string data) =>
        File.ReadLines($"{data}/mosquitto/mosquitto.conf").First(l => l.StartsWith("listener ", StringComparison.Ordinal)).Split(' ')[1];

    /// <summary>A fresh data directory that the database's user can enter.</summary>
    public static string NewData()
    {
        string folder = TestFolders.New($"lk-sys-{RandomNumberGenerator.GetHexString(8, lowercase: true)}");
        Folders.Add(folder);
        return folder;
    }

    /// <summary>At the end of a run: what still works in the folders is ended, and the folders go.</summary>
    public static async Task Discard()
    {
        while (Folders.TryTake(out string? folder))
        {
            foreach (int pid in Processes.NamedAfter(folder))
                await Processes.Signal(pid, "KILL");
            await Eventually.Holds(() => Processes.NamedAfter(folder).Count == 0, TimeSpan.FromSeconds(10), "the folder's processes are gone");
            Directory.Delete(folder, recursive: true);
        }
    }

    /// <summary>kill -9: no goodbye.</summary>
    public async Task Kill()
    {
        _process.Kill();
        await _process.WaitForExitAsync();
    }

    /// <summary>SIGTERM or SIGINT; the exit code and how long it took.</summary>
    public async Task<(int ExitCode, TimeSpan Took)> Stop(string signal = "TERM")
    {
        long begun = Stopwatch.GetTimestamp();
        using Process kill = Process.Start("kill", [$"-{signal}", $"{_process.Id}"]);
        await kill.WaitForExitAsync();
        using var limit = new CancellationTokenSource(Patience);
        await _process.WaitForExitAsync(limit.Token);
        return (_process.ExitCode, Stopwatch.GetElapsedTime(begun));
    }

    /// <summary>Somebody who has just signed up here.</summary>
    public async Task<TestPerson> GivenCustomer(string name = "Asha")
    {
        string email = $"{RandomNumberGenerator.GetHexString(12, lowercase: true)}@test.example";
        return await TestPerson.SignUp(Http, email, name, () => CodeTo(email));
    }

    /// <summary>The newest code that was sent to an address.</summary>
    public async Task<string> CodeTo(string address)
    {
        await using var db = new NpgsqlConnection(_database + ";Pooling=false");
        await db.OpenAsync();
        return await db.ExecuteScalarAsync<string>("select words ->> 'code' from message where address = @address and words ? 'code' order by id desc limit 1", new { address })
            ?? throw new InvalidOperationException("No code was sent there.");
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
            await Stop();
        _process.Dispose();
        Http.Dispose();
    }

    private static LatchkeyProcess Launch(
        string data, IReadOnlyList<string>? arguments, IReadOnlyDictionary<string, string>? environment, IReadOnlyList<string>? wrapper = null)
    {
        // Ports are asked from the system, never fixed.
        string[] port = arguments?.Contains("--port") == true ? [] : ["--port", "0"];
        // All tests come from one address, and some look forty times a second.
        string[] limit = arguments?.Contains("--limit") == true ? [] : ["--limit", "all=1000000/60"];
        // A shell starts what runs in its background with SIGINT ignored, and that is inherited: a suite run so could not press Ctrl-C.
        string[] all = [.. wrapper ?? [], "env", "--default-signal=INT", DotNet, Program, "--data", data, .. port, .. limit, .. arguments ?? []];
        var info = new ProcessStartInfo(all[0], all[1..]) { RedirectStandardOutput = true, RedirectStandardError = true, UseShellExecute = false };
        // These processes live for seconds: measuring their hot paths costs more than it brings.
        info.Environment["DOTNET_TieredPGO"] = "0";
        // Codes that prove an address are read where they are kept, also without the demo.
        info.Environment["LATCHKEY_OUTBOX"] = "on";
        foreach ((string name, string value) in environment ?? new Dictionary<string, string>())
            info.Environment[name] = value;
        var process = new Process { StartInfo = info };
        string? given = info.Environment.TryGetValue("LATCHKEY_DATABASE", out string? line) ? line : info.Environment.TryGetValue("LATCHKEY_DATABASE_FILE", out string? file) ? File.ReadAllText(file!).Trim() : null;
        var started = new LatchkeyProcess(process) { Data = data, _database = given ?? SystemDatabase.ConnectionTo(data) };
        process.OutputDataReceived += (_, line) => started.Hear(line.Data);
        process.ErrorDataReceived += (_, line) => started.HearComplaint(line.Data);
        process.Start();
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        return started;
    }

    private void HearComplaint(string? line)
    {
        if (line is not null)
            _complaints.Enqueue(line);
        Hear(line);
    }

    private void Hear(string? line)
    {
        if (line is null)
            return;
        _said.Enqueue(line);
        if (line.StartsWith("ready ", StringComparison.Ordinal))
            _ready.TrySetResult(line["ready ".Length..].Trim());
    }
}
