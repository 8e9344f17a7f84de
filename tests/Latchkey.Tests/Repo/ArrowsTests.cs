using System.Reflection;
using System.Text.RegularExpressions;
using Latchkey.Tests.Support;

namespace Latchkey.Tests.Repo;

/// <summary>Who may know whom (DESIGN section 4), read from the project files and from what was compiled.</summary>
public sealed partial class ArrowsTests
{
    private static readonly Dictionary<string, string[]> Allowed = new()
    {
        ["Domain"] = [],
        ["Link"] = [],
        ["Server"] = ["Domain", "Link"],
        ["Controller"] = ["Domain", "Link"],
        ["Simulator"] = ["Controller"],
    };

    // What a project can use that its references bring along; a new arrow all the same, unless its target is below an allowed one.
    private static readonly Dictionary<string, string[]> Compiled = new(Allowed) { ["Simulator"] = ["Controller", "Domain", "Link"] };

    [GeneratedRegex("<ProjectReference Include=\"[^\"]*Latchkey\\.(?<name>\\w+)\\.csproj\"", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex References();

    [Fact]
    public void Every_project_has_its_place_in_the_picture() =>
        Directory.GetDirectories(Path.Combine(Repository.Root, "src")).Select(d => Path.GetFileName(d)!.Split('.')[1]).ShouldBe(Allowed.Keys, ignoreOrder: true);

    [Fact]
    public void Project_files_draw_only_the_allowed_arrows()
    {
        foreach ((string project, string[] allowed) in Allowed)
        {
            string text = File.ReadAllText(Path.Combine(Repository.Root, "src", $"Latchkey.{project}", $"Latchkey.{project}.csproj"));
            References().Matches(text).Select(m => m.Groups["name"].Value).Except(allowed).ShouldBeEmpty($"{project} may not know them.");
        }
    }

    [Fact]
    public void Compiled_projects_use_only_the_allowed_ones()
    {
        foreach ((string project, string[] allowed) in Compiled)
        {
            Assembly.Load($"Latchkey.{project}").GetReferencedAssemblies().Select(a => a.Name!).Where(n => n.StartsWith("Latchkey.", StringComparison.Ordinal))
                .Select(n => n.Split('.')[1]).Except(allowed).ShouldBeEmpty($"{project} may not know them.");
        }
    }
}
