using System.Reflection;
using System.Text.RegularExpressions;
using Latchkey.Domain;
using Latchkey.Tests.Support;

namespace Latchkey.Tests.Repo;

/// <summary>The rules wait for nothing, reach for nothing and look at no clock: now is an argument.</summary>
public sealed partial class DomainIsPureTests
{
    private static readonly string[] Forbidden = ["System.Net", "System.IO", "System.Data", "Microsoft.", "System.Threading", "System.Diagnostics.Process", "System.Console", "Npgsql", "Dapper"];

    [GeneratedRegex(@"\b(DateTime(Offset)?\.(Utc)?Now|Stopwatch|TimeProvider|Environment\.|File\.|Directory\.|Console\.|HttpClient|async |await |Random\b|Guid\.(NewGuid|CreateVersion7))", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Impure();

    [Fact]
    public void It_uses_no_library_of_the_outside_world() =>
        typeof(Money).Assembly.GetReferencedAssemblies().Select(a => a.Name!).Where(n => Forbidden.Any(f => n.StartsWith(f, StringComparison.Ordinal))).ShouldBeEmpty();

    [Fact]
    public void Nothing_in_it_has_to_be_waited_for() =>
        typeof(Money).Assembly.GetTypes()
            .SelectMany(t => t.GetMethods(BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly))
            .Where(m => typeof(Task).IsAssignableFrom(m.ReturnType) || m.ReturnType.Name.StartsWith("ValueTask", StringComparison.Ordinal) || m.ReturnType.Name.StartsWith("IAsyncEnumerable", StringComparison.Ordinal))
            .Select(m => $"{m.DeclaringType!.Name}.{m.Name}").ShouldBeEmpty();

    [Fact]
    public void Its_source_looks_at_no_clock_and_no_dice() =>
        Repository.Files("src/Latchkey.Domain", ".cs").Where(f => Impure().IsMatch(File.ReadAllText(f))).Select(Repository.Relative).ShouldBeEmpty();
}
