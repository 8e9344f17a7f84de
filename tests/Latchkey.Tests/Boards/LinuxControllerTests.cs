using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Latchkey.Controller;
using Latchkey.Controller.Cabinet;
using Latchkey.Controller.Terminal;
using Latchkey.Link.Messages;
using Latchkey.Link.Mqtt;
using Latchkey.Tests.Support;

namespace Latchkey.Tests.Boards;

/// <summary>The whole controller for Linux boards, from its file to the wires: a real broker on one side, the kernel's edge on the other.</summary>
public sealed class LinuxControllerTests : IAsyncLifetime
{
    private static readonly Guid Device = Guid.Parse("0193a5b0-0000-7000-8000-00000000b0a4");

    private readonly string _folder = Directory.CreateTempSubdirectory("latchkey-board-").FullName;
    private readonly string _i2c = KernelRecorder.NewPath("i2c"), _chip = KernelRecorder.NewPath("gpiochip"), _spi = KernelRecorder.NewPath("spidev"), _tty = KernelRecorder.NewPath("tty");
    private readonly FakeI2c _wires = new();
    private readonly FakePcf8574 _relays = new(), _contacts = new();
    private readonly FakeSsd1306 _display = new();
    private readonly FakeGpioChip _gpio = new();
    private readonly FakeMfrc522 _cards = new();
    private readonly FakeTty _scanner = new();
    private readonly ECDiffieHellman _server = ECDiffieHellman.Create(ECCurve.NamedCurves.nistP256);
    private readonly CancellationTokenSource _limit = new(TimeSpan.FromSeconds(60));
    private MosquittoBroker _broker = null!;
    private RunningClient _node = null!;

    public async ValueTask InitializeAsync()
    {
        (_wires.Parts[0x20], _wires.Parts[0x38], _wires.Parts[0x3C]) = (_relays, _contacts, _display);
        Array.Fill(_gpio.Level, true);
        // The tamper contact is closed, as long as the housing is.
        _gpio.Looked = line => line != 17 && _gpio.Level[line];
        KernelRecorder.Put(_i2c, _wires);
        KernelRecorder.Put(_chip, _gpio);
        KernelRecorder.Put(_spi, _cards);
        KernelRecorder.Put(_tty, _scanner);
        _broker = await MosquittoBroker.StartOpen();
        _node = new RunningClient(new MqttOptions { ClientId = "node" }, MqttDialer.Tcp("127.0.0.1", _broker.Port), TimeProvider.System);
        await _node.Client.Subscribe(Topics.AllReports, Qos.AtLeastOnce, _limit.Token);
        DeviceFolder.Enrol(Device, _folder);
        await File.WriteAllTextAsync(Path.Combine(_folder, "link.json"),
            JsonSerializer.Serialize(new { broker = $"mqtt://127.0.0.1:{_broker.Port}", server = Convert.ToBase64String(_server.PublicKey.ExportSubjectPublicKeyInfo()) }));
    }

