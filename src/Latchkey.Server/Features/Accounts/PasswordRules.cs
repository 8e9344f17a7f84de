using System.Collections.Frozen;
using Latchkey.Server.Hosting;

namespace Latchkey.Server.Features.Accounts;

/// <summary>
/// What a new password has to be: long enough, and not one of those that everybody tries first. No rules about characters (ASVS 5, 6.2.5). The list is that of zxcvbn, 49,233 passwords from
/// leaks, of which 1,557 are long enough to be asked about at all.
/// </summary>
public static class PasswordRules
{
    /// <summary>"abcabcabcabc": a piece of so many characters, again and again, is no longer than the piece.</summary>
    private const int LongestPiece = 4;

    private static readonly Lazy<FrozenSet<string>> Common = new(() =>
    {
        using var reader = new StreamReader(typeof(PasswordRules).Assembly.GetManifestResourceStream("Latchkey.Server.Features.Accounts.common-passwords.txt")!);
        return reader.ReadToEnd().Split('\n', StringSplitOptions.RemoveEmptyEntries).ToFrozenSet(StringComparer.Ordinal);
    });

    public static bool IsCommon(string password)
    {
        string plain = password.Trim().ToLowerInvariant();
        return Common.Value.Contains(plain) || Enumerable.Range(1, LongestPiece).Any(n => plain.Length > n && Enumerable.Range(n, plain.Length - n).All(i => plain[i] == plain[i - n]));
    }

    internal static void Check(Check check, string password)
    {
        check.That(password.Length is >= Passwords.Shortest and <= Passwords.Longest, "password", $"A password has {Passwords.Shortest} to {Passwords.Longest} characters.");
        check.That(password.Length > Passwords.Longest || !IsCommon(password), "password", "This password is one of those that are tried first. Choose another one, three or four words for example.");
    }
}
