using System.Threading.Channels;
using Latchkey.Link.Messages;

namespace Latchkey.Controller.Cabinet;

/// <summary>
/// What a cabinet has to say and the server does not have yet, in order. Results and events stay until the server itself has named them
/// (<see cref="ReceiptMessage"/>), over any number of connections and power cuts: results are in the journal, events that wait are put into
/// a file of their own. A hello and a state belong to one connection, and a newer state replaces one that still waits.
/// </summary>
internal sealed class ReportOutbox(Guid device, ICabinetLink link, OutboxFile file, TimeProvider time, Func<Guid, CancellationToken, ValueTask> onDelivered)
{
    /// <summary>Eight hours without a network at one opening a minute and two reports each are 960; the newest quarter of that is enough,
    /// because every result is in the journal as well. The oldest event goes first, a result only when there are no events.</summary>
    public const int Limit = 256;

    /// <summary>How many may be on their way at a time, to the broker or without a receipt: a server that cannot write must not be buried.</summary>
    private const int Window = 32;

    private static readonly TimeSpan RetryWhenLost = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan RetryWhenNobodyListens = TimeSpan.FromSeconds(5);

    /// <summary>A receipt takes a tenth of a second; ten seconds mean that the report or the receipt is lost, or the server has no database.
    /// The wait doubles up to the longest.</summary>
    private static readonly TimeSpan FirstRepeat = TimeSpan.FromSeconds(10), LongestRepeat = TimeSpan.FromSeconds(60);

    /// <summary>An event that waits longer is stored. Most are delivered before, and cost the flash nothing; where a door stands is said anew
    /// after a power cut anyway.</summary>
    private static readonly TimeSpan StoreAfter = TimeSpan.FromSeconds(1);

