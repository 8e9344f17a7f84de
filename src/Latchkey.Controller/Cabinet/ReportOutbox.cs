using System.Threading.Channels;
using Latchkey.Link.Messages;

namespace Latchkey.Controller.Cabinet;

/// <summary>
/// What a cabinet has to say and the server does not have yet, in order. Results and events stay until they are acknowledged, over any
/// number of connections; a hello and a state belong to one connection, and a newer state replaces one that still waits.
/// </summary>
internal sealed class ReportOutbox(Guid device, ICabinetLink link, TimeProvider time, Func<Guid, CancellationToken, ValueTask> onDelivered)
{
    /// <summary>Eight hours without a network at one opening a minute and two reports each are 960; the newest quarter of that is enough,
    /// because every result is in the journal as well. The oldest event goes first, a result only when there are no events.</summary>
    public const int Limit = 256;

    /// <summary>How many may be on their way at a time: more would only wait in the client.</summary>
    private const int Window = 32;

    private static readonly TimeSpan RetryWhenLost = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan RetryWhenNobodyListens = TimeSpan.FromSeconds(5);

    private readonly Lock _gate = new();
    private readonly LinkedList<Item> _items = new();
    private readonly Channel<bool> _wake = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });
    private int _sending;
    private bool _open;

    private sealed class Item(IReport report, bool kept)
    {
        public IReport Report { get; } = report;
        public bool Kept { get; } = kept;
        public bool Sending { get; set; }
    }

    public int Count
    {
        get
        {
            lock (_gate)
                return _items.Count;
        }
    }

    /// <summary>A hello opens the outbox for its connection and goes first.</summary>
    public void Add(IReport report, bool kept)
    {
        lock (_gate)
        {
            var item = new Item(report, kept);
            switch (report)
            {
                case HelloMessage:
                    Remove(i => i.Report is HelloMessage or StateMessage);
                    _items.AddFirst(item);
                    _open = true;
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

    public async Task Run(CancellationToken cancel)
    {
        var underWay = new List<Task>(Window);
        try
        {
            while (await _wake.Reader.WaitToReadAsync(cancel))
            {
                _wake.Reader.TryRead(out _);
                foreach (Task done in underWay.Where(t => t.IsCompleted))
                    await done;
                underWay.RemoveAll(t => t.IsCompleted);
                while (Next() is { } item)
                    underWay.Add(Send(item, cancel));
            }
        }
        finally
        {
            await Task.WhenAll(underWay).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private Item? Next()
    {
        lock (_gate)
        {
            if (!_open || _sending >= Window || _items.FirstOrDefault(i => !i.Sending) is not { } item)
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
            if (!again)
                _items.Remove(item);
        }
        if (delivery == Delivery.Taken && item is { Kept: true, Report: ResultMessage result })
            await onDelivered(result.Command, cancel);
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
