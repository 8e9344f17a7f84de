using Latchkey.Server.Hosting;
using Latchkey.Server.Hosting.Limits;
using Latchkey.Server.Storage;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Latchkey.Server.Features.Accounts;

/// <summary>
/// Somebody asks for a one-time code at their e-mail address or phone number, to sign up, to sign in, or because the password is forgotten. The answer is
/// the same whether there is an account or not; only whoever reads the address learns that.
/// </summary>
public static class AskForCode
{
    /// <param name="Purpose">sign-up, sign-in or reset.</param>
    /// <param name="Email">This or <paramref name="Phone"/>.</param>
    /// <param name="Phone">With the country: +91 98220 12345.</param>
    /// <param name="Language">en or hi, of the message; somebody's own choice goes before it.</param>
    public sealed record Request(string Purpose, string? Email = null, string? Phone = null, string? Language = null);

    public static void Map(IEndpointRouteBuilder routes) => routes.MapPost("/auth/codes", Handle).WithName("AskForCode").TakesNoToken().LimitedAs(RateKind.Codes);

    private static async Task<Results<Accepted<CodeView>, ProblemHttpResult>> Handle(
        Request request, HttpContext http, Db db, OneTimeCodes codes, RateLimiter limiter, TimeProvider time, CancellationToken cancel)
    {
        bool known = EnumText.TryParse(request.Purpose, out CodePurpose purpose) && purpose != CodePurpose.Change;
        var check = new Check().That(known, "purpose", "The purpose is sign-up, sign-in or reset.");
        if (AccountRules.Read(request.Email, request.Phone, check) is not { } address || check.Problem is not null)
            return check.Problem!;
        if (await AccountRules.MayBeSentTo(http, limiter, address, cancel) is { } often)
            return often;
        DateTimeOffset now = time.GetUtcNow();
        Tried<CodeView> made = await db.Change(
            async tx =>
            {
                Row? person = await tx.First<Row>($"select id, language from person where {AccountRules.ColumnOf(address)} = @Text", new { address.Text });
                return await codes.Make(tx, purpose, address, person?.Language ?? AccountRules.Language(request.Language), person?.Id, purpose == CodePurpose.SignUp || person is not null, now);
            },
            cancel);
        return made.Value is { } code ? TypedResults.Accepted((string?)null, code) : made.Problem(http);
    }

    private sealed class Row
    {
        public Guid Id { get; init; }
        public string Language { get; init; } = "";
    }
}
