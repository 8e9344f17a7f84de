using System.Globalization;
using Dapper;
using Latchkey.Domain;
using Latchkey.Domain.Leases;
using Latchkey.Domain.Lockers;
using Latchkey.Link.Messages;
using Latchkey.Link.Passes;
using Latchkey.Server.Devices;
using Latchkey.Server.Features.Commands;
using Latchkey.Server.Features.Leases;
using Latchkey.Server.Features.Places;
using Latchkey.Server.Hosting;
using Latchkey.Server.Hosting.Face;
using Latchkey.Server.Hosting.Limits;
using Latchkey.Server.Journal;
using Latchkey.Server.Storage;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Latchkey.Server.Features.Shares;

/// <summary>
/// Somebody comes with the link of a share, without an account: sees which door it is, their code and their pass for the bank, and has the door opened. The link's secret comes in the body, so
/// that no log has it.
/// </summary>
public static class UseShare
{
    /// <param name="Secret">What stands behind the # of the link: 22 characters.</param>
    public sealed record Request(string Secret);

    /// <param name="Pin">Six digits, and what is typed before them.</param>
    public sealed record CodeView(string TypeFirst, string Pin);

    /// <param name="Text">What the QR code says.</param>
    public sealed record PassView(string Text, DateTimeOffset ValidUntil);

    /// <param name="SharedBy">The name of whoever shares it.</param>
    /// <param name="Code">With <paramref name="Pass"/>: for the bank's own keypad and scanner, also when it is off line; null once the share is over.</param>
    /// <param name="Ready">The bank has said that it knows the code.</param>
    /// <param name="Command">The last order of this share.</param>
    public sealed record Shared(
        ShareState State, bool Once, DateTimeOffset From, DateTimeOffset? Until, string SharedBy, LeaseSiteView Site, LeaseBankView Bank, string Locker, LockerSize Size,
        DoorState Door, CodeView? Code, PassView? Pass, bool Ready, CommandView? Command);

