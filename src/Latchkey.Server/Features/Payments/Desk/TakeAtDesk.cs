using System.Text.Json;
using Dapper;
using Latchkey.Domain;
using Latchkey.Domain.Leases;
using Latchkey.Domain.Payments;
using Latchkey.Server.Features.Leases;
using Latchkey.Server.Features.Payments.Providers;
using Latchkey.Server.Features.Places;
using Latchkey.Server.Hosting;
using Latchkey.Server.Hosting.Limits;
using Latchkey.Server.Journal;
using Latchkey.Server.Storage;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Latchkey.Server.Features.Payments.Desk;

/// <summary>
/// Staff at a site's desk take money for a locker that somebody holds: the person tells a code, and the money is taken at once. What is not owed at the end is
/// handed out at the desk again, and staff say so; so is what a card's bank did not take back.
/// </summary>
public static class TakeAtDesk
{
    /// <param name="Code">What the person tells.</param>
    /// <param name="By"><c>cash</c> or <c>card</c>, on a terminal of the desk's own.</param>
    public sealed record Request(string Code, string By);

    public sealed record DeskPayment(Guid PaymentId, Guid LeaseId, Guid SiteId, string LockerLabel, int Hours, Money Amount, string State, DateTimeOffset HoldUntil);

    /// <param name="OrderId">Names the handing out.</param>
    /// <param name="Provider">Who had taken it: <c>desk</c>, or whose provider could not give it back.</param>
    /// <param name="Method">How it was paid, as the receipt says it.</param>
    /// <param name="Reason">Why the provider did not give it back; null for what a desk had taken.</param>
    public sealed record DeskRefund(
        Guid OrderId, Guid PaymentId, Guid LeaseId, string LockerLabel, string? ReceiptNumber, Money Amount, DateTimeOffset Since, string State, string Provider, string? Method, string? Reason);

