using Latchkey.Link.Messages;

namespace Latchkey.Controller.Cabinet;

/// <summary>
/// What a cabinet has to say and the server does not have yet, and what of it goes next: the decisions of the <see cref="ReportOutbox"/>, without its tasks, so that
/// they can be run on any clock, one after the other. Safe for several threads.
/// <para>What waited before the connection is said in its order and at a pace; what happens now goes past it, because somebody stands before that door.</para>
/// </summary>
internal sealed class ReportQueue(OutboxFile file, TimeProvider time)
{
    /// <summary>72 hours without a network at an opening every 32 seconds, day and night: two events for each of <see cref="CommandBook.MostUndelivered"/>. Beyond it
    /// the oldest event of a door goes, and of others only when there are none of doors: who has a locker (<see cref="EventKinds.Taken"/>) is known from nothing else.</summary>
    public const int MostEvents = 2 * CommandBook.MostUndelivered;

    /// <summary>More than the journal holds. What is beyond is the answer to an order that found no room there either, and the server calls it expired.</summary>
    public const int MostResults = CommandBook.Limit + 4_096;

    /// <summary>How many may be on their way at a time, to the broker or without a receipt: a server that cannot write must not be buried.</summary>
    public const int Window = 32;

    /// <summary>Of what waited before the connection, so many in a second: all of three days in 13 minutes, and below what the server's gateway takes from one device.</summary>
    private const int BacklogPerSecond = 32;

    private static readonly TimeSpan RetryWhenLost = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan RetryWhenNobodyListens = TimeSpan.FromSeconds(5);

    /// <summary>A receipt takes a tenth of a second; ten seconds mean that the report or the receipt is lost, or the server has no database.
    /// The wait doubles up to the longest.</summary>
    private static readonly TimeSpan FirstRepeat = TimeSpan.FromSeconds(10), LongestRepeat = TimeSpan.FromSeconds(60);

    /// <summary>An event that waits longer is stored. Most are delivered before, and cost the flash nothing; where a door stands is said anew
    /// after a power cut anyway.</summary>
    public static readonly TimeSpan StoreAfter = TimeSpan.FromSeconds(1);

    private readonly Lock _gate = new();

    // Waiting from before this connection, waiting since it is open, and under way or without a receipt (a window of them).
    private readonly LinkedList<Item> _backlog = new(), _fresh = new(), _sent = new();
    private readonly Dictionary<(long Boot, long Seq), Item> _named = [];
    private readonly Dictionary<Guid, Item> _results = [];
    private readonly Queue<Item> _toStore = new();
    private readonly List<(long Boot, long Seq)> _toDrop = [];
    private int _events;
    private int _backlogLeft = BacklogPerSecond;
    private bool _open;

    public sealed class Item
    {
        public Item(IReport report, bool kept, long since)
        {
            (Report, Kept, Since) = (report, kept, since);
            Place = new LinkedListNode<Item>(this);
        }

        public IReport Report { get; }
        public bool Kept { get; }
        public long Since { get; }
        public LinkedListNode<Item> Place { get; }
        public (long Boot, long Seq) Name => (Report.Boot, Report.Seq);

        /// <summary>Named by the server before it is done; the others are done when the other side has them.</summary>
        public bool NeedsReceipt => Kept && Report is EventMessage or ResultMessage;
        public bool IsDone => Place.List is null;
        public bool Stored { get; set; }
        public bool Sending { get; set; }

        /// <summary>Not before this timestamp again.</summary>
        public long RepeatAt { get; set; }
        public int Repeats { get; set; }
    }

    public int Count
    {
        get
        {
            lock (_gate)
                return _backlog.Count + _fresh.Count + _sent.Count;
        }
    }

    /// <summary>How many events the server has not named yet.</summary>
    public int Events
    {
        get
        {
            lock (_gate)
                return _events;
        }
    }

    /// <summary>How many wait from before this connection.</summary>
    public int Backlog
    {
        get
        {
            lock (_gate)
                return _backlog.Count;
        }
    }

    /// <summary><see cref="TryStore"/> has something to do, now or soon.</summary>
    public bool HasToStore
    {
        get
        {
            lock (_gate)
                return _toStore.Count > 0 || _toDrop.Count > 0;
        }
    }

    /// <summary>What waits on the disk since an earlier start.</summary>
    public IReadOnlyList<EventMessage> Load() => file.Load();

