using System.Security.Cryptography;
using Dapper;
using Latchkey.Domain;
using Latchkey.Domain.Leases;
using Latchkey.Link.Messages;
using Latchkey.Server.Devices;
using Latchkey.Server.Features.Leases;
using Latchkey.Server.Features.Places;
using Latchkey.Server.Hosting;
using Latchkey.Server.Journal;
using Latchkey.Server.Storage;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Latchkey.Server.Features.Shares;

/// <summary>
/// The holder of a locker lets somebody else open it, once or for a time, with a link that they pass on; they see who used it, and take it back when they like. The link is shown in
/// this answer and never again.
/// </summary>
public static class ShareLocker
{
    /// <param name="Once">For one opening; else as often as wanted.</param>
    /// <param name="Name">For whom: only the holder sees it, 40 characters at most.</param>
    /// <param name="From">Not before; null is now, at most 7 days ahead.</param>
    /// <param name="Until">Not after: at most a day later for one opening, 7 days else. Null: a day for one opening, else as long as the rental.</param>
    public sealed record Request(bool Once, string? Name = null, DateTimeOffset? From = null, DateTimeOffset? Until = null);

    /// <param name="Until">Null: as long as the rental.</param>
    /// <param name="Openings">How often the door was opened with it.</param>
    public sealed record ShareView(Guid Id, string Name, bool Once, ShareState State, DateTimeOffset From, DateTimeOffset? Until, DateTimeOffset MadeAt, long Openings, DateTimeOffset? OpenedAt);

    /// <param name="Path">Below this server's address. What follows the # never reaches a server's log: the page sends it in a body.</param>
    public sealed record NewShare(ShareView Share, string Path);

    public sealed record ShareList(IReadOnlyList<ShareView> Items);

