using System.Diagnostics;
using Latchkey.Controller.Cabinet;
using Latchkey.Link.Messages;
using Latchkey.Tests.Support;

namespace Latchkey.Tests.Controller;

/// <summary>
/// Random lives of a cabinet with its real journal and outbox, on a disk that records every write and flush; then the plug is pulled anywhere in
/// that record, also a second time in the middle of the start that follows. <c>./test --campaign power --n 100000</c> for longer.
/// </summary>
public sealed class PowerCutCampaignTests
{
    [Fact, Trait("campaign", "power")]
    public async Task Wherever_the_power_goes_it_starts_again_keeps_what_was_acknowledged_and_pulses_nothing_twice()
    {
        int wanted = Campaign.Count("power", 1_500), points = 0, torn = 0, again = 0, pulses = 0, refusedFull = 0, afterAnOutage = 0, lives = 0;
        long begun = Stopwatch.GetTimestamp();
        for (; points < wanted; lives++)
        {
            var random = new Random(lives);
            var life = new CabinetLife(lives);
            pulses += life.Pulses.Count;
            refusedFull += life.RefusedByFullDisk;
            afterAnOutage += life.IsBackAfterDays ? life.Disk.Deeds.Count + 1 : 0;
            for (int cut = 0; cut <= life.Disk.Deeds.Count && points < wanted; cut++, points++)
            {
                Dictionary<string, byte[]> left = life.Disk.CutAfter(cut, random);
                torn += cut > 0 && life.Disk.Deeds[cut - 1] is DiskDeed.Wrote ? 1 : 0;
                var next = new CabinetAfterCut(life, cut, left, before: null);
                next.Holds($"life {lives} cut after {cut} of {life.Disk.Deeds.Count}");
                if (random.Next(3) > 0)
                    continue;
                int second = random.Next(next.Disk.Deeds.Count + 1);
                new CabinetAfterCut(life, cut, next.Disk.CutAfter(second, random), before: (next, second)).Holds($"life {lives} cut after {cut} and again after {second}");
                again++;
            }
        }
        await Campaign.Report("power", new
        {
            campaign = "power", points, lives, afterAnUnflushedWrite = torn, cutAgainWhileStarting = again, pulsesInTheLives = pulses, refusedByAFullDisk = refusedFull, startedThreeDaysLater = afterAnOutage,
            seconds = Math.Round(Stopwatch.GetElapsedTime(begun).TotalSeconds, 1),
        });
        points.ShouldBeGreaterThanOrEqualTo(1_000);
        torn.ShouldBeGreaterThan(points / 10);
        again.ShouldBeGreaterThan(points / 10);
        pulses.ShouldBeGreaterThan(lives);
        refusedFull.ShouldBeGreaterThan(0);
        afterAnOutage.ShouldBeGreaterThan(points / 10);
    }
}

/// <summary>One life up to its end, with everything that somebody relies on and from which deed of the disk on.</summary>
internal sealed class CabinetLife
{
    public const string JournalPath = "cabinet.journal", OutboxPath = "cabinet.journal.outbox";
    public const long Epoch = 1_795_251_600_000;
    public const int CompactAt = 1_500, FullAt = 6_000;

    public static readonly CabinetSettings Settings = new() { Device = MachineRig.Device, Lockers = 4, Model = "LK-test", WithoutSensor = new HashSet<int> { 4 }, ProofMs = 400, PulsesPerMinute = 60 };

    private readonly Random _random;
    private readonly ManualTime _time = new(DateTimeOffset.FromUnixTimeMilliseconds(Epoch));
    private readonly CabinetJournal _journal;
    private readonly JournalWriter _writer;
    private readonly CabinetMachine _machine;
    private readonly OutboxFile _outbox;
    private readonly List<JournalLine> _asked = [];
    private readonly List<EventMessage> _waiting = [];
    private readonly List<EventMessage> _handedOver = [];
    private long _ms;

