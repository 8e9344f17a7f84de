using System.Security.Cryptography;
using Latchkey.Domain;
using Latchkey.Domain.Devices;
using Latchkey.Server.Devices.Claims;
using Latchkey.Server.Features.Accounts;
using Latchkey.Server.Features.Places;
using Latchkey.Server.Hosting;
using Latchkey.Server.Journal;
using Latchkey.Server.Storage;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Latchkey.Server.Features.Devices;

/// <summary>
/// An admin wants a bank to have a controller, its first or another one, and gets a code for its label. The code is shown in this answer and never again.
/// </summary>
public static class MakeClaim
{
    private const int LongestHours = 30 * 24;

    /// <param name="Hours">How long the code is good, 1 to 720: a device may travel to its bank.</param>
    public sealed record Request(Guid BankId, int Hours = 24);

    /// <param name="Code">Four groups of four characters.</param>
    public sealed record NewClaim(Guid Id, Guid BankId, string Code, DateTimeOffset ExpiresAt);

    public static void Map(IEndpointRouteBuilder routes) => routes.MapPost("/devices/claims", Handle).WithName("MakeClaim").SignedIn(Scopes.DevicesWrite);

    private static async Task<Results<Created<NewClaim>, ProblemHttpResult>> Handle(
        Request request, HttpContext http, Db db, PlaceBook places, TimeProvider time, CancellationToken cancel)
    {
        if (http.NotAnAdmin() is { } forbidden)
            return forbidden;
        if (new Check().That(request.Hours is >= 1 and <= LongestHours, "hours", $"A code is good for 1 to {LongestHours} hours.").Problem is { } invalid)
            return invalid;
        if (places.Bank(request.BankId) is not { Removed: false } bank)
            return Problems.Of(Refusal.NotFound("bank"));
        Guid admin = http.Caller().Id;
        DateTimeOffset now = time.GetUtcNow(), expires = now.AddHours(request.Hours);
        var id = Guid.CreateVersion7(now);
        string code = ClaimCode.Make(RandomNumberGenerator.GetBytes(ClaimCode.DrawnBytes));
        byte[] codeHash = ClaimDesk.Hash(ClaimCode.Read(code)!);
        Decision<NewClaim> decision = await db.Decide<NewClaim>(
            async tx =>
            {
                // The index cannot see time, so whoever comes next ends what has run out.
                foreach (Guid old in await tx.Query<Guid>(
                    "update device_claim set state = 'expired', decided_at = @now where bank_id = @bank and state in ('open', 'waiting') and expires_at <= @now returning id", new { bank = bank.Id, now }))
                    tx.Journal(Entry(JournalKinds.ClaimExpired, JournalEntry.ByServer, bank, old, now));
                int made = await tx.Execute(
                    """
                    insert into device_claim (id, bank_id, code_hash, state, created_by, created_at, expires_at)
                    values (@id, @bank, @codeHash, 'open', @admin, @now, @expires)
                    on conflict (bank_id) where state in ('open', 'waiting') do nothing
                    """,
                    new { id, bank = bank.Id, codeHash, admin, now, expires });
                if (made == 0)
                    return Refusal.ClaimUnderWay;
                tx.Journal(Entry(JournalKinds.ClaimMade, JournalEntry.ByPerson(admin), bank, id, now));
                return new NewClaim(id, bank.Id, code, expires);
            },
            cancel);
        if (decision.Refusal is { } no)
            return Problems.Of(no);
        http.Response.Headers.CacheControl = "no-store";
        return TypedResults.Created($"/api/v1/devices/claims/{id}", decision.Value);
    }

    internal static JournalEntry Entry(string kind, string authority, BankPlace bank, Guid claim, DateTimeOffset now, Guid? device = null) =>
        new(now, kind, authority, SiteId: bank.SiteId, BankId: bank.Id, DeviceId: device, Data: $$"""{"claim":"{{claim:D}}"}""");
}
