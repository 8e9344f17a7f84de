using System.Text.Json;
using Latchkey.Domain;
using Latchkey.Domain.Leases;
using Latchkey.Server.Features.Deposits;
using Latchkey.Server.Features.Keypad;
using Latchkey.Server.Features.Leases;
using Latchkey.Server.Features.Places;
using Latchkey.Server.Features.Visits;
using Latchkey.Server.Hosting;
using Latchkey.Server.Hosting.Limits;
using Latchkey.Server.Journal;
using Latchkey.Server.Storage;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Latchkey.Server.Features.Console;

/// <summary>Staff of a site end whatever keeps a locker there, for a reason: it is billed like any other end, the journal names them, and no door opens by itself.</summary>
public static class ReleaseLocker
{
    private static readonly string[] Reasons = [.. ForceEnd.Reasons, "lost-card", "closing", "left"];

    /// <param name="Reason">One of <c>overdue</c>, <c>left-behind</c>, <c>broken</c>, <c>holder-asked</c>, <c>abuse</c>, <c>lost-card</c>, <c>closing</c>, <c>left</c>, <c>other</c>: the journal keeps it for ever, so it is a word and no story.</param>
    public sealed record Request(string Reason);

    /// <param name="Kind">rental, visit, keypad or deposit.</param>
    /// <param name="Charged">What it was charged in all.</param>
    public sealed record Released(Guid LockerId, Guid LeaseId, string Kind, Money Charged);

    internal static readonly Refusal Nothing = new("nothing-to-clear", RefusalKind.Conflict, "Nobody has this locker now.");

    public static void Map(IEndpointRouteBuilder routes) => routes.MapPost("/staff/lockers/{id:guid}/release", Handle).WithName("ReleaseLocker").TakesKey().SignedIn().Produces<Released>().LimitedAs(RateKind.Money);

    private static async Task<Results<JsonHttpResult<Released>, ProblemHttpResult>> Handle(
        Guid id, Request request, HttpContext http, Idempotency idempotency, Db db, PlaceBook places, TimeProvider time, CancellationToken cancel)
    {
        if (new Check().Reason(request.Reason, Reasons).Problem is { } invalid)
            return invalid;
        if (await SiteStaff.Refuses(http, db, StaffLockers.SiteOf(places, id), cancel) is { } refused)
            return refused;
        Guid staff = http.Caller().Id;
        return await idempotency.Once<Released>(http, staff, request, StatusCodes.Status200OK, tx => End(tx, places.Locker(id)!, staff, request.Reason, places, time.GetUtcNow()), cancel);
    }

    /// <summary>
    /// Ends what runs at a locker, each kind in its own way; a hold ends by itself. Not while an order is on its way to the door: it would open for whoever gets the locker next.
    /// </summary>
    internal static async Task<Decision<Released>> End(Transaction tx, LockerPlace locker, Guid staff, string reason, PlaceBook places, DateTimeOffset now)
    {
        (Guid lease, Guid? holder, string? kind) = await tx.First<(Guid, Guid?, string?)>("select id, person_id, kind from lease where locker_id = @Id and state in ('active', 'overdue')", new { locker.Id });
        string authority = JournalEntry.ByPerson(staff);
        string forced = JsonSerializer.Serialize(new ForceEnd.ByStaff(true, reason), Json.Options);
        switch (kind)
        {
            case "deposit":
                if (await DepositRow.LockAt(tx, locker.Id) is not { } deposit)
                    return Nothing;
                if (deposit.Lease.CommandUnderWay)
                    return Refusal.CommandPending(locker.Label);
                Money owed = deposit.Owes(now).Total;
                await DepositMoney.End(tx, deposit, DepositStage.Cleared, places, authority, reason, now);
                return new Released(locker.Id, deposit.LeaseId, kind, owed);
            case "rental":
                LeaseRow rental = (await LeaseRow.Lock(tx, lease, holder!.Value))!;
                Decision<Rental> moved = rental.Rental().ForceEnd();
                // It may have gone on in another locker while this waited for it.
                if (moved.Refusal is not null || rental.LockerId != locker.Id)
                    return Nothing;
                if (rental.CommandUnderWay)
                    return Refusal.CommandPending(locker.Label);
                await FinishRental.End(tx, rental, moved.Value, places, authority, forced, now);
                return new Released(locker.Id, lease, kind, rental.Rental().Owed(now));
            case "visit":
                if (await ReleaseVisit.Lock(tx, lease) is not { State: "active" } visit)
                    return Nothing;
                return visit.CommandUnderWay
                    ? Refusal.CommandPending(locker.Label)
                    : new Released(locker.Id, lease, kind, await VisitRow.End(tx, visit, places, authority, null, forced, now));
            case "keypad":
                if (await KeypadLease.Lock(tx, lease) is not { State: "active" } taken)
                    return Nothing;
                if (taken.CommandUnderWay)
                    return Refusal.CommandPending(locker.Label);
                await taken.End(tx, places, "ended", authority, reason, now);
                return new Released(locker.Id, lease, kind, places.Site(locker.SiteId)!.TariffAt(now).Amount(0));
            default:
                return Nothing;
        }
    }
}
