using System.Globalization;

namespace Latchkey.Controller.Cabinet;

/// <summary>
/// A cabinet's memory across power cuts: an append-only text file, a line for each record, each with its checksum. A line counts only
/// when it is whole, so a torn tail is cut at the next start. The first line holds the number of starts.
/// <para>It is bounded: what the server has and nobody can ask for any more is dropped when the file is written anew (to a second file that takes
/// the first one's name in one step), at each start and past <see cref="CompactAtBytes"/>. Not safe for two threads.</para>
/// </summary>
public sealed class CabinetJournal : IDisposable
{
    /// <summary>About 600 lines: twenty commands a minute never reach it within the ten minutes for which results are kept.</summary>
    public const int CompactAtBytes = 64 * 1024;

    /// <summary>Above this no intent is taken. <see cref="CommandBook.Limit"/> results are 1.6 MB, and it is written anew at twice what it holds.</summary>
    public const int FullAtBytes = 4 * 1024 * 1024;

    private const long StartsCountForMs = 600_000;

    /// <summary>More than decide anything.</summary>
    private const int MostStarts = 8;

    private readonly SummedFile _file;
    private readonly int _fullAt;
    private readonly Dictionary<Guid, CommandMemory> _memories = [];
    private readonly List<Guid> _order = [];
    private IReadOnlyList<long> _starts = [];
    private long _boot;
    private long _forgottenUpTo = long.MinValue;

    private CabinetJournal(IDisk disk, string path, int fullAt, int compactAt) => (_file, _fullAt) = (new SummedFile(disk, path, compactAt), fullAt);

    /// <inheritdoc cref="SummedFile.Flushes"/>
    public int Flushes => _file.Flushes;

    /// <summary>Opens or makes the file, cuts its torn tail and counts this start; when it returns, all of that is on the disk.</summary>
    /// <param name="path">Its folder must exist. A second file, with <c>.new</c> at the end, is written beside it.</param>
    /// <param name="unixMs">The wall clock in milliseconds since 1970-01-01 UTC.</param>
    /// <param name="contents">What was found, with the new number of starts.</param>
    /// <param name="fullAt">In bytes, see <see cref="FullAtBytes"/>.</param>
    /// <exception cref="IOException">It cannot be read or written. Nothing may be sent then, because the number of this start is not kept.</exception>
    public static CabinetJournal Open(string path, long unixMs, out JournalContents contents, int fullAt = FullAtBytes) =>
        OpenOn(SystemDisk.Instance, path, unixMs, out contents, fullAt);

    /// <summary>The same on another disk.</summary>
    internal static CabinetJournal OpenOn(IDisk disk, string path, long unixMs, out JournalContents contents, int fullAt = FullAtBytes, int compactAt = CompactAtBytes)
    {
        var journal = new CabinetJournal(disk, path, fullAt, compactAt);
        int unconfirmed;
        try
        {
            journal.Load(unixMs);
            unconfirmed = journal.CountStart(unixMs);
            journal.WriteAnew(unixMs);
        }
        catch
        {
            journal.Dispose();
            throw;
        }
        contents = new JournalContents(journal._boot, journal._forgottenUpTo, [.. journal._order.Select(id => journal._memories[id])], unconfirmed);
        return journal;
    }

    /// <summary>
    /// Writes these and waits for the disk once, unless they are deliveries only. All or nothing: when it throws, none of them counts.
    /// </summary>
    /// <exception cref="IOException">The disk failed or is full, or the journal is full and something that needs room is among them.</exception>
    public void Append(IReadOnlyList<JournalLine> lines, long unixMs)
    {
        if (_file.IsInDoubt)
            WriteAnew(unixMs);
        if (_file.Length >= _fullAt && lines.Any(l => l.NeedsRoom))
            throw new IOException($"The journal holds {_file.Length} bytes; {_fullAt} is its limit.");
        _file.Append(lines.Select(l => l.Write()), flush: lines.Any(l => l.IsAwaited));
        foreach (JournalLine line in lines)
            Remember(line);
    }

