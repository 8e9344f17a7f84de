using System.Threading.Channels;
using Latchkey.Controller.Boards;
using Latchkey.Controller.Cabinet;
using Latchkey.Link.Messages;
using Latchkey.Simulator.Boards.Fake;

namespace Latchkey.Tests.Controller;

/// <summary>The whole controller with its real journal, a fake board and a network of one's own making.</summary>
public sealed class CabinetHostTests : IAsyncDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("latchkey-host-").FullName;
    private readonly TestLink _link = new();
    private readonly FakeBoard _board = new(4, TimeSpan.FromMilliseconds(5), bounce: null, TimeProvider.System);
    private readonly CabinetSettings _settings = new()
    {
        Device = MachineRig.Device, Lockers = 4, Model = "LK-test", PulseMs = 50, GapMs = 10, DebounceMs = 5, ProofMs = 300,
    };

    private CancellationTokenSource _power = new();
    private Task _run = Task.CompletedTask;

    private string Journal => Path.Combine(_folder, "cabinet.journal");

    public async ValueTask DisposeAsync()
    {
        await PowerOff();
        Directory.Delete(_folder, recursive: true);
    }

    private void PowerOn()
    {
        _power = new CancellationTokenSource();
        _run = new CabinetHost(_settings, MachineRig.Own, Journal, _board, _link, TimeProvider.System).Run(_power.Token);
    }

    private async Task PowerOff()
    {
        await _power.CancelAsync();
        await _run;
    }

    private static CommandMessage Order(int locker) => MachineRig.Server.Sign(
        Guid.CreateVersion7(TimeProvider.System.GetUtcNow()), CommandKinds.Open, locker, TimeProvider.System.GetUtcNow().AddSeconds(10), "lease:test");

    [Fact]
    public async Task It_says_hello_then_its_state_and_opens_a_door_on_order()
    {
        PowerOn();
        await _link.Connect();
        (await _link.Next<HelloMessage>()).ShouldSatisfyAllConditions(h => h.Boot.ShouldBe(1), h => h.Lockers.ShouldBe(4), h => h.Link.ShouldBe(_link.WillLink));
        (await _link.Next<StateMessage>()).Doors.ShouldBe("cccc");

        CommandMessage order = Order(2);
        await _link.Deliver(order);
        (await _link.Next<ResultMessage>()).ShouldSatisfyAllConditions(r => r.Command.ShouldBe(order.Id), r => r.Outcome.ShouldBe(Outcomes.Opened));
        _board.Doors[1].ShouldSatisfyAllConditions(d => d.Open.ShouldBeTrue(), d => d.Pulses.ShouldBe(1));
    }

    [Fact]
    public async Task A_program_that_hangs_in_the_middle_of_a_pulse_leaves_no_coil_on()
    {
        var hanging = new HangingBoard(_board);
        _power = new CancellationTokenSource();
        _run = new CabinetHost(_settings, MachineRig.Own, Journal, hanging, _link, TimeProvider.System).Run(_power.Token);
        await _link.Connect();
        await _link.Deliver(Order(2));
        await Eventually(() => _board.Doors[1] is { Pulses: 1, Relay: false });
        hanging.Hangs.ShouldBeTrue("the program itself has switched nothing off");
        hanging.GoOn();
    }

    /// <summary>A board that switches a coil on and then never comes back.</summary>
    private sealed class HangingBoard(FakeBoard board) : IBoard
    {
        private readonly ManualResetEventSlim _goOn = new();

        public bool Hangs => !_goOn.IsSet;

        public void GoOn() => _goOn.Set();

        public void AllOff() => board.AllOff();

        public void Drive(int door, Coil coil, bool on)
        {
            board.Drive(door, coil, on);
            if (on)
                _goOn.Wait();
        }

        public BoardLevels Read() => board.Read();

        public void Watch(Action<BoardChange>? changed) => board.Watch(changed);
    }

    [Fact]
    public async Task What_the_server_did_not_acknowledge_is_sent_again_after_the_hello_of_the_next_connection()
    {
        PowerOn();
        await _link.Connect();
        await _link.Next<StateMessage>();
        _link.Answer = Delivery.Lost;
        CommandMessage order = Order(1);
        await _link.Deliver(order);
        await _link.Next<ResultMessage>();
        await _link.Disconnect();
        _link.Answer = Delivery.Taken;
        await _link.Connect();
        (await _link.Next<HelloMessage>()).Link.ShouldBe(_link.WillLink);
        await _link.Next<StateMessage>();
        (await _link.Next<ResultMessage>()).Command.ShouldBe(order.Id);
    }

    [Fact]
    public async Task A_result_that_was_acknowledged_is_not_said_again_after_a_restart_and_one_that_was_not_is()
    {
        PowerOn();
        await _link.Connect();
        CommandMessage heard = Order(1), unheard = Order(2);
        await _link.Deliver(heard);
        await _link.Next<ResultMessage>();
        await Eventually(() => File.ReadAllText(Journal).Contains($"delivered {heard.Id:D}", StringComparison.Ordinal));
        _link.Answer = Delivery.Lost;
        await _link.Deliver(unheard);
        await _link.Next<ResultMessage>();
        await PowerOff();
        _link.Clear();
        _link.Answer = Delivery.Taken;

        PowerOn();
        await _link.Connect();
        (await _link.Next<HelloMessage>()).Boot.ShouldBe(2);
        (await _link.Next<ResultMessage>()).Command.ShouldBe(unheard.Id);
        await _link.Deliver(heard);
        (await _link.Next<ResultMessage>()).ShouldSatisfyAllConditions(r => r.Command.ShouldBe(heard.Id), r => r.Outcome.ShouldBe(Outcomes.Opened));
        _board.Doors.Sum(d => d.Pulses).ShouldBe(2);
    }

    [Fact]
    public async Task What_the_broker_took_is_said_again_on_the_next_connection_until_the_server_itself_names_it()
    {
        _link.Receipts = false;
        PowerOn();
        await _link.Connect();
        CommandMessage order = Order(1);
        await _link.Deliver(order);
        EventMessage opened = await _link.Next<EventMessage>();
        await _link.Next<ResultMessage>();
        await _link.Disconnect();
        _link.Receipts = true;
        await _link.Connect();
        (await _link.Next<EventMessage>()).ShouldBe(opened);
        (await _link.Next<ResultMessage>()).Command.ShouldBe(order.Id);
        await Eventually(() => File.ReadAllText(Journal).Contains($"delivered {order.Id:D}", StringComparison.Ordinal));
        await _link.Disconnect();
        _link.Clear();
        await _link.Connect();
        await _link.Deliver(Order(2));
        (await _link.Next<EventMessage>()).Locker.ShouldBe(2);
    }

    [Fact]
    public async Task An_event_that_waits_for_the_server_survives_a_power_cut_under_its_own_name()
    {
        PowerOn();
        await _link.Connect();
        await _link.Next<StateMessage>();
        await _link.Disconnect();
        _board.Force(3);
        await Eventually(() => File.Exists(Journal + ".outbox") && File.ReadAllText(Journal + ".outbox").Contains("door-forced", StringComparison.Ordinal));
        await PowerOff();
        await File.AppendAllTextAsync(Journal + ".outbox", "{\"v\":1,\"a torn line");

        PowerOn();
        await _link.Connect();
        (await _link.Next<HelloMessage>()).Boot.ShouldBe(2);
        (await _link.Next<EventMessage>()).ShouldSatisfyAllConditions(e => e.Boot.ShouldBe(1), e => e.Event.ShouldBe(EventKinds.DoorForced), e => e.Locker.ShouldBe(3));
        await Eventually(() => File.ReadAllText(Journal + ".outbox").Length == 0);
    }

    [Fact]
    public async Task Power_cut_in_the_pulse_leaves_all_relays_off_and_the_outcome_unknown()
    {
        _board.SetJammed(3, jammed: true);
        PowerOn();
        await _link.Connect();
        CommandMessage order = Order(3);
        await _link.Deliver(order);
        await Eventually(() => _board.Doors[2].Pulses == 1);
        await PowerOff();
        _board.Doors.ShouldAllBe(d => !d.Relay);
        _link.Clear();

        PowerOn();
        await _link.Connect();
        (await _link.Next<ResultMessage>()).ShouldSatisfyAllConditions(r => r.Command.ShouldBe(order.Id), r => r.Outcome.ShouldBe(Outcomes.Unknown));
        _board.Doors[2].Pulses.ShouldBe(1);
    }

    [Fact]
    public async Task Many_orders_at_once_are_pulsed_one_after_the_other()
    {
        PowerOn();
        await _link.Connect();
        for (int i = 0; i < 12; i++)
            await _link.Deliver(Order(1 + i % 4));
        for (int i = 0; i < 12; i++)
            (await _link.Next<ResultMessage>()).Outcome.ShouldBe(Outcomes.Opened);
        _board.Violations.ShouldBe(0);
        _board.Doors.ShouldAllBe(d => d.Pulses == 3);
    }

    [Fact]
    public async Task A_journal_that_cannot_be_opened_ends_the_controller_with_all_relays_off()
    {
        Directory.CreateDirectory(Journal);
        PowerOn();
        await Should.ThrowAsync<Exception>(async () => await _run);
        _board.Doors.ShouldAllBe(d => !d.Relay);
        _run = Task.CompletedTask;
    }

    [Fact]
    public async Task A_fault_in_one_part_ends_the_whole_cabinet_and_is_seen()
    {
        PowerOn();
        _link.Fault = new InvalidOperationException("a mistake");
        await _link.Connect();
        (await Should.ThrowAsync<InvalidOperationException>(() => _run.WaitAsync(TimeSpan.FromSeconds(10), TestContext.Current.CancellationToken))).Message.ShouldBe("a mistake");
        _run = Task.CompletedTask;
    }

    private static async Task Eventually(Func<bool> condition)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(10), TimeProvider.System);
        while (!condition())
            await Task.Delay(TimeSpan.FromMilliseconds(2), TimeProvider.System, limit.Token);
    }

    /// <summary>A network in memory: the test is the broker.</summary>
    private sealed class TestLink : ICabinetLink
    {
        private Channel<IReport> _sent = Channel.CreateBounded<IReport>(1_000);
        private TaskCompletionSource<ICabinetLinkListener> _listener = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Delivery Answer { get; set; } = Delivery.Taken;

        /// <summary>A mistake in the program, wherever it is.</summary>
        public Exception? Fault { get; set; }

        /// <summary>Whether a server names what it has.</summary>
        public bool Receipts { get; set; } = true;
        public long WillLink { get; private set; }

        public async Task Run(ICabinetLinkListener listener, CancellationToken cancel)
        {
            _listener.SetResult(listener);
            try
            {
                await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, cancel);
            }
            finally
            {
                _listener = new(TaskCreationOptions.RunContinuationsAsynchronously);
            }
        }

        public async ValueTask<Delivery> Send(string topic, ReadOnlyMemory<byte> payload, bool acknowledged, CancellationToken cancel)
        {
            Topics.TryParseReport(topic, out Guid device, out string kind).ShouldBeTrue();
            device.ShouldBe(MachineRig.Device);
            if (Fault is not null)
                throw Fault;
            IReport? report = kind switch
            {
                "hello" => Wire.TryRead(payload.Span, out HelloMessage? m) ? m : null,
                "state" => Wire.TryRead(payload.Span, out StateMessage? m) ? m : null,
                "event" => Wire.TryRead(payload.Span, out EventMessage? m) ? m : null,
                _ => Wire.TryRead(payload.Span, out ResultMessage? m) ? m : null,
            };
            await _sent.Writer.WriteAsync(report.ShouldNotBeNull(), cancel);
            // The power may be cut between the two: then nobody will ever listen.
            if (Answer == Delivery.Taken && Receipts && report is EventMessage or ResultMessage)
                await (await _listener.Task.WaitAsync(cancel)).Received(new ReceiptMessage(1, report.Id, [new ReportName(report.Boot, report.Seq)]), cancel);
            return Answer;
        }

        public async Task Connect()
        {
            ICabinetLinkListener listener = await _listener.Task;
            (WillLink, StateMessage will) = listener.NextWill();
            will.Gone.ShouldBe(true);
            will.Link.ShouldBe(WillLink);
            await listener.Connected(WillLink, CancellationToken.None);
        }

        public async Task Disconnect() => await (await _listener.Task).Disconnected(CancellationToken.None);

        public async Task Deliver(CommandMessage command) =>
            await (await _listener.Task).CommandArrived(command, retained: false, CancellationToken.None);

        public void Clear() => _sent = Channel.CreateBounded<IReport>(1_000);

        /// <summary>The next report of this kind; what comes before it is passed over.</summary>
        public async Task<T> Next<T>()
            where T : class, IReport
        {
            using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(10), TimeProvider.System);
            while (true)
            {
                if (await _sent.Reader.ReadAsync(limit.Token) is T wanted)
                    return wanted;
            }
        }
    }
}