    /// <summary>A hello opens the outbox for its connection and goes first.</summary>
    public void Add(IReport report, bool kept)
    {
        lock (_gate)
        {
            var item = new Item(report, kept, time.GetTimestamp());
            switch (report)
            {
                case HelloMessage:
                    BeginAgain();
                    _fresh.AddFirst(item.Place);
                    break;
                case StateMessage:
                    Remove(_fresh, i => i.Report is StateMessage);
                    if (_fresh.First is { Value.Report: HelloMessage } hello)
                        _fresh.AddAfter(hello, item.Place);
                    else
                        Wait(item);
                    break;
                case ResultMessage result when kept:
                    // Said again while the first still waits to be said: that one is enough.
                    if (_results.Count < MostResults && _results.TryAdd(result.Command, item))
                        Wait(item);
                    break;
                case EventMessage when kept:
                    _events++;
                    _toStore.Enqueue(item);
                    Wait(item);
                    if (_events > MostEvents)
                        MakeRoom();
                    break;
                default:
                    if (_open && _fresh.Count < MostEvents)
                        _fresh.AddLast(item.Place);
                    break;
            }
        }
    }

    /// <summary>The connection is gone: what belonged to it is dropped, the rest waits for the next hello.</summary>
    public void Close()
    {
        lock (_gate)
        {
            _open = false;
            foreach (LinkedList<Item> items in (LinkedList<Item>[])[_backlog, _fresh, _sent])
                Remove(items, i => !i.NeedsReceipt);
        }
    }

    /// <summary>The server has these.</summary>
    /// <returns>The commands whose results are among them.</returns>
    public List<Guid> Received(IReadOnlyList<ReportName> reports)
    {
        var done = new List<Guid>();
        lock (_gate)
        {
            foreach (ReportName name in reports)
            {
                if (!_named.TryGetValue((name.Boot, name.Seq), out Item? item))
                    continue;
                Forget(item);
                if (item.Report is ResultMessage result)
                    done.Add(result.Command);
            }
        }
        return done;
    }

    /// <summary>What an earlier start left is older than all else.</summary>
    public void AddBefore(IReadOnlyList<EventMessage> found)
    {
        lock (_gate)
        {
            foreach (EventMessage happened in found.Reverse())
            {
                var item = new Item(happened, kept: true, time.GetTimestamp()) { Stored = true };
                _events++;
                _named[item.Name] = item;
                _backlog.AddFirst(item.Place);
            }
            while (_events > MostEvents)
                MakeRoom();
        }
    }

    /// <summary>Another second's share of the backlog may go.</summary>
    public void NextSecond()
    {
        lock (_gate)
            _backlogLeft = BacklogPerSecond;
    }

    /// <summary>Writes down what has waited for so long, and takes out what waits no more; false when the disk failed.</summary>
    public bool TryStore(TimeSpan after)
    {
        var more = new List<EventMessage>();
        (long, long)[] less;
        lock (_gate)
        {
            while (_toStore.TryPeek(out Item? item) && time.GetElapsedTime(item.Since) >= after)
            {
                _toStore.Dequeue();
                if (item.IsDone)
                    continue;
                item.Stored = true;
                more.Add((EventMessage)item.Report);
            }
            less = [.. _toDrop];
            _toDrop.Clear();
        }
        try
        {
            file.Change(more, less);
            return true;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false; // the file puts it right in a second; the events are still in memory
        }
    }

    /// <summary>What goes now; null when nothing does. <see cref="Sent"/> follows.</summary>
    public Item? Next()
    {
        lock (_gate)
        {
            long now = time.GetTimestamp();
            if (!_open || _sent.Count(i => i.Sending || i.RepeatAt > now) >= Window)
                return null;
            Item? next = _sent.FirstOrDefault(i => !i.Sending && i.RepeatAt <= now) ?? _fresh.First?.Value;
            if (next is null && _backlogLeft > 0 && _backlog.First is { } oldest)
            {
                _backlogLeft--;
                next = oldest.Value;
            }
            if (next is null)
                return null;
            if (next.Place.List != _sent)
            {
                next.Place.List!.Remove(next.Place);
                _sent.AddLast(next.Place);
            }
            next.Sending = true;
            // From here on the same result may be asked for again.
            if (next is { NeedsReceipt: true, Report: ResultMessage result })
                _results.Remove(result.Command);
            return next;
        }
    }

