using Latchkey.SystemTests.Support;
using Xunit.Sdk;
using Xunit.v3;

[assembly: TestCollectionOrderer(typeof(LongestFirst))]

namespace Latchkey.SystemTests.Support;

/// <summary>
/// What takes longest begins first, so that the run does not end with one of them alone: as they came, two tests were left for the last two of seven minutes. The browser's tests follow each other, as one.
/// </summary>
public sealed class LongestFirst : ITestCollectionOrderer
{
    private static readonly string[] Long = ["browser", nameof(NodeKillTests), nameof(ClaimingTests), nameof(RevocationTests), nameof(KillTests)];

    public IReadOnlyCollection<TTestCollection> OrderTestCollections<TTestCollection>(IReadOnlyCollection<TTestCollection> testCollections)
        where TTestCollection : ITestCollection =>
        [.. testCollections.OrderBy(c => Array.FindIndex(Long, name => c.TestCollectionDisplayName.Contains(name, StringComparison.Ordinal)) is >= 0 and var place ? place : Long.Length)];
}
