using Npgsql;

namespace Latchkey.Server.Journal;

/// <summary>
/// A look at the journal's end that goes in the round trip of a commit, just behind it: a customer at a door would otherwise wait until the tail is awake and
/// has asked for what this node knows already. It is one at a time, and none while the tail itself is behind.
/// </summary>
public sealed class JournalLook(JournalCursor from, Action done) : IDisposable
{
    public JournalCursor From => from;

    public NpgsqlBatchCommand Statement { get; } = JournalReader.After(from);

    /// <summary>What was seen; nothing when an older transaction was still running.</summary>
    public IReadOnlyList<JournalRead> Found { get; set; } = [];

    public void Dispose() => done();
}
