using System.Text.Json;
using Latchkey.Domain;
using Latchkey.Domain.Leases;
using Latchkey.Domain.Lockers;
using Latchkey.Server.Devices;
using Latchkey.Server.Features.Changes;
using Latchkey.Server.Features.Leases;
using Latchkey.Server.Features.Places;
using Latchkey.Server.Hosting;
using Latchkey.Server.Hosting.Limits;
using Latchkey.Server.Journal;
using Latchkey.Server.Storage;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Latchkey.Server.Features.Tickets;

/// <summary>
/// A customer says that something is wrong with their locker. Staff get a ticket; the customer gets another locker of the same or a larger size for the same price, at once, and where none is free
/// their money back. A locker that somebody left for a reason is nobody's until staff have looked.
/// </summary>
public static class ReportProblem
{
    /// <param name="What"><c>stuck</c>, <c>not-empty</c> (of somebody else's things), <c>dirty</c>, <c>broken</c> or <c>other</c>.</param>
    /// <param name="Want"><c>staff</c>: only that somebody looks; <c>another</c> locker; or the <c>money</c> back where there is no other.</param>
    /// <param name="Inside">The customer's own things may be behind the door.</param>
    public sealed record Request(string What, string Want, bool Inside = false);

    /// <param name="Ticket">What to tell the staff: six letters and digits.</param>
    /// <param name="Lease">As it is now: with another locker, ended, or as it was.</param>
    public sealed record Reported(string Ticket, LeaseView Lease);

    private static readonly string[] Whats = ["stuck", "not-empty", "dirty", "broken", "other"], Wants = ["staff", "another", "money"];

    /// <summary>For one rental, and for one person within a day: whoever has bad luck three times needs a person, and nobody takes a whole place out of service.</summary>
    private const int MostForOne = 2, MostInADay = 3;

    public static void Map(IEndpointRouteBuilder routes) =>
        routes.MapPost("/leases/{id:guid}/problems", Handle).WithName("ReportProblem").TakesKey().SignedIn().Produces<Reported>(201).LimitedAs(RateKind.Money);

    private static async Task<Results<JsonHttpResult<Reported>, ProblemHttpResult>> Handle(
        Guid id, Request request, HttpContext http, Idempotency idempotency, PlaceBook places, Grants grants, TimeProvider time, CancellationToken cancel)
    {
        if (new Check()
            .That(Whats.Contains(request.What), "what", $"A problem is one of {string.Join(", ", Whats)}.")
            .That(Wants.Contains(request.Want), "want", $"One wants one of {string.Join(", ", Wants)}.")
            .That(!request.Inside || request.Want == "staff", "inside", "While your things are inside only staff can help.").Problem is { } invalid)
            return invalid;
        Guid person = http.Caller().Id;
        return await idempotency.Once<Reported>(
            http, person, request, StatusCodes.Status201Created, tx => Report(tx, id, person, request, places, grants, time.GetUtcNow()), cancel);
    }

    private static async Task<Decision<Reported>> Report(Transaction tx, Guid id, Guid person, Request request, PlaceBook places, Grants grants, DateTimeOffset now)
    {
        if (await LeaseRow.Lock(tx, id, person) is not { } row)
            return Refusal.NotFound("rental");
        if (Rental.MayOpen(row.LeaseState()) is { } refused)
            return refused;
        LockerPlace locker = places.Locker(row.LockerId)!;
        (string door, bool? occupied) = await tx.First<(string, bool?)>("select door, occupied from locker where id = @LockerId for no key update", new { row.LockerId });
        bool leaves = request.Want != "staff";
        if (leaves && (row.CommandUnderWay ? Refusal.CommandPending(locker.Label) : EnumText.Parse<DoorState>(door) == DoorState.Open ? Refusal.DoorOpenToSwap(locker.Label)
            : occupied == true && request.What != "not-empty" ? Refusal.NotEmpty(locker.Label) : null) is { } stays)
            return stays;
        // Of all their rentals together: reports at the same moment are counted one after the other.
        if (leaves)
            await tx.Execute("select 1 from person where id = @person for no key update", new { person });
        if (leaves && (row.Substitutes >= MostForOne || await tx.Scalar<long>(
                "select count(*) from ticket t join lease l on l.id = t.lease_id where l.person_id = @person and t.locked and t.opened_at > @since", new { person, since = now.AddDays(-1) }) >= MostInADay))
            return Refusal.SubstituteLimit;

        var ticket = Guid.CreateVersion7(now);
        await tx.Execute(
            """
            insert into ticket (id, site_id, bank_id, locker_id, lease_id, what, inside, locked, opened_at)
            values (@ticket, @SiteId, @BankId, @LockerId, @id, @What, @Inside, @leaves, @now);
            update locker set in_service = false where id = @LockerId and @leaves;
            """,
            new { ticket, row.SiteId, row.BankId, row.LockerId, id, request.What, request.Inside, leaves, now });
        tx.Journal(row.Entry(now, JournalKinds.TicketOpened, JournalEntry.ByPerson(person), JsonSerializer.Serialize(new { ticket, what = request.What, want = request.Want }, Json.Options)));
        if (leaves && await Leave(tx, row, request.Want, person, places, grants, now) is { } no)
            return no;
        // After the lease has left it: what a site shows is told in this order.
        if (leaves)
            tx.Journal(new JournalEntry(now, JournalKinds.LockerOut, JournalEntry.ByPerson(person), SiteId: row.SiteId, BankId: row.BankId, LockerId: row.LockerId));
        return new Reported(Short(ticket), LeaseViews.Of((await LeaseRow.Lock(tx, id, person))!, places, now));
    }

    private static async Task<Refusal?> Leave(Transaction tx, LeaseRow row, string want, Guid person, PlaceBook places, Grants grants, DateTimeOffset now)
    {
        // The same size as was paid for, or larger, for the same price.
        IReadOnlyList<Guid> others = await MoveLease.Candidates(tx, row, EnumText.Parse<LockerSize>(row.SizePriced), places, now);
        if (want == "another")
        {
            if (!await MoveLease.To(tx, row, others, JournalEntry.ByPerson(person), places, grants, now))
                return Refusal.NoFreeLocker;
            await tx.Execute("update lease set substitutes = substitutes + 1 where id = @Id", new { row.Id });
            return null;
        }
        if (others.Count > 0)
            return Refusal.LockerFree;
        await tx.Execute("update lease set waived = true where id = @Id", new { row.Id });
        LeaseRow waived = (await LeaseRow.Lock(tx, row.Id, person))!;
        Decision<Rental> ended = waived.Rental().ForceEnd();
        if (ended.Refusal is { } refused)
            return refused;
        await FinishRental.End(tx, waived, ended.Value, places, JournalEntry.ByPerson(person), JsonSerializer.Serialize(new { waived = true }, Json.Options), now);
        return null;
    }

    /// <summary>What people say to each other: the ticket's last six digits, which are random.</summary>
    internal static string Short(Guid ticket) => ticket.ToString("N")[^6..].ToUpperInvariant();
}