    public CabinetLife(int seed)
    {
        _random = new Random(seed);
        _journal = CabinetJournal.OpenOn(Disk, JournalPath, Epoch, out JournalContents found, FullAt, CompactAt);
        Boot = (Disk.Deeds.Count, found.Boot);
        _writer = new JournalWriter(_journal, _time, (_, _, _) => ValueTask.CompletedTask);
        _outbox = new OutboxFile(Disk, OutboxPath, CompactAt);
        _outbox.Load();
        IsBackAfterDays = seed % 3 == 0;
        _machine = new CabinetMachine(Settings, MachineRig.Own);
        Do(new CabinetInput.Boot(found, MachineRig.Shut(4)));
        for (int i = 0; i < 80; i++)
            Choose();
        Disk.IsFull = false;
        _journal.Dispose();
    }

    public RecordedDisk Disk { get; } = new();
    public (int From, long Number) Boot { get; }
    public List<(int From, CommandMessage Order)> Orders { get; } = [];
    public List<(int From, Guid Command)> Pulses { get; } = [];
    public List<(int From, Guid Command)> SeenOpen { get; } = [];
    public List<(int From, JournalRecord Outcome)> Outcomes { get; } = [];
    public List<(int Asked, int From, IReadOnlyList<EventMessage> Events, bool Stored)> Outboxes { get; } = [];
    public HashSet<Guid> Delivered { get; } = [];

    /// <summary>The power comes back when everything has long expired.</summary>
    public bool IsBackAfterDays { get; }
    public int RefusedByFullDisk { get; private set; }

    private void Choose()
    {
        Pass(_random.Next(1, 150));
        switch (_random.Next(16))
        {
            case < 5:
                CommandMessage order = MachineRig.Server.Sign(
                    new Guid(Orders.Count + 1, 0, 0x7000, 0x80, 0, 0, 0, 0, 0, 0, 1), CommandKinds.Open, _random.Next(1, 5), DateTimeOffset.FromUnixTimeMilliseconds(Epoch + _ms + 10_000), "lease:test");
                Orders.Add((Disk.Deeds.Count, order));
                Do(new CabinetInput.CommandArrived(order, Retained: false));
                break;
            case 5 when Orders.Count > 0:
                Do(new CabinetInput.CommandArrived(Orders[_random.Next(Orders.Count)].Order, Retained: false));
                break;
            case < 9:
                Do(new CabinetInput.DoorChanged(_random.Next(1, 4), new(_random.Next(3) > 0)));
                break;
            case 9 or 10 or 11:
                StoreOutbox();
                break;
            case 12 when _random.Next(2) == 0:
                Disk.IsFull = !Disk.IsFull;
                break;
            case 13 when Outcomes.Count > 0:
                Guid delivered = Outcomes[_random.Next(Outcomes.Count)].Outcome.Command;
                Delivered.Add(delivered);
                Do(new CabinetInput.Delivered(delivered));
                break;
            default:
                Answer();
                break;
        }
        if (_random.Next(3) > 0)
            Answer();
    }

    private void Pass(long ms)
    {
        long end = _ms + ms;
        while (_machine.NextDue is { } due && due < end)
        {
            Move(Math.Max(0, due - _ms));
            Do(new CabinetInput.Tick());
        }
        Move(end - _ms);
    }

    private void Move(long ms)
    {
        _ms += ms;
        _time.Advance(TimeSpan.FromMilliseconds(ms));
    }

    private void StoreOutbox()
    {
        int asked = Disk.Deeds.Count;
        List<EventMessage> waiting = [.. _waiting];
        bool stored = true;
        List<EventMessage> more = [.. waiting.Except(_handedOver)], less = [.. _handedOver.Except(waiting)];
        _handedOver.Clear();
        _handedOver.AddRange(waiting);
        try
        {
            _outbox.Change(more, [.. less.Select(e => (e.Boot, e.Seq))]);
        }
        catch (IOException)
        {
            stored = false;
        }
        Outboxes.Add((asked, Disk.Deeds.Count, waiting, stored));
        // The server names some of them: they wait no more.
        _waiting.RemoveRange(0, _random.Next(_waiting.Count + 1));
    }

