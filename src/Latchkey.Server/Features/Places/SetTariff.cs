using System.Text.Json;
using Dapper;
using Latchkey.Domain;
using Latchkey.Domain.Pricing;
using Latchkey.Server.Hosting;
using Latchkey.Server.Journal;
using Latchkey.Server.Storage;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Latchkey.Server.Features.Places;

/// <summary>
/// An admin says what a site charges from an instant on, sees what it charged before, and takes back what has not begun. What was held before keeps the
/// price of its hold.
/// </summary>
public static class SetTariff
{
    /// <param name="Begins">At least a minute ahead, so that every node asks the same price at each moment; two years at most.</param>
    public sealed record Request(DateTimeOffset Begins, Tariff Tariff);

    /// <param name="State"><c>past</c>, <c>current</c> or <c>coming</c>.</param>
    public sealed record DatedView(DateTimeOffset Begins, string State, DateTimeOffset SetAt, Guid? SetBy, Tariff Tariff);

    public sealed record TariffList(IReadOnlyList<DatedView> Items);

    private static readonly Refusal HasBegun = new("tariff-has-begun", RefusalKind.Conflict, "This tariff has begun. Set one that begins later instead: what was, stays written.");

    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet("/admin/sites/{id:guid}/tariffs", List).WithName("ListTariffs").SignedIn();
        routes.MapPut("/admin/sites/{id:guid}/tariffs", Set).WithName("SetTariff").SignedIn();
        routes.MapDelete("/admin/sites/{id:guid}/tariffs/{begins}", TakeBack).WithName("TakeTariffBack").SignedIn();
    }

    private static async Task<Results<Ok<TariffList>, ProblemHttpResult>> List(Guid id, HttpContext http, Db db, PlaceBook places, TimeProvider time, CancellationToken cancel)
    {
        if (http.NotAnAdmin() is { } forbidden)
            return forbidden;
        return places.Site(id) is null ? Problems.Of(Refusal.NotFound("place")) : TypedResults.Ok(await Load(db, id, time.GetUtcNow(), cancel));
    }

    private static async Task<Results<Ok<TariffList>, ProblemHttpResult>> Set(
        Guid id, Request request, HttpContext http, Db db, PlaceBook places, TimeProvider time, CancellationToken cancel)
    {
        if (http.NotAnAdmin() is { } forbidden)
            return forbidden;
        if (places.Site(id) is not { } site)
            return Problems.Of(Refusal.NotFound("place"));
        DateTimeOffset now = time.GetUtcNow();
        var check = new Check().That(
            request.Begins >= now + TariffBook.Notice && request.Begins <= now + TariffBook.Furthest, "begins", "A tariff begins at least a minute from now, and within two years.");
        foreach ((string field, string fault) in TariffBook.Faults(request.Tariff))
            check.That(false, field, fault);
        check.That(site.Lockers.All(l => request.Tariff.Rates.ContainsKey(l.Size)), "rates", "A tariff has a rate for every size that the site has.");
        if (check.Problem is { } invalid)
            return invalid;
        // The database keeps microseconds; the name of a tariff is its beginning.
        DateTimeOffset begins = new(request.Begins.UtcTicks / 10 * 10, TimeSpan.Zero);
        await db.Change(
            async tx =>
            {
                await tx.Execute(
                    """
                    insert into site_tariff (site_id, begins, tariff, set_by, set_at) values (@id, @begins, @tariff::jsonb, @person, @now)
                    on conflict (site_id, begins) do update set tariff = excluded.tariff, set_by = excluded.set_by, set_at = excluded.set_at
                    """,
                    new { id, begins, tariff = JsonSerializer.Serialize(request.Tariff, Json.Options), person = http.Caller().Id, now });
                Record(tx, id, http.Caller().Id, begins, now, request.Tariff);
                return true;
            },
            cancel);
        await places.Reload(cancel);
        return TypedResults.Ok(await Load(db, id, now, cancel));
    }

    private static async Task<Results<Ok<TariffList>, ProblemHttpResult>> TakeBack(
        Guid id, DateTimeOffset begins, HttpContext http, Db db, PlaceBook places, TimeProvider time, CancellationToken cancel)
    {
        if (http.NotAnAdmin() is { } forbidden)
            return forbidden;
        DateTimeOffset now = time.GetUtcNow();
        Decision<bool> decision = await db.Decide<bool>(
            async tx =>
            {
                if (await tx.First<DateTimeOffset?>("select begins from site_tariff where site_id = @id and begins = @begins for update", new { id, begins }) is not { } known)
                    return Refusal.NotFound("tariff");
                // Within the notice another node may be about to ask this price.
                if (known < now + TariffBook.Notice)
                    return HasBegun;
                await tx.Execute("delete from site_tariff where site_id = @id and begins = @begins", new { id, begins });
                Record(tx, id, http.Caller().Id, known, now, null);
                return true;
            },
            cancel);
        if (decision.Refusal is { } refused)
            return Problems.Of(refused);
        await places.Reload(cancel);
        return TypedResults.Ok(await Load(db, id, now, cancel));
    }

    private static void Record(Transaction tx, Guid site, Guid admin, DateTimeOffset begins, DateTimeOffset now, Tariff? tariff) => tx.Journal(new JournalEntry(
        now, JournalKinds.TariffSet, JournalEntry.ByPerson(admin), SiteId: site, Data: JsonSerializer.Serialize(new { begins, tariff }, Json.Options)));

    private static async Task<TariffList> Load(Db db, Guid site, DateTimeOffset now, CancellationToken cancel)
    {
        List<Row> rows = [.. await db.Read(c => c.QueryAsync<Row>("select begins, tariff::text as tariff, set_by, set_at from site_tariff where site_id = @site order by begins desc limit 200", new { site }), cancel)];
        DateTimeOffset? current = rows.Where(r => r.Begins <= now).Select(r => (DateTimeOffset?)r.Begins).Max();
        return new TariffList(
        [
            .. rows.Select(r => new DatedView(
                r.Begins, r.Begins > now ? "coming" : r.Begins == current ? "current" : "past", r.SetAt, r.SetBy, JsonSerializer.Deserialize<Tariff>(r.Tariff, Json.Options)!)),
        ]);
    }

    private sealed class Row
    {
        public DateTimeOffset Begins { get; init; }
        public string Tariff { get; init; } = "";
        public Guid? SetBy { get; init; }
        public DateTimeOffset SetAt { get; init; }
    }
}
