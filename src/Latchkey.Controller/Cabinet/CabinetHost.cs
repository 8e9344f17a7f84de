using System.Security.Cryptography;
using System.Threading.Channels;
using Latchkey.Controller.Boards;
using Latchkey.Controller.Credentials;
using Latchkey.Controller.Terminal;
using Latchkey.Link.Messages;

namespace Latchkey.Controller.Cabinet;

/// <summary>
/// One running cabinet: joins the machine with its journal, its board and its link. One task owns the machine; everything reaches it
/// through one bounded queue. A sensor's edge is stamped when it arose, so that debouncing is exact; all else when its turn comes, so that
/// a pulse has its full length. It sleeps until the machine's next moment, never longer or shorter.
/// </summary>
public sealed class CabinetHost : ICabinetLinkListener
{
    /// <summary>A step takes microseconds, so that a full queue is over within a millisecond or two; only a storm of sensor edges fills it,
    /// and then the levels are read afresh instead.</summary>
    private const int InputLimit = 256;

    private readonly CabinetSettings _settings;
    private readonly CabinetMachine _machine;
    private readonly string _journalPath;
    private readonly CoilGuard _board;
    private readonly ICabinetLink _link;
    private readonly TimeProvider _time;
    private readonly long _started;
    private readonly ReportOutbox _outbox;
    private readonly Channel<(CabinetInput Input, Moment? At)> _inputs =
        Channel.CreateBounded<(CabinetInput, Moment?)>(new BoundedChannelOptions(InputLimit) { SingleReader = true });

    private TerminalInput.Health? _healthTold;
    private long _taken;
    private CredentialWriter? _keeper;
    private int _edgesMissed;
    private int _ran;

    /// <param name="settings">See <see cref="CabinetSettings.Fault"/>.</param>
    /// <param name="key">See <see cref="CommandKey.Derive"/>.</param>
    /// <param name="journalPath">See <see cref="CabinetJournal.Open"/>.</param>
    /// <exception cref="ArgumentException">A setting is out of its range.</exception>
    public CabinetHost(CabinetSettings settings, CommandKey key, string journalPath, IBoard board, ICabinetLink link, TimeProvider time)
    {
        (_settings, _journalPath, _board, _link, _time) = (settings, journalPath, new CoilGuard(board, time), link, time);
        _machine = new CabinetMachine(settings, key);
        _started = time.GetTimestamp();
        _outbox = new ReportOutbox(settings.Device, link, new OutboxFile(journalPath + ".outbox"), time, (command, cancel) => Enter(new CabinetInput.Delivered(command), cancel));
    }

    /// <summary>What the terminal in front of the bank is told; called on the task that owns the machine, so it must return at once. A terminal
    /// that is started again sets it again, at any time.</summary>
    public Action<TerminalInput>? Front { get; set; }

    /// <summary>Shown each state that is made for the server; called on the task that owns the machine. Set before <see cref="Run"/>.</summary>
    public Action<StateMessage>? Said { get; set; }

    /// <summary>As it was told last; null before the first step.</summary>
    public TerminalInput.Health? Health => Volatile.Read(ref _healthTold);

    /// <summary>Monotonic milliseconds, as in <see cref="Moment.Ms"/>.</summary>
    public long NowMs => (long)_time.GetElapsedTime(_started).TotalMilliseconds;

    /// <summary>16 random bytes for a phone to sign within ten seconds.</summary>
    public async ValueTask<ReadOnlyMemory<byte>> GiveNonce(CancellationToken cancel)
    {
        byte[] nonce = RandomNumberGenerator.GetBytes(16);
        await Enter(new CabinetInput.NonceGiven(nonce), cancel);
        return nonce;
    }

    /// <summary>Hands in what was presented at the bank. False when too much waits already: nothing will happen.</summary>
    public bool TryPresent(Credential what) => _inputs.Writer.TryWrite((new CabinetInput.Presented(what), null));

