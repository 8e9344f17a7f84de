namespace Latchkey.Link.Mqtt;

/// <summary>One publish on its way. Everything but the completion belongs to the outbox and is touched under its lock.</summary>
internal sealed class Outgoing
{
    private readonly TaskCompletionSource<PublishResult> _done = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly LinkedListNode<Outgoing> _node;

    public Outgoing(string topic, ReadOnlyMemory<byte> payload, Qos qos, bool retain)
    {
        (Topic, Payload, Qos, Retain) = (topic, payload, qos, retain);
        _node = new LinkedListNode<Outgoing>(this);
    }

    public string Topic { get; }
    public ReadOnlyMemory<byte> Payload { get; }
    public Qos Qos { get; }
    public bool Retain { get; }
    public long Deadline { get; set; } = long.MaxValue;
    public ushort PacketId { get; set; }

    /// <summary>The identifier of the last packet that carried it.</summary>
    public ushort SentAs { get; set; }
    public bool Written { get; set; }

    /// <summary>When it was last given to the writer, as a timestamp of the clock.</summary>
    public long SentAt { get; set; }

    /// <summary>Written again after a connection broke in between.</summary>
    public bool Repeated { get; set; }
    public CancellationTokenRegistration Cancellation { get; set; }

    public Task<PublishResult> Done => _done.Task;
    public bool IsCompleted => _done.Task.IsCompleted;
    public LinkedList<Outgoing>? List => _node.List;

    public void Place(LinkedList<Outgoing> list)
    {
        Leave();
        list.AddLast(_node);
    }

    public void PlaceFirst(LinkedList<Outgoing> list)
    {
        Leave();
        list.AddFirst(_node);
    }

    public void Leave() => _node.List?.Remove(_node);

    public void Complete(PublishStatus status, byte reason)
    {
        // Unregister, not Dispose: Dispose waits for a callback that may be waiting for the lock we hold.
        Cancellation.Unregister();
        _done.TrySetResult(new PublishResult(status, reason, Written, Repeated));
    }

    public void CompleteCancelled(CancellationToken cancel) => _done.TrySetCanceled(cancel);
}
