using Dapper;
using Latchkey.Domain;
using Latchkey.Domain.Leases;
using Latchkey.Server.Features.Commands;
using Latchkey.Server.Features.Payments;
using Latchkey.Server.Features.Places;
using Latchkey.Server.Features.Shares;
using Latchkey.Server.Hosting;
using Latchkey.Server.Hosting.Face;
using Latchkey.Server.Hosting.Limits;
using Latchkey.Server.Storage;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Latchkey.Server.Features.Deposits;

/// <summary>
/// Somebody takes out what was left for them: with the six digits they were sent and the locker before which they stand, or with the link. Where they are to pay, they do so first. The door
/// opens once; when it is shut again, the locker is free and the stay is billed. The sender takes it back the same way.
/// </summary>
public static class CollectDeposit
{
    /// <param name="Code">Six digits.</param>
    public sealed record ByCode(string Code);

    /// <param name="Secret">What stands behind the # of the link: 22 characters.</param>
    public sealed record ByLink(string Secret);

    /// <param name="Payment">What has to be paid first, at its <c>checkoutUrl</c>; then the same is asked again. Null where the door is being opened.</param>
    /// <param name="Command">The order to the door; null where something has to be paid first.</param>
    public sealed record Opening(Guid DepositId, PaymentView? Payment, CommandView? Command);

    /// <summary>Who opens it, and for which deposit.</summary>
    internal sealed record Right(Guid Lease, Guid Share, string Payer);

    private static readonly Refusal NothingHere = new("nothing-to-collect", RefusalKind.Conflict, "Nothing waits in this locker for you. Look at its label again.");

    internal static readonly Refusal UnknownLink = new("link-unknown", RefusalKind.NotFound, "This link is not complete or not good any more. Ask for a new code.");

    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapPost("/deposits/lockers/{id:guid}/collect", WithCode).WithName("CollectWithCode").TakesKey().TakesNoToken().Produces<Opening>().Produces<Opening>(202).WithRequestTimeout(RequestLimits.WithDoor).LimitedAs(RateKind.Doors);
        routes.MapPost("/deposits/collect", WithLink).WithName("CollectWithLink").TakesKey().TakesNoToken().Produces<Opening>().Produces<Opening>(202).WithRequestTimeout(RequestLimits.WithDoor).LimitedAs(RateKind.Doors);
        // As clients of the older exchange call it.
        routes.MapPost("/items/lockers/{id:guid}/collect", WithCode).WithName("CollectItem").TakesKey(required: false).TakesNoToken().Produces<Opening>().Produces<Opening>(202).WithRequestTimeout(RequestLimits.WithDoor).LimitedAs(RateKind.Doors);
    }

    private static async Task<Results<JsonHttpResult<Opening>, ProblemHttpResult>> WithCode(
        Guid id, ByCode request, HttpContext http, Db db, CollectCodes codes, CollectDoor door, PlaceBook places, TimeProvider time, CancellationToken cancel)
    {
        if (new Check().That(request.Code.Length is >= 6 and <= 12, "code", "The code has six digits.").Problem is { } invalid)
            return invalid;
        if (places.Locker(id) is null)
            return Problems.Of(Refusal.NotFound("locker"));
        // Judged and committed by itself: a wrong try counts, whatever comes after.
        (Right? right, Refusal? refused) = await db.Change(
            async tx =>
            {
                if (await DepositRow.LockAt(tx, id) is not { At: not DepositStage.Placing } deposit)
                    return ((Right?)null, (Refusal?)NothingHere);
                if (deposit.At != DepositStage.Stored)
                    return (null, Deposit.RefusalOf(deposit.At));
                (Guid? share, Refusal? no) = await codes.Try(tx, deposit, request.Code, places, time.GetUtcNow());
                return (share is { } found ? new Right(deposit.LeaseId, found, DepositRow.Receiver) : null, no);
            },
            cancel);
        return right is null ? Problems.Of(refused!) : await door.Open(http, right, cancel);
    }

    private static async Task<Results<JsonHttpResult<Opening>, ProblemHttpResult>> WithLink(ByLink request, HttpContext http, Db db, CollectDoor door, CancellationToken cancel)
    {
        if (ShareSecret.Hash(request.Secret) is not { } secret)
            return Problems.Of(UnknownLink);
        (Guid share, Guid lease) = await db.Read(
            c => c.QueryFirstOrDefaultAsync<(Guid, Guid)>("select id, lease_id from share where secret = @secret and role in ('receiver', 'delegate')", new { secret }), cancel);
        return share == Guid.Empty ? Problems.Of(UnknownLink) : await door.Open(http, new Right(lease, share, DepositRow.Receiver), cancel);
    }
}
