using Latchkey.Domain;
using Latchkey.Domain.Devices;
using Latchkey.Server.Devices;
using Latchkey.Server.Devices.Claims;
using Latchkey.Server.Features.Accounts;
using Latchkey.Server.Features.Places;
using Latchkey.Server.Hosting;
using Latchkey.Server.Hosting.Limits;
using Latchkey.Server.Journal;
using Latchkey.Server.Storage;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Latchkey.Server.Features.Locks;

/// <summary>
/// Somebody has a lock in their hands, types the code of its label, and becomes its owner: at once where an admin has confirmed the lock's key already, else
/// when they do (docs/decisions/0014-owned-locks.md). The code is good for one person.
/// </summary>
public static class RegisterLock
{
    /// <param name="Code">As it is printed: 16 characters, in any case, with or without hyphens and blanks.</param>
    public sealed record Request(string Code);

    /// <param name="Lock">Null while the lock has not come with its key, or an admin has not confirmed it.</param>
    public sealed record Registered(Guid BankId, string Name, LockView? Lock);

    public static void Map(IEndpointRouteBuilder routes) => routes.MapPost("/locks", Handle).WithName("RegisterLock").SignedIn(Scopes.LeasesWrite).LimitedAs(RateKind.Claims);

    private static async Task<Results<Ok<Registered>, ProblemHttpResult>> Handle(
        Request request, HttpContext http, Db db, ClaimDesk desk, Grants grants, PlaceBook places, TimeProvider time, CancellationToken cancel)
    {
        if (new Check().That(request.Code.Length is > 0 and <= ClaimCode.LongestText, "code", "Enter the code on the lock's label, 16 letters and digits.").Problem is { } invalid)
            return invalid;
        if (ClaimCode.Read(request.Code) is not { } code)
            return Problems.Of(Refusal.LockCode); // a slip of the finger: the check character tells
        Guid person = http.Caller().Id;
        byte[] codeHash = ClaimDesk.Hash(code);
        Decision<BankPlace> decision = await db.Decide<BankPlace>(tx => Take(tx, codeHash, person, grants, places, time.GetUtcNow()), cancel);
        if (decision.Refusal is { } no)
        {
            await desk.Failed(codeHash, cancel);
            return Problems.Of(no);
        }
        BankPlace bank = decision.Value;
        LockRow? row = await db.Read(c => LockRow.OfDevice(c, bank.DeviceId, person), cancel);
        return TypedResults.Ok(new Registered(bank.Id, bank.Name, row?.View()));
    }

    private static async Task<Decision<BankPlace>> Take(Transaction tx, byte[] codeHash, Guid person, Grants grants, PlaceBook places, DateTimeOffset now)
    {
        Row? row = await tx.First<Row>(
            """
            select c.id, c.bank_id, c.state, c.owner_id,
              (select l.person_id from lease l where l.bank_id = c.bank_id and l.kind = 'assignment' and l.state = 'active') as owned_by
            from device_claim c join bank b on b.id = c.bank_id
            where c.code_hash = @codeHash and b.owned and c.state in ('open', 'waiting', 'confirmed') and c.expires_at > @now for update of c
            """,
            new { codeHash, now });
        if (row is null || places.Bank(row.BankId) is not { } bank)
            return Refusal.LockCode;
        // Asked twice: the first answer stands, also when it has become theirs meanwhile.
        if (row.OwnerId == person && (row.OwnedBy == person || row.State != "confirmed"))
            return bank;
        if (row.OwnerId is not null || row.OwnedBy is not null)
            return Refusal.LockCode;
        await tx.Execute("update device_claim set owner_id = @person, registered_at = @now where id = @Id", new { row.Id, person, now });
        tx.Journal(new JournalEntry(
            now, JournalKinds.LockRegistered, JournalEntry.ByPerson(person), person, bank.SiteId, bank.Id, bank.Lockers[0].Id, DeviceId: bank.DeviceId, Data: $$"""{"claim":"{{row.Id:D}}"}"""));
        return row.State != "confirmed" || await LockOwnership.Begin(tx, grants, bank, person, JournalEntry.ByPerson(person), now) is not null ? bank : Refusal.LockCode;
    }

    private sealed class Row
    {
        public Guid Id { get; init; }
        public Guid BankId { get; init; }
        public string State { get; init; } = "";
        public Guid? OwnerId { get; init; }
        public Guid? OwnedBy { get; init; }
    }
}
