using Dapper;
using Latchkey.Domain;
using Latchkey.Domain.Leases;
using Latchkey.Domain.Lockers;
using Latchkey.Link.Messages;
using Latchkey.Server.Devices;
using Latchkey.Server.Features.Commands;
using Latchkey.Server.Features.Leases;
using Latchkey.Server.Features.Payments;
using Latchkey.Server.Features.Places;
using Latchkey.Server.Features.Shares;
using Latchkey.Server.Hosting;
using Latchkey.Server.Storage;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Latchkey.Server.Features.Deposits;

/// <summary>
/// The receiver, or whom they have named, looks at what waits for them, with the link they were sent and no account: where it is, until when, what it costs, their code and their pass. The receiver may
/// let somebody else fetch it, once, and take that back.
/// </summary>
public static class SeeDeposit
{
    /// <param name="Secret">What stands behind the # of the link: 22 characters.</param>
    public sealed record Request(string Secret);

    /// <param name="Name">For whom: only the receiver sees it, 40 characters at most.</param>
    public sealed record Naming(string Secret, string? Name = null);

    /// <param name="Id">Whom to take it back from.</param>
    public sealed record Removal(string Secret, Guid Id);

    public sealed record DelegateView(Guid Id, string Name, ShareState State, DateTimeOffset MadeAt);

    /// <param name="Path">Below this server's address; shown this once.</param>
    public sealed record NewDelegate(DelegateView Delegate, string Path, string Code, string TypeFirst);

    /// <param name="Role"><c>receiver</c> or <c>delegate</c>.</param>
    /// <param name="State">Of this link: good, used, expired, taken back, or over with the deposit.</param>
    /// <param name="From">The sender's name.</param>
    /// <param name="ToPay">What has to be paid before the door opens; null where nothing has.</param>
    /// <param name="Code">With <paramref name="Pass"/>: for the bank's own keypad and scanner; null while something is to be paid, or once it is over.</param>
    /// <param name="Ready">The bank has said that it knows the code.</param>
    /// <param name="Delegates">Whom the receiver has named.</param>
    public sealed record Seen(
        Guid DepositId, string Stage, bool Overdue, string Role, ShareState State, string From, LeaseSiteView Site, LeaseBankView Bank, DepositLockerView Locker, DoorState Door, DateTimeOffset StoredAt,
        DateTimeOffset? Until, DateTimeOffset? OverAt, Money PerHour, Money Owed, Money? ToPay, UseShare.CodeView? Code, UseShare.PassView? Pass, bool Ready, IReadOnlyList<DelegateView> Delegates, CommandView? Command, PaymentView? Payment);

