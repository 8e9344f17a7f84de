using System.Text.RegularExpressions;
using Latchkey.Tests.Support;

namespace Latchkey.Tests.Repo.Guards;

/// <summary>
/// One file of tests/guards: a patch that switches one guard off, and before it, line by line, what the guard promises, which tests must then
/// fail, and which of the same area must go on passing, so that a program that no longer works at all does not count.
/// </summary>
/// <param name="Name">The file's name without its ending.</param>
/// <param name="CaughtBy">At least one of them fails while the guard is off.</param>
/// <param name="StillPasses">All of them pass all the same.</param>
internal sealed record Guard(string Name, string Patch, string Promise, IReadOnlyList<NamedTest> CaughtBy, IReadOnlyList<NamedTest> StillPasses)
{
    public IEnumerable<NamedTest> Tests => CaughtBy.Concat(StillPasses);

    public static IReadOnlyList<Guard> All { get; } =
        [.. Directory.GetFiles(Path.Combine(Repository.Root, "tests", "guards"), "*.patch").Order(StringComparer.Ordinal).Select(Read)];

    private static Guard Read(string file)
    {
        ILookup<string, string> header = File.ReadLines(file).TakeWhile(l => !l.StartsWith("diff ", StringComparison.Ordinal)).Where(l => l.Length > 0)
            .ToLookup(l => l.Split(": ", 2)[0], l => l.Split(": ", 2)[^1]);
        return new Guard(
            Path.GetFileNameWithoutExtension(file), file, header["Guard"].SingleOrDefault() ?? "", [.. header["Caught by"].Select(NamedTest.Find)], [.. header["Still passes"].Select(NamedTest.Find)]);
    }
}

/// <summary>A test, as a patch names it: CLASS.METHOD.</summary>
/// <param name="Project">Latchkey.Tests or Latchkey.SystemTests; null where neither has it.</param>
internal sealed record NamedTest(string Class, string Method, string? Project)
{
    private static readonly string[] Projects = ["Latchkey.Tests", "Latchkey.SystemTests"];

    private static readonly IReadOnlyList<(string Project, string Text)> Files =
        [.. Projects.SelectMany(p => Repository.Files($"tests/{p}", "Tests.cs").Select(f => (p, File.ReadAllText(f))))];

    /// <summary>By its text, because a system test is in another program. A scenario that several classes inherit stands in their file.</summary>
    public static NamedTest Find(string name)
    {
        string[] parts = name.Split('.');
        return parts is not [string type, string method]
            ? new NamedTest(name, "", null)
            : new NamedTest(type, method, Files.Where(f => Has(f.Text, $@"\bclass {type}\b") && Has(f.Text, $@"\bpublic .*\b{method}\(")).Select(f => f.Project).Distinct().SingleOrDefault());
    }

    public override string ToString() => $"{Class}.{Method}";

    private static bool Has(string text, string pattern) => Regex.IsMatch(text, pattern, RegexOptions.None, TimeSpan.FromSeconds(1));
}
