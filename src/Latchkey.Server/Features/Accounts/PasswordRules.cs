using Latchkey.Server.Hosting;

namespace Latchkey.Server.Features.Accounts;

/// <summary>What a new password has to be: long enough, and not one of those that everybody tries first. No rules about characters (ASVS 5, 6.2.5).</summary>
internal static class PasswordRules
{
    public static void Check(Check check, string password)
    {
        check.That(password.Length is >= Passwords.Shortest and <= Passwords.Longest, "password", $"A password has {Passwords.Shortest} to {Passwords.Longest} characters.");
    }
}