    /// <summary>What was asked for since the last time shares one write, as the journal's writer does it.</summary>
    private void Answer()
    {
        List<JournalLine> batch = [.. _asked];
        _asked.Clear();
        if (batch.Count == 0)
            return;
        bool[] stored = _writer.Store(batch);
        for (int i = 0; i < batch.Count; i++)
        {
            if (stored[i] && batch[i] is JournalRecord { Kind: JournalKind.Outcome } outcome)
                Outcomes.Add((Disk.Deeds.Count, outcome));
            RefusedByFullDisk += !stored[i] && batch[i] is JournalRecord { Kind: JournalKind.Intent } ? 1 : 0;
        }
        for (int i = 0; i < batch.Count; i++)
        {
            if (batch[i].IsAwaited)
                Do(new CabinetInput.Stored(batch[i], stored[i]));
        }
        _writer.Compact();
    }

    private void Do(CabinetInput input)
    {
        foreach (CabinetOutput output in _machine.Step(input, new Moment(_ms, Epoch + _ms)).ToList())
        {
            switch (output)
            {
                case CabinetOutput.CoilOn on:
                    // The machine says the door; whose pulse it is can only be an order for it that has not had one and is not over.
                    Pulses.Add((Disk.Deeds.Count, Orders.First(o => o.Order.Locker == on.Door && Pulses.All(p => p.Command != o.Order.Id) && IsStillOpen(o.Order)).Order.Id));
                    break;
                case CabinetOutput.Store store:
                    _asked.Add(store.Line);
                    if (store.Line is JournalRecord { Kind: JournalKind.Outcome, Outcome: "opened" } opened)
                        SeenOpen.Add((Disk.Deeds.Count, opened.Command));
                    _ended.UnionWith(store.Line is JournalRecord { Kind: JournalKind.Outcome } ended ? [ended.Command] : []);
                    break;
                case CabinetOutput.Send { Report: EventMessage happened }:
                    _waiting.Add(happened);
                    break;
                case CabinetOutput.Send { Report: ResultMessage result }:
                    _ended.Add(result.Command);
                    break;
            }
        }
    }

    private readonly HashSet<Guid> _ended = [];

    private bool IsStillOpen(CommandMessage order) => !_ended.Contains(order.Id);
}

/// <summary>The same cabinet after a power cut, with what was left on the disk; the same orders come again.</summary>
internal sealed class CabinetAfterCut
{
    private readonly CabinetLife _life;
    private readonly int _cut;
    private readonly (CabinetAfterCut Life, int Cut)? _before;
    private readonly JournalContents _found;
    private readonly IReadOnlyList<EventMessage> _events;
    private readonly List<(int From, int Door)> _pulses = [];
    private readonly Dictionary<Guid, HashSet<string>> _results = [];

    public CabinetAfterCut(CabinetLife life, int cut, Dictionary<string, byte[]> left, (CabinetAfterCut Life, int Cut)? before)
    {
        (_life, _cut, _before) = (life, cut, before);
        Disk = new RecordedDisk(left);
        long now = CabinetLife.Epoch + (life.IsBackAfterDays ? 72 * 3_600_000 : 30_000);
        using (var outbox = new OutboxFile(Disk, CabinetLife.OutboxPath, CabinetLife.CompactAt))
        {
            _events = outbox.Load();
            outbox.Change([], []);
        }
        using CabinetJournal journal = CabinetJournal.OpenOn(Disk, CabinetLife.JournalPath, now, out _found, CabinetLife.FullAt, CabinetLife.CompactAt);
        BootFrom = Disk.Deeds.Count;
        var machine = new CabinetMachine(CabinetLife.Settings, MachineRig.Own);
        Do(new CabinetInput.Boot(_found, MachineRig.Shut(4)), 0);
        // A clock that was set back: the orders are good again, and only what is on the disk stops them.
        foreach ((_, CommandMessage order) in life.Orders.Where(o => o.From <= cut))
            Do(new CabinetInput.CommandArrived(order, Retained: false), 10);
        for (long ms = 20; ms < 12_000 && machine.NextDue is { } due && due < 12_000; ms = Math.Max(ms + 1, due))
            Do(new CabinetInput.Tick(), due);

        void Do(CabinetInput input, long ms)
        {
            foreach (CabinetOutput output in machine.Step(input, new Moment(ms, CabinetLife.Epoch + ms)).ToList())
            {
                switch (output)
                {
                    case CabinetOutput.CoilOn on:
                        _pulses.Add((Disk.Deeds.Count, on.Door));
                        break;
                    case CabinetOutput.Send { Report: ResultMessage result }:
                        (_results.TryGetValue(result.Command, out HashSet<string>? known) ? known : _results[result.Command] = []).Add(result.Outcome);
                        break;
                    case CabinetOutput.Store store:
                        journal.Append([store.Line], CabinetLife.Epoch + ms);
                        if (store.Line.IsAwaited)
                            Do(new CabinetInput.Stored(store.Line, Ok: true), ms);
                        break;
                }
            }
        }
    }

