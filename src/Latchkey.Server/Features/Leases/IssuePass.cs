using System.Buffers.Binary;
using System.Security.Cryptography;
using Latchkey.Domain;
using Latchkey.Domain.Leases;
using Latchkey.Link.Passes;
using Latchkey.Server.Devices;
using Latchkey.Server.Features.Accounts;
using Latchkey.Server.Features.Places;
using Latchkey.Server.Hosting;
using Latchkey.Server.Journal;
using Latchkey.Server.Storage;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Latchkey.Server.Features.Leases;

/// <summary>
/// The holder of a lease gets a pass to show at the bank, also when it is off line: the text of a QR code, or one that only their phone can use. It is
/// made and forgotten: whoever sees a picture of a bearer's pass can use it until it runs out.
/// </summary>
public static class IssuePass
{
    /// <param name="Uses">1 to 255, or 0: as often as wanted while it lasts.</param>
    /// <param name="Minutes">How long it lasts, 5 to 1,440; to 10,080 with a phone's key.</param>
    /// <param name="PhoneKey">The phone's public key, an uncompressed P-256 point in base64url: only that phone can use the pass, over NFC or BLE.</param>
    public sealed record Request(int Uses = 0, int Minutes = 1_440, string? PhoneKey = null);

    /// <param name="Text"><c>LK1:...</c>, 142 characters or, bound to a phone, 190.</param>
    public sealed record IssuedPass(string Text, string Name, int Uses, DateTimeOffset ValidUntil);

    /// <summary>A page makes two a day for each device that shows it.</summary>
    private const int MostLasting = 50;

    private static readonly Refusal TooMany = new("too-many-passes", RefusalKind.Conflict, $"{MostLasting} passes of this rental still last. Use one of them, or wait until one has ended.");

    public static void Map(IEndpointRouteBuilder routes) => routes.MapPost("/leases/{id:guid}/pass", Handle).WithName("IssuePass").SignedIn(Scopes.LeasesWrite);

    private static async Task<Results<Ok<IssuedPass>, ProblemHttpResult>> Handle(
        Guid id, Request request, HttpContext http, Db db, Grants grants, PlaceBook places, TimeProvider time, CancellationToken cancel)
    {
        byte[]? phone = PointOf(request.PhoneKey);
        PassKind kind = phone is null ? PassKind.Bearer : PassKind.HolderBound;
        int longest = Pass.LongestLifeMin(kind);
        if (new Check()
            .That(request.Uses is >= 0 and <= 255, "uses", "A pass has 1 to 255 uses, or 0 for as many as wanted.")
            .That(request.Minutes >= 5 && request.Minutes <= longest, "minutes", $"A pass lasts 5 to {longest} minutes.")
            .That(request.PhoneKey is null || phone is not null, "phoneKey", "The phone's key is an uncompressed P-256 point, 65 bytes in base64url.").Problem is { } invalid)
            return invalid;
        IssuerKey issuer = grants.Issuer;
        Guid person = http.Caller().Id;
        Decision<IssuedPass> decision = await db.Decide<IssuedPass>(
            async tx =>
            {
                DateTimeOffset now = time.GetUtcNow();
                if (await LeaseRow.LockAny(tx, id, person) is not { } row)
                    return Refusal.NotFound("rental");
                if (Rental.MayOpen(row.LeaseState()) is { } refused)
                    return refused;
                if (await tx.Scalar<long>("select count(*) from lease_pass where person_id = @person and lease_id = @id and share_id is null and expires_at > @now", new { person, id, now }) >= MostLasting)
                    return TooMany;
                (int generation, long bank) = await tx.First<(int, long)>("select l.generation, b.number from lease l join bank b on b.id = l.bank_id where l.id = @id", new { id });
                var pass = new Pass(
                    kind, issuer.Kid, (uint)bank, (ushort)places.Locker(row.LockerId)!.Number, (ushort)generation, PassActions.Open | PassActions.Deposit | PassActions.Collect,
                    (byte)request.Uses, (uint)now.ToUnixTimeSeconds(), 0, (ushort)request.Minutes, BinaryPrimitives.ReadUInt64BigEndian(RandomNumberGenerator.GetBytes(8)),
                    phone is null ? default : SHA256.HashData(phone));
                DateTimeOffset until = DateTimeOffset.FromUnixTimeSeconds(pass.EndsAt);
                await tx.Execute(
                    "insert into lease_pass (token, lease_id, person_id, issued_at, expires_at) values (@Name, @id, @person, @now, @until)", new { pass.Name, id, person, now, until });
                tx.Journal(row.Entry(now, JournalKinds.PassIssued, JournalEntry.ByPerson(person)));
                return new IssuedPass(Pass.ToText(issuer.Sign(pass)), pass.Name, request.Uses, until);
            },
            cancel);
        if (decision.Refusal is { } no)
            return Problems.Of(no);
        http.Response.Headers.CacheControl = "no-store";
        return TypedResults.Ok(decision.Value);
    }

    private static byte[]? PointOf(string? text) =>
        text is { Length: 87 } && IssuerKey.Checking(0, text) is not null ? System.Buffers.Text.Base64Url.DecodeFromChars(text) : null;
}
