using Latchkey.Domain;
using Latchkey.Link.Messages;
using Latchkey.Server.Devices;
using Latchkey.Server.Features.Commands;
using Latchkey.Server.Features.Places;
using Latchkey.Server.Hosting;
using Latchkey.Server.Hosting.Face;
using Latchkey.Server.Hosting.Limits;
using Latchkey.Server.Journal;
using Latchkey.Server.Storage;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Latchkey.Server.Features.Leases;

/// <summary>
/// Somebody has given a locker back and left something inside: for a few minutes it opens for them once more, as long as nobody else got it. For that time they have it by a lease of kind
/// <c>reopen</c>, which costs nothing: so the index that gives a locker to one party only decides between them and the next customer.
/// </summary>
public sealed class ReopenLocker(Db db, TimeProvider time, ILogger<ReopenLocker> log) : BackgroundService
{
    /// <summary>After its end. Who notices notices at the door; longer, and the locker may be somebody else's.</summary>
    public static readonly TimeSpan Grace = TimeSpan.FromMinutes(5);

    /// <summary>How long the locker stays theirs after they have asked: long enough to open the door, reach in and shut it. A door that stands open keeps it a while longer.</summary>
    private static readonly TimeSpan Lasts = TimeSpan.FromMinutes(2), LastsOpen = TimeSpan.FromMinutes(15);

    private static readonly TimeSpan Every = TimeSpan.FromSeconds(1);

    // One sweep takes at most so many, so that its transaction stays short.
    private const int MostAtOnce = 200;

    public static void Map(IEndpointRouteBuilder routes) =>
        routes.MapPost("/leases/{id:guid}/reopen", Handle).WithName("ReopenLocker").TakesKey().SignedIn().Produces<CommandView>().Produces<CommandView>(202)
            .WithRequestTimeout(RequestLimits.WithDoor).LimitedAs(RateKind.Doors);

    private static Task<Results<JsonHttpResult<CommandView>, ProblemHttpResult>> Handle(
        Guid id, HttpContext http, PlaceBook places, DoorOrders orders, TimeProvider time, CancellationToken cancel) =>
        orders.Once(http, CommandKinds.Open, tx => May(tx, id, http.Caller().Id, places, time.GetUtcNow()), cancel);

    private static async Task<Decision<DoorOrders.Allowed>> May(Transaction tx, Guid lease, Guid person, PlaceBook places, DateTimeOffset now)
    {
        if (await LeaseRow.Lock(tx, lease, person) is not { } row)
            return Refusal.NotFound("rental");
        if (row.State != "ended")
            return Refusal.LeaseNotActive;
        if (now >= row.EndedAt + Grace)
            return Refusal.ReopenTooLate;
        LockerPlace locker = places.Locker(row.LockerId)!;
        // Whoever claims a locker locks its row too: either they see this lease, or it sees theirs.
        await tx.Execute("select 1 from locker where id = @LockerId for no key update", new { row.LockerId });
        Guid? again = await tx.First<Guid?>("select id from lease where reopens = @lease and state = 'active'", new { lease });
        if (again is null)
        {
            row = (await LeaseRow.Lock(tx, lease, person))!;
            if (!row.Reopenable)
                return Refusal.LockerTaken;
            again = Guid.CreateVersion7(now);
            await tx.Execute(
                """
                insert into lease (id, kind, state, person_id, site_id, bank_id, locker_id, paid_from, paid_until, reopens, created_at)
                select @again, 'reopen', 'active', person_id, site_id, bank_id, locker_id, @now, @until, id, @now from lease where id = @lease
                """,
                new { again, lease, now, until = now + Lasts });
            tx.Journal(new JournalEntry(now, JournalKinds.ReopenBegun, JournalEntry.ByPerson(person), person, row.SiteId, row.BankId, row.LockerId, again));
        }
        else if (await CommandLedger.IsUnderWay(tx, again.Value))
            return Refusal.CommandPending(locker.Label);
        return new DoorOrders.Allowed(again.Value, locker, places.Bank(locker.BankId)!.DeviceId);
    }

    protected override Task ExecuteAsync(CancellationToken stoppingToken) => Periodic.Run(Every, time, log, "sweep of reopened lockers", Sweep, stoppingToken);

    /// <summary>The door was opened and is shut again, or the time is over: the locker goes back to the others.</summary>
    public async Task Sweep(CancellationToken cancel) => await db.Change(
        async tx =>
        {
            DateTimeOffset now = time.GetUtcNow();
            List<Over> over =
            [
                .. await tx.Query<Over>(
                    $"""
                    update lease set state = 'ended', ended_at = @now where id in (
                      select l.id from lease l join locker k on k.id = l.locker_id where l.kind = 'reopen' and l.state = 'active'
                        and not {CommandLedger.LeaseHasOne}
                        and ((l.opened_ever and k.door in ('closed', 'locked')) or (l.paid_until <= @now and k.door <> 'open') or l.paid_from <= @longest)
                      limit @MostAtOnce for no key update of l skip locked)
                    returning id, person_id, site_id, bank_id, locker_id
                    """,
                    new { now, longest = now - LastsOpen, MostAtOnce }),
            ];
            foreach (Over o in over)
                tx.Journal(new JournalEntry(now, JournalKinds.ReopenEnded, JournalEntry.ByServer, o.PersonId, o.SiteId, o.BankId, o.LockerId, o.Id));
            return over.Count;
        },
        cancel);

    private sealed class Over
    {
        public Guid Id { get; init; }
        public Guid PersonId { get; init; }
        public Guid SiteId { get; init; }
        public Guid BankId { get; init; }
        public Guid LockerId { get; init; }
    }
}
