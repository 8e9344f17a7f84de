using System.Globalization;
using System.Text;

namespace Latchkey.Bench;

/// <summary>All figures of a run, each beside its baseline, in docs/performance.md.</summary>
internal static class Table
{
    private const string Begin = "<!-- written by ./bench --table -->", End = "<!-- end of the table -->";

    private static readonly List<string> Rows = [];

    public static void Add(string name, double value, string unit, string baseline, double baselineValue, string limit) =>
        Rows.Add($"| {name} | {Number(value)} {unit} | {baseline} | {Number(baselineValue)} {unit} | {Number(value / baselineValue)} | {limit} |");

    /// <exception cref="InvalidOperationException">The page has no place for it.</exception>
    public static void WriteTo(string page)
    {
        string text = File.ReadAllText(page);
        int begin = text.IndexOf(Begin, StringComparison.Ordinal), end = text.IndexOf(End, StringComparison.Ordinal);
        if (begin < 0 || end < begin)
            throw new InvalidOperationException($"{page} has no lines \"{Begin}\" and \"{End}\".");
        var table = new StringBuilder(Begin).Append("\n\n| what | value | baseline | baseline's value | ratio | limit |\n|---|---|---|---|---|---|\n");
        foreach (string row in Rows)
            table.Append(row).Append('\n');
        File.WriteAllText(page, text[..begin] + table.Append('\n') + text[end..]);
    }

    /// <summary>Three digits that matter: 38,141, 208, 17.9, 2.13, 0.92.</summary>
    private static string Number(double value) => value.ToString(Math.Abs(value) switch { >= 100 => "#,0", >= 10 => "0.0", _ => "0.00" }, CultureInfo.InvariantCulture);
}
