using System.Threading.Channels;
using Latchkey.Controller.Cabinet;

namespace Latchkey.Controller.Credentials;

/// <summary>Waits for the disk in the cabinet's stead, as the journal's writer does; records that come meanwhile share the next flush.</summary>
internal sealed class CredentialWriter(CredentialFile file, Func<CredentialRecord, bool, CancellationToken, ValueTask> onKept)
{
    /// <summary>A person presents one thing at a time; the rest are a few changes of grants.</summary>
    private const int QueueLimit = 64;

    private readonly Channel<CredentialRecord> _queue = Channel.CreateBounded<CredentialRecord>(new BoundedChannelOptions(QueueLimit) { SingleReader = true });

    /// <summary>False when too much waits already: nothing will be kept.</summary>
    public bool TryAdd(CredentialRecord record) => _queue.Writer.TryWrite(record);

    public async Task Run(CancellationToken cancel)
    {
        var batch = new List<CredentialRecord>();
        while (await _queue.Reader.WaitToReadAsync(cancel))
        {
            batch.Clear();
            while (batch.Count < QueueLimit && _queue.Reader.TryRead(out CredentialRecord? record))
                batch.Add(record);
            bool kept = await JournalWriter.OnDisk(() => Try(() => file.Append(batch)));
            foreach (CredentialRecord record in batch)
                await onKept(record, kept, cancel);
            await JournalWriter.OnDisk(() => Try(file.CompactIfDue));
        }
    }

    private static bool Try(Action write)
    {
        try
        {
            write();
            return true;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }
}