    private static readonly Refusal TooMany = new("too-many-shares", RefusalKind.Conflict, $"{Share.Most} people may open this locker beside you already. Take one of them back first.");

    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet("/leases/{id:guid}/shares", List).WithName("ListShares").SignedIn();
        routes.MapPost("/leases/{id:guid}/shares", Make).WithName("ShareLocker").SignedIn().Produces<NewShare>(201);
        routes.MapDelete("/leases/{id:guid}/shares/{share:guid}", TakeBack).WithName("TakeShareBack").SignedIn();
    }

    private static async Task<Results<Ok<ShareList>, ProblemHttpResult>> List(Guid id, HttpContext http, Db db, TimeProvider time, CancellationToken cancel)
    {
        Guid person = http.Caller().Id;
        (bool theirs, List<ShareRow> rows) = await db.Read(
            async c => (
                await c.ExecuteScalarAsync<bool>("select exists (select 1 from lease where id = @id and person_id = @person and kind = 'rental')", new { id, person }),
                (await c.QueryAsync<ShareRow>(ShareRow.Select + " where s.lease_id = @id and l.person_id = @person order by s.id desc limit 100", new { id, person })).ToList()),
            cancel);
        return theirs ? TypedResults.Ok(new ShareList([.. rows.Select(r => View(r, time.GetUtcNow()))])) : Problems.Of(Refusal.NotFound("rental"));
    }

    private static async Task<Results<JsonHttpResult<NewShare>, ProblemHttpResult>> Make(
        Guid id, Request request, HttpContext http, Db db, DeviceKeys keys, PlaceBook places, TimeProvider time, CancellationToken cancel)
    {
        DateTimeOffset asked = time.GetUtcNow();
        DateTimeOffset from = request.From is { } begins && begins > asked ? begins : asked;
        DateTimeOffset? until = request.Until ?? (request.Once ? from + Share.LongestOnce : null);
        if (new Check()
            .That(request.Name is null || (request.Name.Length <= 40 && !request.Name.Any(char.IsControl)), "name", "A name has at most 40 characters.")
            .That(from <= asked + Share.Longest, "from", "A share begins within 7 days.")
            .That(until is null || until > from, "until", "A share ends after it has begun.")
            .That(until is null || until - from <= (request.Once ? Share.LongestOnce : Share.Longest), "until", request.Once ? "One opening is for a day at most." : "A share is for 7 days at most; without an end it is for as long as the rental.")
            .Problem is { } invalid)
            return invalid;
        Guid person = http.Caller().Id;
        string secret = ShareSecret.New();
        // Before the transaction: one that needs a second connection can starve behind others.
        Guid bankId = await db.Read(c => c.ExecuteScalarAsync<Guid>("select bank_id from lease where id = @id and person_id = @person", new { id, person }), cancel);
        if (places.Bank(bankId) is not { } bank)
            return Problems.Of(Refusal.NotFound("rental"));
        CommandKey key = await keys.Of(bank.DeviceId, cancel);
        Decision<NewShare> decision = await db.Decide<NewShare>(
            async tx =>
            {
                DateTimeOffset now = time.GetUtcNow();
                if (await LeaseRow.Lock(tx, id, person) is not { } lease || lease.BankId != bank.Id)
                    return Refusal.NotFound("rental");
                if (Rental.MayOpen(lease.LeaseState()) is { } refused)
                    return refused;
                // Those whose time is over make room, here and at the bank.
                foreach (ShareRow old in (await tx.Query<ShareRow>(ShareRow.Select + " where s.lease_id = @id and s.ended_at is null", new { id })).ToList())
                {
                    if (old.Share().State(now) is ShareState.Expired or ShareState.Used)
                        await old.End(tx, Share.ByUse, places, JournalEntry.ByServer, now);
                }
                if (await tx.Scalar<long>("select count(*) from share where lease_id = @id and ended_at is null", new { id }) >= Share.Most)
                    return TooMany;
                var share = Guid.CreateVersion7(now);
                string token = RandomNumberGenerator.GetHexString(16, lowercase: true);
                await tx.Execute(
                    """
                    insert into share (id, lease_id, secret, name, once, begins_at, ends_at, salt, token, made_at) values (@share, @id, @hash, @name, @Once, @from, @until, @salt, @token, @now);
                    insert into lease_pass (token, lease_id, person_id, issued_at, expires_at, share_id) values (@token, @id, @person, @now, @now, @share);
                    """,
                    new { share, id, person, hash = ShareSecret.Hash(secret), name = request.Name?.Trim() ?? "", request.Once, from, until, salt = RandomNumberGenerator.GetHexString(16, lowercase: true), token, now });
                ShareRow row = (await tx.First<ShareRow>(ShareRow.Select + " where s.id = @share", new { share }))!;
                await row.Tell(tx, bank, places.Locker(lease.LockerId)!, key, ShareSecret.Pin(secret), now);
                tx.Journal(row.Entry(now, JournalKinds.ShareMade, JournalEntry.ByPerson(person)));
                return new NewShare(View(row, now), $"/shared#{secret}");
            },
            cancel);
        if (decision.Refusal is { } no)
            return Problems.Of(no);
        http.Response.Headers.CacheControl = "no-store";
        return TypedResults.Json(decision.Value, Json.Options, statusCode: StatusCodes.Status201Created);
    }

    private static async Task<Results<NoContent, ProblemHttpResult>> TakeBack(Guid id, Guid share, HttpContext http, Db db, PlaceBook places, TimeProvider time, CancellationToken cancel)
    {
        Guid person = http.Caller().Id;
        Decision<bool> decision = await db.Decide<bool>(
            async tx =>
            {
                if (await LeaseRow.Lock(tx, id, person) is null || await tx.First<ShareRow>(ShareRow.Select + " where s.id = @share and s.lease_id = @id", new { share, id }) is not { } row)
                    return Refusal.NotFound("share");
                // Twice is no error: it is taken back.
                await row.End(tx, Share.ByHolder, places, JournalEntry.ByPerson(person), time.GetUtcNow());
                return true;
            },
            cancel);
        return decision.Refusal is { } no ? Problems.Of(no) : TypedResults.NoContent();
    }

    /// <summary>The lease is over, and with it everybody's right to its locker.</summary>
    internal static async Task EndAll(Transaction tx, Guid lease, PlaceBook places, DateTimeOffset now)
    {
        foreach (ShareRow row in (await tx.Query<ShareRow>(ShareRow.Select + " where s.lease_id = @lease and s.ended_at is null", new { lease })).ToList())
            await row.End(tx, Share.ByRental, places, JournalEntry.ByServer, now);
    }

    /// <summary>The lease has moved to another locker, and those who may open it go with it: the link shows the new door.</summary>
    internal static async Task Follow(Transaction tx, Guid lease, LockerPlace from, LockerPlace to, PlaceBook places, DateTimeOffset now)
    {
        foreach (ShareRow row in (await tx.Query<ShareRow>(ShareRow.Select + " where s.lease_id = @lease and s.ended_at is null", new { lease })).ToList())
        {
            bool follows = await Grants.MoveShare(tx, lease, row.Id, from, to, now) && row.PinAt == from.Id && row.PinDevice == places.Bank(from.BankId)!.DeviceId;
            await tx.Execute("update share set pin_at = @at, pin_device = case when @follows then pin_device end where id = @Id", new { row.Id, follows, at = follows ? to.Id : (Guid?)null });
        }
    }

    private static ShareView View(ShareRow r, DateTimeOffset now) => new(r.Id, r.Name, r.Once, r.Share().State(now), r.BeginsAt, r.EndsAt, r.MadeAt, r.Openings, r.OpenedAt);
}
