using Latchkey.Server.Hosting;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Latchkey.Server.Features.Accounts;

/// <summary>What sign-up and sign-in share.</summary>
internal static class AccountRules
{
    /// <summary>Addresses differ only by more than case; RFC 5321 allows 254 characters.</summary>
    public static string Normal(string email) => email.Trim().ToLowerInvariant();

    /// <summary>One @ with something on both sides and no space: more is for the message that is sent there to prove.</summary>
    public static bool IsEmail(string email)
    {
        string address = email.Trim();
        int at = address.IndexOf('@');
        return address.Length is >= 3 and <= 254 && at > 0 && at == address.LastIndexOf('@') && at < address.Length - 1
            && !address.Any(c => char.IsWhiteSpace(c) || char.IsControl(c));
    }

    public static ProblemHttpResult Busy() => Problems.Of(
        StatusCodes.Status503ServiceUnavailable, "service-unavailable", "Many people are signing in right now. Try again in a moment.");
}