    /// <summary>
    /// Runs until it is cancelled; then it drops what it was doing, like a power cut with all relays off, and returns. It can run once.
    /// </summary>
    /// <exception cref="IOException">The journal cannot be opened, or the board does not answer. The relays are off.</exception>
    public async Task Run(CancellationToken cancel)
    {
        if (Interlocked.Exchange(ref _ran, 1) != 0)
            throw new InvalidOperationException("A cabinet runs once; a restart is a new one.");
        // Before the disk is touched: it may be slow, or broken.
        _board.AllOff();
        var (journal, found) = await JournalWriter.OnDisk(() =>
            (CabinetJournal.Open(_journalPath, UnixMs(), out JournalContents contents), contents));
        using CabinetJournal disposed = journal;
        var (credentials, recalled) = await JournalWriter.OnDisk(() =>
            (CredentialFile.Open(_journalPath + ".credentials", UnixMs(), out IReadOnlyList<CredentialRecord> lines), lines));
        using CredentialFile disposedToo = credentials;
        var writer = new JournalWriter(journal, _time, (line, ok, c) => Enter(new CabinetInput.Stored(line, ok), c));
        _keeper = new CredentialWriter(credentials, (record, ok, c) => Enter(new CabinetInput.Kept(record, ok), c));
        try
        {
            _board.Watch(OnChange);
            BoardLevels levels = _board.Read();
            await Together.Run(
                cancel,
                ended => Loop(new CabinetInput.Boot(found, levels) { Credentials = recalled }, writer, ended),
                writer.Run,
                _keeper.Run,
                _outbox.Run,
                ended => _link.Run(this, ended));
        }
        finally
        {
            _board.Watch(null);
            _board.AllOff();
            _board.Dispose();
        }
    }

