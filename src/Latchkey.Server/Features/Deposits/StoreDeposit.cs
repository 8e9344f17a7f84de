using System.Text.Json;
using Dapper;
using Latchkey.Domain;
using Latchkey.Domain.Leases;
using Latchkey.Domain.Pricing;
using Latchkey.Link.Messages;
using Latchkey.Server.Devices;
using Latchkey.Server.Features.Accounts;
using Latchkey.Server.Features.Places;
using Latchkey.Server.Hosting;
using Latchkey.Server.Hosting.Limits;
using Latchkey.Server.Journal;
using Latchkey.Server.Messages;
using Latchkey.Server.Storage;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Latchkey.Server.Features.Deposits;

/// <summary>
/// The thing is in its locker: from now on it costs, and its receiver is written to. Where the door was seen shut this happens by itself; a bank without sensors sees nothing, and there the sender says it. The
/// record keeps that it was their word.
/// </summary>
public static class StoreDeposit
{
    public static void Map(IEndpointRouteBuilder routes) =>
        routes.MapPost("/deposits/{id:guid}/stored", Handle).WithName("ConfirmStored").SignedIn(Scopes.LeasesWrite).LimitedAs(RateKind.Holds);

    private static async Task<Results<Ok<DepositView>, ProblemHttpResult>> Handle(
        Guid id, HttpContext http, Db db, CollectCodes codes, DeviceKeys keys, PlaceBook places, TimeProvider time, CancellationToken cancel)
    {
        Guid sender = http.Caller().Id;
        Guid bankId = await db.Read(c => c.ExecuteScalarAsync<Guid>("select bank_id from lease where id = @id and person_id = @sender and kind = 'deposit'", new { id, sender }), cancel);
        if (places.Bank(bankId) is not { } bank)
            return Problems.Of(Refusal.NotFound("deposit"));
        // Before the transaction: one that needs a second connection can starve behind others.
        CommandKey key = await keys.Of(bank.DeviceId, cancel);
        Decision<DepositView> decision = await db.Decide<DepositView>(
            async tx =>
            {
                DateTimeOffset now = time.GetUtcNow();
                if (await DepositRow.Lock(tx, id, sender) is not { } deposit || deposit.Lease.BankId != bank.Id)
                    return Refusal.NotFound("deposit");
                // Said again after a lost answer.
                if (deposit is { At: DepositStage.Stored, Said: true })
                    return DepositViews.Of(deposit, places, now);
                if (deposit.At != DepositStage.Placing || !deposit.Runs)
                    return deposit.At == DepositStage.Placing ? Refusal.LeaseNotActive : Deposit.RefusalOf(deposit.At);
                if (deposit.Lease.CommandUnderWay)
                    return Refusal.CommandPending(places.Locker(deposit.Lease.LockerId)!.Label);
                if (!deposit.OnlySenderKnows)
                    return deposit.Lease.Door == "unknown" ? Deposit.NotOpened : Deposit.DoorIsSeen;
                await Store(tx, deposit, key, codes, places, said: true, now);
                return DepositViews.Of((await DepositRow.Lock(tx, id, sender))!, places, now);
            },
            cancel);
        return decision.Refusal is { } no ? Problems.Of(no) : TypedResults.Ok(decision.Value);
    }

    /// <param name="deposit">Locked, and waiting for this.</param>
    /// <param name="said">By its sender, for want of a sensor: their word is the proof of use.</param>
    internal static async Task Store(Transaction tx, DepositRow deposit, CommandKey key, CollectCodes codes, PlaceBook places, bool said, DateTimeOffset now)
    {
        (BankPlace bank, LockerPlace locker) = (places.Bank(deposit.Lease.BankId)!, places.Locker(deposit.Lease.LockerId)!);
        DateTimeOffset until = now.AddHours(deposit.Lease.Hours);
        // From now on it costs, and not from when the locker was taken.
        await tx.Execute(
            """
            update deposit set stage = 'stored', stored_at = @now, said = @said, remind_at = @remind where lease_id = @LeaseId;
            update lease set state = 'active', paid_from = @now, paid_until = @until, ladder = 0, ladder_at = @ladder, opened_ever = opened_ever or @said where id = @LeaseId;
            """,
            new { deposit.LeaseId, now, until, said, remind = Deposit.NextReminder(now, until, now), ladder = OverdueLadder.NextLook(deposit.Lease.Rental().Tariff, until, now) });
        DepositRow stored = (await DepositRow.Lock(tx, deposit.LeaseId))!;
        CollectCodes.Made made = await codes.Make(tx, stored, "receiver", "", null, bank, locker, key, JournalEntry.ByServer, now);
        await codes.Send(tx, stored, made, MessageKinds.CollectCode, places, until);
        tx.Journal(stored.Entry(
            now, JournalKinds.DepositStored, said ? JournalEntry.ByPerson(deposit.Lease.PersonId) : JournalEntry.ByServer, said ? JsonSerializer.Serialize(new Word(true), Json.Options) : null));
    }

    /// <summary>What the journal says of a deposit that no sensor saw.</summary>
    private sealed record Word(bool Said);
}
