using Latchkey.Controller.Boards.KeyMatrix;
using Latchkey.Controller.Boards.Mfrc522;
using Latchkey.Controller.Boards.Signals;
using Latchkey.Controller.Boards.Ssd1306;
using Latchkey.Controller.Boards.Ssd1331;
using Latchkey.Controller.Cabinet;
using Latchkey.Controller.Terminal;

namespace Latchkey.Controller.Boards.Linux;

/// <summary>A terminal made of the parts that are there; each may be missing.</summary>
internal sealed class LinuxTerminal : ITerminalParts
{
    /// <summary>A person holds a card to the reader for half a second.</summary>
    private static readonly TimeSpan BetweenCards = TimeSpan.FromMilliseconds(100);

    private Action<TerminalInput>? _happened;

    public Ssd1306Display? Mono { get; init; }

    public Ssd1331Display? Colour { get; init; }

    public GpioKeyMatrix? Keys { get; init; }

    public Mfrc522Reader? Cards { get; init; }

    public SerialLine? Scanner { get; init; }

    public GpioSignals? Signals { get; init; }

    public DisplayKind Display => Colour is null ? DisplayKind.Mono128X64 : DisplayKind.Colour96X64;

    public void Show(FrameBuffer frame)
    {
        Mono?.Show(frame);
        Colour?.Show(frame);
    }

    public void Sound(Tune tune) => Signals?.Sound(tune);

    public void Light(Lamp lamp) => Signals?.Light(lamp);

    public void Watch(Action<TerminalInput>? happened) => Volatile.Write(ref _happened, happened);

    /// <summary>Looks at the parts until it is cancelled. Call it beside the terminal's host.</summary>
    /// <exception cref="IOException">A part that was there does not answer any more.</exception>
    public async Task Run(TimeProvider time, CancellationToken cancel)
    {
        List<Func<CancellationToken, Task>> parts = [];
        if (Keys is { } keys)
            parts.Add(ended => ScanKeys(keys, time, ended));
        if (Cards is { } cards)
            parts.Add(ended => ReadCards(cards, time, ended));
        if (Scanner is { } scanner)
            parts.Add(ended => ReadCodes(scanner, ended));
        if (Signals is { } signals)
            parts.Add(signals.Play);
        // A display alone has nothing to look at, and is there all the same.
        if (parts.Count == 0)
            parts.Add(ended => Task.Delay(Timeout.InfiniteTimeSpan, time, ended));
        await Together.Run(cancel, parts);
        cancel.ThrowIfCancellationRequested();
    }

    private async Task ScanKeys(GpioKeyMatrix keys, TimeProvider time, CancellationToken cancel)
    {
        var pad = new Terminal.KeyMatrix();
        using var every = new PeriodicTimer(TimeSpan.FromMilliseconds(Terminal.KeyMatrix.ScanMs), time);
        while (await every.WaitForNextTickAsync(cancel))
        {
            if (pad.Scan(keys.Scan()) is { } key)
                Tell(new TerminalInput.Key(key));
        }
    }

    private async Task ReadCards(Mfrc522Reader cards, TimeProvider time, CancellationToken cancel)
    {
        using var every = new PeriodicTimer(BetweenCards, time);
        while (await every.WaitForNextTickAsync(cancel))
        {
            if (cards.ReadCard() is { } uid)
                Tell(new TerminalInput.Card(uid, CardAssurance.UidOnly));
        }
    }

    /// <summary>On a thread of its own, because reading a port waits.</summary>
    private Task ReadCodes(SerialLine scanner, CancellationToken cancel) => Task.Factory.StartNew(
        () =>
        {
            // It looks up from the port often enough to end soon.
            while (!cancel.IsCancellationRequested)
            {
                foreach (string line in scanner.ReadLines(TerminalMachine.LongestScan, timeoutMs: 200))
                    Tell(new TerminalInput.Scan(line));
            }
        },
        cancel, TaskCreationOptions.LongRunning, TaskScheduler.Default);

    private void Tell(TerminalInput input) => Volatile.Read(ref _happened)?.Invoke(input);
}
