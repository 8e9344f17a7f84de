namespace Latchkey.Controller.Credentials;

/// <summary>
/// How long codes are not looked at after so many wrong ones: five are free, then a minute, doubled up to an hour, which leaves 34 guesses a day at
/// a bank. It never stands in the way of passes and cards, or anybody could lock everybody out.
/// </summary>
internal static class CodeBackOff
{
    public const int Free = 5;
    private const long FirstMs = 60_000, LongestMs = 3_600_000;

    /// <summary>A wrong code is forgotten when there was none for a day.</summary>
    public const long ForgottenAfterMs = 86_400_000;

    /// <param name="wrong">Wrong codes so far, the latest among them.</param>
    public static long WaitMs(int wrong) => wrong < Free ? 0 : Math.Min(LongestMs, FirstMs << Math.Min(wrong - Free, 10));
}