    public RecordedDisk Disk { get; }
    private int BootFrom { get; }

    public void Holds(string at)
    {
        _found.Boot.ShouldBeGreaterThan(_cut >= _life.Boot.From ? _life.Boot.Number : 0, $"{at}: the number of starts");
        if (_before is { } first && first.Cut >= first.Life.BootFrom)
            _found.Boot.ShouldBeGreaterThan(first.Life._found.Boot, $"{at}: the number of starts");
        NothingIsPulsedTwice(at);
        // What the server has may be forgotten when nobody can ask for it any more; what it does not have may not, however long ago it was.
        foreach ((_, JournalRecord outcome) in _life.Outcomes.Where(o => o.From <= _cut && !MayBeForgotten(o.Outcome.Command)))
            _found.Commands.ShouldContain(c => c.Command == outcome.Command && c.Outcome == outcome.Outcome, $"{at}: an outcome that was on the disk");
        HashSet<Guid> opened = [.. _life.SeenOpen.Where(s => s.From <= _cut).Select(s => s.Command)];
        _results.Where(r => r.Value.Contains(Outcomes.Opened) && !opened.Contains(r.Key)).ShouldBeEmpty($"{at}: opened, and nobody has seen it");
        _results.Where(r => r.Value.Count > 1).ShouldBeEmpty($"{at}: two outcomes of one order");
        _life.Orders.Where(o => o.From <= _cut && !_results.ContainsKey(o.Order.Id)).ShouldBeEmpty($"{at}: an order without any outcome");
        EventsStand(at);
        Disk.Read(CabinetLife.JournalPath).Length.ShouldBeLessThan(CabinetLife.FullAt + 12_000, $"{at}: the journal's size");
    }

    private void NothingIsPulsedTwice(string at)
    {
        var pulses = _life.Orders.GroupBy(o => o.Order.Locker).ToDictionary(g => g.Key, g => g.Count(o => o.From <= _cut));
        foreach ((int door, int orders) in pulses)
        {
            int given = _life.Pulses.Count(p => p.From <= _cut && _life.Orders.First(o => o.Order.Id == p.Command).Order.Locker == door)
                + (_before is { } first ? first.Life._pulses.Count(p => p.From <= first.Cut && p.Door == door) : 0) + _pulses.Count(p => p.Door == door);
            given.ShouldBeLessThanOrEqualTo(orders, $"{at}: more pulses of door {door} than orders for it");
        }
        // Sharper: what was pulsed before the cut is known to be so.
        foreach (Guid command in _life.Pulses.Where(p => p.From <= _cut && !MayBeForgotten(p.Command)).Select(p => p.Command))
            _found.Commands.ShouldContain(c => c.Command == command, $"{at}: an order that was pulsed is forgotten");
    }

    private bool MayBeForgotten(Guid command) => _life.IsBackAfterDays && _life.Delivered.Contains(command);

    /// <summary>Those that surely waited are there, in order; others only if they have waited since.</summary>
    private void EventsStand(string at)
    {
        int sure = _life.Outboxes.FindLastIndex(o => o.Stored && o.From <= _cut);
        List<IReadOnlyList<EventMessage>> states = [.. _life.Outboxes.Skip(Math.Max(0, sure)).Where(o => o.Asked <= _cut).Select(o => o.Events)];
        if (sure < 0)
            states.Add([]);
        states.Aggregate(states[0].AsEnumerable(), (some, state) => some.Intersect(state)).Except(_events).ShouldBeEmpty($"{at}: reports that the server did not have");
        _events.Except(states.SelectMany(state => state)).ShouldBeEmpty($"{at}: reports that waited no more, or never did");
        _events.Select(e => (e.Boot, e.Seq)).ShouldBe(_events.Select(e => (e.Boot, e.Seq)).Distinct().Order(), $"{at}: the reports' order");
    }
}