    private async Task Loop(CabinetInput.Boot boot, JournalWriter writer, CancellationToken cancel)
    {
        // A tick that finds no room is not needed: each input passes the time as well.
        await using ITimer timer = _time.CreateTimer(
            _ => _inputs.Writer.TryWrite((new CabinetInput.Tick(), null)), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        try
        {
            Handle(boot, Now(), writer);
            Arm(timer);
            while (await _inputs.Reader.WaitToReadAsync(cancel))
            {
                while (_inputs.Reader.TryRead(out (CabinetInput Input, Moment? At) next))
                {
                    cancel.ThrowIfCancellationRequested();
                    Handle(next.Input, next.At ?? Now(), writer);
                    Volatile.Write(ref _taken, _taken + 1);
                }
                if (Interlocked.Exchange(ref _edgesMissed, 0) != 0)
                {
                    BoardLevels levels = _board.Read();
                    for (int door = 1; door <= levels.Doors.Count; door++)
                        Handle(new CabinetInput.DoorChanged(door, levels.Doors[door - 1]), Now(), writer);
                    Handle(new CabinetInput.CabinetChanged(levels.Cabinet), Now(), writer);
                }
                Arm(timer);
            }
        }
        finally
        {
            // Here and not only at the end of Run: the link may take a second to say good-bye, and a coil must not wait for it.
            _board.AllOff();
        }
    }

    private void Arm(ITimer timer) => timer.Change(
        _machine.NextDue is { } due ? TimeSpan.FromMilliseconds(Math.Max(1, due - Now().Ms)) : Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);

    private void Handle(CabinetInput input, Moment at, JournalWriter writer)
    {
        List<JournalLine>? refused = null;
        List<CredentialRecord>? notKept = null;
        foreach (CabinetOutput output in _machine.Step(input, at))
        {
            switch (output)
            {
                case CabinetOutput.AllOff:
                    _board.AllOff();
                    break;
                case CabinetOutput.CoilOn on:
                    _board.Drive(on.Door, on.Coil, on: true);
                    break;
                case CabinetOutput.CoilOff off:
                    _board.Drive(off.Door, off.Coil, on: false);
                    break;
                case CabinetOutput.Store store when !writer.TryAdd(store.Line):
                    (refused ??= []).Add(store.Line);
                    break;
                case CabinetOutput.Send send:
                    _outbox.Add(send.Report, send.Kept);
                    if (send.Report is StateMessage state)
                        Said?.Invoke(state);
                    if (send.Report is EventMessage { Event: EventKinds.DoorLeftOpen or EventKinds.DoorNeverClosed } left)
                        Front?.Invoke(new TerminalInput.LeftOpen(left.Locker));
                    break;
                case CabinetOutput.Keep keep when !_keeper!.TryAdd(keep.Record):
                    (notKept ??= []).Add(keep.Record);
                    break;
                case CabinetOutput.Answer answer:
                    Front?.Invoke(new TerminalInput.Answer(answer.What));
                    break;
            }
        }
        if (input is CabinetInput.LinkLost)
            _outbox.Close();
        TellHealth();
        // At most one further step each: a refused intent or outcome is not stored again.
        foreach (JournalLine line in refused ?? [])
            Handle(new CabinetInput.Stored(line, Ok: false), at, writer);
        foreach (CredentialRecord record in notKept ?? [])
            Handle(new CabinetInput.Kept(record, Ok: false), at, writer);
    }

    /// <summary>Completes when the machine has taken an input that was put in now: it lives.</summary>
    public async Task Answers(CancellationToken cancel)
    {
        long begun = Volatile.Read(ref _taken);
        await Enter(new CabinetInput.Tick(), cancel);
        while (Volatile.Read(ref _taken) == begun)
            await Task.Delay(TimeSpan.FromMilliseconds(10), _time, cancel);
    }

    private void TellHealth()
    {
        var health = new TerminalInput.Health(_machine.Linked, _machine.CanOpen, _machine.Mode, _machine.CodeDigits);
        if (health == _healthTold)
            return;
        Volatile.Write(ref _healthTold, health);
        Front?.Invoke(health);
    }

    private void OnChange(BoardChange change)
    {
        CabinetInput input = change switch
        {
            BoardChange.Door door => new CabinetInput.DoorChanged(door.Number, door.Levels),
            BoardChange.Cabinet cabinet => new CabinetInput.CabinetChanged(cabinet.Levels),
            _ => throw new ArgumentException($"A board cannot say {change}.", nameof(change)),
        };
        if (_inputs.Writer.TryWrite((input, Now())))
            return;
        Interlocked.Exchange(ref _edgesMissed, 1);
        // The queue may have been emptied before it was noted: without an input the loop would sleep on it. Where there is no room again, it comes round by itself.
        _inputs.Writer.TryWrite((new CabinetInput.Tick(), null));
    }

    private ValueTask Enter(CabinetInput input, CancellationToken cancel) => _inputs.Writer.WriteAsync((input, null), cancel);

    private Moment Now() => new(NowMs, UnixMs());

    private long UnixMs() => _time.GetUtcNow().ToUnixTimeMilliseconds();

    (long Link, StateMessage Will) ICabinetLinkListener.NextWill() => _machine.NextWill(UnixMs());

    ValueTask ICabinetLinkListener.Connected(long link, CancellationToken cancel) => Enter(new CabinetInput.Linked(link), cancel);

    ValueTask ICabinetLinkListener.Disconnected(CancellationToken cancel) => Enter(new CabinetInput.LinkLost(), cancel);

    ValueTask ICabinetLinkListener.Received(ReceiptMessage receipt, CancellationToken cancel) => _outbox.Received(receipt.Reports, cancel);

    ValueTask ICabinetLinkListener.GrantsArrived(GrantsMessage change, CancellationToken cancel) => Enter(new CabinetInput.GrantsArrived(change), cancel);

    ValueTask ICabinetLinkListener.CommandArrived(CommandMessage command, bool retained, CancellationToken cancel) =>
        Enter(new CabinetInput.CommandArrived(command, retained), cancel);
}
