using System.Diagnostics;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using System.Xml.Linq;
using Latchkey.Tests.Support;

namespace Latchkey.Tests.Repo;

/// <summary>What others wrote and we ship: which version exactly, and whether anybody knows a hole in it.</summary>
public sealed class PackagesTests
{
    [Fact]
    public void Every_package_is_pinned_to_one_exact_version()
    {
        XElement[] central = [.. XDocument.Load(Path.Combine(Repository.Root, "Directory.Packages.props")).Descendants().Where(e => e.Name.LocalName is "PackageVersion" or "GlobalPackageReference")];
        central.Length.ShouldBeGreaterThan(10);
        foreach (XElement package in central)
            IsExact((string?)package.Attribute("Version")).ShouldBeTrue($"{package}");
        string[] projects = [.. ((string[])["src", "tests", "benchmarks"]).SelectMany(f => Repository.Files(f, ".csproj"))];
        projects.Length.ShouldBeGreaterThan(7, "a folder that is not there has no projects");
        foreach (string project in projects)
            XDocument.Load(project).Descendants("PackageReference").Where(r => r.Attribute("Version") is not null || r.Attribute("VersionOverride") is not null).ShouldBeEmpty(Repository.Relative(project));

        JsonNode wanted = Read("web/package.json"), locked = Read("web/package-lock.json");
        (string Name, string Version)[] asked = [.. ((string[])["dependencies", "devDependencies"]).SelectMany(k => wanted[k]!.AsObject()).Select(p => (p.Key, (string)p.Value!))];
        foreach ((string name, string version) in asked)
        {
            IsExact(version).ShouldBeTrue($"{name} {version}");
            ((string?)locked["packages"]![$"node_modules/{name}"]?["version"]).ShouldBe(version, name);
        }
        foreach ((string path, JsonNode? one) in locked["packages"]!.AsObject().Where(p => p.Key.Length > 0))
            ((string?)one!["integrity"]).ShouldNotBeNullOrEmpty($"{path}: whoever serves it could serve something else");
    }

    /// <summary>The script of docs/security.md, with programs in the place of dotnet and npm that answer as those do.</summary>
    [Theory]
    [InlineData("hole known, ours clean, npm clean", 0, "NuGet: no known hole", "npm: no known hole")]
    [InlineData("hole known, ours bad, npm clean", 1, "NuGet: a package has a known hole", "Bad.Package")]
    [InlineData("hole known, ours clean, npm bad", 1, "npm: a package has a known hole", "bad-package")]
    [InlineData("source silent, ours clean, npm clean", 2, "nothing is known of ours", "npm: no known hole")]
    [InlineData("hole known, ours clean, npm away", 2, "NuGet: no known hole", "nothing is known of the browser's packages")]
    [InlineData("source silent, ours clean, npm bad", 1, "nothing is known of ours", "npm: a package has a known hole")]
    public async Task The_audit_never_calls_fine_what_nobody_could_tell(string case_, int code, params string[] says)
    {
        string[] how = case_.Split(", ");
        string folder = TestFolders.New($"lk-audit-{Guid.CreateVersion7():N}");
        try
        {
            const string Bad = """{"projects":[{"topLevelPackages":[{"id":"Bad.Package","resolvedVersion":"1.0.0","vulnerabilities":[{"severity": "High"}]}]}]}""";
            const string Clean = """{"projects":[{"path":"x"}]}""";
            Program(folder, "dotnet", $"case \"$*\" in restore*) ;; *known-hole*) echo '{(how[0] == "hole known" ? Bad : Clean)}' ;; *) echo '{(how[1] == "ours bad" ? Bad : Clean)}' ;; esac");
            Program(folder, "npm", how[2] switch
            {
                "npm clean" => "echo '{\"auditReportVersion\":2,\"vulnerabilities\":{\"low-one\":{\"name\":\"low-one\",\"severity\": \"low\"}},\"metadata\":{\"vulnerabilities\":{\"high\":0}}}'",
                "npm bad" => "echo '{\"auditReportVersion\":2,\"vulnerabilities\":{\"bad-package\":{\"name\":\"bad-package\",\"severity\": \"critical\"}}}'; exit 1",
                _ => "echo '{\"message\":\"405 Method Not Allowed\"}'; exit 1",
            });
            var start = new ProcessStartInfo("bash", [Path.Combine(Repository.Root, "scripts/audit.sh")]) { RedirectStandardOutput = true, UseShellExecute = false };
            start.Environment["PATH"] = $"{folder}:{Environment.GetEnvironmentVariable("PATH")}";
            using Process audit = Process.Start(start)!;
            string said = await audit.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
            await audit.WaitForExitAsync(TestContext.Current.CancellationToken);
            audit.ExitCode.ShouldBe(code, said);
            foreach (string line in says)
                said.ShouldContain(line);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static void Program(string folder, string name, string script)
    {
        string file = Path.Combine(folder, name);
        File.WriteAllText(file, $"#!/bin/sh\n{script}\n");
        File.SetUnixFileMode(file, UnixFileMode.UserRead | UnixFileMode.UserExecute);
    }

    private static JsonNode Read(string file) => JsonNode.Parse(File.ReadAllText(Path.Combine(Repository.Root, file)))!;

    private static bool IsExact(string? version) => version is not null && Regex.IsMatch(version, @"^\d+\.\d+\.\d+(\.\d+)?(-[0-9A-Za-z.]+)?$", RegexOptions.ExplicitCapture, TimeSpan.FromSeconds(1));
}
