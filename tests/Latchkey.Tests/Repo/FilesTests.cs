using System.Text.RegularExpressions;
using Latchkey.Server.Hosting;
using Latchkey.Tests.Support;

namespace Latchkey.Tests.Repo;

public sealed partial class FilesTests
{
    private static IEnumerable<string> Source => Repository.Files("src", ".cs").Concat(Repository.Files("web/src", ".ts", ".tsx", ".css"));

    private static IEnumerable<string> Text => Source.Concat(Repository.Files("tests", ".cs")).Concat(Repository.Files("bench", ".cs")).Concat(Repository.Files("docs", ".md"))
        .Concat(Repository.Files("scripts")).Concat(Repository.Files("deploy")).Concat(Repository.Files("src", ".sql", ".csproj"));

    // Spelled in halves, so that this file does not find itself.
    private static readonly string[] Markers = ["TO" + "DO", "FIX" + "ME", "XX" + "X:", "HA" + "CK", "NotImplemented" + "Exception", "<<<<<" + "<<", ">>>>>" + ">>", "lorem" + " ipsum", "console.lo" + "g("];

    [GeneratedRegex(@"public static void Map\(", RegexOptions.None, 1000)]
    private static partial Regex MapsRoutes();

    [Fact]
    public void Files_are_short_enough_to_be_read()
    {
        (string File, int Lines)[] files = [.. Source.Where(f => !f.EndsWith("generated.ts", StringComparison.Ordinal)).Select(f => (Repository.Relative(f), File.ReadLines(f).Count()))];
        files.Length.ShouldBeGreaterThan(50);
        files.Where(f => f.Lines >= 500).ShouldBeEmpty();
        files.Select(f => f.Lines).Order().ElementAt(files.Length * 95 / 100).ShouldBeLessThan(300);
    }

    [Fact]
    public void Nothing_unfinished_is_left_behind()
    {
        var found = new List<string>();
        foreach (string file in Text)
        {
            string text = File.ReadAllText(file);
            found.AddRange(Markers.Where(m => text.Contains(m, StringComparison.Ordinal)).Select(m => $"{Repository.Relative(file)}: {m}"));
        }
        found.ShouldBeEmpty();
    }

    [Fact]
    public void Every_file_with_a_route_is_named_in_a_test()
    {
        string tests = string.Concat(Repository.Files("tests/Latchkey.Tests/Server", ".cs").Concat(Repository.Files("tests/Latchkey.Tests/Simulator", ".cs")).Select(File.ReadAllText));
        string[] handlers = [.. Repository.Files("src/Latchkey.Server/Features", ".cs").Where(f => MapsRoutes().IsMatch(File.ReadAllText(f))).Select(f => Path.GetFileNameWithoutExtension(f)!)];
        handlers.Length.ShouldBeGreaterThan(10);
        handlers.Where(h => !Regex.IsMatch(tests, $@"\b{h}(Tests)?\b", RegexOptions.None, TimeSpan.FromSeconds(1))).ShouldBeEmpty("Each needs a test class that names it.");
    }

    [Fact]
    public void Every_route_is_mapped_by_name_in_the_table_of_contents()
    {
        string composition = File.ReadAllText(Path.Combine(Repository.Root, "src/Latchkey.Server/Hosting", nameof(Composition) + ".cs"));
        foreach (string file in Repository.Files("src/Latchkey.Server/Features", ".cs").Where(f => MapsRoutes().IsMatch(File.ReadAllText(f))))
        {
            foreach (Match type in Regex.Matches(File.ReadAllText(file), @"public static class (?<name>\w+)\s*\{(?:(?!public static class)[\s\S])*?public static void Map\(", RegexOptions.ExplicitCapture, TimeSpan.FromSeconds(1)))
                composition.ShouldContain($"{type.Groups["name"].Value}.Map(api);");
        }
    }
}
