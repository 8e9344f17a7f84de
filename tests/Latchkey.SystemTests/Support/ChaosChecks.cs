namespace Latchkey.SystemTests.Support;

/// <summary>What is asked of doors and books once a fault is over, past everybody who could have been deceived by it.</summary>
public sealed class ChaosChecks(ChaosSystem system)
{
    /// <summary>A pulse begins before its order expires; the bank's own clock, which it has from the server, may be so much behind.</summary>
    private static readonly TimeSpan ClockSlack = TimeSpan.FromMilliseconds(500);

    private readonly List<(ChaosDoor Door, DateTimeOffset After, DateTimeOffset Seen)> _unexplained = [];

    /// <summary>Doors that moved without an order that was good at that moment. A card's use is no order: it is counted with the rest.</summary>
    public async Task<IReadOnlyList<string>> LatePulses()
    {
        system.Doors.Watches.ShouldBeTrue("whoever looks away sees no late pulse");
        Dictionary<(Guid, int), ChaosDoor> doors = system.Doors.All.ToDictionary(d => (d.Device, d.Number));
        while (system.Doors.Pulses.TryDequeue(out var pulse))
        {
            if (doors.TryGetValue((pulse.Device, pulse.Number), out ChaosDoor? door) && door.Mode != "visit")
                _unexplained.Add((door, pulse.After, pulse.Seen));
        }
        ILookup<Guid, Order> orders = (await SystemDatabase.Rows<Order>(
            system.Data, "select locker_id, created_at, expires_at from command where created_at > @since", new { since = TimeProvider.System.GetUtcNow().AddMinutes(-10) })).ToLookup(o => o.LockerId);
        string[] late =
        [
            .. _unexplained.Where(p => !orders[p.Door.Locker].Any(o => new DateTimeOffset(o.CreatedAt) <= p.Seen && p.After <= new DateTimeOffset(o.ExpiresAt) + ClockSlack))
                .Select(p => $"door {p.Door.Label} of {p.Door.BankName} moved at {p.Seen:HH:mm:ss.fff}, when no order for it was good"),
        ];
        _unexplained.Clear();
        return late;
    }

    /// <summary>
    /// Doors that moved more often than they were ordered to, or were called open more often than they moved. While an order's outcome is not known, it may have moved its door or not.
    /// </summary>
    /// <param name="settled">Everything has been told by now: nothing but power cuts, of which there are none, leaves an outcome unknown.</param>
    public async Task<IReadOnlyList<string>> WrongPulses(bool settled)
    {
        // The doors after the orders: one that moves in between has an order that is not counted yet, and is looked at the next time.
        Dictionary<(Guid, int), int> before = await system.Doors.CountPulses();
        Dictionary<Guid, Tally> tallies = (await SystemDatabase.Rows<Tally>(
            system.Data,
            """
            select locker_id, count(*) filter (where state in ('opened', 'locked', 'unlocked', 'pulsed'))::int as said,
              count(*) filter (where state in ('opened', 'locked', 'unlocked', 'pulsed', 'not-opened', 'not-locked', 'unknown'))::int as moved,
              count(*) filter (where state in ('pending', 'sent', 'unconfirmed'))::int as open
            from command group by locker_id
            """)).ToDictionary(t => t.LockerId);
        Dictionary<(Guid, int), int> after = await system.Doors.CountPulses();
        return
        [
            .. from door in system.Doors.All
               let tally = tallies.GetValueOrDefault(door.Locker) ?? new Tally()
               let least = before[(door.Device, door.Number)]
               let most = after[(door.Device, door.Number)]
               // A card's use is told by its bank, after the door has moved.
               let more = least > tally.Moved + tally.Open && door.Mode != "visit"
               where more || most < tally.Said || (settled && (least > tally.Moved || most < tally.Said))
               select $"door {door.Label} of {door.BankName} moved {least} to {most} times: {tally.Said} orders are said to have worked, {tally.Moved} to have moved it, {tally.Open} are open",
        ];
    }

    /// <summary>Once providers have answered everything: what the books say that they hold, beside what the provider itself says.</summary>
    public async Task<IReadOnlyList<string>> Money()
    {
        await Eventually.Holds(
            async () => await SystemDatabase.Sql<long>(system.Data, "select count(*) from payment_order where state = 'waiting'") == 0, TimeSpan.FromSeconds(60), "providers have answered everything");
        return await SystemDatabase.Rows<string>(
            system.Data,
            """
            with books as (
              select lease_id, sum(case kind when 'payment' then minor when 'refund' then -minor else 0 end) as minor from ledger_entry group by lease_id),
            there as (
              select p.lease_id, sum(s.captured_minor - s.refunded_minor) as minor from sandbox_payment s left join payment p on p.reference = s.token group by p.lease_id)
            select coalesce(coalesce(books.lease_id, there.lease_id)::text, 'nobody''s') || ': the books say ' || coalesce(books.minor, 0) || ', the provider ' || coalesce(there.minor, 0)
            from books full join there on there.lease_id = books.lease_id where coalesce(books.minor, 0) <> coalesce(there.minor, 0)
            """);
    }

    private sealed class Order
    {
        public Guid LockerId { get; init; }
        public DateTime CreatedAt { get; init; }
        public DateTime ExpiresAt { get; init; }
    }

    private sealed class Tally
    {
        public Guid LockerId { get; init; }
        public int Said { get; init; }
        public int Moved { get; init; }
        public int Open { get; init; }
    }
}
