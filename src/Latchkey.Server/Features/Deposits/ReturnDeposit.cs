using Dapper;
using Latchkey.Domain;
using Latchkey.Domain.Leases;
using Latchkey.Link.Messages;
using Latchkey.Server.Devices;
using Latchkey.Server.Features.Accounts;
using Latchkey.Server.Features.Places;
using Latchkey.Server.Features.Shares;
using Latchkey.Server.Hosting;
using Latchkey.Server.Hosting.Face;
using Latchkey.Server.Hosting.Limits;
using Latchkey.Server.Journal;
using Latchkey.Server.Storage;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Latchkey.Server.Features.Deposits;

/// <summary>The sender takes back what nobody has collected: the door opens for them once, and the receiver is told. Where the receiver was to pay, the sender does so first.</summary>
public static class ReturnDeposit
{
    public static void Map(IEndpointRouteBuilder routes) =>
        routes.MapPost("/deposits/{id:guid}/return", Handle).WithName("ReturnDeposit").TakesKey().SignedIn(Scopes.LeasesWrite).Produces<CollectDeposit.Opening>().Produces<CollectDeposit.Opening>(202)
            .WithRequestTimeout(RequestLimits.WithDoor).LimitedAs(RateKind.Doors);

    private static async Task<Results<JsonHttpResult<CollectDeposit.Opening>, ProblemHttpResult>> Handle(
        Guid id, HttpContext http, Db db, CollectCodes codes, CollectDoor door, DeviceKeys keys, PlaceBook places, TimeProvider time, CancellationToken cancel)
    {
        Guid person = http.Caller().Id;
        Guid bankId = await db.Read(c => c.ExecuteScalarAsync<Guid>("select bank_id from lease where id = @id and person_id = @person and kind = 'deposit'", new { id, person }), cancel);
        if (places.Bank(bankId) is not { } bank)
            return Problems.Of(Refusal.NotFound("deposit"));
        CommandKey key = await keys.Of(bank.DeviceId, cancel);
        // The sender's right is a share like the receiver's: who opened it can be told apart, and it is for one opening.
        Decision<CollectDeposit.Right> right = await db.Decide<CollectDeposit.Right>(
            async tx =>
            {
                DateTimeOffset now = time.GetUtcNow();
                if (await DepositRow.Lock(tx, id, person) is not { } deposit || deposit.Lease.BankId != bank.Id)
                    return Refusal.NotFound("deposit");
                if (deposit.At != DepositStage.Stored || !deposit.Runs)
                    return deposit.At == DepositStage.Stored ? Refusal.LeaseNotActive : Deposit.RefusalOf(deposit.At);
                ShareRow? known = (await tx.Query<ShareRow>(ShareRow.Select + " where s.lease_id = @id and s.ended_at is null and s.role = 'return'", new { id })).FirstOrDefault(s => s.Share().State(now) == ShareState.Good);
                Guid share = known?.Id ?? (await codes.Make(tx, deposit, "return", "", null, bank, places.Locker(deposit.Lease.LockerId)!, key, JournalEntry.ByPerson(person), now)).Share.Id;
                return new CollectDeposit.Right(id, share, DepositRow.Sender);
            },
            cancel);
        return right.Refusal is { } no ? Problems.Of(no) : await door.Open(http, right.Value, cancel);
    }
}
