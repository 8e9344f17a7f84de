using Latchkey.Domain.Accounts;
using Latchkey.Server.Hosting;
using Latchkey.Server.Hosting.Limits;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Latchkey.Server.Features.Accounts;

/// <summary>What the ways into an account share.</summary>
internal static class AccountRules
{
    /// <summary>The one address that was given; when there is none, or both, the check says so.</summary>
    public static Address? Read(string? email, string? phone, Check check)
    {
        if (email is null == phone is null)
        {
            check.That(false, phone is null ? "email" : "phone", "Give an e-mail address or a phone number.");
            return null;
        }
        Address? address = email is not null ? Address.Email(email) : Address.Phone(phone);
        if (email is not null)
            check.That(address is not null, "email", "Enter an e-mail address, like asha@example.com.");
        else
            check.That(address is not null, "phone", "Enter a phone number with its country, like +91 98220 12345.");
        return address;
    }

    public static string ColumnOf(Address address) => address.Channel == Channel.Email ? "email" : "phone";

    /// <summary>One that messages are written in.</summary>
    public static string Language(string? wanted) => wanted == "hi" ? "hi" : "en";

    /// <summary>
    /// Null when one more code may go to the address: not within half a minute of the last one, and so many an hour and a day. It counts
    /// for addresses without an account as well: the refusal must not tell which have one.
    /// </summary>
    public static async Task<ProblemHttpResult?> MayBeSentTo(HttpContext http, RateLimiter limiter, Address address, CancellationToken cancel)
    {
        foreach (RateKind kind in (RateKind[])[RateKind.CodeSoon, RateKind.CodeHour, RateKind.CodeDay])
        {
            if (await limiter.Take(kind, $"to:{address.Text}", cancel) is { } wait)
                return RateLimiting.TooMany(http, wait);
        }
        return null;
    }

    public static ProblemHttpResult Busy() => Problems.Of(
        StatusCodes.Status503ServiceUnavailable, "service-unavailable", "Many people are signing in right now. Try again in a moment.");
}
