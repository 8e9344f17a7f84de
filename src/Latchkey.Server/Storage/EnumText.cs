using System.Text.Json;

namespace Latchkey.Server.Storage;

/// <summary>The names of states as the database and the API spell them: <c>NotOpened</c> is <c>not-opened</c>.</summary>
public static class EnumText
{
    public static string Text<T>(this T value)
        where T : struct, Enum => Names<T>.ToText[value];

    /// <exception cref="KeyNotFoundException">The database holds a word this program does not know.</exception>
    public static T Parse<T>(string text)
        where T : struct, Enum => Names<T>.FromText[text];

    public static bool TryParse<T>(string text, out T value)
        where T : struct, Enum => Names<T>.FromText.TryGetValue(text, out value);

    private static class Names<T>
        where T : struct, Enum
    {
        // Sizes are letters and stay as they are (XL, not x-l).
        public static readonly Dictionary<T, string> ToText = Enum.GetValues<T>().ToDictionary(
            v => v,
            v => typeof(T) == typeof(Domain.Lockers.LockerSize) ? v.ToString() : JsonNamingPolicy.KebabCaseLower.ConvertName(v.ToString()));

        public static readonly Dictionary<string, T> FromText = ToText.ToDictionary(p => p.Value, p => p.Key);
    }
}
