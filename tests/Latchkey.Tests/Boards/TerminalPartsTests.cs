using Latchkey.Controller.Boards.KeyMatrix;
using Latchkey.Controller.Boards.Linux;
using Latchkey.Controller.Boards.Mfrc522;
using Latchkey.Controller.Boards.Signals;
using Latchkey.Controller.Boards.Ssd1306;
using Latchkey.Controller.Boards.Ssd1331;
using Latchkey.Controller.Terminal;
using Latchkey.Tests.Support;

namespace Latchkey.Tests.Boards;

/// <summary>Displays, card reader, keypad, scanner, buzzer and lights, seen from their wires.</summary>
public sealed class TerminalPartsTests
{
    private readonly string _id = KernelRecorder.NewPath("test")["/dev/".Length..];

    private static FrameBuffer Picture(DisplayKind display) =>
        ScreenPainter.Paint(new Screen.Notice(Tone.Good, Phrase.PullDoor, "14"), display, TerminalLanguage.Hindi, linked: false);

    [Fact]
    public void The_display_of_one_colour_holds_the_very_picture_and_is_not_told_it_twice()
    {
        var wires = new FakeI2c();
        var panel = new FakeSsd1306();
        wires.Parts[0x3C] = panel;
        KernelRecorder.Put($"/dev/i2c-{_id}", wires);
        using var bus = new I2cBus($"/dev/i2c-{_id}");
        var display = new Ssd1306Display(bus, 0x3C);
        FrameBuffer picture = Picture(DisplayKind.Mono128X64);
        display.Show(picture);
        panel.On.ShouldBeTrue();
        for (int y = 0; y < 64; y++)
        {
            for (int x = 0; x < 128; x++)
                ((panel.Memory[(y / 8 * 128) + x] >> (y % 8)) & 1).ShouldBe(picture.At(x, y) == Ink.None ? 0 : 1);
        }
        int writes = wires.Writes.Count;
        display.Show(picture);
        wires.Writes.Count.ShouldBe(writes);
        wires.Silent.Add(0x3C);
        Should.Throw<IOException>(() => display.Show(FrameBuffer.For(DisplayKind.Mono128X64))).Message.ShouldContain("0x3c");
    }

    [Fact]
    public async Task A_display_alone_is_a_terminal_until_it_is_ended()
    {
        var wires = new FakeI2c();
        wires.Parts[0x3C] = new FakeSsd1306();
        KernelRecorder.Put($"/dev/i2c-{_id}", wires);
        using var bus = new I2cBus($"/dev/i2c-{_id}");
        using var end = new CancellationTokenSource();
        Task looking = new LinuxTerminal { Mono = new Ssd1306Display(bus, 0x3C) }.Run(TimeProvider.System, end.Token);
        looking.IsCompleted.ShouldBeFalse("whoever runs it takes its end for a part that was lost, and opens it anew");
        await end.CancelAsync();
        await Should.ThrowAsync<OperationCanceledException>(looking);
    }

    [Fact]
    public void The_display_of_many_colours_holds_the_very_picture()
    {
        var chip = new FakeGpioChip();
        var panel = new FakeSsd1331(() => chip.Level[24]);
        KernelRecorder.Put($"/dev/gpiochip-{_id}", chip);
        KernelRecorder.Put($"/dev/spidev-{_id}", panel);
        using var spi = new SpiDevice($"/dev/spidev-{_id}", 6_000_000);
        using var control = new GpioLines($"/dev/gpiochip-{_id}", [24, 25], LineUse.OutputLow);
        FrameBuffer picture = Picture(DisplayKind.Colour96X64);
        new Ssd1331Display(spi, control).Show(picture);
        panel.On.ShouldBeTrue();
        chip.History.Where(h => h.Line == 25).Select(h => h.High).ShouldBe([false, false, true], "low before it is let run");
        for (int y = 0; y < 64; y++)
        {
            for (int x = 0; x < 96; x++)
            {
                int at = ((y * 96) + x) * 2, colour = (panel.Memory[at] << 8) | panel.Memory[at + 1];
                colour.ShouldBe(picture.At(x, y) switch { Ink.None => 0, Ink.Good => 0x3EF0, Ink.Attention => 0xFDA4, _ => 0xEFBF });
            }
        }
    }

    [Theory]
    [InlineData("DEADBEEF")]
    [InlineData("04A1B2C3D4E5F6")]
    [InlineData("04A1B2C3D4E5F6071829")]
    public void A_card_of_any_length_tells_its_number(string uid)
    {
        (FakeMfrc522 part, Mfrc522Reader reader, SpiDevice spi) = Reader();
        using (spi)
        {
            reader.ReadCard().ShouldBeNull();
            part.Cards.Add(Convert.FromHexString(uid));
            reader.ReadCard().ShouldBe(uid);
            reader.ReadCard().ShouldBe(uid, "it is still there");
            part.Cards.Clear();
            reader.ReadCard().ShouldBeNull();
        }
    }

