namespace Latchkey.Domain.Accounts;

/// <summary>
/// One-time codes of six digits: good for five minutes and five tries. The tries belong to the address and not to the code, so that asking for another
/// code gives no others. NIST SP 800-63B-4, 3.2.2 wants both; with these numbers somebody who guesses all day gets in with 1.2 in 10,000.
/// </summary>
public static class CodeRules
{
    public const int Digits = 6;

    public const int MostWrong = 5;

    public static readonly TimeSpan Lifetime = TimeSpan.FromMinutes(5);

    /// <summary>How long after the last wrong one they are forgotten; a right one forgets them at once.</summary>
    public static readonly TimeSpan ForgottenAfter = TimeSpan.FromHours(1);

    /// <summary>How many of the wrong ones still count.</summary>
    public static int Counted(int wrong, DateTimeOffset lastAt, DateTimeOffset now) => now - lastAt >= ForgottenAfter ? 0 : wrong;

    /// <summary>Null when one more may be tried, else how long until that is so.</summary>
    public static TimeSpan? Wait(int wrong, DateTimeOffset lastAt, DateTimeOffset now) =>
        Counted(wrong, lastAt, now) < MostWrong ? null : lastAt + ForgottenAfter - now;

    /// <summary>Six digits with what people type between them, or null.</summary>
    public static string? Read(string? typed)
    {
        if (typed is null or { Length: > 20 })
            return null;
        string digits = string.Concat(typed.Where(c => c is not (' ' or '-')));
        return digits.Length == Digits && digits.All(char.IsAsciiDigit) ? digits : null;
    }
}
