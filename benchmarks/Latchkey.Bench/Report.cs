using System.Text.Json;

namespace Latchkey.Bench;

/// <summary>One line of the result.</summary>
internal static class Report
{
    private static readonly JsonSerializerOptions Plain = new() { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <param name="baseline">What it was measured beside, in the same run.</param>
    /// <param name="limit">What it is held to, for the table.</param>
    public static void Line(string name, double value, string unit, string baseline, double baselineValue, string limit = "")
    {
        Table.Add(name, value, unit, baseline, baselineValue, limit);
        Console.WriteLine(JsonSerializer.Serialize(new { name, value = Math.Round(value, 3), unit, baseline, baseline_value = Math.Round(baselineValue, 3), ratio = Math.Round(value / baselineValue, 3) }, Plain));
    }

    /// <summary>The p-th percentile (0 to 1) by the nearest rank.</summary>
    public static double Percentile(List<double> values, double p)
    {
        List<double> sorted = [.. values.Order()];
        return sorted[Math.Clamp((int)Math.Ceiling(p * sorted.Count) - 1, 0, sorted.Count - 1)];
    }
}
