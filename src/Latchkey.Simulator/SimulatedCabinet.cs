using System.Text;
using System.Threading.Channels;
using Latchkey.Controller.Boards;
using Latchkey.Controller.Cabinet;
using Latchkey.Controller.Terminal;
using Latchkey.Link.Messages;
using Latchkey.Link.Mqtt;
using Latchkey.Simulator.Boards.Fake;

namespace Latchkey.Simulator;

/// <summary>What can be seen of one virtual cabinet.</summary>
/// <param name="Connected">The controller has a connection to its server's broker.</param>
/// <param name="Networked">The cable is in.</param>
/// <param name="ClockOffsetS">How far its wall clock is ahead, in seconds.</param>
/// <param name="Seq">The higher of two was made later, also across starts of the process.</param>
/// <param name="Terminal">Its terminal; null in a list of many.</param>
/// <param name="Violations">How often two relays were on at once: always 0, or the controller is wrong.</param>
public sealed record CabinetSnapshot(
    Guid Device, bool Powered, bool Connected, bool Networked, int Violations, IReadOnlyList<FakeDoor> Doors, bool Tampered, Supply Supply, int? BatteryPercent, long ClockOffsetS, long Seq, FakeTerminalView? Terminal = null);

/// <summary>What a controller thinks.</summary>
/// <param name="State">The last state that it made, as it is sent; null before the first.</param>
/// <param name="Journal">The end of its journal.</param>
/// <param name="Credentials">The end of what it remembers of grants and credentials.</param>
public sealed record CabinetMind(string? State, IReadOnlyList<string> Journal, IReadOnlyList<string> Credentials);

/// <summary>One cabinet: a fake board, a cable, a plug, and the real controller while it has power.</summary>
internal sealed class SimulatedCabinet : IAsyncDisposable
{
    /// <summary>Full snapshots: a reader that is 64 behind needs only the newest.</summary>
    private const int WatcherQueue = 64;

    /// <summary>More people than can look at one cabinet; one more is turned away.</summary>
    private const int MostWatchers = 64;

    /// <summary>As many as a person reads.</summary>
    private const int MostLines = 200;

    /// <summary>A supervisor starts a controller again that has ended by itself, not more often than this.</summary>
    private static readonly TimeSpan RestartAfter = TimeSpan.FromSeconds(2);

    private readonly CabinetSettings _settings;
    private readonly DeviceIdentity _identity;
    private readonly string _journalPath;
    private readonly ShiftedTime _time;
    private readonly TerminalSettings _front;
    private readonly SimulatedNetwork _network;
    private readonly Func<MqttDial, ICabinetLink> _link;
    private readonly SemaphoreSlim _power = new(1);
    private readonly Lock _gate = new();
    private readonly List<Channel<CabinetSnapshot>> _watchers = [];
    private CancellationTokenSource? _running;
    private Task _run = Task.CompletedTask;
    private long _seq;
    private volatile bool _connected;
    private volatile string? _said;
    private volatile CabinetHost? _host;

    public SimulatedCabinet(
        CabinetSettings settings, DeviceIdentity identity, string journalPath, FakeBoard board, FakeTerminal terminal, MqttDial dial, Func<MqttDial, ICabinetLink> link, TimeProvider time,
        TerminalSettings? front = null)
    {
        (_link, _front) = (link, front ?? new TerminalSettings());
        (_settings, _identity, _journalPath, Board, Terminal, _time) = (settings, identity, journalPath, board, terminal, new ShiftedTime(time));
        _network = new SimulatedNetwork(dial);
        _seq = time.GetUtcNow().ToUnixTimeMilliseconds();
        Board.Changed += Tell;
        Terminal.Changed += Tell;
    }

    public Guid Device => _settings.Device;

    public FakeBoard Board { get; }

    public FakeTerminal Terminal { get; }

    public CabinetSnapshot Snapshot()
    {
        // Before anything is read: whatever changes later is told with a higher one.
        long seq = Interlocked.Increment(ref _seq);
        return new(
            Device, Volatile.Read(ref _running) is not null, _connected, _network.IsPlugged, Board.Violations, Board.Doors,
            Board.Cabinet.Tampered, Board.Cabinet.Supply, Board.Cabinet.BatteryPercent, (long)_time.Offset.TotalSeconds, seq, Terminal.View);
    }

    /// <summary>Sets its wall clock wrong by so much, from its own hour: nothing but its clock changes.</summary>
    public void SetClock(TimeSpan ahead)
    {
        _time.Offset = ahead;
        Tell();
    }

    /// <summary>16 random bytes for a phone to sign; null without power.</summary>
    public async Task<byte[]?> GiveNonce(CancellationToken cancel) => _host is { } host ? (await host.GiveNonce(cancel)).ToArray() : null;

    /// <summary>What the controller has said of itself and written down, for whoever wants to look inside.</summary>
    public CabinetMind Mind() => new(_said, Lines(_journalPath, 9), Lines(_journalPath + ".credentials", 9));

