using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;

namespace Latchkey.SystemTests.Support;

/// <summary>What can be wrong with a line. Each holds for the connections that are there and for new ones, until it is taken off.</summary>
public enum LineFault
{
    None,

    /// <summary>Each piece waits 20 to 220 ms before it goes on, each a different time.</summary>
    Latency,

    /// <summary>Connections end with RST, those that are there and every new one.</summary>
    Reset,

    /// <summary>Pieces of 1 to 7 bytes, each in a segment of its own.</summary>
    Slicing,

    /// <summary>What is said goes through; that one end has hung up is told to the other only when the fault is taken off.</summary>
    SlowClose,

    /// <summary>Connections are taken and stay, and nothing comes through: nothing is read either, so that whoever writes has written into full buffers in the end.</summary>
    BlackHole,

    /// <summary>Nobody listens: connections that are there end as by a stopped process, new ones are refused.</summary>
    Refuse,
}

/// <summary>A TCP line on loopback to somewhere else on this machine, on which something can go wrong. What it does by chance it takes from its seed.</summary>
public sealed class FaultProxy : IAsyncDisposable
{
    private const int Piece = 16 * 1024, LongestSlice = 7;

    /// <summary>So many slices of a piece come one by one, a millisecond apart; without the pause the kernel would put them together again. Of a long piece the rest would take minutes.</summary>
    private const int SlicesApart = 64;

    private readonly EndPoint _target;
    private readonly Random _random;
    private readonly Lock _gate = new();
    private readonly ConcurrentDictionary<Line, Task> _lines = new();
    private readonly CancellationTokenSource _end = new();

    /// <summary>Bound and never listening: while nobody listens, no connection of somebody else's gets this port for its own end.</summary>
    private readonly Socket _place = NewSocket();

    private volatile State _state = new(LineFault.None);
    private Socket? _listener;
    private Task _accepting = Task.CompletedTask;

    /// <param name="target">Where connections go: a port of this machine, or a Unix socket.</param>
    public FaultProxy(EndPoint target, int seed)
    {
        (_target, _random) = (target, new Random(seed));
        _place.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        Port = ((IPEndPoint)_place.LocalEndPoint!).Port;
        Listen();
    }

    public int Port { get; }

    public LineFault Fault => _state.Fault;

    /// <summary>Connections that are there.</summary>
    public int Lines => _lines.Count;

    /// <summary>Puts a fault on, or takes it off; what a fault held back goes on then.</summary>
    public async Task Set(LineFault fault)
    {
        State before = _state;
        _state = new State(fault);
        if (fault == LineFault.Refuse && before.Fault != LineFault.Refuse)
            await Deafen();
        else if (fault != LineFault.Refuse && before.Fault == LineFault.Refuse)
            Listen();
        if (fault is LineFault.Reset or LineFault.Refuse)
        {
            foreach (Line line in _lines.Keys)
                line.Cut(reset: fault == LineFault.Reset);
        }
        before.Over.TrySetResult();
    }

    public async ValueTask DisposeAsync()
    {
        await _end.CancelAsync();
        await Set(LineFault.Refuse);
        await Task.WhenAll(_lines.Values);
        _place.Dispose();
        _end.Dispose();
    }

