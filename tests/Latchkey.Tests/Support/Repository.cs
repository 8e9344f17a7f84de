using System.Runtime.CompilerServices;

namespace Latchkey.Tests.Support;

/// <summary>The checkout that these tests were built from.</summary>
internal static class Repository
{
    public static readonly string Root = Find();

    /// <summary>Files below a folder with one of these endings, without what builds and package managers leave there.</summary>
    public static IEnumerable<string> Files(string folder, params string[] endings) =>
        !Directory.Exists(Path.Combine(Root, folder))
            ? []
            : Directory.EnumerateFiles(Path.Combine(Root, folder), "*", SearchOption.AllDirectories)
                .Where(f => endings.Length == 0 || endings.Any(e => f.EndsWith(e, StringComparison.Ordinal)))
                .Where(f => !Path.GetRelativePath(Root, f).Split('/').Any(p => p is "bin" or "obj" or "node_modules" or "dist" or ".git" or "out" or "data"))
                .Order(StringComparer.Ordinal);

    public static string Relative(string file) => Path.GetRelativePath(Root, file);

    private static string Find([CallerFilePath] string here = "") => Path.GetFullPath(Path.Combine(Path.GetDirectoryName(here)!, "..", "..", ".."));
}
