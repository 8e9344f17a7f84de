namespace Latchkey.Domain.Lockers;

/// <summary>A locker that nobody has, as the choice needs it.</summary>
/// <param name="Hindered">It is likely not to open now: its bank cannot be commanded, or its door was stuck when it was opened last.</param>
public sealed record FreeLocker(Guid Id, LockerSize Size, bool Reachable, bool Hindered, int Position);

/// <summary>Which locker somebody gets who asked for a size and not for a particular one.</summary>
public static class Allocation
{
    /// <summary>
    /// All that fit, best first. The smallest that fits wins, so that large things find a place later. Those that
    /// are likely not to open come last. Reachable lockers are kept for those who ask for them as long as there is another. Then the order on the wall.
    /// </summary>
    /// <param name="reachable">Only lockers within reach from a wheelchair will do.</param>
    public static IReadOnlyList<FreeLocker> InOrderOfFit(IEnumerable<FreeLocker> free, LockerSize wanted, bool reachable) =>
    [
        .. free
            .Where(l => l.Size >= wanted && (!reachable || l.Reachable))
            .OrderBy(l => l.Hindered)
            .ThenBy(l => l.Size)
            .ThenBy(l => !reachable && l.Reachable)
            .ThenBy(l => l.Position)
            .ThenBy(l => l.Id),
    ];
}
