using System.Security.Cryptography;
using System.Text;

namespace Latchkey.Server.Features.Accounts;

/// <summary>The browser or program in which somebody signs in: in words for its owner's list, and as a hash that tells whether it was there before.</summary>
/// <param name="Words">As it says of itself; a liar is only lying to the owner of the account about their own device.</param>
/// <param name="Hash">SHA-256 of the random value that the browser keeps; null when it keeps none, and then it is always new.</param>
public sealed record Browser(string Words, byte[]? Hash)
{
    /// <summary>The random value that a browser made for itself, 16 to 64 letters, digits or hyphens.</summary>
    public const string Header = "Latchkey-Device";

    private static readonly (string Mark, string Name)[] Browsers = [("Edg", "Edge"), ("OPR/", "Opera"), ("SamsungBrowser", "Samsung Internet"), ("Firefox", "Firefox"), ("Chrome", "Chrome"), ("Safari", "Safari")];
    private static readonly (string Mark, string Name)[] Systems = [("iPhone", "iPhone"), ("iPad", "iPad"), ("Android", "Android"), ("Windows", "Windows"), ("Mac OS", "Mac"), ("CrOS", "Chromebook"), ("Linux", "Linux")];

    public static Browser Of(HttpContext http)
    {
        string kept = http.Request.Headers[Header].ToString();
        bool good = kept.Length is >= 16 and <= 64 && kept.All(c => char.IsAsciiLetterOrDigit(c) || c == '-');
        return new Browser(InWords(http.Request.Headers.UserAgent.ToString()), good ? SHA256.HashData(Encoding.ASCII.GetBytes(kept)) : null);
    }

    /// <summary>"Chrome, Android"; of a program its first word; empty when nothing is said.</summary>
    public static string InWords(string agent)
    {
        string? browser = Browsers.FirstOrDefault(b => agent.Contains(b.Mark, StringComparison.Ordinal)).Name;
        string? system = Systems.FirstOrDefault(s => agent.Contains(s.Mark, StringComparison.Ordinal)).Name;
        if (browser is null && system is null)
            return string.Concat(agent.TakeWhile(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '-' or '_').Take(40));
        return string.Join(", ", new[] { browser, system }.Where(w => w is not null));
    }
}