    /// <summary>After how long this is sent once more; null where it has had its try, or waits for its receipt.</summary>
    public static TimeSpan? WaitAfter(Item item, Delivery delivery) => !item.Kept ? null : delivery switch
    {
        Delivery.Lost => RetryWhenLost,
        // A state is said again with the next heartbeat anyway.
        Delivery.NobodyListens when item.Report is not StateMessage => RetryWhenNobodyListens,
        _ => null,
    };

    /// <summary>How the sending of what <see cref="Next"/> gave has ended, once <see cref="WaitAfter"/> is over.</summary>
    public void Sent(Item item, Delivery delivery)
    {
        lock (_gate)
        {
            item.Sending = false;
            if (item.NeedsReceipt && delivery is Delivery.Taken or Delivery.Refused)
            {
                // A broker whose settings refuse it is not the server: it waits for the settings to be mended.
                TimeSpan wait = delivery == Delivery.Taken ? Repeat(item.Repeats++) : LongestRepeat;
                item.RepeatAt = time.GetTimestamp() + (long)(wait.TotalSeconds * time.TimestampFrequency);
            }
            else if (WaitAfter(item, delivery) is null)
                Forget(item);
        }
    }

    /// <summary>When something without a receipt is said again, as a timestamp; null when nothing is.</summary>
    public long? RepeatsAt
    {
        get
        {
            lock (_gate)
            {
                long? first = null;
                foreach (Item item in _sent)
                    first = item.Sending || item.RepeatAt >= first ? first : item.RepeatAt;
                return first;
            }
        }
    }

    private static TimeSpan Repeat(int repeats)
    {
        TimeSpan wait = FirstRepeat * Math.Pow(2, Math.Min(repeats, 10));
        return wait < LongestRepeat ? wait : LongestRepeat;
    }

    /// <summary>A new connection: what the one before carried may be lost with it, or its receipt.</summary>
    private void BeginAgain()
    {
        _open = true;
        foreach (LinkedList<Item> items in (LinkedList<Item>[])[_backlog, _fresh, _sent])
            Remove(items, i => i.Report is HelloMessage or StateMessage);
        for (LinkedListNode<Item>? node = _sent.Last; node is not null;)
        {
            LinkedListNode<Item>? before = node.Previous;
            // A result that was asked for again meanwhile waits once, however many connections break before its receipt comes.
            if (!node.Value.Sending && node.Value is { NeedsReceipt: true, Report: ResultMessage result } && !_results.TryAdd(result.Command, node.Value))
                Forget(node.Value);
            else if (!node.Value.Sending)
            {
                node.Value.RepeatAt = 0;
                _sent.Remove(node);
                _backlog.AddFirst(node);
            }
            node = before;
        }
        while (_fresh.First is { } first)
        {
            _fresh.Remove(first);
            _backlog.AddLast(first);
        }
    }

    private void Wait(Item item)
    {
        if (item.NeedsReceipt)
            _named[item.Name] = item;
        (_open ? _fresh : _backlog).AddLast(item.Place);
    }

    /// <summary>It waits no more, for whatever reason.</summary>
    private void Forget(Item item)
    {
        if (item.Place.List is not { } list)
            return;
        list.Remove(item.Place);
        if (!item.NeedsReceipt)
            return;
        _named.Remove(item.Name);
        if (item.Report is ResultMessage result && _results.GetValueOrDefault(result.Command) == item)
            _results.Remove(result.Command);
        if (item.Report is not EventMessage)
            return;
        _events--;
        if (item.Stored)
            _toDrop.Add(item.Name);
    }

    private void MakeRoom()
    {
        IEnumerable<Item> events = _backlog.Concat(_fresh).Concat(_sent).Where(i => i.Report is EventMessage);
        Forget(events.FirstOrDefault(i => i.Report is EventMessage { Event: not (EventKinds.Taken or EventKinds.CredentialRefused or EventKinds.BreakerTripped) }) ?? events.First());
    }

    private void Remove(LinkedList<Item> items, Predicate<Item> which)
    {
        for (LinkedListNode<Item>? node = items.First; node is not null;)
        {
            LinkedListNode<Item>? next = node.Next;
            if (which(node.Value))
                Forget(node.Value);
            node = next;
        }
    }
}