    private static readonly Refusal OnlyReceiver = new("receiver-only", RefusalKind.Conflict, "Only the receiver can let somebody else fetch it.");

    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapPost("/deposits/see", Look).WithName("SeeDeposit").TakesNoToken();
        routes.MapPost("/deposits/delegates", Name).WithName("NameDelegate").TakesNoToken().Produces<NewDelegate>(201);
        routes.MapPost("/deposits/delegates/remove", Remove).WithName("RemoveDelegate").TakesNoToken();
    }

    private static async Task<Results<JsonHttpResult<Seen>, ProblemHttpResult>> Look(Request request, HttpContext http, Db db, Grants grants, PlaceBook places, TimeProvider time, CancellationToken cancel)
    {
        if (ShareSecret.Hash(request.Secret) is not { } secret)
            return Problems.Of(CollectDeposit.UnknownLink);
        Decision<Seen> decision = await db.Decide<Seen>(tx => See(tx, request.Secret, secret, grants, places, time.GetUtcNow()), cancel);
        if (decision.Refusal is { } no)
            return Problems.Of(no);
        http.Response.Headers.CacheControl = "no-store";
        return TypedResults.Json(decision.Value, Json.Options);
    }

    private static async Task<Decision<Seen>> See(Transaction tx, string text, byte[] secret, Grants grants, PlaceBook places, DateTimeOffset now)
    {
        if (await Locked(tx, secret) is not { } found)
            return CollectDeposit.UnknownLink;
        (DepositRow deposit, ShareRow share) = found;
        LeaseRow lease = deposit.Lease;
        (SitePlace site, BankPlace bank, LockerPlace locker) = (places.Site(lease.SiteId)!, places.Bank(lease.BankId)!, places.Locker(lease.LockerId)!);
        ShareState state = share.Share().State(now);
        bool good = state == ShareState.Good && deposit.At == DepositStage.Stored, toPay = good && deposit.MustBePaid(now);
        (string from, bool ready) = await tx.First<(string, bool)>(
            $"""
            select p.name, {Grants.ShareIsHeld}
            from person p, device d where p.id = @PersonId and d.id = @DeviceId
            """,
            new { share.Id, lease.PersonId, bank.DeviceId });
        bool typed = good && !toPay && share.Tries < Deposit.MostTries;
        UseShare.PassView? pass = typed ? await UseShare.Pass(tx, share, locker, grants, now) : null;
        Guid? last = good || state == ShareState.Used ? await tx.First<Guid?>("select id from command where share_id = @Id order by id desc limit 1", new { share.Id }) : null;
        List<ShareRow> delegates = share.Role == "receiver" ? [.. await tx.Query<ShareRow>(ShareRow.Select + " where s.lease_id = @LeaseId and s.role = 'delegate' order by s.id desc limit 20", new { deposit.LeaseId })] : [];
        return new Seen(
            deposit.LeaseId, deposit.Stage, lease.State == "overdue", share.Role!, state, from, LeaseSiteView.Of(site), new LeaseBankView(bank.Id, bank.Name, lease.BankOnline),
            DepositViews.Locker(locker), last is null && !good ? DoorState.Unknown : lease.DoorState(), deposit.StoredAt!.Value, lease.PaidUntil, deposit.OverAt, deposit.PerHour, deposit.Owes(deposit.OverAt ?? now).Total,
            toPay ? deposit.Owes(now).Total : null, typed ? new UseShare.CodeView(Grants.Whose(locker)[0], ShareSecret.Pin(text)) : null, pass is { } shown && shown.ValidUntil > now ? shown : null, ready && typed,
            [.. delegates.Select(d => View(d, now))], last is { } id ? await ShowCommand.Load(tx.Connection, id) : null, deposit.Pays == DepositRow.Receiver ? PaymentViews.Of(lease) : null);
    }

    private static async Task<Results<JsonHttpResult<NewDelegate>, ProblemHttpResult>> Name(
        Naming request, HttpContext http, Db db, CollectCodes codes, DeviceKeys keys, PlaceBook places, TimeProvider time, CancellationToken cancel)
    {
        if (new Check().That(request.Name is null || (request.Name.Length <= 40 && !request.Name.Any(char.IsControl)), "name", "A name has at most 40 characters.").Problem is { } invalid)
            return invalid;
        if (ShareSecret.Hash(request.Secret) is not { } secret)
            return Problems.Of(CollectDeposit.UnknownLink);
        // Before the transaction: one that needs a second connection can starve behind others.
        Guid bankId = await db.Read(c => c.ExecuteScalarAsync<Guid>("select l.bank_id from share s join lease l on l.id = s.lease_id where s.secret = @secret and s.role is not null", new { secret }), cancel);
        if (places.Bank(bankId) is not { } bank)
            return Problems.Of(CollectDeposit.UnknownLink);
        CommandKey key = await keys.Of(bank.DeviceId, cancel);
        Decision<NewDelegate> decision = await db.Decide<NewDelegate>(
            async tx =>
            {
                DateTimeOffset now = time.GetUtcNow();
                if (await Locked(tx, secret) is not { } found || found.Deposit.Lease.BankId != bank.Id)
                    return CollectDeposit.UnknownLink;
                (DepositRow deposit, ShareRow share) = found;
                if (Refused(deposit, share, now) is { } refused)
                    return refused;
                if (await tx.Scalar<long>("select count(*) from share where lease_id = @LeaseId and ended_at is null", new { deposit.LeaseId }) >= Share.Most)
                    return new Refusal("too-many-shares", RefusalKind.Conflict, $"{Share.Most - 1} people may fetch it beside you already. Take it back from one of them first.");
                LockerPlace locker = places.Locker(deposit.Lease.LockerId)!;
                CollectCodes.Made made = await codes.Make(tx, deposit, "delegate", request.Name?.Trim() ?? "", null, bank, locker, key, $"share:{share.Id:D}", now);
                return new NewDelegate(View(made.Share, now), made.Path, made.Code, Grants.Whose(locker)[0]);
            },
            cancel);
        if (decision.Refusal is { } no)
            return Problems.Of(no);
        http.Response.Headers.CacheControl = "no-store";
        return TypedResults.Json(decision.Value, Json.Options, statusCode: StatusCodes.Status201Created);
    }

    private static async Task<Results<NoContent, ProblemHttpResult>> Remove(Removal request, Db db, PlaceBook places, TimeProvider time, CancellationToken cancel)
    {
        if (ShareSecret.Hash(request.Secret) is not { } secret)
            return Problems.Of(CollectDeposit.UnknownLink);
        Decision<bool> decision = await db.Decide<bool>(
            async tx =>
            {
                DateTimeOffset now = time.GetUtcNow();
                if (await Locked(tx, secret) is not { } found)
                    return CollectDeposit.UnknownLink;
                if (found.Share.Role != "receiver")
                    return OnlyReceiver;
                if (await tx.First<ShareRow>(ShareRow.Select + " where s.id = @Id and s.lease_id = @LeaseId and s.role = 'delegate'", new { request.Id, found.Deposit.LeaseId }) is not { } row)
                    return Refusal.NotFound("delegate");
                await row.End(tx, Share.ByHolder, places, $"share:{found.Share.Id:D}", now);
                return true;
            },
            cancel);
        return decision.Refusal is { } no ? Problems.Of(no) : TypedResults.NoContent();
    }

    private static Refusal? Refused(DepositRow deposit, ShareRow share, DateTimeOffset now) =>
        share.Role != "receiver" ? OnlyReceiver
        : deposit.At != DepositStage.Stored || !deposit.Runs ? Deposit.RefusalOf(deposit.At)
        : share.Share().MayOpen(now);

    private static async Task<(DepositRow Deposit, ShareRow Share)?> Locked(Transaction tx, byte[] secret)
    {
        if (await ShareRow.Lock(tx, secret) is not { Role: "receiver" or "delegate" } share || await DepositRow.Lock(tx, share.LeaseId) is not { } deposit)
            return null;
        return (deposit, share);
    }

    private static DelegateView View(ShareRow row, DateTimeOffset now) => new(row.Id, row.Name, row.Share().State(now), row.MadeAt);
}