    private static readonly Refusal Unknown = new("share-unknown", RefusalKind.NotFound, "This link is not complete or not good. Ask whoever sent it for a new one.");

    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapPost("/shared", Look).WithName("LookAtShare").TakesNoToken();
        routes.MapPost("/shared/open", Open).WithName("OpenShared").TakesKey().TakesNoToken().Produces<CommandView>().Produces<CommandView>(202).WithRequestTimeout(RequestLimits.WithDoor).LimitedAs(RateKind.Doors);
    }

    private static async Task<Results<JsonHttpResult<Shared>, ProblemHttpResult>> Look(
        Request request, HttpContext http, Db db, Grants grants, DeviceKeys keys, PlaceBook places, TimeProvider time, CancellationToken cancel)
    {
        if (ShareSecret.Hash(request.Secret) is not { } secret)
            return Problems.Of(Unknown);
        Guid bankId = await db.Read(c => c.ExecuteScalarAsync<Guid>("select l.bank_id from share s join lease l on l.id = s.lease_id where s.secret = @secret", new { secret }), cancel);
        if (places.Bank(bankId) is not { } bank)
            return Problems.Of(Unknown);
        CommandKey key = await keys.Of(bank.DeviceId, cancel);
        Decision<Shared> decision = await db.Decide<Shared>(tx => See(tx, request.Secret, secret, bank, key, grants, places, time.GetUtcNow()), cancel);
        if (decision.Refusal is { } no)
            return Problems.Of(no);
        http.Response.Headers.CacheControl = "no-store";
        return TypedResults.Json(decision.Value, Json.Options);
    }

    private static async Task<Decision<Shared>> See(Transaction tx, string text, byte[] secret, BankPlace bank, CommandKey key, Grants grants, PlaceBook places, DateTimeOffset now)
    {
        if (await ShareRow.Lock(tx, secret) is not { Role: null } row || row.BankId != bank.Id)
            return Unknown;
        (LockerPlace locker, SitePlace site) = (places.Locker(row.LockerId)!, places.Site(row.SiteId)!);
        ShareState state = row.Share().State(now);
        bool good = state is ShareState.Good or ShareState.Waiting;
        PassView? pass = good ? await Pass(tx, row, locker, grants, now) : null;
        // Its PIN is the bank's to know: it was told another one's, or has been replaced.
        if (good && (row.PinAt != row.LockerId || row.PinDevice != bank.DeviceId))
        {
            await row.Tell(tx, bank, locker, key, ShareSecret.Pin(text), now);
            tx.Journal(row.Entry(now, JournalKinds.ShareTold, JournalEntry.ByServer));
        }
        (string by, string door, bool? online, bool ready) = await tx.First<(string, string, bool?, bool)>(
            $"""
            select p.name, k.door, d.online, {Grants.ShareIsHeld}
            from lease l join person p on p.id = l.person_id join locker k on k.id = l.locker_id join bank b on b.id = l.bank_id join device d on d.id = b.device_id where l.id = @LeaseId
            """,
            new { row.Id, row.LeaseId });
        // Whoever's right is over learns no more of what the door does.
        Guid? last = good || state == ShareState.Used ? await tx.First<Guid?>("select id from command where share_id = @Id order by id desc limit 1", new { row.Id }) : null;
        return new Shared(
            state, row.Once, row.BeginsAt, row.EndsAt, by, LeaseSiteView.Of(site), new LeaseBankView(bank.Id, bank.Name, online),
            locker.Label, locker.Size, last is null && !good ? DoorState.Unknown : EnumText.Parse<DoorState>(door),
            good ? new CodeView(Grants.Whose(locker)[0], ShareSecret.Pin(text)) : null, pass, ready, last is { } id ? await ShowCommand.Load(tx.Connection, id) : null);
    }

    /// <summary>
    /// The same pass each time, as far as uses are concerned: its name is the share's. One for a time is made to last anew at each look; one for a single use when the one before has run out, so that no two
    /// of them are good at the same moment.
    /// </summary>
    internal static async Task<PassView> Pass(Transaction tx, ShareRow row, LockerPlace locker, Grants grants, DateTimeOffset now)
    {
        TimeSpan life = TimeSpan.FromMinutes(Link.Passes.Pass.LongestLifeMin(PassKind.Bearer));
        DateTimeOffset first = row.BeginsAt > row.MadeAt ? row.BeginsAt : row.MadeAt;
        DateTimeOffset issued = first > now || (row.Once && now < first + life) ? row.MadeAt : row.Once ? first + (life * Math.Floor((now - first) / life)) : now;
        DateTimeOffset begins = row.BeginsAt > issued ? row.BeginsAt : issued;
        DateTimeOffset longest = begins + life, ends = row.EndsAt is { } end && end < longest ? end : longest;
        long number = await tx.Scalar<long>("select number from bank where id = @BankId", new { row.BankId });
        var pass = new Pass(
            PassKind.Bearer, grants.Issuer.Kid, (uint)number, (ushort)locker.Number, (ushort)row.Generation!.Value, PassActions.Open | PassActions.Deposit | PassActions.Collect,
            (byte)(row.Once ? 1 : Link.Passes.Pass.MostUses), (uint)issued.ToUnixTimeSeconds(), (ushort)Math.Ceiling((begins - issued).TotalMinutes), (ushort)Math.Max(1, Math.Floor((ends - begins).TotalMinutes)),
            ulong.Parse(row.Token, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture));
        DateTimeOffset until = DateTimeOffset.FromUnixTimeSeconds(pass.EndsAt);
        await tx.Execute("update lease_pass set expires_at = greatest(expires_at, @until) where token = @Token", new { row.Token, until });
        return new PassView(Link.Passes.Pass.ToText(grants.Issuer.Sign(pass)), until);
    }

    private static async Task<Results<JsonHttpResult<CommandView>, ProblemHttpResult>> Open(
        Request request, HttpContext http, Db db, DoorOrders orders, PlaceBook places, TimeProvider time, CancellationToken cancel)
    {
        if (ShareSecret.Hash(request.Secret) is not { } secret)
            return Problems.Of(Unknown);
        Guid share = await db.Read(c => c.ExecuteScalarAsync<Guid>("select id from share where secret = @secret", new { secret }), cancel);
        if (share == Guid.Empty)
            return Problems.Of(Unknown);
        return await orders.Shared(http, share, tx => May(tx, secret, places, time.GetUtcNow()), cancel);
    }

    private static async Task<Decision<DoorOrders.Allowed>> May(Transaction tx, byte[] secret, PlaceBook places, DateTimeOffset now)
    {
        // Locked with its lease: of two who use one opening at the same moment the second sees the first one's order.
        if (await ShareRow.Lock(tx, secret) is not { Role: null } row)
            return Unknown;
        LockerPlace locker = places.Locker(row.LockerId)!;
        if (await CommandLedger.IsUnderWay(tx, row.LeaseId))
            return Refusal.CommandPending(locker.Label);
        if (row.Share().MayOpen(now) is { } refused)
            return refused;
        return new DoorOrders.Allowed(row.LeaseId, locker, places.Bank(locker.BankId)!.DeviceId, row.Id, row.PersonId);
    }

    /// <summary>The door was opened by a share for one opening, from afar or at the bank: it opens nothing more.</summary>
    internal static async Task Opened(Transaction tx, Guid share, PlaceBook places, DateTimeOffset now)
    {
        if (await tx.First<ShareRow>(ShareRow.Select + " where s.id = @share and s.once and s.ended_at is null", new { share }) is { } row)
            await row.End(tx, Domain.Leases.Share.ByUse, places, JournalEntry.ByServer, now);
    }
}
