using System.Net.Sockets;
using Latchkey.Controller.Boards;
using Latchkey.Controller.Boards.KeyMatrix;
using Latchkey.Controller.Boards.Linux;
using Latchkey.Controller.Boards.Mfrc522;
using Latchkey.Controller.Boards.Pcf8574;
using Latchkey.Controller.Boards.Signals;
using Latchkey.Controller.Boards.Ssd1306;
using Latchkey.Controller.Boards.Ssd1331;
using Latchkey.Controller.Cabinet;
using Latchkey.Controller.Terminal;

namespace Latchkey.Controller;

/// <summary>One controller on a Linux board, from its file to its end. All parts are opened before anything runs, the relays first and switched off.</summary>
internal sealed class LinuxController : IDisposable
{
    /// <summary>A terminal that lost a part is tried again so often; the doors go on without it.</summary>
    private static readonly TimeSpan TerminalAgain = TimeSpan.FromSeconds(5);

    private static readonly TimeSpan LongestRetry = TimeSpan.FromSeconds(30);

    private readonly BoardFile _file;
    private readonly TimeProvider _time;
    private readonly List<IDisposable> _open = [];
    private readonly I2cBus _i2c;

    /// <exception cref="UsageException">The file asks for what cannot be.</exception>
    /// <exception cref="IOException">A relay does not answer.</exception>
    public LinuxController(BoardFile file, TimeProvider time)
    {
        (_file, _time) = (file, time);
        _i2c = Opened(new I2cBus(file.I2c!));
        try
        {
            static IReadOnlyList<int> Addresses(IReadOnlyList<string>? list) => [.. (list ?? []).Select(BoardFile.Address)];
            BoardFile.ExpanderLists lists = file.Expanders!;
            var expanders = new Pcf8574Settings
            {
                Release = Addresses(lists.Release),
                Lock = Addresses(lists.Lock),
                Doors = Addresses(lists.Doors),
                Bolts = Addresses(lists.Bolts),
                Occupied = Addresses(lists.Occupied),
                ActiveLow = lists.ActiveLow,
                HighIsOpen = lists.HighIsOpen,
            };
            Board = new Pcf8574Board(_i2c, expanders, file.Lockers);
            // Before anything else is opened, read or begun: whatever fails then leaves no coil on that an earlier start has left on.
            Board.AllOff();
            Board.Cabinet = Sensors();
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    public Pcf8574Board Board { get; }

    /// <summary>Runs until it is cancelled.</summary>
    /// <exception cref="UsageException">It was not claimed.</exception>
    public Task Run(CancellationToken cancel) => CabinetProgram.Run(
        _file.Claimed(),
        Board,
        (identity, link, trust) => DeviceFolder.Link(identity, link, LongestRetry, _time, trust)(DeviceFolder.Dialer(identity, link, trust)),
        host => [ended => Board.Poll(_time, ended), .. _file.Terminal is null ? (Func<CancellationToken, Task>[])[] : [ended => RunTerminal(host, ended)]],
        _time,
        cancel);

    /// <summary>Tells of each part whether it answers, and moves nothing.</summary>
    public IEnumerable<(string Part, string? Fault)> Check()
    {
        BoardFile.ExpanderLists lists = _file.Expanders!;
        foreach ((string name, IReadOnlyList<string>? list) in new[] { ("door contacts", lists.Doors), ("bolts", lists.Bolts), ("occupancy", lists.Occupied) })
        {
            foreach (string address in list ?? [])
                yield return Try($"{name} at {address}", () => _i2c.Read(BoardFile.Address(address), stackalloc byte[1]));
        }
        foreach (string address in lists.Release.Concat(lists.Lock ?? []))
            yield return Try($"relays at {address}", () => _i2c.Read(BoardFile.Address(address), stackalloc byte[1]));
        LinuxTerminal? terminal = null;
        yield return Try("terminal", () => terminal = OpenTerminal());
        if (terminal is null)
            yield break;
        yield return Try("display", () => terminal.Show(ScreenPainter.Paint(new Screen.Notice(Tone.Calm, Phrase.Starting), terminal.Display, _file.TerminalSettings().Language, linked: true)));
        if (terminal.Cards is { } cards)
            yield return Try("card reader", () => cards.ReadCard());
        if (terminal.Keys is { } keys)
            yield return Try("keypad", () => keys.Scan());
    }

    public void Dispose()
    {
        foreach (IDisposable part in Enumerable.Reverse(_open))
            part.Dispose();
        _open.Clear();
    }

    private async Task RunTerminal(CabinetHost host, CancellationToken cancel)
    {
        while (!cancel.IsCancellationRequested)
        {
            int opened = _open.Count;
            try
            {
                LinuxTerminal parts = OpenTerminal();
                await Together.Run(cancel, new TerminalHost(_file.TerminalSettings(), parts, host, _time).Run, ended => parts.Run(_time, ended));
            }
            catch (IOException e)
            {
                await Console.Error.WriteLineAsync($"The terminal has stopped and is tried again: {e.Message}");
            }
            foreach (IDisposable part in _open[opened..])
                part.Dispose();
            _open.RemoveRange(opened, _open.Count - opened);
            await Task.Delay(TerminalAgain, _time, cancel).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private LinuxTerminal OpenTerminal()
    {
        BoardFile.TerminalParts parts = _file.Terminal ?? new BoardFile.TerminalParts();
        BoardFile.Pins? pins = _file.Gpio;
        return new LinuxTerminal
        {
            Mono = parts.Display == "ssd1306" ? new Ssd1306Display(_i2c, BoardFile.Address(parts.DisplayAddress)) : null,
            Colour = parts.Display == "ssd1331"
                // 6 MHz: the data sheet's serial clock cycle is at least 150 ns.
                ? new Ssd1331Display(Opened(new SpiDevice(parts.DisplaySpi!, 6_000_000)), Lines(pins!, pins!.DisplayDataReset!, LineUse.OutputLow))
                : null,
            Keys = pins is { KeypadRows: { } rows, KeypadColumns: { } columns }
                ? new GpioKeyMatrix(Lines(pins, rows, LineUse.OutputOpenDrain), Lines(pins, columns, LineUse.InputPulledUp))
                : null,
            // 4 MHz of the 10 that the data sheet allows: wires to a reader in a door are long.
            Cards = parts.CardSpi is { } card ? new Mfrc522Reader(Opened(new SpiDevice(card, 4_000_000))) : null,
            Scanner = parts.Scanner is { } scanner ? Opened(new SerialLine(scanner, parts.ScannerBaud)) : null,
            Signals = pins is { BuzzerRedGreen: { } signals } ? new GpioSignals(Lines(pins, signals, LineUse.OutputLow), _time) : null,
        };
    }

    private Func<CabinetLevels>? Sensors() => _file.Gpio is { } pins && (pins.Tamper ?? pins.Supply) is not null
        ? new GpioCabinetSensors(
            pins.Tamper is { } tamper ? Lines(pins, [tamper], LineUse.InputPulledUp) : null,
            pins.Supply is { } supply ? Lines(pins, [supply], LineUse.InputPulledUp) : null).Read
        : null;

    private GpioLines Lines(BoardFile.Pins pins, IReadOnlyList<int> offsets, LineUse use) => Opened(new GpioLines(pins.Chip, [.. offsets], use));

    private T Opened<T>(T part)
        where T : IDisposable
    {
        _open.Add(part);
        return part;
    }

    private static (string, string?) Try(string part, Action look)
    {
        try
        {
            look();
            return (part, null);
        }
        catch (Exception e) when (e is IOException or UsageException or SocketException)
        {
            return (part, e.Message);
        }
    }
}
