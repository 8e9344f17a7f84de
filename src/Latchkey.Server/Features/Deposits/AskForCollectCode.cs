using Dapper;
using Latchkey.Domain;
using Latchkey.Domain.Accounts;
using Latchkey.Domain.Leases;
using Latchkey.Link.Messages;
using Latchkey.Server.Devices;
using Latchkey.Server.Features.Accounts;
using Latchkey.Server.Features.Places;
using Latchkey.Server.Features.Shares;
using Latchkey.Server.Hosting;
using Latchkey.Server.Hosting.Limits;
using Latchkey.Server.Journal;
using Latchkey.Server.Messages;
using Latchkey.Server.Storage;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Latchkey.Server.Features.Deposits;

/// <summary>
/// The receiver stands before the locker and has lost the code, or used it up: another one is sent, good for ten minutes, and the one before opens nothing. Who asks has to know an address of the
/// receiver's, by typing it or by being signed in with it, and the answer is the same for everybody: nobody learns for whom something waits, and nobody can make the code of somebody else worthless.
/// </summary>
public static class AskForCollectCode
{
    /// <param name="Email">This or <paramref name="Phone"/>; neither for somebody who is signed in.</param>
    public sealed record Request(string? Email = null, string? Phone = null);

    /// <param name="Minutes">How long the code is good, if one was sent.</param>
    public sealed record Asked(int Minutes);

    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapPost("/deposits/lockers/{id:guid}/request-otp", Handle).WithName("AskForCollectCode").LimitedAs(RateKind.Codes);
        routes.MapPost("/items/lockers/{id:guid}/request-otp", Handle).WithName("AskForItemCode").LimitedAs(RateKind.Codes);
    }

    private static async Task<Results<Accepted<Asked>, ProblemHttpResult>> Handle(
        Guid id, Request request, HttpContext http, Db db, CollectCodes codes, DeviceKeys keys, RateLimiter limiter, PlaceBook places, TimeProvider time, CancellationToken cancel)
    {
        if (places.Locker(id) is not { } locker || places.Bank(locker.BankId) is not { Owned: false } bank)
            return Problems.Of(Refusal.NotFound("locker"));
        string?[] theirs;
        if (request is { Email: null, Phone: null } && http.CallerOrNull() is { } caller)
        {
            (string? email, string? phone) = await db.Read(
                c => c.QueryFirstOrDefaultAsync<(string?, string?)>(
                    "select case when email_verified_at is not null then email end, case when phone_verified_at is not null then phone end from person where id = @Id and erased_at is null", new { caller.Id }), cancel);
            theirs = [email, phone];
        }
        else
        {
            var check = new Check();
            if (AccountRules.Read(request.Email, request.Phone, check) is not { } address || check.Problem is not null)
                return check.Problem!;
            theirs = [address.Text];
        }
        foreach (string address in theirs.OfType<string>())
        {
            if (await AccountRules.MayBeSentTo(http, limiter, address.Contains('@') ? Address.Email(address)!.Value : Address.Phone(address)!.Value, cancel) is { } often)
                return often;
        }
        CommandKey key = await keys.Of(bank.DeviceId, cancel);
        // Whatever becomes of it, the answer is the same: it tells nobody for whom something waits here.
        await db.Decide(tx => Replace(tx, id, theirs, bank, locker, codes, key, places, time.GetUtcNow()), cancel);
        return TypedResults.Accepted((string?)null, new Asked((int)Deposit.AskedCodeLasts.TotalMinutes));
    }

    private static async Task<Decision<bool>> Replace(Transaction tx, Guid id, string?[] theirs, BankPlace bank, LockerPlace locker, CollectCodes codes, CommandKey key, PlaceBook places, DateTimeOffset now)
    {
        if (await DepositRow.LockAt(tx, id) is not { At: DepositStage.Stored } deposit
            || !(theirs.Contains(deposit.Email) && deposit.Email is not null || theirs.Contains(deposit.Phone) && deposit.Phone is not null) || deposit.Lease.CommandUnderWay)
            return false;
        foreach (ShareRow old in (await tx.Query<ShareRow>(ShareRow.Select + " where s.lease_id = @LeaseId and s.ended_at is null and s.role = 'receiver'", new { deposit.LeaseId })).ToList())
            await old.End(tx, Share.ByReplacement, places, JournalEntry.ByServer, now);
        CollectCodes.Made made = await codes.Make(tx, deposit, "receiver", "", now + Deposit.AskedCodeLasts, bank, locker, key, JournalEntry.ByServer, now);
        // Where nothing may be sent, the code and the link that they have go on working.
        if (await codes.Send(tx, deposit, made, MessageKinds.CollectOtp, places, now + Deposit.AskedCodeLasts) is { } unsent)
            return unsent;
        tx.Journal(deposit.Entry(now, JournalKinds.DepositCodeAsked, JournalEntry.ByServer));
        return true;
    }
}
