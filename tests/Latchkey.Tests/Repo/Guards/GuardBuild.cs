using System.Xml.Linq;
using Latchkey.Tests.Support;

namespace Latchkey.Tests.Repo.Guards;

/// <summary>A copy of the checkout in a temporary folder, with whatever was changed and not committed, that is patched, built and tested.</summary>
internal sealed class GuardBuild : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("latchkey-guards-").FullName;

    private readonly Dictionary<string, byte[]> _before = [];

    private string Log => Path.Combine(_folder, "tool.log");

    private string Sources => Path.Combine(_folder, "latchkey");

    public static async Task<GuardBuild> Copy()
    {
        var copy = new GuardBuild();
        (int? code, string said) = await Tool.Run(Repository.Root, copy.Log, "git", "-c", "core.quotePath=false", "ls-files", "--cached", "--others", "--exclude-standard");
        code.ShouldBe(0, $"The campaign copies what git knows of this checkout. {said}");
        // A file that was removed and not yet committed is still listed.
        foreach (string path in said.Split('\n', StringSplitOptions.RemoveEmptyEntries).Where(p => File.Exists(Path.Combine(Repository.Root, p))))
        {
            string to = Path.Combine(copy.Sources, path);
            Directory.CreateDirectory(Path.GetDirectoryName(to)!);
            File.Copy(Path.Combine(Repository.Root, path), to);
        }
        return copy;
    }

    /// <summary>Null when it went well, else what git says.</summary>
    public async Task<string?> Patch(Guard guard)
    {
        foreach (string file in File.ReadLines(guard.Patch).Where(l => l.StartsWith("+++ b/", StringComparison.Ordinal)).Select(l => Path.Combine(Sources, l["+++ b/".Length..])))
            _before[file] = await File.ReadAllBytesAsync(file);
        (int? code, string said) = await Tool.Run(Sources, Log, ["git", "apply", "--unidiff-zero", guard.Patch]);
        return code == 0 ? null : said;
    }

    /// <summary>As it was before. Not by the patch backwards: without lines around it, one that only takes lines away would put them back wherever they once stood.</summary>
    public async Task Restore()
    {
        foreach ((string file, byte[] content) in _before)
            await File.WriteAllBytesAsync(file, content);
        _before.Clear();
    }

    /// <summary>Null when it went well, else the first complaints. Without analyzers: a guard that is off leaves things unused, and only what the program does matters.</summary>
    public async Task<string?> Build(string project, bool restore = false)
    {
        (int? code, string said) = await Tool.Run(
            Sources, Log,
            [
                "dotnet", "build", $"tests/{project}", "-m:1", "-v", "q", "-nologo", "-clp:NoSummary", "-p:RunAnalyzers=false", "-p:TreatWarningsAsErrors=false",
                "-p:GenerateDocumentationFile=false", .. restore ? (string[])[] : ["--no-restore"],
            ]);
        return code == 0 ? null : string.Join('\n', said.Split('\n').Where(l => l.Contains("error", StringComparison.Ordinal)).Take(3).DefaultIfEmpty("no end in ten minutes"));
    }

    /// <summary>Runs these tests, all of one program, and how each case of each came out.</summary>
    public async Task<IReadOnlyList<Outcome>> Run(IReadOnlyList<NamedTest> tests)
    {
        string project = tests[0].Project!, report = Path.Combine(_folder, "report.xml");
        File.Delete(report);
        await Tool.Run(
            Sources, Log,
            ["dotnet", $"tests/{project}/bin/Debug/net10.0/{project}.dll", "-noLogo", "-noColor", "-maxThreads", "1", "-xml", report, .. tests.SelectMany(t => (string[])["-method", $"*.{t}"])]);
        return File.Exists(report) ? [.. XDocument.Load(report).Descendants("test").Select(Outcome.Of)] : [];
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    /// <summary>How one case of a test came out.</summary>
    /// <param name="Exception">The type of what ended it, if it failed.</param>
    public sealed record Outcome(string Class, string Method, string Result, string? Exception)
    {
        public bool Passed => Result == "Pass";

        /// <summary>A test that said no. One that broke down, or whose fixture could not be set up, says nothing of the guard.</summary>
        public bool Denied => Result == "Fail" && Exception is { } e
            && (e.StartsWith("Shouldly.", StringComparison.Ordinal) || (e.StartsWith("Xunit.Sdk.", StringComparison.Ordinal) && e is not ("Xunit.Sdk.TestPipelineException" or "Xunit.Sdk.TestTimeoutException")));

        public static Outcome Of(XElement test) => new(
            ((string)test.Attribute("type")!).Split('.')[^1], (string)test.Attribute("method")!, (string)test.Attribute("result")!, (string?)test.Element("failure")?.Attribute("exception-type"));

        public bool IsOf(NamedTest test) => Class == test.Class && Method == test.Method;
    }
}
