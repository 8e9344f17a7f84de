using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using Latchkey.Server.Devices;
using Latchkey.Server.Devices.Broker;
using Latchkey.Server.Features.Accounts;
using Latchkey.Server.Features.Demo;
using Latchkey.Server.Features.Places;
using Latchkey.Server.Hosting.Private;
using Latchkey.Server.Journal;
using Latchkey.Server.Messages;
using Latchkey.Server.Storage;
using Npgsql;

namespace Latchkey.Server.Hosting;

/// <summary>
/// The whole service as one thing that starts and stops: database, migrations, keys, demo, broker, HTTP, simulator; and backwards. What is
/// started is stopped, also when a later step fails.
/// </summary>
public sealed class LatchkeyServer : IAsyncDisposable
{
    private readonly Stack<IAsyncDisposable> _started = new();
    private readonly TaskCompletionSource<string> _broken = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private WebApplication? _app;

    private LatchkeyServer()
    {
    }

    public string Address { get; private set; } = "";

    /// <summary>The line for the person at the terminal, with the demo's accounts when their passwords were made now.</summary>
    public string Greeting { get; private set; } = "";

    public IServiceProvider Services => _app!.Services;

    /// <exception cref="StartUpException">Something is missing or wrong; nothing is left running.</exception>
    public static async Task<LatchkeyServer> Start(ServerOptions options, TimeProvider time, CancellationToken cancel)
    {
        var server = new LatchkeyServer();
        // Ctrl-C while it starts must stop what has been started, like any other failure.
        using var interrupted = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        using PosixSignalRegistration sigint = PosixSignalRegistration.Create(PosixSignal.SIGINT, s => Interrupt(s, interrupted));
        using PosixSignalRegistration sigterm = PosixSignalRegistration.Create(PosixSignal.SIGTERM, s => Interrupt(s, interrupted));
        try
        {
            await server.StartAll(options, time, interrupted.Token);
            return server;
        }
        catch (OperationCanceledException e) when (interrupted.IsCancellationRequested)
        {
            await server.DisposeAsync();
            throw new StartUpException("Stopped while starting.", e);
        }
        catch
        {
            await server.DisposeAsync();
            throw;
        }
    }

    /// <summary>Waits for Ctrl-C, SIGTERM, or the loss of something it cannot live without; gives the exit code.</summary>
    public async Task<int> RunUntilStopped()
    {
        Task stopped = _app!.WaitForShutdownAsync();
        if (await Task.WhenAny(stopped, _broken.Task) == stopped)
            return 0;
        await Console.Error.WriteLineAsync($"latchkey: {await _broken.Task}");
        return 1;
    }

    public async ValueTask DisposeAsync()
    {
        while (_started.TryPop(out IAsyncDisposable? last))
            await last.DisposeAsync();
    }

    private async Task StartAll(ServerOptions options, TimeProvider time, CancellationToken cancel)
    {
        using ILoggerFactory loggers = LoggerFactory.Create(logging => Logging.Configure(logging, options.Face.JsonLogs));
        ILogger log = loggers.CreateLogger("Latchkey");
        options.Face.Check();
        CheckPort(options.Face.Listen, options.Port, "--port");
        if (options.Face.RedirectPort is { } plain)
            CheckPort(options.Face.Listen, plain, "--redirect-port");
        BrokerAddress? given = options.Mqtt is { } address ? BrokerUrl.Parse(address) : null;
        if (!Passwords.HasArgon2)
            log.LogWarning("libargon2 is not installed; passwords are hashed with PBKDF2. Install libargon2-1 and restart.");
        if (options.Messages is { Smtp: null, Outbox: false })
            log.LogWarning("No mail server is set up: nobody gets a code, so nobody can sign up. Set LATCHKEY_SMTP.");

        // With an outside database and broker and no demo there is nothing to keep on this machine.
        var folder = new Lazy<DataDirectory>(() => Own(new Closing<DataDirectory>(DataDirectory.Open(options.Data), d => d.Dispose())).Value);
        string database = options.Database ?? await StartPostgres(folder.Value, time, log, cancel);
        NpgsqlDataSource source = Own(Database.Source(database));
        await Database.Check(source, options.Database is null, cancel);
        await Migrator.Migrate(source, time, cancel);
        if (await RestoredJournal.PutBeforeThePresent(source, cancel) is > 0 and var renumbered)
            log.LogWarning("The database was restored from a dump. {Count} journal entries were put before the present.", renumbered);

        var bell = new JournalBell();
        var db = new Db(source, bell);
        var keys = new ServerKeys(db, time);
        var hardware = new VirtualHardwareAddress();
        var passwords = Own(new Closing<Passwords>(new Passwords(), p => p.Dispose())).Value;
        IReadOnlyList<DemoSeed.Account> accounts = [];
        SimulatorFolder? simulator = null;
        if (options.Demo)
        {
            simulator = new SimulatorFolder(folder.Value, keys, db);
            await DemoSeed.Places(db, DemoPlaces.All, time, cancel);
            accounts = await DemoSeed.Accounts(db, passwords, time, options.NewDemoPasswords, cancel);
            var grants = new Grants(await keys.PrivateKey(ServerKeys.Pass, cancel));
            await DemoSeed.Lock(db, grants, time, cancel);
            await DemoSeed.Others(db, grants, time, cancel);
            await simulator.Enrol(time, cancel);
        }
        BrokerAddress broker = given ?? await StartMosquitto(folder.Value, db, keys, options, time, log, cancel);

        _app = await Composition.Build(options, time, source, bell, db, keys, passwords, broker, hardware, cancel);
        // From here on: what runs beside the web server begins before it, and ends with it, also where its port is taken.
        Own(new Closing<WebApplication>(_app, null));
        await _app.Services.GetRequiredService<PlaceBook>().Reload(cancel);
        try
        {
            await _app.StartAsync(cancel);
        }
        catch (IOException e)
        {
            // Free a moment ago: somebody was quicker. Which of the two it is stands in the cause.
            throw PortInUse(options.Port, "--port", e);
        }
        Address = Openable(_app.Urls.First());
        _app.Services.GetRequiredService<PublicAddress>().Own = new Uri(Address);
        if (simulator is not null)
            await StartSimulator(simulator, broker, options, hardware, time, log, cancel);
        Greeting = string.Join('\n', [
            $"ready {Address}",
            .. _app.Urls.Skip(1).Select(u => $"  {Openable(u)} sends browsers there"),
            .. accounts.Select(a => $"  demo account  {a.Email}  password {a.Password}  ({a.Name}, {a.Role})"),
        ]);
    }

