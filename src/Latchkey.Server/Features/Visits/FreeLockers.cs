using System.Collections.Concurrent;
using Latchkey.Server.Journal;

namespace Latchkey.Server.Features.Visits;

/// <summary>
/// Which lockers were seen taken a moment ago, so that a crowd's taps do not all look through the same hundreds to find the next free one. Only a hint about where to look first: the
/// database decides, and where nothing is found here, all lockers are looked at.
/// </summary>
public sealed class FreeLockers
{
    /// <summary>As many as are looked at first: more than two nodes claim at the same moment.</summary>
    private const int Few = 32;

    /// <summary>Whatever else has freed a locker is noticed after that.</summary>
    private static readonly TimeSpan Believed = TimeSpan.FromMinutes(1);

    private readonly ConcurrentDictionary<Guid, DateTimeOffset> _takenAt = new();

    /// <summary>What ends on this node is heard at the commit itself, so that the next tap sees it; what ends elsewhere some milliseconds later.</summary>
    public FreeLockers(JournalBell bell, JournalTail tail)
    {
        bell.Rung += (_, entries) => Freed(entries);
        tail.Read += batch => Freed(batch.Select(r => r.Entry));
    }

    private void Freed(IEnumerable<JournalEntry> entries)
    {
        foreach (JournalEntry entry in entries)
        {
            if (entry is { Kind: JournalKinds.VisitEnded, LockerId: { } locker })
                _takenAt.TryRemove(locker, out _);
        }
    }

    /// <summary>The first of those that may be free, in their order; all where that would be none.</summary>
    public Guid[] First(Guid[] lockers, DateTimeOffset now)
    {
        Guid[] few = [.. lockers.Where(l => !_takenAt.TryGetValue(l, out DateTimeOffset at) || now - at >= Believed).Take(Few)];
        return few.Length == 0 ? lockers : few;
    }

    public void Taken(IEnumerable<Guid> lockers, DateTimeOffset now)
    {
        foreach (Guid locker in lockers)
            _takenAt[locker] = now;
    }
}
