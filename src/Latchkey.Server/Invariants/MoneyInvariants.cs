namespace Latchkey.Server.Invariants;

/// <summary>
/// Promise 4: money adds up. What a provider was told and has not answered may be on its way, so rules about the end of a rental look at those whose orders are
/// answered; that none waits for long is a rule of its own.
/// </summary>
internal static class MoneyInvariants
{
    /// <summary>An order of the payment p that is not done: under way, or refused and a person's business.</summary>
    private const string OrderOpen = "exists (select 1 from payment_order o where o.payment_id = p.id and o.state not in ('done', 'handed-out'))";

    /// <summary>What people have handed out of the payment p, because its provider could not give it back.</summary>
    private const string HandedOut = "coalesce((select sum(o.minor) from payment_order o where o.payment_id = p.id and o.state = 'handed-out'), 0)";

    private static string TaxOf(string amount) => $"coalesce(floor((2 * {amount} * bp + 10000 + bp)::numeric / (2 * (10000 + bp))), 0)";

    public static readonly IReadOnlyList<Invariant> List =
    [
        new(4, "What was captured and given back is in the ledger, once",
            """
            select p.id::text
            from payment p left join (
              select payment_id, sum(minor) filter (where kind = 'payment') as taken, sum(case kind when 'refund' then minor when 'refund-returned' then -minor end) as back, min(currency) as low, max(currency) as high
              from ledger_entry where kind in ('payment', 'refund', 'refund-returned') group by payment_id
            ) e on e.payment_id = p.id
            where coalesce(p.captured_minor, 0) <> coalesce(e.taken, 0) or p.refunded_minor <> coalesce(e.back, 0) or e.low <> p.currency or e.high <> p.currency
            """),
        new(4, "Nobody has paid more than they were charged, or were to be charged while it runs",
            $"""
            select l.id::text
            from lease l
              join (select p.lease_id, sum(p.captured_minor - p.refunded_minor) as paid, sum(p.minor) as reserved, bool_or({OrderOpen}) as waits from payment p where p.captured_minor > 0 group by p.lease_id) p
                on p.lease_id = l.id
              join (select lease_id, coalesce(sum(case kind when 'waiver' then -minor else minor end) filter (where kind in ('charge', 'overdue') or (kind = 'waiver' and credit = 'lease:' || lease_id)), 0) as charged
                from ledger_entry group by lease_id) e on e.lease_id = l.id
            where p.paid > case when l.state in ('active', 'overdue') then p.reserved else e.charged end and not p.waits
            """),
        new(4, "A rental that is over has paid what it was charged, as far as that was reserved",
            $"""
            select l.id::text
            from lease l
              join (
                select p.lease_id, sum(coalesce(p.captured_minor, 0) - p.refunded_minor) as paid, sum(p.minor) as reserved, bool_or({OrderOpen}) as waits
                from payment p left join lease_change c on c.id = p.change_id where p.state in ('authorised', 'captured', 'refunded', 'voided') and (p.change_id is null or c.state = 'done')
                group by p.lease_id having bool_or(p.state <> 'voided')) p on p.lease_id = l.id
              left join (select lease_id, sum(case kind when 'waiver' then -minor else minor end) as charged from ledger_entry
                where kind in ('charge', 'overdue') or (kind = 'waiver' and credit = 'lease:' || lease_id) group by lease_id) e on e.lease_id = l.id
            where l.state = 'ended' and p.paid <> least(coalesce(e.charged, 0), p.reserved) and not p.waits
            """),
        new(4, "A rental that is used is paid for, and one that has ended is settled: charged if the door was proven open, and only then",
            $"""
            select l.id::text || ' ' || l.state
            from lease l
              left join payment p on p.lease_id = l.id and p.state in ('authorised', 'captured')
              left join ledger_entry e on e.lease_id = l.id and e.kind = 'charge'
            where l.kind = 'rental' and (
              (l.state in ('active', 'overdue') and p.id is null)
              or (l.state in ('ended', 'cancelled', 'expired') and p.state = 'authorised' and not {OrderOpen})
              or (l.state = 'ended' and (l.receipt_number is null or (e.id is not null and not l.opened_ever)))
              or (l.state = 'ended' and l.opened_ever and not l.waived and e.id is null and (l.tariff -> 'rates' -> l.size_priced ->> 'perHour')::bigint > 0
                and l.ended_at - l.paid_from > make_interval(mins => (l.tariff ->> 'freeMinutes')::int))
              or (l.state <> 'ended' and e.id is not null and l.tariff ->> 'billing' is distinct from 'prepaid'))
            """),
        new(4, "The tax in the books is that of the frozen tariff",
            $"""
            select lease_id::text from (
              select l.id as lease_id, coalesce((l.tariff ->> 'taxBasisPoints')::bigint, 0) as bp, e.minor, e.kind
              from lease l join ledger_entry e on e.lease_id = l.id) t
            group by lease_id
            having coalesce(sum(minor) filter (where kind = 'tax'), 0) <> coalesce(sum({TaxOf("minor")}) filter (where kind in ('charge', 'overdue')), 0)
            """),
        new(4, "No order to a provider waits for more than an hour (a desk's refunds wait for people)",
            """
            select o.id::text || ' ' || o.kind || ' at ' || p.provider
            from payment_order o join payment p on p.id = o.payment_id
            where o.state = 'waiting' and o.created_at < @now - interval '1 hour' and not (p.provider = 'desk' and o.kind = 'refund')
            """),
        new(4, "What is open at a provider is asked for, or told to end",
            $"""
            select p.id::text || ' ' || p.state
            from payment p join lease l on l.id = p.lease_id
            where p.state in ('pending', 'processing', 'declined') and p.reference is not null and p.provider <> 'desk' and p.ask_at is null and not {OrderOpen}
            """),
        new(4, "The sandbox's own books say what ours say",
            $"""
            select p.id::text || ' ' || p.state || ', there ' || s.state
            from payment p join sandbox_payment s on s.token = p.reference and p.provider = 'sandbox'
            where not {OrderOpen} and (
              s.captured_minor <> coalesce(p.captured_minor, 0) or s.refunded_minor <> p.refunded_minor - {HandedOut}
              or (s.state = 'authorised' and p.state in ('captured', 'voided', 'refunded')) or (p.state = 'authorised' and s.state not in ('authorised', 'processing')))
            """),
    ];
}