    private readonly Lock _gate = new();
    private readonly LinkedList<Item> _items = new();
    private readonly Channel<bool> _wake = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });
    private int _sending;
    private bool _open;

    private sealed class Item(IReport report, bool kept, long since)
    {
        public IReport Report { get; } = report;
        public bool Kept { get; } = kept;

        /// <summary>Named by the server before it is done; the others are done when the other side has them.</summary>
        public bool NeedsReceipt => Kept && Report is EventMessage or ResultMessage;
        public long Since { get; } = since;
        public bool Sending { get; set; }

        /// <summary>Not before this timestamp again; zero when it waits to be sent.</summary>
        public long RepeatAt { get; set; }
        public int Repeats { get; set; }
    }

    public int Count
    {
        get
        {
            lock (_gate)
                return _items.Count;
        }
    }

    /// <summary>How many events the server has not named yet.</summary>
    public int Events
    {
        get
        {
            lock (_gate)
                return _items.Count(i => i.Report is EventMessage);
        }
    }

    /// <summary>A hello opens the outbox for its connection and goes first.</summary>
    public void Add(IReport report, bool kept)
    {
        lock (_gate)
        {
            var item = new Item(report, kept, time.GetTimestamp());
            switch (report)
            {
                case HelloMessage:
                    Remove(i => i.Report is HelloMessage or StateMessage);
                    _items.AddFirst(item);
                    _open = true;
                    // What was sent on the connection before may be lost with it, or its receipt.
                    foreach (Item waiting in _items)
                        waiting.RepeatAt = 0;
                    break;
                case StateMessage when _items.First is { Value: { Report: HelloMessage, Sending: false } } hello:
                    _items.AddAfter(hello, item);
                    break;
                case StateMessage:
                    Remove(i => i is { Report: StateMessage, Sending: false });
                    _items.AddLast(item);
                    break;
                default:
                    if (!kept && !_open)
                        return;
                    _items.AddLast(item);
                    break;
            }
            if (_items.Count > Limit)
                MakeRoom();
        }
        _wake.Writer.TryWrite(true);
    }

    /// <summary>The connection is gone: what belonged to it is dropped, the rest waits for the next hello.</summary>
    public void Close()
    {
        lock (_gate)
        {
            _open = false;
            Remove(i => !i.Kept || i.Report is HelloMessage or StateMessage);
        }
    }

    /// <summary>The server has these.</summary>
    public async ValueTask Received(IReadOnlyList<ReportName> reports, CancellationToken cancel)
    {
        var done = new List<Guid>();
        lock (_gate)
        {
            Remove(i =>
            {
                bool named = i.NeedsReceipt && reports.Any(r => r.Boot == i.Report.Boot && r.Seq == i.Report.Seq);
                if (named && i.Report is ResultMessage result)
                    done.Add(result.Command);
                return named;
            });
        }
        _wake.Writer.TryWrite(true);
        foreach (Guid command in done)
            await onDelivered(command, cancel);
    }

    public async Task Run(CancellationToken cancel)
    {
        IReadOnlyList<EventMessage> found = await JournalWriter.OnDisk(file.Load);
        AddBefore(found);
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        var underWay = new List<Task>(Window) { Store(found, ended.Token) };
        try
        {
            while (await _wake.Reader.WaitToReadAsync(cancel))
            {
                _wake.Reader.TryRead(out _);
                foreach (Task done in underWay.Where(t => t.IsCompleted))
                    await done;
                underWay.RemoveAll(t => t.IsCompleted);
                while (Next() is { } item)
                    underWay.Add(Send(item, ended.Token));
            }
        }
        finally
        {
            // Storing has no end of its own: a failure would wait for it for ever and never be seen.
            await ended.CancelAsync();
            await Task.WhenAll(underWay).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <summary>What an earlier start left is older than all but the hello, which may be here already.</summary>
    private void AddBefore(IReadOnlyList<EventMessage> found)
    {
        lock (_gate)
        {
            LinkedListNode<Item>? first = _items.First;
            while (first is { Value.Report: HelloMessage or StateMessage })
                first = first.Next;
            foreach (EventMessage happened in found)
            {
                var item = new Item(happened, kept: true, time.GetTimestamp());
                if (first is null)
                    _items.AddLast(item);
                else
                    _items.AddBefore(first, item);
            }
        }
        _wake.Writer.TryWrite(true);
    }

    /// <summary>Once a second: looks for what is to be said again, and keeps the file like the events that wait.</summary>
    private async Task Store(IReadOnlyList<EventMessage> stored, CancellationToken cancel)
    {
        using var timer = new PeriodicTimer(StoreAfter, time);
        while (await timer.WaitForNextTickAsync(cancel))
        {
            List<EventMessage> waiting;
            lock (_gate)
                waiting = [.. _items.Where(i => time.GetElapsedTime(i.Since) >= StoreAfter).Select(i => i.Report).OfType<EventMessage>()];
            if (!waiting.SequenceEqual(stored) && await JournalWriter.OnDisk(() => TryStore(waiting)))
                stored = waiting;
            _wake.Writer.TryWrite(true);
        }
    }

    private bool TryStore(IReadOnlyList<EventMessage> waiting)
    {
        try
        {
            file.Store(waiting);
            return true;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false; // tried again in a second; the events are still in memory
        }
    }

    private Item? Next()
    {
        lock (_gate)
        {
            long now = time.GetTimestamp();
            if (!_open || _sending + _items.Count(i => !i.Sending && i.RepeatAt > now) >= Window)
                return null;
            if (_items.FirstOrDefault(i => !i.Sending && i.RepeatAt <= now) is not { } item)
                return null;
            item.Sending = true;
            _sending++;
            return item;
        }
    }

    private async Task Send(Item item, CancellationToken cancel)
    {
        try
        {
            await Deliver(item, cancel);
        }
        finally
        {
            _wake.Writer.TryWrite(true);
        }
    }

    private async Task Deliver(Item item, CancellationToken cancel)
    {
        Delivery delivery = await link.Send(Topic(item.Report), Bytes(item.Report), item.Kept, cancel);
        bool again = item.Kept && delivery switch
        {
            Delivery.Lost => true,
            // A state is said again with the next heartbeat anyway.
            Delivery.NobodyListens => item.Report is not StateMessage,
            _ => false,
        };
        if (again)
            await Task.Delay(delivery == Delivery.Lost ? RetryWhenLost : RetryWhenNobodyListens, time, cancel);
        lock (_gate)
        {
            _sending--;
            item.Sending = false;
            if (delivery == Delivery.Taken && item.NeedsReceipt)
                item.RepeatAt = time.GetTimestamp() + (long)(Repeat(item.Repeats++).TotalSeconds * time.TimestampFrequency);
            else if (!again)
                _items.Remove(item);
        }
    }

    private static TimeSpan Repeat(int repeats)
    {
        TimeSpan wait = FirstRepeat * Math.Pow(2, Math.Min(repeats, 10));
        return wait < LongestRepeat ? wait : LongestRepeat;
    }

    private void MakeRoom()
    {
        Item oldest = _items.FirstOrDefault(i => i.Report is EventMessage) ?? _items.First(i => i.Report is not HelloMessage);
        _items.Remove(oldest);
    }

    private void Remove(Predicate<Item> which)
    {
        for (LinkedListNode<Item>? node = _items.First; node is not null;)
        {
            LinkedListNode<Item>? next = node.Next;
            if (which(node.Value))
                _items.Remove(node);
            node = next;
        }
    }

    private string Topic(IReport report) => report switch
    {
        HelloMessage => Topics.Hello(device),
        StateMessage => Topics.State(device),
        EventMessage => Topics.Event(device),
        _ => Topics.Result(device),
    };

    private static byte[] Bytes(IReport report) => report switch
    {
        HelloMessage hello => Wire.Write(hello),
        StateMessage state => Wire.Write(state),
        EventMessage happened => Wire.Write(happened),
        ResultMessage result => Wire.Write(result),
        _ => throw new ArgumentException($"A {report.GetType().Name} is no report of a cabinet.", nameof(report)),
    };
}
