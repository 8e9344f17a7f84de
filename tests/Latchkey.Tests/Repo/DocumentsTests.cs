using System.Text.Json;
using System.Text.RegularExpressions;
using Latchkey.Domain.Commands;
using Latchkey.Domain.Leases;
using Latchkey.Tests.Support;

namespace Latchkey.Tests.Repo;

/// <summary>What the documents name is there, and the tables they print are the program's.</summary>
public sealed partial class DocumentsTests
{
    private static readonly string[] Top = ["src/", "docs/", "tests/", "web/", "bench/", "scripts/", "firmware/", "deploy/", ".ci/"];

    private static IEnumerable<string> Pages => Directory.GetFiles(Repository.Root, "*.md").Concat(Repository.Files("docs", ".md")).Concat(Repository.Files("src", ".md")).Concat(Repository.Files("web", ".md"));

    [GeneratedRegex(@"\]\((?<to>[^)\s#]+)(#[^)]*)?\)", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Links();

    [GeneratedRegex("`(?<path>[^`\\s]+)`", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Code();

    [GeneratedRegex("```.*?```", RegexOptions.Singleline, 1000)]
    private static partial Regex Fences();

    [Fact]
    public void Every_link_and_every_path_that_a_page_names_exists()
    {
        var missing = new List<string>();
        foreach (string page in Pages)
        {
            string text = Fences().Replace(File.ReadAllText(page), "");
            string folder = Path.GetDirectoryName(page)!;
            foreach (string to in Links().Matches(text).Select(m => m.Groups["to"].Value).Where(t => !t.Contains("://", StringComparison.Ordinal) && !t.StartsWith("mailto:", StringComparison.Ordinal)))
            {
                if (!Path.Exists(Path.Combine(folder, to)))
                    missing.Add($"{Repository.Relative(page)} links to {to}");
            }
            // A path with a placeholder or a star in it names no one file.
            foreach (string path in Code().Matches(text).Select(m => m.Groups["path"].Value).Where(p => Top.Any(t => p.StartsWith(t, StringComparison.Ordinal)) && p.IndexOfAny(['<', '*', '{', '$']) < 0))
            {
                if (!Path.Exists(Path.Combine(Repository.Root, path.Split(':')[0])))
                    missing.Add($"{Repository.Relative(page)} names {path}");
            }
        }
        missing.ShouldBeEmpty();
    }

    [Fact]
    public void The_printed_tables_of_states_are_the_programs()
    {
        string page = Path.Combine(Repository.Root, "docs", "states.md");
        if (!File.Exists(page))
            Assert.Skip("docs/states.md is not written yet.");
        string text = File.ReadAllText(page);
        Table(text, "lease-moves").ShouldBe(
            Enum.GetValues<LeaseState>().SelectMany(s => Enum.GetValues<LeaseMove>().Select(m => $"{s.Name()} {m.Name()}: {LeaseMoves.Next(s, m)?.Name() ?? $"({LeaseMoves.RefusalOf(s, m).Code})"}")),
            ignoreOrder: true);
        Table(text, "command-settle").ShouldBe(
            Enum.GetValues<CommandState>().SelectMany(s => Enum.GetValues<CommandState>().Where(r => r != CommandState.Pending).Select(r => $"{s.Name()} {r.Name()}: {CommandRules.Settle(s, r)?.Name() ?? "-"}")),
            ignoreOrder: true);
    }

    /// <summary>"row column: cell" for every cell between the two marks.</summary>
    private static List<string> Table(string page, string name)
    {
        string between = page.Split($"<!-- {name}:begin -->")[1].Split($"<!-- {name}:end -->")[0];
        string[][] rows = [.. between.Split('\n').Where(l => l.StartsWith('|')).Select(l => l.Trim('|', ' ', '\r').Split('|').Select(c => c.Trim(' ', '`')).ToArray())];
        return [.. rows.Skip(2).SelectMany(r => r.Skip(1).Select((cell, i) => $"{r[0]} {rows[0][i + 1]}: {cell}"))];
    }
}

file static class Names
{
    public static string Name<T>(this T value)
        where T : struct, Enum => JsonNamingPolicy.KebabCaseLower.ConvertName(value.ToString());
}