    private static Socket NewSocket()
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        socket.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.ReuseAddress, true);
        return socket;
    }

    private void Listen()
    {
        _listener = NewSocket();
        _listener.Bind(new IPEndPoint(IPAddress.Loopback, Port));
        _listener.Listen(512);
        _accepting = Accept(_listener);
    }

    private async Task Deafen()
    {
        _listener?.Dispose();
        await _accepting;
    }

    private async Task Accept(Socket listener)
    {
        while (true)
        {
            Socket near;
            try
            {
                near = await listener.AcceptAsync();
            }
            catch (Exception e) when (e is SocketException or ObjectDisposedException)
            {
                return; // deaf
            }
            near.NoDelay = true;
            var line = new Line(this, near);
            // Registered before it runs, so that a fault that comes meanwhile finds it.
            var run = new Task<Task>(line.Run);
            _lines[line] = run.Unwrap();
            run.Start(TaskScheduler.Default);
        }
    }

    private int Next(int least, int below)
    {
        lock (_gate)
            return _random.Next(least, below);
    }

    /// <summary>A fault for as long as it lasts.</summary>
    private sealed class State(LineFault fault)
    {
        public LineFault Fault => fault;

        public TaskCompletionSource Over { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }

    /// <summary>One connection and the one that it continues as.</summary>
    private sealed class Line(FaultProxy proxy, Socket near)
    {
        private readonly Socket _far = proxy._target.AddressFamily == AddressFamily.Unix
            ? new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified)
            : new Socket(proxy._target.AddressFamily, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };

        public async Task Run()
        {
            try
            {
                if (proxy.Fault is LineFault.Reset)
                {
                    Cut(reset: true);
                    return;
                }
                await Passable();
                await _far.ConnectAsync(proxy._target, proxy._end.Token);
                await Task.WhenAll(Carry(near, _far), Carry(_far, near));
            }
            catch (Exception e) when (e is SocketException or ObjectDisposedException or OperationCanceledException)
            {
                // Either end has gone, or the line was cut; the other is told by the end below.
            }
            finally
            {
                if (proxy.Fault == LineFault.SlowClose)
                    await proxy._state.Over.Task.WaitAsync(proxy._end.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                near.Dispose();
                _far.Dispose();
                proxy._lines.TryRemove(this, out _);
            }
        }

        /// <summary>Ends both connections at once.</summary>
        /// <param name="reset">With RST, without what is still under way.</param>
        public void Cut(bool reset)
        {
            foreach (Socket socket in (Socket[])[near, _far])
            {
                try
                {
                    if (reset && socket.AddressFamily != AddressFamily.Unix)
                        socket.LingerState = new LingerOption(true, 0);
                }
                catch (Exception e) when (e is SocketException or ObjectDisposedException)
                {
                    // It has ended by itself.
                }
                socket.Dispose();
            }
        }

        private async Task Carry(Socket from, Socket to)
        {
            byte[] buffer = new byte[Piece];
            try
            {
                while (true)
                {
                    await Passable();
                    int read = await from.ReceiveAsync(buffer, SocketFlags.None, proxy._end.Token);
                    if (read == 0)
                        break;
                    // What had been asked for when the fault came is held back with the rest.
                    await Passable();
                    await Give(to, buffer.AsMemory(0, read));
                }
                if (proxy.Fault == LineFault.SlowClose)
                    await proxy._state.Over.Task.WaitAsync(proxy._end.Token);
                to.Shutdown(SocketShutdown.Send);
            }
            catch (SocketException)
            {
                // Reset by one end: the other is told by the end of the line, and the direction back has nobody to go to.
                if (proxy.Fault != LineFault.SlowClose)
                    Cut(reset: true);
                throw;
            }
        }

        private async Task Give(Socket to, Memory<byte> piece)
        {
            if (proxy.Fault == LineFault.Latency)
                await Task.Delay(TimeSpan.FromMilliseconds(proxy.Next(20, 221)), TimeProvider.System, proxy._end.Token);
            for (int slice = 0; piece.Length > 0; slice++)
            {
                bool slicing = proxy.Fault == LineFault.Slicing;
                int length = slicing ? Math.Min(piece.Length, proxy.Next(1, LongestSlice + 1)) : piece.Length;
                piece = piece[await to.SendAsync(piece[..length], SocketFlags.None, proxy._end.Token)..];
                if (slicing && slice < SlicesApart)
                    await Task.Delay(TimeSpan.FromMilliseconds(1), TimeProvider.System, proxy._end.Token);
                if (proxy.Fault == LineFault.BlackHole)
                    await Passable();
            }
        }

        private async Task Passable()
        {
            while (proxy._state is { Fault: LineFault.BlackHole } state)
                await state.Over.Task.WaitAsync(proxy._end.Token);
        }
    }
}