    /// <summary>Writes the file anew when it has grown enough for that to pay. Called when nobody waits for the disk.</summary>
    /// <exception cref="IOException">The disk failed or is full. The old file is still whole.</exception>
    public void CompactIfDue(long unixMs)
    {
        if (_file.IsLarge)
            WriteAnew(unixMs);
    }

    public void Dispose() => _file.Dispose();

    private void Load(long unixMs)
    {
        // Every whole line counts, also behind a damaged one: losing an intent is worse than reading on.
        foreach (string whole in _file.Read().OfType<string>())
        {
            string[] parts = whole.Split(' ');
            if (parts is ["boot", var count, var forgotten])
                (_boot, _forgottenUpTo) = (long.Parse(count, CultureInfo.InvariantCulture), long.Parse(forgotten, CultureInfo.InvariantCulture));
            else if (JournalLine.Read(whole) is { } known)
                Remember(known);
        }
        // The count itself is damaged: go on from a number that no count of starts reaches, or the server would take all for old news.
        if (_boot == 0 && _file.Length > 0)
            _boot = Math.Max(1, unixMs / 1000);
        _boot++;
    }

    /// <summary>Counts this start as one that has to prove itself, and says how many before it did not.</summary>
    private int CountStart(long unixMs)
    {
        // A clock that was set back makes a start look younger than it is: then it counts, which costs some minutes of orders and no door.
        long[] recent = [.. _starts.Where(at => at > unixMs - StartsCountForMs)];
        _starts = [.. recent.TakeLast(MostStarts - 1), unixMs];
        return recent.Length;
    }

    private void Remember(JournalLine line)
    {
        if (line is JournalStarts starts)
            _starts = starts.Times;
        else if (line is JournalRecord record)
            Remember(record);
    }

    private void Remember(JournalRecord record)
    {
        CommandMemory? known = _memories.GetValueOrDefault(record.Command);
        // A delivery whose command is not there any more must not look like an intent.
        if (known is null && record.Kind == JournalKind.Delivered)
            return;
        if (known is null)
            _order.Add(record.Command);
        known ??= new CommandMemory(record.Command, record.Locker, record.Expires, null, null, Delivered: false, record.At);
        _memories[record.Command] = record.Kind switch
        {
            // The first outcome stands.
            JournalKind.Outcome when known.Outcome is null => known with { Outcome = record.Outcome, Reason = record.Reason, At = record.At == 0 ? known.At : record.At },
            JournalKind.Delivered => known with { Delivered = true },
            _ => known,
        };
    }

    private void WriteAnew(long unixMs)
    {
        _order.RemoveAll(id =>
        {
            CommandMemory memory = _memories[id];
            // An intent without its outcome, and an outcome that the server does not have, are kept for as long as it takes.
            if (memory.Outcome is null || !memory.Delivered || memory.Expires + CommandBook.KeepAfterExpiryMs >= unixMs)
                return false;
            _forgottenUpTo = Math.Max(_forgottenUpTo, memory.Expires);
            return _memories.Remove(id);
        });
        _file.WriteAnew(Lines());
    }

    private IEnumerable<string> Lines()
    {
        yield return $"boot {_boot} {_forgottenUpTo}";
        if (_starts.Count > 0)
            yield return new JournalStarts(_starts).Write();
        foreach (CommandMemory memory in _order.Select(id => _memories[id]))
        {
            // An outcome says all that its intent did.
            yield return new JournalRecord(
                memory.Outcome is null ? JournalKind.Intent : JournalKind.Outcome, memory.Command, memory.Locker, memory.Expires, memory.Outcome, memory.Reason, memory.At).Write();
            if (memory.Delivered)
                yield return new JournalRecord(JournalKind.Delivered, memory.Command, memory.Locker, memory.Expires).Write();
        }
    }
}
