using System.Text.RegularExpressions;

namespace Latchkey.Server.Features.Console;

/// <summary>What a desk sees of people: enough to recognise who stands there, and nothing to take along.</summary>
internal static partial class Masked
{
    /// <summary>The first letter of each part, three at most: "Asha Rao" is "A. R.".</summary>
    public static string? Name(string? name) => string.IsNullOrWhiteSpace(name) ? null : string.Join(' ', Parts().Matches(name).Take(3).Select(m => m.Value + "."));

    /// <summary>The last four of a card's or telephone's number; of a card that is forgotten but for them, those.</summary>
    public static string? End(string? number) => number is { Length: >= 4 } ? "…" + number[^4..].ToUpperInvariant() : number is null ? null : "…";

    /// <summary>The first letter of a word with what belongs to it: in Devanagari a vowel sign is a mark on its letter.</summary>
    [GeneratedRegex(@"(?<!\S)\P{M}\p{M}*", RegexOptions.None, 100)]
    private static partial Regex Parts();
}
