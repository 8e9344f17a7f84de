using System.Collections.Concurrent;
using System.Threading.Channels;
using Latchkey.Controller.Cabinet;
using Latchkey.Controller.Terminal;
using Latchkey.Link.Messages;
using Latchkey.Simulator.Boards.Fake;
using Latchkey.Tests.Support;

namespace Latchkey.Tests.Controller.Credentials;

/// <summary>
/// A whole bank: the real host with its journal, its credentials and its outbox on a real disk, under a clock that is moved, and a server in memory that
/// takes what comes and names it. A power cut puts the files back as they were at that moment.
/// </summary>
internal sealed class HostRig(int lockers) : ICabinetLink, IAsyncDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("latchkey-offline-").FullName;
    private readonly CabinetSettings _settings = new() { Device = MachineRig.Device, Lockers = lockers, Model = "LK-test" };
    private readonly Channel<CredentialAnswer> _answers = Channel.CreateBounded<CredentialAnswer>(64);
    private readonly ConcurrentQueue<IReport> _came = new();
    private CancellationTokenSource _power = new();
    private TaskCompletionSource<ICabinetLinkListener> _listener = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private FakeBoard _board = null!;
    private CabinetHost _host = null!;
    private Task _run = Task.CompletedTask;
    private bool _connected;
    private long _revision, _link;
    private int _ids;

    public ManualTime Time { get; } = new();
    public string Outbox => Path.Combine(_folder, "cabinet.journal.outbox");
    public uint Seconds => (uint)Time.GetUtcNow().ToUnixTimeSeconds();

    /// <summary>Everything that the server got, in order and as often as it came.</summary>
    public List<IReport> Came { get; } = [];

    public Guid NextId() => new(0x0193a5b0, 1, 0x7000, 0x80, 0, 0, 0, 0, 0, (byte)(++_ids >> 8), (byte)_ids);

    public async ValueTask DisposeAsync()
    {
        await PowerOff();
        Directory.Delete(_folder, recursive: true);
    }

    public void PowerOn()
    {
        (_power, _listener, _connected) = (new CancellationTokenSource(), new(TaskCreationOptions.RunContinuationsAsynchronously), false);
        _board = new FakeBoard(lockers, TimeSpan.FromMilliseconds(5), bounce: null, Time);
        _host = new CabinetHost(_settings, MachineRig.Own, Path.Combine(_folder, "cabinet.journal"), _board, this, Time)
        {
            Front = told =>
            {
                if (told is TerminalInput.Answer answer)
                    _answers.Writer.TryWrite(answer.What).ShouldBeTrue();
            },
        };
        _run = _host.Run(_power.Token);
    }

    /// <summary>The program is stopped.</summary>
    public async Task PowerOff()
    {
        await _power.CancelAsync();
        await _run;
        // What it had said before came before what the next one says.
        TakeAll();
    }

    /// <summary>The plug is pulled: whatever the program does on its way out does not count.</summary>
    public async Task Cut()
    {
        Dictionary<string, byte[]> files = Directory.EnumerateFiles(_folder).ToDictionary(f => f, File.ReadAllBytes);
        await PowerOff();
        foreach (string path in Directory.EnumerateFiles(_folder).Except(files.Keys))
            File.Delete(path);
        foreach ((string path, byte[] bytes) in files)
            await File.WriteAllBytesAsync(path, bytes);
    }

    public async Task Connect()
    {
        ICabinetLinkListener listener = await _listener.Task;
        _link = listener.NextWill().Link;
        _connected = true;
        await listener.Connected(_link, CancellationToken.None);
        await Until(() => Take<HelloMessage>() is not null, "it says hello");
    }

    public async Task Disconnect()
    {
        _connected = false;
        await (await _listener.Task).Disconnected(CancellationToken.None);
        await Settle(0);
    }

    /// <summary>The server changes what may be granted, and the bank says that it has it.</summary>
    public async Task Tell(GrantsBody body)
    {
        await (await _listener.Task).GrantsArrived(MachineRig.Server.Sign(NextId(), _revision, ++_revision, body), CancellationToken.None);
        await Until(() => Take<StateMessage>()?.Grants == _revision, "the grant is held");
    }

    public async Task TellTime()
    {
        HelloMessage hello = Came.OfType<HelloMessage>().Last();
        await (await _listener.Task).GrantsArrived(MachineRig.Server.Sign(NextId(), _revision, _revision, new GrantsBody.Now(Seconds, hello.Boot, _link)), CancellationToken.None);
        await Settle(0);
    }

    /// <summary>The answer to it. Where it opens, the door is opened, its end is seen, and it is shut again.</summary>
    public async Task<CredentialAnswer> Present(Credential what)
    {
        _host.TryPresent(what).ShouldBeTrue();
        CredentialAnswer answer = await Answer();
        if (answer is CredentialAnswer.Accepted { Door: var door })
        {
            await Until(() => _board.Doors[door - 1].Relay, "the coil is on");
            await Settle(250);
            (await Answer()).ShouldBeOfType<CredentialAnswer.Ended>().Door.ShouldBe(door);
            _board.Close(door);
            await Settle(0);
            await Settle(100);
        }
        await Settle(1_000);
        return answer;
    }

    /// <summary>Nothing happens for so long.</summary>
    public async Task Wait(TimeSpan time)
    {
        Time.Jump(time);
        await Settle(0);
    }

    /// <summary>The machine has done all that is due.</summary>
    public async Task Settle(int ms)
    {
        Time.Advance(TimeSpan.FromMilliseconds(ms));
        Task taken = _host.Answers(_power.Token);
        await Until(() => taken.IsCompleted, "the machine answers", nudgeMs: 10);
        await taken;
    }

    /// <summary>What came is named to the bank, until <paramref name="enough"/>.</summary>
    public async Task Replay(Func<bool> enough)
    {
        ICabinetLinkListener listener = await _listener.Task;
        for (int seconds = 0; !enough(); seconds++)
        {
            seconds.ShouldBeLessThan(20_000);
            int before = Came.Count;
            TakeAll();
            foreach (IReport[] some in Came.Skip(before).Where(r => r is EventMessage or ResultMessage).Chunk(ReceiptMessage.Most))
                await listener.Received(new ReceiptMessage(1, NextId(), [.. some.Select(r => new ReportName(r.Boot, r.Seq))]), CancellationToken.None);
            // At the end of a second's share the next second begins.
            if (Came.Count == before)
                await Settle(100);
        }
    }

    /// <summary>Whether the journal has no result any more that the server does not have, nor the credentials a use: these wait for the disk, and the journal's last word does not.</summary>
    public bool AllDelivered(int results)
    {
        string[][] lines = [.. File.ReadAllLines(Path.Combine(_folder, "cabinet.journal")).Select(l => l.Split(' '))];
        return Came.OfType<ResultMessage>().Select(r => r.Command).Distinct().Count() == results
            && !lines.Where(l => l.Length > 2 && l[1] == "outcome").Select(l => l[2]).Except(lines.Where(l => l.Length > 2 && l[1] == "delivered").Select(l => l[2])).Any()
            && !Uses("used").Except(Uses("told")).Any();

        IEnumerable<string> Uses(string kind) => File.ReadAllLines(Path.Combine(_folder, "cabinet.journal.credentials"))
            .Where(l => l.Contains($"{{\"line\":\"{kind}\"", StringComparison.Ordinal)).Select(l => l.Split("\"use\":\"")[1][..36]);
    }

    /// <param name="nudgeMs">What it was about to wait for may have been set when the clock stood already beyond: it is moved on by so much at a time.</param>
    public async Task Until(Func<bool> condition, string what, int nudgeMs = 1)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(30), TimeProvider.System);
        while (!condition())
        {
            if (_run.IsFaulted)
                await _run;
            limit.IsCancellationRequested.ShouldBeFalse(what);
            await Task.Delay(TimeSpan.FromMilliseconds(1), TimeProvider.System);
            Time.Advance(TimeSpan.FromMilliseconds(nudgeMs));
        }
    }

    async Task ICabinetLink.Run(ICabinetLinkListener listener, CancellationToken cancel)
    {
        _listener.SetResult(listener);
        await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, cancel);
    }

    ValueTask<Delivery> ICabinetLink.Send(string topic, ReadOnlyMemory<byte> payload, bool acknowledged, CancellationToken cancel)
    {
        if (!_connected)
            return ValueTask.FromResult(Delivery.Lost);
        Topics.TryParseReport(topic, out _, out string kind).ShouldBeTrue();
        _came.Enqueue(kind switch
        {
            "hello" => Wire.TryRead(payload.Span, out HelloMessage? m) ? m : throw new FormatException(kind),
            "state" => Wire.TryRead(payload.Span, out StateMessage? m) ? m : throw new FormatException(kind),
            "event" => Wire.TryRead(payload.Span, out EventMessage? m) ? m : throw new FormatException(kind),
            _ => Wire.TryRead(payload.Span, out ResultMessage? m) ? m : throw new FormatException(kind),
        });
        return ValueTask.FromResult(Delivery.Taken);
    }

    private async Task<CredentialAnswer> Answer()
    {
        CredentialAnswer? answer = null;
        await Until(() => _answers.Reader.TryRead(out answer), "the bank answers");
        return answer!;
    }

    private void TakeAll()
    {
        while (_came.TryDequeue(out IReport? report))
            Came.Add(report);
    }

    private T? Take<T>()
        where T : class, IReport
    {
        int before = Came.Count;
        TakeAll();
        return Came.Skip(before).OfType<T>().LastOrDefault();
    }
}