    [Fact]
    public void Two_cards_at_once_are_none()
    {
        (FakeMfrc522 part, Mfrc522Reader reader, SpiDevice spi) = Reader();
        using (spi)
        {
            part.Cards.AddRange([[1, 2, 3, 4], [5, 6, 7, 8]]);
            reader.ReadCard().ShouldBeNull();
        }
    }

    [Fact]
    public void A_reader_that_is_not_there_is_said_to_be_missing()
    {
        (FakeMfrc522 part, Mfrc522Reader reader, SpiDevice spi) = Reader();
        using (spi)
        {
            part.Missing = true;
            Should.Throw<IOException>(() => reader.ReadCard()).Message.ShouldContain("MFRC522");
        }
    }

    [Fact]
    public void Each_key_of_the_matrix_is_found_by_its_row_and_column()
    {
        int[] rows = [5, 6, 13, 19], columns = [12, 16, 20, 21];
        var chip = new FakeGpioChip();
        KernelRecorder.Put($"/dev/gpiochip-{_id}", chip);
        using var rowLines = new GpioLines($"/dev/gpiochip-{_id}", rows, LineUse.OutputOpenDrain);
        rows.ShouldAllBe(r => chip.Level[r], "let go before anything else");
        using var columnLines = new GpioLines($"/dev/gpiochip-{_id}", columns, LineUse.InputPulledUp);
        var keys = new GpioKeyMatrix(rowLines, columnLines);
        for (int key = 0; key < 16; key++)
        {
            // A pressed key joins its row and its column.
            chip.Looked = line => line != columns[key % 4] || chip.Level[rows[key / 4]];
            keys.Scan().ShouldBe((ushort)(1 << key));
        }
        chip.Looked = _ => true;
        keys.Scan().ShouldBe((ushort)0);
    }

    [Fact]
    public void A_scanner_says_lines_and_one_that_is_far_too_long_is_dropped_whole()
    {
        var tty = new FakeTty();
        KernelRecorder.Put($"/dev/tty-{_id}", tty);
        using var line = new SerialLine($"/dev/tty-{_id}", 9600);
        tty.Baud.ShouldBe(9600);
        tty.Say("LK1:AB");
        line.ReadLines(20, 10).ShouldBeEmpty();
        tty.Say("CD\r\nLK1:EF\r\n\r\n" + new string('X', 21) + "\nLK1:GH\n");
        line.ReadLines(20, 10).ShouldBe(["LK1:ABCD", "LK1:EF", "LK1:GH"]);
        tty.Gone = true;
        Should.Throw<IOException>(() => line.ReadLines(20, 10)).Message.ShouldContain("taken away");
    }

    [Fact]
    public async Task The_buzzer_plays_and_is_silent_and_dark_at_the_end()
    {
        var chip = new FakeGpioChip();
        KernelRecorder.Put($"/dev/gpiochip-{_id}", chip);
        using var lines = new GpioLines($"/dev/gpiochip-{_id}", [18, 22, 23], LineUse.OutputLow);
        var time = new ManualTime();
        var signals = new GpioSignals(lines, time);
        using var end = new CancellationTokenSource();
        Task playing = signals.Play(end.Token);
        signals.Light(Lamp.Good);
        chip.Level[23].ShouldBeTrue();
        signals.Sound(Tune.Yes);
        await Until(() => chip.Level[18]);
        foreach (bool on in (bool[])[false, true])
        {
            await Until(() => time.WaitingTimers > 0);
            time.Advance(TimeSpan.FromMilliseconds(60));
            await Until(() => chip.Level[18] == on);
        }
        signals.Light(Lamp.Bad);
        (chip.Level[22], chip.Level[23]).ShouldBe((true, false));
        await end.CancelAsync();
        await Should.ThrowAsync<OperationCanceledException>(playing);
        (chip.Level[18] || chip.Level[22] || chip.Level[23]).ShouldBeFalse();
    }

    private static async Task Until(Func<bool> condition)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        while (!condition())
            await Task.Delay(TimeSpan.FromMilliseconds(1), TimeProvider.System, limit.Token);
    }

    private (FakeMfrc522 Part, Mfrc522Reader Reader, SpiDevice Spi) Reader()
    {
        var part = new FakeMfrc522();
        KernelRecorder.Put($"/dev/spidev-{_id}", part);
        var spi = new SpiDevice($"/dev/spidev-{_id}", 4_000_000);
        return (part, new Mfrc522Reader(spi), spi);
    }
}
