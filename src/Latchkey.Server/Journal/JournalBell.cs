namespace Latchkey.Server.Journal;

/// <summary>
/// Tells the readers on this node that something was committed, without a message through the database: NOTIFY inside the
/// transaction halves the commits at 16 clients. Other nodes are told in batches by <see cref="JournalTail"/>.
/// </summary>
public sealed class JournalBell
{
    /// <summary>Raised on the committing thread, after the commit, with what was committed. Handlers are short and do not throw.</summary>
    public event Action<JournalCursor, IReadOnlyList<JournalEntry>>? Rung;

    /// <summary>This node's tail while it runs: told last, so that nobody reads of a change before whoever listens here knows it.</summary>
    public JournalTail? Tail { get; set; }

    public void Ring(JournalCursor last, IReadOnlyList<JournalEntry> entries, JournalLook? look)
    {
        Rung?.Invoke(last, entries);
        Tail?.Committed(last, look);
    }
}
