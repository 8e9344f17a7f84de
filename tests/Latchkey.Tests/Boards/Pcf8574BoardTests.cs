using Latchkey.Controller.Boards;
using Latchkey.Controller.Boards.Linux;
using Latchkey.Controller.Boards.Pcf8574;
using Latchkey.Controller.Boards.Ssd1306;
using Latchkey.Controller.Terminal;
using Latchkey.Controller;

namespace Latchkey.Tests.Boards;

/// <summary>Relays and contacts on expanders, seen from the wires of the bus.</summary>
public sealed class Pcf8574BoardTests : IDisposable
{
    private const int Relays1 = 0x20, Relays2 = 0x21, Contacts1 = 0x38, Contacts2 = 0x39, Locks1 = 0x22, Locks2 = 0x23;

    private readonly string _path = KernelRecorder.NewPath("i2c");
    private readonly FakeI2c _wires = new();
    private readonly I2cBus _bus;

    public Pcf8574BoardTests()
    {
        foreach (int address in (int[])[Relays1, Relays2, Contacts1, Contacts2, Locks1, Locks2])
            _wires.Parts[address] = new FakePcf8574();
        KernelRecorder.Put(_path, _wires);
        _bus = new I2cBus(_path);
    }

    public void Dispose()
    {
        _bus.Dispose();
        KernelRecorder.StillOpen(_wires).ShouldBe(0);
    }

    [Fact]
    public void The_first_on_the_wires_is_the_whole_off_byte_to_every_relay_expander()
    {
        Board().AllOff();
        Written().ShouldBe(["20 FF", "21 FF", "22 FF", "23 FF"]);
    }

    [Fact]
    public void Relays_that_are_on_when_the_pin_is_high_are_off_with_zero()
    {
        new Pcf8574Board(_bus, new Pcf8574Settings { Release = [Relays1], ActiveLow = false }, 8).AllOff();
        Written().ShouldBe(["20 00"]);
    }

    [Fact]
    public void A_coil_is_one_bit_of_its_expander_and_leaves_the_others()
    {
        Pcf8574Board board = Board();
        board.AllOff();
        board.Drive(3, Coil.Release, true);
        board.Drive(3, Coil.Release, false);
        board.Drive(9, Coil.Release, true);
        board.Drive(9, Coil.Release, false);
        board.Drive(16, Coil.Lock, true);
        board.Drive(16, Coil.Lock, false);
        Written()[4..].ShouldBe(["20 FB", "20 FF", "21 FE", "21 FF", "23 7F", "23 FF"]);
    }

    [Fact]
    public void One_expander_that_fails_does_not_keep_the_others_from_being_switched_off()
    {
        Pcf8574Board board = Board();
        _wires.Silent.Add(Relays1);
        Should.Throw<IOException>(board.AllOff).Message.ShouldContain("0x20");
        Written().ShouldBe(["21 FF", "22 FF", "23 FF"]);
    }

    [Fact]
    public void A_relay_that_does_not_answer_ends_the_controller()
    {
        Pcf8574Board board = Board();
        _wires.Silent.Add(Relays2);
        Should.Throw<IOException>(() => board.Drive(9, Coil.Release, true));
    }

    [Fact]
    public async Task A_contact_that_moves_is_told_within_a_look_and_one_that_does_not_answer_is_unreadable()
    {
        Pcf8574Board board = Board();
        Contact(Contacts1, 0, closed: true);
        board.Read().Doors.Select(d => d.Open).ShouldBe([false, .. Enumerable.Repeat<bool?>(true, 9)]);
        List<BoardChange> told = [];
        board.Watch(c =>
        {
            lock (told)
                told.Add(c);
        });
        using var end = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        Task polling = board.Poll(TimeProvider.System, end.Token);
        Contact(Contacts1, 0, closed: false);
        await Told(new BoardChange.Door(1, new DoorLevels(true)));
        Contact(Contacts2, 1, closed: true);
        await Told(new BoardChange.Door(10, new DoorLevels(false)));
        _wires.Silent.Add(Contacts2);
        await Told(new BoardChange.Door(9, new DoorLevels(null)));
        await Told(new BoardChange.Door(10, new DoorLevels(null)));
        _wires.Silent.Remove(Contacts2);
        await Told(new BoardChange.Door(10, new DoorLevels(false)));
        told.OfType<BoardChange.Door>().Where(d => d.Number < 9).ShouldBeEmpty("the other expander's doors did not move");
        await end.CancelAsync();
        await Should.ThrowAsync<OperationCanceledException>(polling);

        async Task Told(BoardChange change)
        {
            while (true)
            {
                lock (told)
                {
                    int at = told.IndexOf(change);
                    if (at >= 0)
                    {
                        told.RemoveRange(0, at + 1);
                        return;
                    }
                }
                end.Token.ThrowIfCancellationRequested();
                await Task.Delay(TimeSpan.FromMilliseconds(1), TimeProvider.System, end.Token);
            }
        }
    }