    /// <summary>The last lines without their checksums; none when there is no such file yet.</summary>
    private static string[] Lines(string path, int skip)
    {
        try
        {
            using var file = new StreamReader(new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete));
            string[] lines = file.ReadToEnd().Split('\n', StringSplitOptions.RemoveEmptyEntries);
            return [.. lines.Where(l => l.Length > skip).TakeLast(MostLines).Select(l => l[skip..])];
        }
        catch (FileNotFoundException)
        {
            return [];
        }
    }

    public void PlugIn()
    {
        _network.PlugIn();
        Tell();
    }

    public void Unplug()
    {
        _network.Unplug();
        Tell();
    }

    public async Task PowerOn(CancellationToken cancel)
    {
        await _power.WaitAsync(cancel);
        try
        {
            if (_running is not null)
                return;
            Volatile.Write(ref _running, new CancellationTokenSource());
            _run = Supervise(_running.Token);
        }
        finally
        {
            _power.Release();
        }
        Tell();
    }

    /// <summary>The controller is ended where it stands. Only its journal is left.</summary>
    public async Task PowerOff(CancellationToken cancel)
    {
        await _power.WaitAsync(cancel);
        try
        {
            if (_running is not { } running)
                return;
            Board.AllOff();
            Terminal.Dark();
            // First the connection, so that nothing can be said any more, not even good-bye.
            bool plugged = _network.IsPlugged;
            _network.Unplug();
            await running.CancelAsync();
            await _run;
            // Once more: the program may have drawn while it was being ended.
            Terminal.Dark();
            running.Dispose();
            Volatile.Write(ref _running, null);
            if (plugged)
                _network.PlugIn();
        }
        finally
        {
            _power.Release();
        }
        Tell();
    }

    /// <summary>Snapshots from now on, the present one first; null when too many look already.</summary>
    public ChannelReader<CabinetSnapshot>? Watch()
    {
        var channel = Channel.CreateBounded<CabinetSnapshot>(new BoundedChannelOptions(WatcherQueue) { FullMode = BoundedChannelFullMode.DropOldest });
        lock (_gate)
        {
            if (_watchers.Count >= MostWatchers)
                return null;
            _watchers.Add(channel);
            channel.Writer.TryWrite(Snapshot());
        }
        return channel.Reader;
    }

    public void Unwatch(ChannelReader<CabinetSnapshot> reader)
    {
        lock (_gate)
            _watchers.RemoveAll(c => c.Reader == reader);
    }

    public async ValueTask DisposeAsync()
    {
        await PowerOff(CancellationToken.None);
        _power.Dispose();
    }

    private async Task Supervise(CancellationToken cancel)
    {
        // The caller, an HTTP request, must not wait for the start.
        await Task.Yield();
        while (!cancel.IsCancellationRequested)
        {
            var link = new ObservedLink(_link(_network.Dial), SetConnected);
            var host = new CabinetHost(_settings, _identity.Commands, _journalPath, Board, link, _time);
            host.Said = state => _said = Encoding.UTF8.GetString(Wire.Write(state));
            var terminal = new TerminalHost(_front, Terminal, host, _time);
            using var ended = CancellationTokenSource.CreateLinkedTokenSource(cancel);
            Task front = terminal.Run(ended.Token);
            try
            {
                _host = host;
                await host.Run(cancel);
                await ended.CancelAsync();
                await front;
            }
            catch (Exception e)
            {
                // Whatever it was: one cabinet must not take the others with it, and a real one is started again as well.
                await Console.Error.WriteLineAsync($"Cabinet {Device}: {e.Message}");
            }
            _host = null;
            await ended.CancelAsync();
            SetConnected(false);
            await Task.Delay(RestartAfter, _time, cancel).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private void SetConnected(bool connected)
    {
        _connected = connected;
        Tell();
    }

    private void Tell()
    {
        lock (_gate)
        {
            if (_watchers.Count == 0)
                return;
            CabinetSnapshot snapshot = Snapshot();
            foreach (Channel<CabinetSnapshot> watcher in _watchers)
                watcher.Writer.TryWrite(snapshot);
        }
    }

    /// <summary>A link that also tells whether it is connected.</summary>
    private sealed class ObservedLink(ICabinetLink inner, Action<bool> connected) : ICabinetLink
    {
        public Task Run(ICabinetLinkListener listener, CancellationToken cancel) => inner.Run(new Listener(listener, connected), cancel);

        public ValueTask<Delivery> Send(string topic, ReadOnlyMemory<byte> payload, bool acknowledged, CancellationToken cancel) =>
            inner.Send(topic, payload, acknowledged, cancel);

        private sealed class Listener(ICabinetLinkListener inner, Action<bool> connected) : ICabinetLinkListener
        {
            public (long Link, StateMessage Will) NextWill() => inner.NextWill();

            public ValueTask Connected(long link, CancellationToken cancel)
            {
                connected(true);
                return inner.Connected(link, cancel);
            }

            public ValueTask Disconnected(CancellationToken cancel)
            {
                connected(false);
                return inner.Disconnected(cancel);
            }

            public ValueTask Received(ReceiptMessage receipt, CancellationToken cancel) => inner.Received(receipt, cancel);

            public ValueTask GrantsArrived(GrantsMessage change, CancellationToken cancel) => inner.GrantsArrived(change, cancel);

            public ValueTask CommandArrived(CommandMessage command, bool retained, CancellationToken cancel) =>
                inner.CommandArrived(command, retained, cancel);
        }
    }
}
