namespace Latchkey.Controller.Cabinet;

/// <summary>
/// Every command a cabinet has ended or is about to end, so that none is acted on twice. Bounded: a result is kept until ten
/// minutes after its expiry, when no duplicate can be acted on any more, and <see cref="Limit"/> holds seven commands a second
/// for all that time; beyond it new commands are refused.
/// </summary>
internal sealed class CommandBook
{
    public const int Limit = 4_096;
    public const long KeepAfterExpiryMs = 600_000;

    private readonly Dictionary<Guid, Entry> _entries = [];
    private int _pruneAt = 64;

    /// <summary>See <see cref="JournalContents.ForgottenUpTo"/>.</summary>
    public long ForgottenUpTo { get; set; } = long.MinValue;

    /// <summary>One command.</summary>
    /// <param name="Storing">Its outcome is on the way to the disk: the result is sent when it has arrived.</param>
    /// <param name="Journaled">Its outcome is on the disk.</param>
    public sealed record Entry(
        Guid Command, int Locker, long Expires, string? Outcome = null, string? Reason = null, bool Storing = false, bool Journaled = false);

    public Entry? Find(Guid command) => _entries.GetValueOrDefault(command);

    public void Set(Entry entry) => _entries[entry.Command] = entry;

    /// <summary>Makes room for one more; false when there is none.</summary>
    public bool HasRoom(long unixMs)
    {
        if (_entries.Count >= _pruneAt)
        {
            foreach (Entry entry in _entries.Values.Where(e => e.Outcome is not null && !e.Storing && e.Expires + KeepAfterExpiryMs < unixMs).ToList())
            {
                _entries.Remove(entry.Command);
                ForgottenUpTo = Math.Max(ForgottenUpTo, entry.Expires);
            }
            _pruneAt = Math.Min(Limit, Math.Max(64, _entries.Count * 2));
        }
        return _entries.Count < Limit;
    }
}
