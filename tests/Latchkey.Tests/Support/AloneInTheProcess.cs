namespace Latchkey.Tests.Support;

/// <summary>For tests that measure what belongs to the whole process, such as its memory: nothing else runs meanwhile.</summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class AloneInTheProcess
{
    public const string Name = "alone in the process";
}