    public async ValueTask DisposeAsync()
    {
        await _node.DisposeAsync();
        await _broker.DisposeAsync();
        _limit.Dispose();
        _server.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    [Fact]
    public async Task An_order_from_the_broker_becomes_a_pulse_on_the_wires_and_the_contact_becomes_its_proof()
    {
        for (int pin = 0; pin < 8; pin++)
            _contacts.PullLow(pin, true);
        List<(byte Latch, long At)> relays = [];
        _relays.Changed = latch =>
        {
            lock (relays)
                relays.Add((latch, TimeProvider.System.GetTimestamp()));
            // The strike of door 3 lets go, and its magnet leaves the reed.
            if (latch == 0xFB)
                _contacts.PullLow(2, false);
        };
        using var controller = new LinuxController(Read(), ExactTime.Instance);
        _wires.Writes[0].ShouldSatisfyAllConditions(w => w.Address.ShouldBe(0x20), w => w.Bytes.ShouldBe([0xFF]));
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(_limit.Token);
        Task running = controller.Run(stop.Token);
        (await Next<HelloMessage>("hello")).Lockers.ShouldBe(8);
        await Next<StateMessage>("state");
        CommandMessage order = Key().Sign(Guid.CreateVersion7(TimeProvider.System.GetUtcNow()), CommandKinds.Open, 3, TimeProvider.System.GetUtcNow().AddSeconds(30), "lease:test");
        await _node.Client.Publish(Topics.Command(Device), Wire.Write(order), Qos.AtLeastOnce, false, TimeSpan.FromSeconds(30), _limit.Token);
        (await Next<ResultMessage>("result")).ShouldSatisfyAllConditions(r => r.Command.ShouldBe(order.Id), r => r.Outcome.ShouldBe(Outcomes.Opened));
        await Until(() => Latches(relays).EndsWith("FB FF", StringComparison.Ordinal));
        double ms = TimeProvider.System.GetElapsedTime(relays[^2].At, relays[^1].At).TotalMilliseconds;
        // 200 by the machine's clock; the first write of a process may come late to the wires.
        ms.ShouldBeGreaterThan(100);
        await stop.CancelAsync();
        await running;
        Latches(relays).ShouldEndWith("FB FF FF FF"); // off twice over at the end: the loop's, and the host's
    }

    [Fact]
    public async Task A_board_without_a_terminal_says_hello_and_goes_on()
    {
        using var controller = new LinuxController(Read(Text().Replace("\"terminal\"", "// \"terminal\"", StringComparison.Ordinal)), ExactTime.Instance);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(_limit.Token);
        Task running = controller.Run(stop.Token);
        Task state = Next<StateMessage>("state");
        (await Task.WhenAny(state, running)).ShouldBe(state, "it has ended before it said anything");
        running.IsCompleted.ShouldBeFalse();
        await stop.CancelAsync();
        await running;
    }

    [Fact]
    public async Task A_latched_door_has_two_coils_and_a_bolt_that_is_seen()
    {
        var locks = new FakePcf8574();
        var bolts = new FakePcf8574();
        (_wires.Parts[0x21], _wires.Parts[0x39]) = (locks, bolts);
        for (int pin = 0; pin < 8; pin++)
            _contacts.PullLow(pin, true);
        locks.Changed = latch =>
        {
            if (latch == 0xFB)
                bolts.PullLow(2, true);
        };
        using var controller = new LinuxController(
            Read(Text().Replace("\"doors\": [\"0x38\"]", "\"doors\": [\"0x38\"], \"lock\": [\"0x21\"], \"bolts\": [\"0x39\"]", StringComparison.Ordinal)
                .Replace("\"lockers\": 8", "\"lockers\": 8, \"latched\": [3]", StringComparison.Ordinal)),
            ExactTime.Instance);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(_limit.Token);
        Task running = controller.Run(stop.Token);
        (await Next<HelloMessage>("hello")).Locks.ShouldBe("mmsmmmmm");
        (await Next<StateMessage>("state")).Doors.ShouldBe("ccnccccc");
        CommandMessage order = Key().Sign(Guid.CreateVersion7(TimeProvider.System.GetUtcNow()), CommandKinds.Lock, 3, TimeProvider.System.GetUtcNow().AddSeconds(30), "lease:test");
        await _node.Client.Publish(Topics.Command(Device), Wire.Write(order), Qos.AtLeastOnce, false, TimeSpan.FromSeconds(30), _limit.Token);
        (await Next<ResultMessage>("result")).Outcome.ShouldBe(Outcomes.Locked);
        await stop.CancelAsync();
        await running;
    }

    [Fact]
    public void Without_contacts_no_order_waits_for_a_door_and_a_gate_has_the_pulses_of_a_gate()
    {
        CabinetSettings gate = Read(Text().Replace(", \"doors\": [\"0x38\"]", "", StringComparison.Ordinal).Replace("\"language\"", "\"gate\": true, \"language\"", StringComparison.Ordinal)).Settings();
        gate.WithoutSensor.Count.ShouldBe(8);
        gate.PulsesPerMinute.ShouldBe(60);
        Read().Settings().ShouldSatisfyAllConditions(s => s.WithoutSensor.ShouldBeEmpty(), s => s.PulsesPerMinute.ShouldBe(10));
    }

    [Fact]
    public void The_relays_are_off_before_anything_else_can_fail()
    {
        BoardFile file = Read(Text().Replace(_chip, KernelRecorder.NewPath("gpiochip"), StringComparison.Ordinal));
        Should.Throw<IOException>(() =>
        {
            using var controller = new LinuxController(file, ExactTime.Instance);
        });
        _wires.Writes[0].ShouldSatisfyAllConditions(w => w.Address.ShouldBe(0x20), w => w.Bytes.ShouldBe([0xFF]));
        KernelRecorder.StillOpen(_wires).ShouldBe(0);
    }

    [Fact]
    public async Task Keys_cards_and_codes_reach_the_machine_and_the_display()
    {
        using var controller = new LinuxController(Read(), ExactTime.Instance);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(_limit.Token);
        Task running = controller.Run(stop.Token);
        await Shows(new Screen.Notice(Tone.Calm, Phrase.Idle, More: Phrase.IdleHint));
        await Press(row: 0, column: 0);
        await Shows(new Screen.Entry(Phrase.Whose, "1", Phrase.EntryHint));
        _cards.Cards.Add([4, 0xA1, 0xB2, 0xC3]);
        await Shows(new Screen.Notice(Tone.Attention, Phrase.NotValid));
        _cards.Cards.Clear();
        await Shows(new Screen.Notice(Tone.Calm, Phrase.Idle, More: Phrase.IdleHint));
        _scanner.Say("https://example.org\r\n");
        await Shows(new Screen.Notice(Tone.Attention, Phrase.NotValid));
        // The cable of the display is loose, and then fast again.
        _wires.Silent.Add(0x3C);
        _cards.Cards.Add([4, 0xA1, 0xB2, 0xC4]);
        await Until(() => KernelRecorder.StillOpen(_cards) == 0);
        _cards.Cards.Clear();
        Array.Clear(_display.Memory);
        _wires.Silent.Remove(0x3C);
        await Shows(new Screen.Notice(Tone.Calm, Phrase.Idle, More: Phrase.IdleHint));
        await stop.CancelAsync();
        await running;
    }

    [Fact]
    public void A_check_tells_of_each_part_and_moves_no_relay()
    {
        _wires.Silent.Add(0x38);
        _cards.Missing = true;
        using var controller = new LinuxController(Read(), ExactTime.Instance);
        (string Part, string? Fault)[] found = [.. controller.Check()];
        found.Where(f => f.Fault is null).Select(f => f.Part).ShouldBe(["relays at 0x20", "terminal", "display", "keypad"]);
        found.Where(f => f.Fault is not null).Select(f => f.Part).ShouldBe(["door contacts at 0x38", "card reader"]);
        _wires.Writes.Where(w => w.Address == 0x20).ShouldAllBe(w => w.Bytes[0] == 0xFF);
    }

    [Fact]
    public async Task The_service_manager_hears_that_it_is_ready_and_lives_and_nothing_of_a_machine_that_hangs()
    {
        string path = Path.Combine(_folder, "notify");
        using var manager = new Socket(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified);
        manager.Bind(new UnixDomainSocketEndPoint(path));
        BoardFile file = Read();
        (LinkFile link, _) = DeviceFolder.ReadLink(_folder);
        using var controller = new LinuxController(file, ExactTime.Instance);
        DeviceIdentity identity = DeviceFolder.ReadIdentity(Device, _folder, link);
        var host = new CabinetHost(file.Settings(), identity.Commands, Path.Combine(_folder, "a.journal"), controller.Board,
            DeviceFolder.Link(identity, link, TimeSpan.FromSeconds(5), TimeProvider.System)(DeviceFolder.Dialer(identity, link, null)), TimeProvider.System);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(_limit.Token);
        Task running = host.Run(stop.Token), notice = new ServiceNotice(path, "20000").Run(host, TimeProvider.System, stop.Token);
        (await Heard(manager)).ShouldBe("READY=1");
        (await Heard(manager)).ShouldBe("WATCHDOG=1");
        await Next<HelloMessage>("hello");
        // The board holds the machine in the middle of a step: as long as it hangs, nobody speaks for it.
        using var hangs = new ManualResetEventSlim();
        using var held = new ManualResetEventSlim();
        host.Front = _ =>
        {
            held.Set();
            hangs.Wait(_limit.Token);
        };
        await _broker.Kill();
        held.Wait(_limit.Token);
        while (manager.Available > 0)
            await Heard(manager);
        // Twenty-five times the watchdog's time; one word may have been on its way already.
        int said = 0;
        for (int i = 0; i < 25; i++)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System, _limit.Token);
            for (; manager.Available > 0; said++)
                await Heard(manager);
        }
        said.ShouldBeLessThanOrEqualTo(1);
        hangs.Set();
        (await Heard(manager)).ShouldBe("WATCHDOG=1");
        await stop.CancelAsync();
        await running;
        await Should.ThrowAsync<OperationCanceledException>(notice);
    }

    [Theory]
    [InlineData("\"lockers\": 8", "\"lockers\": 0", "1 to 200")]
    [InlineData("\"lockers\": 8", "\"lockers\": 9", "2 expanders")]
    [InlineData("\"0x20\"", "\"32\"", "0x20")]
    [InlineData("\"language\": \"en\"", "\"language\": \"fr\"", "en or hi")]
    [InlineData("\"ssd1306\"", "\"ssd1331\"", "displaySpi")]
    [InlineData("\"keypadRows\": [5, 6, 13, 19]", "\"keypadRows\": [5, 6]", "keypad")]
    [InlineData("\"model\"", "\"modle\"", "controller.json")]
    [InlineData("\"lockers\": 8", "\"lockers\": 8, \"latched\": [1]", "motor bolt")]
    [InlineData("\"doors\": [\"0x38\"]", "\"doors\": [\"0x38\"], \"lock\": [\"0x21\"]", "motor bolt")]
    [InlineData("\"doors\": [\"0x38\"]", "\"doors\": [\"0x38\"], \"bolts\": [\"0x39\"]", "motor bolt")]
    public void What_is_wrong_in_the_file_is_said_in_a_sentence(string right, string wrong, string said)
    {
        string text = Text();
        text.ShouldContain(right);
        File.WriteAllText(Path.Combine(_folder, "controller.json"), text.Replace(right, wrong, StringComparison.Ordinal));
        Should.Throw<UsageException>(() =>
        {
            using var controller = new LinuxController(BoardFile.Read(Path.Combine(_folder, "controller.json")), ExactTime.Instance);
        }).Message.ShouldContain(said);
        KernelRecorder.StillOpen(_wires).ShouldBe(0);
    }

    private string Text() => $$"""
        {
          // As in docs/hardware.md.
          "device": "{{Device}}", "model": "LK-8", "lockers": 8, "folder": "{{_folder}}", "i2c": "{{_i2c}}",
          "expanders": { "release": ["0x20"], "doors": ["0x38"] },
          "gpio": { "chip": "{{_chip}}", "tamper": 17, "keypadRows": [5, 6, 13, 19], "keypadColumns": [12, 16, 20, 21], "buzzerRedGreen": [18, 22, 23] },
          "terminal": { "display": "ssd1306", "cardSpi": "{{_spi}}", "scanner": "{{_tty}}", "language": "en" },
        }
        """;

    private BoardFile Read(string? text = null)
    {
        string path = Path.Combine(_folder, "controller.json");
        File.WriteAllText(path, text ?? Text());
        return BoardFile.Read(path);
    }

    private CommandKey Key()
    {
        using var own = ECDiffieHellman.Create();
        own.ImportFromPem(File.ReadAllText(Path.Combine(_folder, $"{Device:D}.key.pem")));
        return CommandKey.Derive(_server, own.PublicKey, Device);
    }

    private async Task<T> Next<T>(string kind)
        where T : class, IReport
    {
        while (true)
        {
            MqttMessage message = await _node.Client.Messages.ReadAsync(_limit.Token);
            message.Acknowledge();
            if (Topics.KindOf(message.Topic) == kind && Wire.TryRead(message.Payload.Span, out T? report))
                return report;
        }
    }

    private async Task Press(int row, int column)
    {
        int[] rows = [5, 6, 13, 19], columns = [12, 16, 20, 21];
        Func<int, bool> idle = _gpio.Looked!;
        long scans = 0;
        _gpio.Looked = line =>
        {
            if (line == columns[column] && !_gpio.Level[rows[row]])
            {
                scans++;
                return false;
            }
            return idle(line);
        };
        // Six scans are more than the four that have to agree.
        await Until(() => Volatile.Read(ref scans) >= 6);
        _gpio.Looked = idle;
    }

    private Task Shows(Screen screen)
    {
        // Whether the link is up already does not matter here.
        byte[][] pictures =
        [
            .. new[] { true, false }.Select(linked => Latchkey.Controller.Boards.Ssd1306.Ssd1306Display.Pages(ScreenPainter.Paint(screen, DisplayKind.Mono128X64, TerminalLanguage.English, linked))),
        ];
        return Until(() => pictures.Any(p => p.AsSpan().SequenceEqual(_display.Memory)));
    }

    private async Task Until(Func<bool> condition)
    {
        while (!condition())
            await Task.Delay(TimeSpan.FromMilliseconds(2), TimeProvider.System, _limit.Token);
    }

    private async Task<string> Heard(Socket manager)
    {
        byte[] buffer = new byte[64];
        int length = await manager.ReceiveAsync(buffer, SocketFlags.None, _limit.Token);
        return Encoding.ASCII.GetString(buffer, 0, length);
    }

    private static string Latches(List<(byte Latch, long At)> relays)
    {
        lock (relays)
            return string.Join(' ', relays.Select(r => $"{r.Latch:X2}"));
    }
}
