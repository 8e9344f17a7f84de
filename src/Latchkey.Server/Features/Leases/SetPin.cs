using System.Security.Cryptography;
using Dapper;
using Latchkey.Domain;
using Latchkey.Domain.Leases;
using Latchkey.Link.Messages;
using Latchkey.Server.Devices;
using Latchkey.Server.Features.Accounts;
using Latchkey.Server.Features.Places;
using Latchkey.Server.Hosting;
using Latchkey.Server.Journal;
using Latchkey.Server.Storage;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Latchkey.Server.Features.Leases;

/// <summary>
/// The holder of a lease gets a PIN for the keypad. It is shown in this answer and never again: what is kept, here and at the bank, is a hash under the
/// bank's own key. A new one takes the place of the old.
/// </summary>
public static class SetPin
{
    /// <param name="Pin">6 digits.</param>
    /// <param name="TypeFirst">What to type before it: the digits of the locker's label.</param>
    public sealed record NewPin(string Pin, string TypeFirst);

    public static void Map(IEndpointRouteBuilder routes) => routes.MapPost("/leases/{id:guid}/pin", Handle).WithName("SetPin").SignedIn(Scopes.LeasesWrite);

    private static async Task<Results<Ok<NewPin>, ProblemHttpResult>> Handle(
        Guid id, HttpContext http, Db db, DeviceKeys keys, PlaceBook places, TimeProvider time, CancellationToken cancel)
    {
        Guid person = http.Caller().Id;
        string pin = RandomNumberGenerator.GetString("0123456789", 6), salt = RandomNumberGenerator.GetHexString(16, lowercase: true);
        // Before the transaction: one that needs a second connection can starve behind others.
        Guid bankId = await db.Read(c => c.ExecuteScalarAsync<Guid>("select bank_id from lease where id = @id and person_id = @person", new { id, person }), cancel);
        if (places.Bank(bankId) is not { } bank)
            return Problems.Of(Refusal.NotFound("rental"));
        CommandKey key = await keys.Of(bank.DeviceId, cancel);
        Decision<NewPin> decision = await db.Decide<NewPin>(
            async tx =>
            {
                DateTimeOffset now = time.GetUtcNow();
                if (await LeaseRow.LockAny(tx, id, person) is not { } row)
                    return Refusal.NotFound("rental");
                if (Rental.MayOpen(row.LeaseState()) is { } refused)
                    return refused;
                LockerPlace locker = places.Locker(row.LockerId)!;
                if (!await Grants.SetPin(tx, id, bank, key, salt, pin, now))
                    return Refusal.LeaseNotActive;
                tx.Journal(row.Entry(now, JournalKinds.PinSet, JournalEntry.ByPerson(person)));
                return new NewPin(pin, Grants.Whose(locker)[0]);
            },
            cancel);
        if (decision.Refusal is { } no)
            return Problems.Of(no);
        http.Response.Headers.CacheControl = "no-store";
        return TypedResults.Ok(decision.Value);
    }
}