    public sealed record DeskRefunds(IReadOnlyList<DeskRefund> Items);

    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet("/staff/desk/payments/{code}", Show).WithName("ShowDeskPayment").SignedIn();
        routes.MapPost("/staff/desk/payments", Take).WithName("TakeAtDesk").TakesKey().SignedIn().Produces<DeskPayment>().LimitedAs(RateKind.Money);
        routes.MapGet("/staff/sites/{id:guid}/desk/refunds", Refunds).WithName("ListDeskRefunds").SignedIn();
        routes.MapPost("/staff/desk/refunds/{id:guid}", HandOut).WithName("HandOutAtDesk").TakesKey().SignedIn().Produces<DeskRefund>().LimitedAs(RateKind.Money);
    }

    /// <summary>What a desk takes.</summary>
    internal static Check TakenBy(string by) => new Check().That(by is "cash" or "card", "by", "A desk takes cash or card.");

    /// <summary>As the receipt says it.</summary>
    internal static string MethodOf(string by) => by == "cash" ? "Cash at the desk" : "Card at the desk";

    private static async Task<Results<Ok<DeskPayment>, ProblemHttpResult>> Show(string code, HttpContext http, Db db, PlaceBook places, CancellationToken cancel)
    {
        PaymentRow? row = await db.Read(c => c.QueryFirstOrDefaultAsync<PaymentRow>(PaymentRow.ByCode, new { code = Plain(code) }), cancel);
        if (await SiteStaff.Refuses(http, db, row?.SiteId ?? Guid.Empty, cancel) is { } refused)
            return refused;
        return row is null ? Problems.Of(Refusal.NotFound("payment")) : TypedResults.Ok(row.View(places));
    }

    private static async Task<Results<JsonHttpResult<DeskPayment>, ProblemHttpResult>> Take(
        Request request, HttpContext http, Idempotency idempotency, Db db, PaymentArrivals arrivals, PlaceBook places, TimeProvider time, CancellationToken cancel)
    {
        if (TakenBy(request.By).Text(request.Code, "code", 6, 12, "A code").Problem is { } invalid)
            return invalid;
        string code = Plain(request.Code);
        Guid site = (await db.Read(c => c.QueryFirstOrDefaultAsync<PaymentRow>(PaymentRow.ByCode, new { code }), cancel))?.SiteId ?? Guid.Empty;
        if (await SiteStaff.Refuses(http, db, site, cancel) is { } refused)
            return refused;
        Guid staff = http.Caller().Id;
        return await idempotency.Once<DeskPayment>(
            http, staff, request, StatusCodes.Status200OK,
            async tx =>
            {
                DateTimeOffset now = time.GetUtcNow();
                // The same code may be somebody else's by now, at another site.
                if (await tx.First<PaymentRow>(PaymentRow.ByCode, new { code }) is not { } row || row.SiteId != site || await LeaseRow.LockOfPayment(tx, row.PaymentId) is not { } lease)
                    return Refusal.NotFound("payment");
                // Unlike a provider far away a person at a desk can be told no before they take anything.
                Decision<Rental> paid = lease.Rental().Pay(now);
                if (paid.Refusal is { } late)
                    return late;
                if (!await arrivals.Arrive(tx, row.PaymentId, new ProviderStanding(ProviderWord.Captured, row.Amount, Method: MethodOf(request.By))))
                    return Refusal.LeaseNotHeld;
                tx.Journal(lease.Entry(now, JournalKinds.DeskTook, JournalEntry.ByPerson(staff), JsonSerializer.Serialize(new { payment = row.PaymentId, by = request.By, minor = row.Minor }, Json.Options)));
                return row.View(places) with { State = "captured" };
            },
            cancel);
    }

    private static async Task<Results<Ok<DeskRefunds>, ProblemHttpResult>> Refunds(Guid id, HttpContext http, Db db, PlaceBook places, CancellationToken cancel)
    {
        if (await SiteStaff.Refuses(http, db, id, cancel) is { } refused)
            return refused;
        IEnumerable<RefundRow> rows = await db.Read(
            c => c.QueryAsync<RefundRow>($"{RefundRow.Select} where l.site_id = @id and {MoneyOrders.ForPeople} order by o.created_at limit 200", new { id }), cancel);
        return TypedResults.Ok(new DeskRefunds([.. rows.Select(r => r.View(places))]));
    }

    private static async Task<Results<JsonHttpResult<DeskRefund>, ProblemHttpResult>> HandOut(
        Guid id, HttpContext http, Idempotency idempotency, Db db, PlaceBook places, TimeProvider time, CancellationToken cancel)
    {
        RefundRow? row = await db.Read(c => c.QueryFirstOrDefaultAsync<RefundRow>(RefundRow.Select + " where o.id = @id", new { id }), cancel);
        if (await SiteStaff.Refuses(http, db, row?.SiteId ?? Guid.Empty, cancel) is { } refused)
            return refused;
        Guid staff = http.Caller().Id;
        return await idempotency.Once<DeskRefund>(
            http, staff, null, StatusCodes.Status200OK,
            async tx => await MoneyOrders.HandedOut(tx, id, staff, time.GetUtcNow()) is { } no ? no : row!.View(places) with { State = "done" },
            cancel);
    }

    /// <summary>As it is spoken and typed: in any case, with or without a space or a hyphen.</summary>
    private static string Plain(string code) => string.Concat(code.ToUpperInvariant().Where(char.IsAsciiLetterOrDigit));

    private sealed class PaymentRow
    {
        /// <summary>Codes are used again once they are paid: whoever waits goes before all of them.</summary>
        public const string ByCode =
            """
            select p.id as payment_id, p.lease_id, l.site_id, l.locker_id, l.hours, p.minor, p.currency, p.state, l.hold_until
            from payment p join lease l on l.id = p.lease_id where p.desk_code = @code and p.provider = 'desk' order by (p.state = 'pending') desc, p.id desc limit 1
            """;

        public Guid PaymentId { get; init; }
        public Guid LeaseId { get; init; }
        public Guid SiteId { get; init; }
        public Guid LockerId { get; init; }
        public int Hours { get; init; }
        public long Minor { get; init; }
        public string Currency { get; init; } = "";
        public string State { get; init; } = "";
        public DateTimeOffset HoldUntil { get; init; }

        public Money Amount => new(Minor, Currency);

        public DeskPayment View(PlaceBook places) => new(PaymentId, LeaseId, SiteId, places.Locker(LockerId)!.Label, Hours, Amount, State, HoldUntil);
    }

    private sealed class RefundRow
    {
        public const string Select =
            """
            select o.id as order_id, o.payment_id, p.lease_id, l.site_id, l.locker_id, l.receipt_number, o.minor, p.currency, o.created_at, o.state, p.provider, p.method, o.answer
            from payment_order o join payment p on p.id = o.payment_id and o.kind = 'refund' join lease l on l.id = p.lease_id
            """;

        public Guid OrderId { get; init; }
        public Guid PaymentId { get; init; }
        public Guid LeaseId { get; init; }
        public Guid SiteId { get; init; }
        public Guid LockerId { get; init; }
        public long? ReceiptNumber { get; init; }
        public long Minor { get; init; }
        public string Currency { get; init; } = "";
        public DateTimeOffset CreatedAt { get; init; }
        public string State { get; init; } = "";
        public string Provider { get; init; } = "";
        public string? Method { get; init; }
        public string? Answer { get; init; }

        public DeskRefund View(PlaceBook places) => new(
            OrderId, PaymentId, LeaseId, places.Locker(LockerId)!.Label, ReceiptNumber is { } n ? $"LK-{n:D6}" : null, new Money(Minor, Currency), CreatedAt, State, Provider, Method,
            Provider == "desk" ? null : Answer);
    }
}