    private async Task<string> StartPostgres(DataDirectory data, TimeProvider time, ILogger log, CancellationToken cancel)
    {
        PrivatePostgres postgres = Own(await PrivatePostgres.Start(data, time, log, cancel));
        _ = Watch("The private PostgreSQL has stopped by itself. Its log is in the data directory; start Latchkey again when the cause is gone.", postgres.Exited);
        return postgres.ConnectionString;
    }

    private async Task<BrokerAddress> StartMosquitto(DataDirectory data, Db db, ServerKeys keys, ServerOptions options, TimeProvider time, ILogger log, CancellationToken cancel)
    {
        BrokerListener? open = options.MqttListen is { } listen ? BrokerListener.Parse(listen) : null;
        PrivateMosquitto mosquitto = Own(await PrivateMosquitto.Start(data, db, keys, open, options.OldLocks, time, log, cancel));
        return mosquitto.Address;
    }

    private async Task StartSimulator(SimulatorFolder folder, BrokerAddress broker, ServerOptions options, VirtualHardwareAddress hardware, TimeProvider time, ILogger log, CancellationToken cancel)
    {
        await folder.WriteLink(broker.Shown, options.DemoLink, Address, cancel);
        DateTimeOffset started = time.GetUtcNow();
        PrivateSimulator simulator = Own(await PrivateSimulator.Start(folder.Path, folder.LogFile, options, log, cancel));
        hardware.Hardware = simulator.Hardware;
        _ = Watch("The simulator of the demo has stopped by itself. Its log is in the data directory.", simulator.Exited);
        await WaitForBanks(started, time, log, cancel);
    }

    /// <summary>A person who opens the first page should see the banks connected, not "not known yet". What an earlier run has seen does not count.</summary>
    private async Task WaitForBanks(DateTimeOffset since, TimeProvider time, ILogger log, CancellationToken cancel)
    {
        var db = _app!.Services.GetRequiredService<Db>();
        for (int tenths = 0; tenths < 50; tenths++)
        {
            long missing = await db.Read(async c => await Dapper.SqlMapper.ExecuteScalarAsync<long>(
                c, "select count(*) from device where model = 'LK-sim' and claimed_at is null and revoked_at is null and (online is distinct from true or last_seen < @since)", new { since }), cancel);
            if (missing == 0)
                return;
            await Task.Delay(TimeSpan.FromMilliseconds(100), time, cancel);
        }
        log.LogWarning("Not all simulated banks have connected yet.");
    }

    private async Task Watch(string message, Func<CancellationToken, Task> exited)
    {
        await exited(CancellationToken.None);
        _broken.TrySetResult(message);
    }

    private T Own<T>(T started)
        where T : IAsyncDisposable
    {
        _started.Push(started);
        return started;
    }

    private static void CheckPort(IPAddress address, int port, string option)
    {
        if (port == 0)
            return;
        try
        {
            using var probe = new TcpListener(address, port);
            probe.Server.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.ReuseAddress, true);
            probe.Start();
        }
        catch (SocketException e) when (e.SocketErrorCode is SocketError.AddressNotAvailable or SocketError.AddressFamilyNotSupported)
        {
            throw new StartUpException($"This machine has no address {address}. Choose one it has with --listen.", e);
        }
        catch (SocketException e)
        {
            throw PortInUse(port, option, e);
        }
    }

    /// <summary>An address that a browser on this machine can open: "every address" is none.</summary>
    private static string Openable(string url) =>
        url.Replace("://0.0.0.0:", "://127.0.0.1:", StringComparison.Ordinal).Replace("://[::]:", "://127.0.0.1:", StringComparison.Ordinal);

    private static StartUpException PortInUse(int port, string option, Exception cause) =>
        new(cause is SocketException { SocketErrorCode: SocketError.AccessDenied }
            ? $"Port {port} may not be used by {Environment.UserName}. Choose one above 1023 with {option}."
            : $"Port {port} is in use. Choose another one with {option}, or stop the program that uses it.", cause);

    private static void Interrupt(PosixSignalContext signal, CancellationTokenSource interrupted)
    {
        signal.Cancel = true;
        if (!interrupted.IsCancellationRequested)
            interrupted.Cancel();
    }

    /// <summary>Something to be closed in its turn.</summary>
    private sealed class Closing<T>(T value, Action<T>? close) : IAsyncDisposable
        where T : notnull
    {
        public T Value => value;

        public async ValueTask DisposeAsync()
        {
            if (value is WebApplication app)
            {
                using var patience = new CancellationTokenSource(GracefulStop.RequestsFinishWithin + TimeSpan.FromSeconds(2));
                await app.StopAsync(patience.Token);
                await app.DisposeAsync();
            }
            close?.Invoke(value);
        }
    }
}
