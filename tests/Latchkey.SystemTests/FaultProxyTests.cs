using System.Net;
using System.Net.Sockets;
using Latchkey.SystemTests.Support;

namespace Latchkey.SystemTests;

/// <summary>Each fault of the proxy does what its name says, to connections that are there and to new ones, and is gone when it is taken off.</summary>
public sealed class FaultProxyTests : IAsyncLifetime
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5), Silence = TimeSpan.FromMilliseconds(150);

    private readonly EchoServer _echo = new();
    private FaultProxy _proxy = null!;

    public ValueTask InitializeAsync()
    {
        _proxy = new FaultProxy(_echo.Address, seed: 1);
        return ValueTask.CompletedTask;
    }

    public async ValueTask DisposeAsync()
    {
        await _proxy.DisposeAsync();
        await _echo.DisposeAsync();
    }

    [Fact]
    public async Task Without_a_fault_all_goes_through_both_ways_and_a_good_bye_too()
    {
        using Socket line = await Connect();
        byte[] sent = new byte[300_000];
        new Random(7).NextBytes(sent);
        Task<byte[]> answer = Read(line, sent.Length);
        await line.SendAsync(sent);
        (await answer).ShouldBe(sent);
        line.Shutdown(SocketShutdown.Send);
        (await Read(line, 1)).ShouldBeEmpty("the other end hangs up too");
        await Eventually.Holds(() => _proxy.Lines == 0, Patience, "nothing is kept of it");
    }

    [Fact]
    public async Task Latency_lets_each_piece_wait_its_time()
    {
        using Socket before = await Connect();
        await _proxy.Set(LineFault.Latency);
        using Socket after = await Connect();
        foreach (Socket line in (Socket[])[before, after])
        {
            long begun = TimeProvider.System.GetTimestamp();
            await Says(line, "x");
            TimeProvider.System.GetElapsedTime(begun).TotalMilliseconds.ShouldBeInRange(39, 2000, "20 to 220 ms there, and as long back");
        }
    }

    [Fact]
    public async Task Reset_ends_what_is_there_and_what_comes_with_RST()
    {
        using Socket before = await Connect();
        await Says(before, "x");
        await _proxy.Set(LineFault.Reset);
        (await EndOf(before)).ShouldBe(SocketError.ConnectionReset);
        (await EndOf()).ShouldBe(SocketError.ConnectionReset);
        await GoesOn();
    }

    [Fact]
    public async Task Slicing_gives_a_few_bytes_at_a_time_and_loses_none()
    {
        using Socket before = await Connect();
        await _proxy.Set(LineFault.Slicing);
        using Socket after = await Connect();
        foreach (Socket line in (Socket[])[before, after])
        {
            _echo.Pieces.Clear();
            await Says(line, new string('x', 200));
            // What comes while the other end looks away comes together.
            _echo.Pieces.Sum().ShouldBe(200);
            _echo.Pieces.Count.ShouldBeGreaterThan(10);
            _echo.Pieces.Order().First().ShouldBeLessThanOrEqualTo(7);
        }
    }

    [Fact]
    public async Task Slow_close_lets_words_through_and_a_good_bye_only_afterwards()
    {
        using Socket line = await Connect();
        await _proxy.Set(LineFault.SlowClose);
        await Says(line, "still here");
        line.Shutdown(SocketShutdown.Send);
        Task<byte[]> end = Read(line, 1);
        await Stays(end);
        await _proxy.Set(LineFault.None);
        (await end.WaitAsync(Patience)).ShouldBeEmpty();
    }

    [Fact]
    public async Task A_black_hole_takes_connections_and_gives_nothing_until_it_is_taken_off()
    {
        using Socket before = await Connect();
        await Says(before, "x");
        await _proxy.Set(LineFault.BlackHole);
        using Socket after = await Connect();
        foreach (Socket line in (Socket[])[before, after])
            await line.SendAsync("lost?"u8.ToArray());
        Task<byte[]>[] answers = [Read(before, 5), Read(after, 5)];
        await Stays(Task.WhenAny(answers));
        await _proxy.Set(LineFault.None);
        foreach (Task<byte[]> answer in answers)
            (await answer.WaitAsync(Patience)).ShouldBe("lost?"u8.ToArray());
    }

    [Fact]
    public async Task A_black_hole_reads_nothing_so_that_a_writer_comes_to_a_stop()
    {
        _echo.Answers = false;
        using Socket line = await Connect();
        await _proxy.Set(LineFault.BlackHole);
        Task<int> writing = line.SendAsync(new byte[64_000_000]);
        await Stays(writing);
        await _proxy.Set(LineFault.None);
        (await writing.WaitAsync(Patience)).ShouldBe(64_000_000);
    }

    [Fact]
    public async Task Refuse_ends_what_is_there_and_lets_nobody_in()
    {
        using Socket before = await Connect();
        await Says(before, "x");
        await _proxy.Set(LineFault.Refuse);
        (await EndOf(before)).ShouldBeOneOf(SocketError.Success, SocketError.ConnectionReset);
        (await Should.ThrowAsync<SocketException>(Connect)).SocketErrorCode.ShouldBe(SocketError.ConnectionRefused);
        await GoesOn();
    }

    private async Task GoesOn()
    {
        await _proxy.Set(LineFault.None);
        using Socket line = await Connect();
        await Says(line, "as before");
    }

    private async Task<Socket> Connect()
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await socket.ConnectAsync(IPAddress.Loopback, _proxy.Port);
        return socket;
    }

    private static async Task Says(Socket line, string what)
    {
        await line.SendAsync(System.Text.Encoding.ASCII.GetBytes(what));
        System.Text.Encoding.ASCII.GetString(await Read(line, what.Length)).ShouldBe(what);
    }

    /// <summary>So many bytes, or fewer where the other end has hung up.</summary>
    private static async Task<byte[]> Read(Socket line, int length)
    {
        using var limit = new CancellationTokenSource(Patience);
        byte[] read = new byte[length];
        int got = 0;
        while (got < length && await line.ReceiveAsync(read.AsMemory(got), limit.Token) is > 0 and var more)
            got += more;
        return read[..got];
    }

    /// <summary>How a new connection ends; it may have before its maker hears that it was made.</summary>
    private async Task<SocketError> EndOf()
    {
        try
        {
            using Socket line = await Connect();
            return await EndOf(line);
        }
        catch (SocketException e)
        {
            return e.SocketErrorCode;
        }
    }

    /// <summary>How a connection ends: success where the other end has said good-bye.</summary>
    private static async Task<SocketError> EndOf(Socket line)
    {
        try
        {
            (await Read(line, 1)).ShouldBeEmpty();
            return SocketError.Success;
        }
        catch (SocketException e)
        {
            return e.SocketErrorCode;
        }
    }

    private static async Task Stays(Task what)
    {
        await Eventually.Passes(TimeProvider.System.GetUtcNow() + Silence);
        what.IsCompleted.ShouldBeFalse();
    }

    /// <summary>Says what it hears, and remembers in which pieces it came.</summary>
    private sealed class EchoServer : IAsyncDisposable
    {
        private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
        private readonly Task _accepting;

        public EchoServer()
        {
            _listener.Start();
            _accepting = Accept();
        }

        public EndPoint Address => _listener.LocalEndpoint;

        public bool Answers { get; set; } = true;

        public System.Collections.Concurrent.ConcurrentBag<int> Pieces { get; } = [];

        public async ValueTask DisposeAsync()
        {
            _listener.Dispose();
            await _accepting;
        }

        private async Task Accept()
        {
            try
            {
                while (true)
                    _ = Echo(await _listener.AcceptSocketAsync());
            }
            catch (Exception e) when (e is SocketException or ObjectDisposedException)
            {
                // Stopped.
            }
        }

        private async Task Echo(Socket line)
        {
            using Socket socket = line;
            byte[] buffer = new byte[65_536];
            try
            {
                while (await socket.ReceiveAsync(buffer) is > 0 and var read)
                {
                    Pieces.Add(read);
                    if (Answers)
                        await socket.SendAsync(buffer.AsMemory(0, read));
                }
                socket.Shutdown(SocketShutdown.Both);
            }
            catch (SocketException)
            {
                // The test has cut it.
            }
        }
    }
}
