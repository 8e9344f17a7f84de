using System.Collections.Concurrent;
using Latchkey.Controller.Cabinet;
using Latchkey.Link.Messages;
using Latchkey.Tests.Support;

namespace Latchkey.Tests.Controller;

/// <summary>Everything that was said while nobody listened comes, once, at a pace; and what it costs the disk and the memory has a limit.</summary>
public sealed class ReportOutboxTests : IAsyncDisposable
{
    private const string Path = "cabinet.outbox";

    private readonly ManualTime _time = new();
    private readonly Server _server = new();
    private readonly List<Guid> _delivered = [];
    private RecordedDisk _disk = new();
    private CancellationTokenSource _power = new();
    private ReportOutbox _outbox = null!;
    private Task _run = Task.CompletedTask;
    private long _boot, _seq;

    public async ValueTask DisposeAsync() => await PowerOff();

    private void PowerOn()
    {
        _power = new CancellationTokenSource();
        (_boot, _seq) = (_boot + 1, 0);
        _outbox = new ReportOutbox(MachineRig.Device, _server, new OutboxFile(_disk, Path), _time, (command, _) =>
        {
            _delivered.Add(command);
            return ValueTask.CompletedTask;
        });
        _run = _outbox.Run(_power.Token);
    }

    private async Task PowerOff()
    {
        await _power.CancelAsync();
        await _run.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    private EventMessage Event(string kind, int locker = 1) => new(1, Guid.CreateVersion7(), _boot, ++_seq, 0, kind, locker);

    private ResultMessage Result(Guid? command = null) => new(1, Guid.CreateVersion7(), _boot, ++_seq, 0, command ?? Guid.CreateVersion7(), 1, Outcomes.Opened);

    private T Say<T>(T report)
        where T : IReport
    {
        _outbox.Add(report, kept: true);
        return report;
    }

    private void Hello() => Say(Greeting());

    private HelloMessage Greeting() => new(1, Guid.CreateVersion7(), _boot, ++_seq, 0, _seq, "1", "LK", 1);

    /// <summary>What the broker has got goes to the server, which names it; a second passes; until nothing waits.</summary>
    private async Task<int> UntilNothingWaits(int most)
    {
        for (int seconds = 0; ; seconds++)
        {
            seconds.ShouldBeLessThan(most);
            await NameWhatCame();
            if (_outbox.Count == 0)
                return seconds;
            _time.Advance(TimeSpan.FromSeconds(1));
        }
    }

    private async Task NameWhatCame()
    {
        // The outbox goes on in its own time: it has when no more comes and none waits that could.
        for (int idle = 0; idle < 3;)
        {
            List<IReport> came = _server.Take();
            idle = came.Count == 0 ? idle + 1 : 0;
            foreach (IReport[] some in came.Where(r => r is EventMessage or ResultMessage).Chunk(ReceiptMessage.Most))
            {
                _server.Named.AddRange(some.Select(r => r.Id));
                await _outbox.Received([.. some.Select(r => new ReportName(r.Boot, r.Seq))], TestContext.Current.CancellationToken);
            }
            await Task.Delay(TimeSpan.FromMilliseconds(2), TimeProvider.System, TestContext.Current.CancellationToken);
        }
    }

    private async Task Poll(Func<bool> condition)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(30), TimeProvider.System);
        while (!condition())
        {
            limit.Token.ThrowIfCancellationRequested();
            await NameWhatCame();
        }
    }

    [Fact]
    public async Task Three_days_of_reports_come_back_once_each_in_their_order_and_at_a_pace()
    {
        PowerOn();
        var said = new List<IReport>();
        for (int i = 0; i < CommandBook.MostUndelivered / 8; i++)
            said.AddRange([Say(Event(EventKinds.DoorOpened)), Say(Result()), Say(Event(EventKinds.DoorClosed))]);
        Hello();
        int seconds = await UntilNothingWaits(said.Count);
        seconds.ShouldBeGreaterThan((said.Count / 32) - 5);
        _server.All.Where(r => r is not HelloMessage).Select(r => r.Id).ShouldBe(said.Select(r => r.Id));
        _delivered.Count.ShouldBe(CommandBook.MostUndelivered / 8);
    }

    [Fact]
    public async Task What_happens_now_goes_past_what_has_waited()
    {
        PowerOn();
        for (int i = 0; i < 500; i++)
            Say(Event(EventKinds.DoorClosed));
        Hello();
        await NameWhatCame();
        ResultMessage now = Say(Result());
        await NameWhatCame();
        await Poll(() => _server.All.Contains(now));
        _outbox.Events.ShouldBeGreaterThan(400);
    }

    [Fact]
    public async Task When_it_is_full_the_oldest_event_of_a_door_goes_and_never_a_result_or_a_refusal()
    {
        PowerOn();
        ResultMessage[] results = [.. Enumerable.Range(0, CommandBook.MostUndelivered).Select(_ => Say(Result()))];
        EventMessage refused = Say(Event(EventKinds.CredentialRefused, 0)), oldest = Say(Event(EventKinds.DoorOpened)), next = Say(Event(EventKinds.DoorClosed));
        for (int i = 0; i < ReportQueue.MostEvents - 2; i++)
            Say(Event(EventKinds.DoorForced));
        (_outbox.Events, _outbox.Count).ShouldBe((ReportQueue.MostEvents, ReportQueue.MostEvents + results.Length));
        await _outbox.Received([new(_boot, oldest.Seq)], TestContext.Current.CancellationToken);
        _outbox.Events.ShouldBe(ReportQueue.MostEvents, "it is gone already");
        await _outbox.Received([new(_boot, refused.Seq), new(_boot, next.Seq)], TestContext.Current.CancellationToken);
        _outbox.Events.ShouldBe(ReportQueue.MostEvents - 2);
    }

    [Fact]
    public async Task When_it_is_full_the_server_still_hears_who_has_taken_a_locker()
    {
        PowerOn();
        EventMessage taken = Say(Event(EventKinds.Taken));
        for (int i = 0; i < ReportQueue.MostEvents; i++)
            Say(Event(EventKinds.DoorForced));
        _outbox.Events.ShouldBe(ReportQueue.MostEvents);
        await _outbox.Received([new(_boot, taken.Seq)], TestContext.Current.CancellationToken);
        _outbox.Events.ShouldBe(ReportQueue.MostEvents - 1, "it was still there to be named");
    }

    [Fact]
    public void A_broker_whose_settings_refuse_everything_loses_no_event_and_no_result()
    {
        var queue = new ReportQueue(new OutboxFile(_disk, Path), _time);
        _boot = 1;
        queue.Add(Greeting(), kept: true);
        queue.Add(Event(EventKinds.DoorForced), kept: true);
        queue.Add(Result(), kept: true);
        for (int minute = 0; minute < 5; minute++)
        {
            List<ReportQueue.Item> said = [];
            while (queue.Next() is { } item)
                said.Add(item);
            said.Where(i => i.NeedsReceipt).Select(i => i.Report is EventMessage).ShouldBe([true, false], "once a minute, and not as fast as it is refused");
            foreach (ReportQueue.Item item in said)
                queue.Sent(item, Delivery.Refused);
            queue.Next().ShouldBeNull();
            _time.Advance(TimeSpan.FromSeconds(60));
        }
        (queue.Count, queue.Events).ShouldBe((2, 1));
    }

    [Fact]
    public void A_result_that_is_asked_for_on_every_connection_and_never_named_waits_once()
    {
        var queue = new ReportQueue(new OutboxFile(_disk, Path), _time);
        _boot = 1;
        Guid command = Guid.CreateVersion7();
        for (int connection = 0; connection < 10; connection++)
        {
            queue.Add(Greeting(), kept: true);
            for (int i = 0; i < ReportQueue.Window; i++)
            {
                queue.Add(Result(command), kept: true);
                while (queue.Next() is { } item)
                    queue.Sent(item, Delivery.Taken);
            }
            queue.Close();
        }
        queue.Add(Greeting(), kept: true);
        queue.Count.ShouldBe(2);
    }

    [Fact]
    public void Only_its_owner_may_read_what_waits_on_the_disk()
    {
        string path = System.IO.Path.GetTempFileName();
        File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.OtherRead);
        using (var file = new OutboxFile(path))
        {
            file.Load();
            file.Change([Event(EventKinds.Taken)], []);
        }
        File.GetUnixFileMode(path).ShouldBe(UnixFileMode.UserRead | UnixFileMode.UserWrite, "the phone number and the code's hash of whoever took a locker are in it");
        File.Delete(path);
    }

    [Fact]
    public async Task A_result_that_waits_is_not_said_twice_however_often_it_is_asked_for()
    {
        PowerOn();
        ResultMessage first = Say(Result());
        for (int i = 0; i < 1_000; i++)
            Say(Result(first.Command));
        Hello();
        await UntilNothingWaits(10);
        _server.All.OfType<ResultMessage>().ShouldHaveSingleItem().ShouldBe(first);
    }

    [Fact]
    public async Task A_power_cut_in_the_middle_of_the_replay_loses_nothing_and_what_was_named_is_not_said_again()
    {
        PowerOn();
        List<EventMessage> said = [.. Enumerable.Range(0, 300).Select(_ => Say(Event(EventKinds.DoorClosed)))];
        // Put on the disk within two seconds; then some are said.
        _time.Advance(TimeSpan.FromSeconds(2));
        Hello();
        await Poll(() => _outbox.Events <= 300 - 32);
        await PowerOff();
        HashSet<Guid> named = [.. _server.Named];
        named.Count.ShouldBeInRange(32, 200);
        _disk = new RecordedDisk(_disk.CutAfter(_disk.Deeds.Count, new Random(1)));

        PowerOn();
        Hello();
        await UntilNothingWaits(60);
        _server.All.OfType<EventMessage>().Select(e => e.Id).Distinct().ShouldBe(said.Select(e => e.Id));
        _server.All.OfType<EventMessage>().Count(e => named.Contains(e.Id)).ShouldBe(named.Count);
        _time.Advance(TimeSpan.FromSeconds(1));
        await Poll(() => _disk.Read(Path).Length == 0);
    }

    [Fact]
    public void An_event_costs_the_disk_its_own_length_however_many_wait()
    {
        using var file = new OutboxFile(_disk, Path);
        _boot = 1;
        for (int i = 0; i < 2_000; i++)
            file.Change([Event(EventKinds.DoorClosed)], []);
        long written = _disk.Deeds.OfType<DiskDeed.Wrote>().Sum(w => (long)w.Bytes.Length);
        written.ShouldBeLessThan(3L * _disk.Read(Path).Length);
    }

    /// <summary>A broker that has everything at once, and a server behind it that names when the test says so.</summary>
    private sealed class Server : ICabinetLink
    {
        private readonly ConcurrentQueue<IReport> _came = new();

        public List<IReport> All { get; } = [];
        public List<Guid> Named { get; } = [];

        public List<IReport> Take()
        {
            var taken = new List<IReport>();
            while (_came.TryDequeue(out IReport? report))
                taken.Add(report);
            All.AddRange(taken);
            return taken;
        }

        public Task Run(ICabinetLinkListener listener, CancellationToken cancel) => Task.CompletedTask;

        public ValueTask<Delivery> Send(string topic, ReadOnlyMemory<byte> payload, bool acknowledged, CancellationToken cancel)
        {
            Topics.TryParseReport(topic, out _, out string kind).ShouldBeTrue();
            _came.Enqueue(kind switch
            {
                "hello" => Wire.TryRead(payload.Span, out HelloMessage? m) ? m : throw new FormatException(kind),
                "event" => Wire.TryRead(payload.Span, out EventMessage? m) ? m : throw new FormatException(kind),
                _ => Wire.TryRead(payload.Span, out ResultMessage? m) ? m : throw new FormatException(kind),
            });
            return ValueTask.FromResult(Delivery.Taken);
        }
    }
}
