using System.Threading.Channels;
using Latchkey.Link.Messages;

namespace Latchkey.Controller.Cabinet;

/// <summary>
/// What a cabinet has to say and the server does not have yet. Results and events stay until the server itself has named them
/// (<see cref="ReceiptMessage"/>), over any number of connections and power cuts: results are in the journal, events that wait are put into
/// a file of their own. A hello and a state belong to one connection, and a newer state replaces one that still waits. What goes next is
/// decided by <see cref="ReportQueue"/>; here are the tasks that wait for the link and the disk.
/// </summary>
internal sealed class ReportOutbox(Guid device, ICabinetLink link, OutboxFile file, TimeProvider time, Func<Guid, CancellationToken, ValueTask> onDelivered)
{
    private readonly ReportQueue _queue = new(file, time);
    private readonly Channel<bool> _wake = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });

    /// <inheritdoc cref="ReportQueue.Count"/>
    public int Count => _queue.Count;

    /// <inheritdoc cref="ReportQueue.Events"/>
    public int Events => _queue.Events;

    /// <inheritdoc cref="ReportQueue.Add"/>
    public void Add(IReport report, bool kept)
    {
        _queue.Add(report, kept);
        _wake.Writer.TryWrite(true);
    }

    /// <inheritdoc cref="ReportQueue.Close"/>
    public void Close() => _queue.Close();

    /// <summary>The server has these.</summary>
    public async ValueTask Received(IReadOnlyList<ReportName> reports, CancellationToken cancel)
    {
        List<Guid> done = _queue.Received(reports);
        _wake.Writer.TryWrite(true);
        foreach (Guid command in done)
            await onDelivered(command, cancel);
    }

    public async Task Run(CancellationToken cancel)
    {
        _queue.AddBefore(await JournalWriter.OnDisk(_queue.Load));
        _wake.Writer.TryWrite(true);
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        var underWay = new List<Task>(ReportQueue.Window) { Store(ended.Token) };
        try
        {
            while (await _wake.Reader.WaitToReadAsync(cancel))
            {
                _wake.Reader.TryRead(out _);
                // Only what is looked at is taken out: one that fails in between is seen the next time.
                List<Task> done = underWay.FindAll(t => t.IsCompleted);
                foreach (Task task in done)
                    await task;
                underWay.RemoveAll(done.Contains);
                while (_queue.Next() is { } item)
                    underWay.Add(Send(item, ended.Token));
            }
        }
        finally
        {
            // Storing has no end of its own: a failure would wait for it for ever and never be seen.
            await ended.CancelAsync();
            await Task.WhenAll(underWay).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            file.Dispose();
        }
    }

    /// <summary>Once a second: what waits for that long is stored, what waits no more is taken out, and more of the backlog may go.</summary>
    private async Task Store(CancellationToken cancel)
    {
        using var timer = new PeriodicTimer(ReportQueue.StoreAfter, time);
        try
        {
            while (await timer.WaitForNextTickAsync(cancel))
            {
                await JournalWriter.OnDisk(() => _queue.TryStore(ReportQueue.StoreAfter));
                _queue.NextSecond();
                _wake.Writer.TryWrite(true);
            }
        }
        finally
        {
            // Only a power cut costs the last second.
            await JournalWriter.OnDisk(() => _queue.TryStore(TimeSpan.Zero));
        }
    }

    private async Task Send(ReportQueue.Item item, CancellationToken cancel)
    {
        try
        {
            Delivery delivery = await link.Send(Topic(item.Report), Bytes(item.Report), item.Kept, cancel);
            if (ReportQueue.WaitAfter(item, delivery) is { } wait)
                await Task.Delay(wait, time, cancel);
            _queue.Sent(item, delivery);
        }
        finally
        {
            _wake.Writer.TryWrite(true);
        }
    }

    private string Topic(IReport report) => report switch
    {
        HelloMessage => Topics.Hello(device),
        StateMessage => Topics.State(device),
        EventMessage => Topics.Event(device),
        _ => Topics.Result(device),
    };

    internal static byte[] Bytes(IReport report) => report switch
    {
        HelloMessage hello => Wire.Write(hello),
        StateMessage state => Wire.Write(state),
        EventMessage happened => Wire.Write(happened),
        ResultMessage result => Wire.Write(result),
        _ => throw new ArgumentException($"A {report.GetType().Name} is no report of a cabinet.", nameof(report)),
    };
}
