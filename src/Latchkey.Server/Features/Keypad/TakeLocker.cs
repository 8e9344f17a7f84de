using Dapper;
using Latchkey.Domain;
using Latchkey.Domain.Accounts;
using Latchkey.Domain.Leases;
using Latchkey.Domain.Places;
using Latchkey.Link.Messages;
using Latchkey.Server.Devices;
using Latchkey.Server.Features.Leases;
using Latchkey.Server.Features.Places;
using Latchkey.Server.Hosting;
using Latchkey.Server.Hosting.Limits;
using Latchkey.Server.Journal;
using Latchkey.Server.Messages;
using Latchkey.Server.Storage;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Latchkey.Server.Features.Keypad;

/// <summary>
/// Somebody without an account chooses a locker of a keypad bank on the web and gives a phone number. It is theirs once the bank has it on its disk, within a second or two; then a
/// code comes by SMS. A bank that cannot be reached gives none here: somebody may be taking the same one at its keypad.
/// </summary>
public static class TakeLocker
{
    /// <summary>A bank that has not taken it within so long does not; the person looks at the page.</summary>
    public static readonly TimeSpan Holds = TimeSpan.FromSeconds(20);

    /// <param name="Phone">With its country: +91 98765 43210.</param>
    /// <param name="Language">Of the SMS: <c>en</c> or <c>hi</c>.</param>
    public sealed record Request(Guid LockerId, string Phone, string Language = "en");

    /// <param name="State"><c>held</c>: the bank is asked; <c>active</c>: theirs, and the code is on its way; <c>cancelled</c>: it was not to be had; <c>ended</c>.</param>
    public sealed record TakenView(Guid Id, Guid BankId, string Locker, LeaseState State, int CodeDigits);

    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapPost("/keypad/banks/{id:guid}/lockers", Handle).WithName("TakeLocker").TakesKey().Produces<TakenView>(202).LimitedAs(RateKind.Codes);
        routes.MapGet("/keypad/lockers/{id:guid}", Show).WithName("ShowTaken");
    }

    private static async Task<Results<JsonHttpResult<TakenView>, ProblemHttpResult>> Handle(
        Guid id, Request request, HttpContext http, Idempotency idempotency, PlaceBook places, Grants grants, Outbox outbox, TimeProvider time, CancellationToken cancel)
    {
        Address? phone = Address.Phone(request.Phone);
        if (new Check()
            .That(phone is not null, "phone", "Give the phone number with its country, for example +91 98765 43210.")
            .That(request.Language is "en" or "hi", "language", "A language is en or hi.").Problem is { } invalid)
            return invalid;
        if (places.Bank(id) is not { Mode: BankMode.Keypad } bank)
            return Problems.Of(Refusal.NotFound("bank"));
        if (bank.Lockers.FirstOrDefault(l => l.Id == request.LockerId) is not { } locker)
            return Problems.Of(Refusal.NotFound("locker"));
        return await idempotency.Once<TakenView>(
            http, id, request, StatusCodes.Status202Accepted, tx => Hold(tx, bank, locker, phone!.Value, request.Language, places, grants, outbox, time.GetUtcNow()), cancel);
    }

    private static async Task<Decision<TakenView>> Hold(
        Transaction tx, BankPlace bank, LockerPlace locker, Address phone, string language, PlaceBook places, Grants grants, Outbox outbox, DateTimeOffset now)
    {
        SitePlace site = places.Site(bank.SiteId)!;
        if (!OpeningHours.IsOpen(site.OpeningHours, site.Zone, now))
            return Refusal.SiteClosed;
        if (!await tx.Scalar<bool>("select online is true from device where id = @DeviceId", new { bank.DeviceId }))
            return Refusal.KeypadOffline;
        if (await outbox.Refuse(tx, Channels.Sms, phone.Text) is { } refused)
            return refused;
        string key = PhoneKey.Of(phone.Text);
        var lease = Guid.CreateVersion7(now);
        // Whoever claims this locker holds its row, and whoever asks with this number the number's: three at once are three.
        int taken = await tx.Execute(
            $"""
            with number as (select count(l.*) from (select pg_advisory_xact_lock(hashtextextended(@key, 19))) l),
            claim as (
              select k.id from locker k, number where k.id = @locker and {LockerClaim.IsFree} and {LockerClaim.IsShutAndEmpty} for no key update of k)
            insert into lease (id, kind, state, site_id, bank_id, locker_id, phone, phone_to, phone_language, hold_until, created_at)
            select @lease, 'keypad', 'held', @SiteId, @bank, claim.id, @key, @to, @language, @until, @now from claim
            on conflict do nothing
            """,
            new { lease, key, locker = locker.Id, bank.SiteId, bank = bank.Id, to = phone.Text, language, until = now + Holds, now });
        if (taken == 0)
            return Refusal.LockerTaken;
        if (await tx.Scalar<long>("select count(*) from lease where bank_id = @Id and kind = 'keypad' and phone = @key and state in ('held', 'active')", new { bank.Id, key }) > PhoneKey.MostLockers)
            return Refusal.TooManyLockers;
        await grants.Begin(tx, lease, locker, bank, now, keypad: new KeypadCode(key, null, null));
        tx.Journal(new JournalEntry(now, JournalKinds.KeypadHeld, JournalEntry.ByServer, null, bank.SiteId, bank.Id, locker.Id, lease));
        return new TakenView(lease, bank.Id, locker.Label, LeaseState.Held, bank.CodeDigits);
    }

    private static async Task<Results<Ok<TakenView>, ProblemHttpResult>> Show(Guid id, Db db, PlaceBook places, CancellationToken cancel)
    {
        KeypadLease? row = await db.Read(c => c.QueryFirstOrDefaultAsync<KeypadLease>($"{KeypadLease.Select} where l.id = @id and l.kind = 'keypad'", new { id }), cancel);
        return row is null || places.Bank(row.BankId) is not { } bank
            ? Problems.Of(Refusal.NotFound("locker"))
            : TypedResults.Ok(new TakenView(id, bank.Id, places.Locker(row.LockerId)!.Label, EnumText.Parse<LeaseState>(row.State), bank.CodeDigits));
    }
}
