using Dapper;
using Latchkey.Domain;
using Latchkey.Domain.Leases;
using Latchkey.Domain.Lockers;
using Latchkey.Domain.Pricing;
using Latchkey.Server.Features.Accounts;
using Latchkey.Server.Features.Places;
using Latchkey.Server.Hosting;
using Latchkey.Server.Storage;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Latchkey.Server.Features.Leases;

/// <summary>A customer looks at what an ended rental cost, and at who opened the door when.</summary>
public static class ShowReceipt
{
    /// <param name="Kind"><c>hours</c>, <c>prepaid</c>, <c>overdue</c>, <c>not-opened</c> or <c>waived</c>; the screens have their own words for them.</param>
    public sealed record Line(string Kind, string Text, Money Amount);

    public sealed record Event(DateTimeOffset At, string Kind);

    /// <param name="Reserved">What was authorised.</param>
    /// <param name="Tax">What the total holds of it.</param>
    /// <param name="Paid">What was taken and has not gone back.</param>
    /// <param name="Released">What of it was let go.</param>
    /// <param name="BeingTaken">The provider was told to take it, and has not answered yet.</param>
    /// <param name="Due">What is still to be paid.</param>
    public sealed record Receipt(
        string Number, Guid LeaseId, LeaseSiteView Site, LeaseBankView Bank, string LockerLabel, LockerSize Size, DateTimeOffset From, DateTimeOffset Until,
        int StartedHours, int Hours, IReadOnlyList<Line> Lines, Money Total, Money Tax, int TaxBasisPoints, Money Paid, Money Refunded, Money Reserved, Money Released, Money BeingTaken, Money Due, string? Method, IReadOnlyList<Event> Events);

    public static void Map(IEndpointRouteBuilder routes) => routes.MapGet("/leases/{id:guid}/receipt", Handle).WithName("ShowReceipt").SignedIn(Scopes.LeasesRead);

    private static async Task<Results<Ok<Receipt>, ProblemHttpResult>> Handle(Guid id, HttpContext http, Db db, PlaceBook places, TimeProvider time, CancellationToken cancel)
    {
        var (row, events, coming, more, deposit) = await db.Read(
            async c => (
                await c.QueryFirstOrDefaultAsync<LeaseRow>(LeaseRow.Select + "\nwhere l.id = @id and l.person_id = @person", new { id, person = http.Caller().Id }),
                (await c.QueryAsync<(DateTime At, string Kind)>("select at, kind from journal where lease_id = @id order by id limit 500", new { id })).ToList(),
                await c.ExecuteScalarAsync<long>(
                    "select coalesce(sum(o.minor), 0)::bigint from payment_order o join payment p on p.id = o.payment_id where p.lease_id = @id and o.kind = 'capture' and o.state = 'waiting'",
                    new { id }),
                await c.QuerySingleAsync<(long Reserved, long Taken, long Refunded, long Tax)>(
                    """
                    select (select coalesce(sum(p.minor), 0)::bigint from payment p join lease_change c on c.id = p.change_id where p.lease_id = @id and c.state = 'done'), (select coalesce(sum(captured_minor), 0)::bigint from payment where lease_id = @id and change_id is not null),
                      (select coalesce(sum(refunded_minor), 0)::bigint from payment where lease_id = @id and change_id is not null), (select coalesce(sum(minor), 0)::bigint from ledger_entry where lease_id = @id and kind = 'tax')
                    """,
                    new { id }),
                await c.QueryFirstOrDefaultAsync<(DateTime? TakenAt, DateTime? BilledUntil, DateTime? PaidAt)?>("select taken_at, billed_until, paid_at from deposit where lease_id = @id", new { id })),
            cancel);
        if (row is null || row.ReceiptNumber is not { } number)
            return Problems.Of(Refusal.NotFound("receipt"));
        LeaseView lease = LeaseViews.Of(row, places, time.GetUtcNow());
        Rental rental = row.Rental();
        (DateTimeOffset from, DateTimeOffset paidUntil, DateTimeOffset until) = (row.PaidFrom!.Value, row.PaidUntil!.Value, row.EndedAt!.Value);
        // A deposit costs until its door was opened, or until it was paid, and not until the door was shut again.
        if (deposit is { } d)
            until = Deposit.BilledUntil(Utc(d.TakenAt) ?? until, Utc(d.BilledUntil), Utc(d.PaidAt));
        Owed owed = rental.Owes(until);
        (Money total, int tax) = (owed.Total, rental.Tariff.TaxBasisPoints);
        // What was paid for more time or a larger locker belongs to the same rental.
        Money taken = (lease.Payment?.Captured ?? rental.Tariff.Amount(0)) + rental.Tariff.Amount(more.Taken);
        Money refunded = (lease.Payment?.Refunded ?? rental.Tariff.Amount(0)) + rental.Tariff.Amount(more.Refunded);
        Money paid = taken - refunded;
        Money beingTaken = rental.Tariff.Amount(coming);
        Money reserved = (lease.Payment?.Amount ?? rental.Tariff.Amount(0)) + rental.Tariff.Amount(more.Reserved);
        return TypedResults.Ok(new Receipt(
            $"LK-{number:D6}", id, lease.Site, lease.Bank, lease.Locker.Label, lease.Locker.Size, from, until,
            Pricing.StartedHours(from, until), row.Hours, [.. Lines(rental, owed)], total, rental.Tariff.Amount(rental.Waived ? 0 : more.Tax), tax,
            paid, refunded, reserved, reserved - Money.Min(taken + beingTaken, reserved), beingTaken, total - Money.Min(paid + beingTaken, total), lease.Payment?.Method, [.. events.Select(e => new Event(new DateTimeOffset(e.At, TimeSpan.Zero), e.Kind))]));
    }

    private static DateTimeOffset? Utc(DateTime? at) => at is { } known ? new DateTimeOffset(known, TimeSpan.Zero) : null;

    private static IEnumerable<Line> Lines(Rental rental, Owed owed)
    {
        if (rental.Waived)
        {
            yield return new Line("waived", "The locker failed and no other was free: nothing is charged", owed.Total);
            yield break;
        }
        if (!rental.OpenedEver)
        {
            yield return new Line("not-opened", "The door was never seen open: nothing is charged", owed.Total);
            yield break;
        }
        bool prepaid = rental.Tariff.Billing == Billing.Prepaid;
        yield return new Line(prepaid ? "prepaid" : "hours", $"Locker size {rental.SizePriced}, {(prepaid ? "hours paid for" : "started hours")}", owed.Use);
        if (owed.Overdue.Minor > 0)
            yield return new Line("overdue", "Past the paid time", owed.Overdue);
    }
}
