using System.Text.Json;
using Latchkey.Domain;
using Latchkey.Domain.Accounts;
using Latchkey.Domain.Leases;
using Latchkey.Domain.Lockers;
using Latchkey.Domain.Places;
using Latchkey.Domain.Pricing;
using Latchkey.Link.Messages;
using Latchkey.Server.Features.Accounts;
using Latchkey.Server.Features.Commands;
using Latchkey.Server.Features.Leases;
using Latchkey.Server.Features.Payments;
using Latchkey.Server.Features.Places;
using Latchkey.Server.Hosting;
using Latchkey.Server.Hosting.Limits;
using Latchkey.Server.Journal;
using Latchkey.Server.Messages;
using Latchkey.Server.Storage;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Latchkey.Server.Features.Deposits;

/// <summary>
/// A sender or courier takes a locker to leave something in it for somebody else, whom they name by phone or e-mail. Where the sender pays, they do so first; where the receiver does, or it costs
/// nothing, the door can be opened at once. Nobody is written to before something lies in the locker and its door was seen closed.
/// </summary>
public static class MakeDeposit
{
    /// <param name="SiteId">Where; not needed with <paramref name="LockerId"/>.</param>
    /// <param name="Size">The smallest that will do; not needed with <paramref name="LockerId"/>.</param>
    /// <param name="LockerId">This locker and no other.</param>
    /// <param name="ReceiverEmail">This, <paramref name="ReceiverPhone"/> (with its country), or both: code and link go to each.</param>
    /// <param name="ReceiverName">How they are addressed; 80 characters at most.</param>
    /// <param name="Language">en or hi, of what they are sent; null is the sender's.</param>
    /// <param name="Pays"><c>sender</c> or <c>receiver</c>.</param>
    /// <param name="Hours">When it should be collected, 1 to 72; later it is overdue.</param>
    /// <param name="Open">The door is opened at once, where nothing has to be paid before.</param>
    public sealed record Request(
        Guid? SiteId = null, LockerSize? Size = null, Guid? LockerId = null, string? ReceiverEmail = null, string? ReceiverPhone = null, string? ReceiverName = null, string? Language = null,
        string Pays = DepositRow.Sender, int Hours = 24, bool Open = false);

    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapPost("/deposits", Handle).WithName("MakeDeposit").TakesKey().SignedIn(Scopes.LeasesWrite).LimitedAs(RateKind.Holds).Produces<DepositView>(201);
        // As clients of the older exchange call it.
        routes.MapPost("/items", Handle).WithName("MakeItem").TakesKey(required: false).SignedIn(Scopes.LeasesWrite).LimitedAs(RateKind.Holds).Produces<DepositView>(201);
    }

    private static async Task<Results<JsonHttpResult<DepositView>, ProblemHttpResult>> Handle(
        Request request, HttpContext http, Idempotency idempotency, PlaceBook places, PaymentArrivals arrivals, Outbox outbox, DoorOrders orders, TimeProvider time, CancellationToken cancel)
    {
        Address? email = Address.Email(request.ReceiverEmail), phone = Address.Phone(request.ReceiverPhone);
        if (new Check()
            .That(request.ReceiverEmail is null || email is not null, "receiverEmail", "Enter an e-mail address, like asha@example.com.")
            .That(request.ReceiverPhone is null || phone is not null, "receiverPhone", "Enter a phone number with its country, like +91 98220 12345.")
            .That(request.ReceiverEmail is not null || request.ReceiverPhone is not null, "receiverEmail", "Say how the receiver is reached: by e-mail or phone.")
            .That(request.ReceiverName is null || (request.ReceiverName.Length <= 80 && !request.ReceiverName.Any(char.IsControl)), "receiverName", "A name has at most 80 characters.")
            .That(request.Language is null or "en" or "hi", "language", "The language is en or hi.")
            .That(request.Pays is DepositRow.Sender or DepositRow.Receiver, "pays", "The sender or the receiver pays.")
            .That(request.Hours is >= 1 and <= Deposit.LongestHours, "hours", $"It is kept for 1 to {Deposit.LongestHours} hours.")
            .That(request.LockerId is not null || request.SiteId is not null, "siteId", "Say where: a place, or a locker.")
            .That(request.LockerId is not null || request.Size is not null, "size", "A size is S, M, L or XL.").Problem is { } invalid)
            return invalid;
        LockerPlace? chosen = request.LockerId is { } pick ? places.Locker(pick) : null;
        if (request.LockerId is not null && (chosen is null || places.Site(chosen.SiteId)!.Lockers.All(l => l.Id != chosen.Id) || (request.SiteId is { } there && there != chosen.SiteId)))
            return Problems.Of(Refusal.NotFound("locker"));
        if (places.Site(chosen?.SiteId ?? request.SiteId!.Value) is not { } site)
            return Problems.Of(Refusal.NotFound("site"));
        Caller caller = http.Caller();
        Guid? stopped = null;
        var answer = await idempotency.Once<DepositView>(
            http, caller.Id, request, StatusCodes.Status201Created,
            async tx =>
            {
                DateTimeOffset now = time.GetUtcNow();
                if (email is null && await outbox.Refuse(tx, Channels.Sms, phone!.Value.Text) is { } nowhere)
                    return nowhere;
                Decision<DepositRow> made = await Begin(tx, site, chosen, request, (email?.Text, phone?.Text), caller, places, arrivals, now);
                if (made.Refusal is { } refused)
                    return refused;
                DepositRow deposit = made.Value;
                DepositView view = DepositViews.Of(deposit, places, now);
                if (!request.Open || !deposit.Runs)
                    return view;
                LockerPlace locker = places.Locker(deposit.Lease.LockerId)!;
                Decision<CommandView> order = await orders.Give(tx, caller.Id, CommandKinds.Open, new DoorOrders.Allowed(deposit.LeaseId, locker, places.Bank(locker.BankId)!.DeviceId), l => stopped = l);
                return order.Refusal is { } no ? no : view with { Command = order.Value };
            },
            cancel);
        await orders.Tell(stopped, cancel);
        return answer;
    }

    private static async Task<Decision<DepositRow>> Begin(
        Transaction tx, SitePlace site, LockerPlace? chosen, Request request, (string? Email, string? Phone) receiver, Caller sender, PlaceBook places, PaymentArrivals arrivals, DateTimeOffset now)
    {
        if (!OpeningHours.IsOpen(site.OpeningHours, site.Zone, now))
            return Refusal.SiteClosed;
        await ExpireHolds.AtSite(tx, site.Id, now);
        LockerClaim.Situation state = await LockerClaim.Situation.Of(tx, site.Id, sender.Id, now);
        if (state.Erased)
            return Refusal.NotFound("account");
        if (state.Holds >= Rental.MostHolds)
            return Refusal.TooManyHolds;
        // The sender's row is locked by now: two of one sender at a time are counted one after the other.
        (long here, long unpaid) = await tx.First<(long, long)>(
            $"""
            select count(*) filter (where l.site_id = @site), count(*) filter (where d.pays = 'receiver' and d.paid_at is null and d.stage in ('placing', 'stored'))
            from lease l join deposit d on d.lease_id = l.id where l.person_id = @Id and l.state in {LeaseRow.Live}
            """,
            new { site = site.Id, sender.Id });
        if (here >= Deposit.MostAtSite(site.Lockers.Count(l => l.InService), sender.Role == "courier"))
            return Deposit.Limit;
        if (request.Pays == DepositRow.Receiver && unpaid >= Deposit.MostUnpaid)
            return Deposit.TooManyUnpaid;
        if (chosen is { InService: false })
            return Refusal.LockerTaken;
        LockerSize size = chosen?.Size ?? request.Size!.Value;
        IReadOnlyList<Guid> candidates = chosen is not null ? [chosen.Id] : LockerClaim.Candidates(site, size, false, [.. state.Taken], [.. state.Hindered]);
        Tariff tariff = Deposit.StorageOf(site.TariffAt(now), site.StorageMinor);
        Rental rental = Rental.Hold(tariff, size, request.Hours, now);
        var lease = Guid.CreateVersion7(now);
        var parameters = new
        {
            lease, candidates, person = sender.Id, site = site.Id, rental.Hours, priced = size.Text(), rental.HoldUntil, now, tariff = JsonSerializer.Serialize(tariff, Json.Options),
        };
        if (!await LockerClaim.Hold(tx, parameters, candidates.Count, "deposit"))
            return chosen is null ? Refusal.NoFreeLocker : Refusal.LockerTaken;
        string language = request.Language ?? await tx.Scalar<string>("select language from person where id = @Id", new { sender.Id });
        await tx.Execute(
            "insert into deposit (lease_id, stage, pays, email, phone, name, language) values (@lease, 'placing', @Pays, @Email, @Phone, @name, @language)",
            new { lease, request.Pays, receiver.Email, receiver.Phone, name = request.ReceiverName?.Trim() ?? "", language });
        DepositRow deposit = (await DepositRow.Lock(tx, lease, sender.Id))!;
        tx.Journal(deposit.Entry(now, JournalKinds.LeaseHeld, JournalEntry.ByPerson(sender.Id)));
        if (request.Pays == DepositRow.Sender && rental.ToAuthorise.Minor > 0)
            return deposit;
        await arrivals.Activate(tx, deposit.Lease, now);
        tx.Journal(deposit.Entry(now, JournalKinds.LeaseActive, JournalEntry.ByPerson(sender.Id)));
        return (await DepositRow.Lock(tx, lease, sender.Id))!;
    }
}
