using System.Security.Cryptography;
using System.Text;
using Dapper;
using Latchkey.Domain;
using Latchkey.Domain.Lockers;
using Latchkey.Link.Messages;
using Latchkey.Server.Devices;
using Latchkey.Server.Features.Accounts;
using Latchkey.Server.Features.Commands;
using Latchkey.Server.Features.Places;
using Latchkey.Server.Hosting;
using Latchkey.Server.Hosting.Face;
using Latchkey.Server.Hosting.Limits;
using Latchkey.Server.Journal;
using Latchkey.Server.Storage;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Latchkey.Server.Features.Keypad;

/// <summary>
/// The web half of a keypad: a phone number shows the lockers that it has at a bank, and the code opens one or gives it back. The code is compared here and nowhere else; after five wrong ones
/// none is looked at for an hour.
/// </summary>
public static class OpenTaken
{
    public sealed record Phone(string Number);

    public sealed record MineView(Guid Id, string Locker, LockerSize Size, DoorState Door);

    public sealed record Mine(IReadOnlyList<MineView> Items);

    /// <param name="Number">The phone number, with or without its country.</param>
    /// <param name="Code">As it came by SMS, or as it was chosen at the keypad.</param>
    public sealed record Request(string Number, string Code);

    public sealed record GivenBack(Guid Id, string Locker);

    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapPost("/keypad/banks/{id:guid}/mine", List).WithName("ListTaken").LimitedAs(RateKind.Account);
        routes.MapPost("/keypad/lockers/{id:guid}/open", Open).WithName("OpenTaken").TakesKey().Produces<CommandView>().Produces<CommandView>(202).WithRequestTimeout(RequestLimits.WithDoor).LimitedAs(RateKind.Doors);
        routes.MapPost("/keypad/lockers/{id:guid}/finish", Finish).WithName("FinishTaken").TakesKey().Produces<GivenBack>().LimitedAs(RateKind.Doors);
    }

    private static async Task<Results<Ok<Mine>, ProblemHttpResult>> List(Guid id, Phone request, Db db, PlaceBook places, CancellationToken cancel)
    {
        string key = PhoneKey.Of(request.Number.Length <= 40 ? request.Number : "");
        if (new Check().That(key.Length >= PhoneKey.Shortest, "number", "Give your phone number.").Problem is { } invalid)
            return invalid;
        if (places.Bank(id) is not { Mode: BankMode.Keypad } bank)
            return Problems.Of(Refusal.NotFound("bank"));
        IEnumerable<KeypadLease> rows = await db.Read(
            c => c.QueryAsync<KeypadLease>($"{KeypadLease.Select} where l.kind = 'keypad' and l.state = 'active' and l.bank_id = @Id and l.phone = @key order by k.number", new { bank.Id, key }), cancel);
        return TypedResults.Ok(new Mine([.. rows.Select(r => (Row: r, Locker: places.Locker(r.LockerId)!)).Select(r => new MineView(r.Row.Id, r.Locker.Label, r.Locker.Size, r.Row.DoorState()))]));
    }

    private static async Task<Results<JsonHttpResult<CommandView>, ProblemHttpResult>> Open(
        Guid id, Request request, HttpContext http, Db db, DeviceKeys keys, PlaceBook places, DoorOrders orders, TimeProvider time, CancellationToken cancel)
    {
        if (await Try(id, request, db, keys, places, time, cancel) is { Refused: not null } no)
            return no.Problem(http);
        return await orders.Shared(
            http,
            id,
            async tx =>
            {
                if (await KeypadLease.Lock(tx, id) is not { State: "active" } row)
                    return Refusal.NotFound("locker");
                LockerPlace locker = places.Locker(row.LockerId)!;
                return row.CommandUnderWay ? Refusal.CommandPending(locker.Label) : new DoorOrders.Allowed(id, locker, places.Bank(row.BankId)!.DeviceId);
            },
            cancel);
    }

    private static async Task<Results<JsonHttpResult<GivenBack>, ProblemHttpResult>> Finish(
        Guid id, Request request, HttpContext http, Idempotency idempotency, Db db, DeviceKeys keys, PlaceBook places, TimeProvider time, CancellationToken cancel)
    {
        if (await Try(id, request, db, keys, places, time, cancel) is { Refused: not null } no)
            return no.Problem(http);
        return await idempotency.Once<GivenBack>(
            http, id, null, StatusCodes.Status200OK,
            async tx =>
            {
                if (await KeypadLease.Lock(tx, id) is not { State: "active" } row)
                    return Refusal.NotFound("locker");
                string label = places.Locker(row.LockerId)!.Label;
                if (row.CommandUnderWay)
                    return Refusal.CommandPending(label);
                if (row.DoorState() == DoorState.Open)
                    return Refusal.DoorOpen(label);
                if (row.Occupied == true)
                    return Refusal.NotEmpty(label);
                await row.End(tx, places, "ended", JournalEntry.ByServer, null, time.GetUtcNow());
                return new GivenBack(id, label);
            },
            cancel);
    }

    /// <summary>Whether number and code are right. A wrong code is counted whatever becomes of the request; whether there is such a locker tells the same as a wrong code.</summary>
    private static async Task<Tried<BankPlace>> Try(Guid id, Request request, Db db, DeviceKeys keys, PlaceBook places, TimeProvider time, CancellationToken cancel)
    {
        KeypadLease? row = await db.Read(c => c.QueryFirstOrDefaultAsync<KeypadLease>($"{KeypadLease.Select} where l.id = @id and l.kind = 'keypad' and l.state = 'active'", new { id }), cancel);
        if (row is null || places.Bank(row.BankId) is not { } bank || request.Number.Length > 40 || row.Phone != PhoneKey.Of(request.Number))
            return Tried<BankPlace>.No(Refusal.KeypadCode(null));
        CommandKey key = await keys.Of(bank.DeviceId, cancel);
        return await db.Change(
            async tx =>
            {
                DateTimeOffset now = time.GetUtcNow();
                CodeTries.State tries = await CodeTries.Lock(tx, SHA256.HashData(Encoding.ASCII.GetBytes($"keypad:{id:D}")), now);
                if (tries.Wait is { } wait)
                    return Tried<BankPlace>.No(Refusal.KeypadTries((int)Math.Ceiling(wait.TotalMinutes)), wait);
                if (request.Code.Length <= 10 && key.IsPin(row.Code ?? "", row.Salt ?? "", row.CodeLocker ?? 0, request.Code))
                {
                    await CodeTries.Forget(tx, tries);
                    return Tried<BankPlace>.Yes(bank);
                }
                return Tried<BankPlace>.No(Refusal.KeypadCode(await CodeTries.Count(tx, tries, now)));
            },
            cancel);
    }
}
