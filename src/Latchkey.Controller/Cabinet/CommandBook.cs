namespace Latchkey.Controller.Cabinet;

/// <summary>
/// Every command a cabinet has ended or is about to end, so that none is acted on twice. A result is kept until the server has it, and until ten
/// minutes after its expiry, when no duplicate can be acted on any more. Bounded: beyond <see cref="Limit"/> new commands are refused.
/// </summary>
internal sealed class CommandBook
{
    /// <summary>Results that the server does not have: 72 hours off line at an opening every 32 seconds, day and night.</summary>
    public const int MostUndelivered = 8_192;

    /// <summary>Beside the undelivered, seven commands a second for all the time for which a result is kept.</summary>
    public const int Limit = MostUndelivered + 4_096;
    public const long KeepAfterExpiryMs = 600_000;

    private readonly Dictionary<Guid, Entry> _entries = [];
    private int _pruneAt = 64;

    /// <summary>See <see cref="JournalContents.ForgottenUpTo"/>.</summary>
    public long ForgottenUpTo { get; set; } = long.MinValue;

    /// <summary>One command.</summary>
    /// <param name="Storing">Its outcome is on the way to the disk: the result is sent when it has arrived.</param>
    /// <param name="Journaled">Its outcome is on the disk.</param>
    /// <param name="Delivered">The server has its result.</param>
    public sealed record Entry(
        Guid Command, int Locker, long Expires, string? Outcome = null, string? Reason = null, bool Storing = false, bool Journaled = false, bool Delivered = false)
    {
        /// <summary>Nobody asks for it after ten minutes. What is on the disk is delivered first.</summary>
        public bool MayGo(long unixMs) => Outcome is not null && !Storing && (Delivered || !Journaled) && Expires + KeepAfterExpiryMs < unixMs;
    }

    public Entry? Find(Guid command) => _entries.GetValueOrDefault(command);

    public void Set(Entry entry) => _entries[entry.Command] = entry;

    /// <summary>Makes room for one more; false when there is none.</summary>
    public bool HasRoom(long unixMs)
    {
        if (_entries.Count >= _pruneAt)
        {
            foreach (Entry entry in _entries.Values.Where(e => e.MayGo(unixMs)).ToList())
            {
                _entries.Remove(entry.Command);
                ForgottenUpTo = Math.Max(ForgottenUpTo, entry.Expires);
            }
            _pruneAt = Math.Min(Limit, Math.Max(64, _entries.Count * 2));
        }
        return _entries.Count < Limit;
    }
}