    [Fact]
    public void Bolts_and_what_lies_inside_close_their_contacts()
    {
        _wires.Parts[0x24] = new FakePcf8574();
        _wires.Parts[0x25] = new FakePcf8574();
        var board = new Pcf8574Board(_bus, new Pcf8574Settings { Release = [Relays1], Lock = [Locks1], Doors = [Contacts1], Bolts = [0x24], Occupied = [0x25] }, 2);
        Contact(0x24, 0, closed: true);
        Contact(0x25, 1, closed: true);
        board.Read().Doors.ShouldBe([new DoorLevels(true, Bolted: true, Occupied: false), new DoorLevels(true, Bolted: false, Occupied: true)]);
    }

    [Theory]
    [InlineData(new[] { 0x20 }, new int[0], "release")]
    [InlineData(new[] { 0x20, 0x21 }, new[] { 0x38 }, "doors")]
    [InlineData(new[] { 0x20, 0x20 }, new int[0], "address")]
    [InlineData(new[] { 0x20, 0x40 }, new int[0], "address")]
    public void Expanders_that_do_not_fit_are_refused(int[] release, int[] doors, string said) =>
        Should.Throw<UsageException>(() => new Pcf8574Board(_bus, new Pcf8574Settings { Release = release, Doors = doors }, 10)).Message.ShouldContain(said);

    /// <summary>A coil whose off byte waited for a picture would be on for 25 ms too long.</summary>
    [Fact]
    public async Task A_coil_does_not_wait_for_the_rest_of_a_picture()
    {
        _wires.Parts[0x3C] = new FakeSsd1306();
        Pcf8574Board board = Board();
        var display = new Ssd1306Display(_bus, 0x3C);
        Task? driving = null;
        int pieces = 0;
        _wires.Writing = (address, bytes) =>
        {
            if (address != 0x3C || bytes[0] != 0x40 || ++pieces != 3)
                return;
            driving = Task.Factory.StartNew(() => board.Drive(1, Coil.Release, false), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
            // This piece is on the wires until the coil's thread has come to the bus.
            SpinWait.SpinUntil(() => _bus.UrgentWaiting, TimeSpan.FromSeconds(10)).ShouldBeTrue();
        };
        display.Show(ScreenPainter.Paint(new Screen.Notice(Tone.Calm, Phrase.Idle), DisplayKind.Mono128X64, TerminalLanguage.English, linked: true));
        await driving!;
        List<string> order = [.. Written()];
        int coil = order.IndexOf("20 FF"), data = order.Count(w => w.StartsWith("3C 40", StringComparison.Ordinal));
        data.ShouldBe(32);
        order[..coil].Count(w => w.StartsWith("3C 40", StringComparison.Ordinal)).ShouldBe(3);
    }

    private Pcf8574Board Board() => new(_bus, new Pcf8574Settings { Release = [Relays1, Relays2], Lock = [Locks1, Locks2], Doors = [Contacts1, Contacts2] }, 10);

    private void Contact(int address, int pin, bool closed) => ((FakePcf8574)_wires.Parts[address]).PullLow(pin, closed);

    private string[] Written() => [.. _wires.Writes.Select(w => $"{w.Address:X2} {Convert.ToHexString(w.Bytes)}")];
}
