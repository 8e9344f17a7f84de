using System.Threading.Channels;

namespace Latchkey.Controller.Cabinet;

/// <summary>
/// Waits for the disk so that the cabinet's own task does not: a slow disk must not keep a relay on. Records that come while it waits
/// share the next flush, so that a command alone costs one for its intent and one for its outcome, and many at once cost fewer.
/// </summary>
internal sealed class JournalWriter(CabinetJournal journal, TimeProvider time, Func<JournalLine, bool, CancellationToken, ValueTask> onStored)
{
    /// <summary>Twice what can be under way: an intent and an outcome for each waiting command.</summary>
    private const int QueueLimit = 256;

    /// <summary>At most this many threads of the pool wait for disks at a time, however many cabinets a process runs: timers need the others.</summary>
    private const int DisksAtATime = 4;

    private static readonly TaskScheduler DiskThreads =
        new ConcurrentExclusiveSchedulerPair(TaskScheduler.Default, DisksAtATime).ConcurrentScheduler;

    private readonly Channel<JournalLine> _queue = Channel.CreateBounded<JournalLine>(new BoundedChannelOptions(QueueLimit) { SingleReader = true });

    /// <summary>False when too much waits already: nothing will be stored.</summary>
    public bool TryAdd(JournalLine line) => _queue.Writer.TryWrite(line);

    public static Task<T> OnDisk<T>(Func<T> work) =>
        Task.Factory.StartNew(work, CancellationToken.None, TaskCreationOptions.DenyChildAttach, DiskThreads);

    public async Task Run(CancellationToken cancel)
    {
        var batch = new List<JournalLine>();
        while (await _queue.Reader.WaitToReadAsync(cancel))
        {
            batch.Clear();
            while (batch.Count < QueueLimit && _queue.Reader.TryRead(out JournalLine? line))
                batch.Add(line);
            bool[] stored = await OnDisk(() => Store(batch));
            for (int i = 0; i < batch.Count; i++)
            {
                if (batch[i].IsAwaited)
                    await onStored(batch[i], stored[i], cancel);
            }
            await OnDisk(Compact);
        }
    }

    /// <summary>Which of these are on the disk now.</summary>
    internal bool[] Store(List<JournalLine> batch)
    {
        bool[] stored = new bool[batch.Count];
        if (TryAppend(batch))
            Array.Fill(stored, true);
        else if (batch.Count > 1)
        {
            // An intent that finds no room must not take an outcome down with it.
            for (int i = 0; i < batch.Count; i++)
                stored[i] = TryAppend([batch[i]]);
        }
        return stored;
    }

    private bool TryAppend(IReadOnlyList<JournalLine> lines)
    {
        try
        {
            journal.Append(lines, time.GetUtcNow().ToUnixTimeMilliseconds());
            return true;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    internal bool Compact()
    {
        try
        {
            journal.CompactIfDue(time.GetUtcNow().ToUnixTimeMilliseconds());
            return true;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // The old file is whole; the next append finds out by itself whether the disk works.
            return false;
        }
    }
}
