using Latchkey.Server.Features.Leases;

namespace Latchkey.Server.Invariants;

/// <summary>
/// Every invariant that the check knows, by the promises of the design. A feature that stores something new adds its own here. What a sweep has
/// to do within a second is complained about after half a minute, so that a check beside a server that has just started is quiet.
/// </summary>
public static class AllInvariants
{
    public static readonly IReadOnlyList<Invariant> List =
    [
        new(1, "A locker has at most one live lease",
            $"select locker_id::text from lease where state in {LeaseRow.Live} group by locker_id having count(*) > 1"),
        new(1, "The database refuses by itself: a second live lease, a second good payment, a second charge, a key or a report used twice",
            """
            select wanted.name || ' is missing or not valid'
            from unnest(array['one_live_lease_per_locker', 'one_good_payment_per_lease', 'one_good_payment_per_change', 'one_charge_per_lease', 'one_charge_per_change', 'one_waiting_change_per_lease', 'one_overdue_fee_per_lease', 'one_capture_or_void_per_payment', 'idempotency_pkey',
              'device_report_pkey', 'one_visit_per_card', 'tap_pkey']) as wanted (name)
            where not exists (
              select 1 from pg_index i join pg_class c on c.oid = i.indexrelid
              where c.relname = wanted.name and pg_table_is_visible(c.oid) and i.indisunique and i.indisvalid and i.indisready)
            """),
        new(1, "A hold ends at its deadline", "select id::text from lease where state = 'held' and hold_until < @now - interval '30 seconds'"),
        new(1, "Every move of a rental is in the journal exactly once",
            """
            select l.id::text || ' ' || l.state
            from lease l left join (
              select lease_id,
                count(*) filter (where kind = 'lease-held') as held, count(*) filter (where kind = 'lease-active') as active,
                count(*) filter (where kind = 'lease-overdue') as overdue, count(*) filter (where kind = 'lease-ended') as ended,
                count(*) filter (where kind = 'lease-cancelled') as cancelled, count(*) filter (where kind = 'lease-extended') as extended, count(*) filter (where kind = 'lease-expired') as expired
              from journal where lease_id is not null group by lease_id) j on j.lease_id = l.id
            where l.kind = 'rental' and (
              coalesce(j.held, 0) <> 1
              or j.active <> (l.state in ('active', 'overdue', 'ended'))::int
              or j.overdue > 1 + j.extended or (l.state = 'overdue' and j.overdue < 1)
              or j.ended <> (l.state = 'ended')::int or j.cancelled <> (l.state = 'cancelled')::int or j.expired <> (l.state = 'expired')::int)
            """),
        new(1, "A deposit stands as its lease does, and has ended once",
            $"""
            select l.id::text || ' ' || l.state || ' ' || coalesce(d.stage, '-')
            from lease l left join deposit d on d.lease_id = l.id
            where l.kind = 'deposit' and (d.lease_id is null
              or case when l.state in {LeaseRow.Live} then d.over_at is not null or d.stage not in ('placing', 'stored', 'collecting', 'returning')
                else l.ended_at < @now - interval '30 seconds' and (d.over_at is null or d.stage not in ('collected', 'returned', 'cancelled', 'cleared')) end
              or (select count(*) from journal j where j.lease_id = l.id and j.kind = 'lease-ended') <> (l.state = 'ended')::int)
            """),
        new(1, "A lock of somebody's own is never rented, and only such a lock is given to somebody; its every owner is in the journal once, coming and going",
            """
            select l.id::text || ' ' || l.kind || ' ' || l.state
            from lease l join bank b on b.id = l.bank_id
            where b.owned <> (l.kind = 'assignment') or (l.kind = 'assignment' and (
              (select count(*) from journal j where j.lease_id = l.id and j.kind = 'owner-set') <> 1
              or (select count(*) from journal j where j.lease_id = l.id and j.kind = 'owner-ended') <> (l.state = 'ended')::int))
            """),
        new(1, "What a rental was extended by and swapped for is in the journal, once for each change that was made",
            """
            select l.id::text from lease l where l.kind = 'rental' and (
              (select count(*) from lease_change c where c.lease_id = l.id and c.state = 'done' and c.kind = 'extend') <> (select count(*) from journal j where j.lease_id = l.id and j.kind = 'lease-extended')
              or (select count(*) from lease_change c where c.lease_id = l.id and c.state = 'done' and c.kind = 'swap') + l.substitutes <> (select count(*) from journal j where j.lease_id = l.id and j.kind = 'lease-moved'))
            """),
        new(2, "Somebody it is shared with opens the locker of that lease, and nothing after it was taken back",
            """
            select c.id::text from command c join share s on s.id = c.share_id where c.lease_id is distinct from s.lease_id or (not c.presented and c.created_at > s.ended_at)
            """),
        new(2, "Every order names its authority, and the journal names the same",
            """
            select c.id::text
            from command c left join (
              select command_id, authority, count(*) as entries from journal where kind in ('command-created', 'credential-used') group by command_id, authority
            ) j on j.command_id = c.id and j.authority = c.authority
            where c.authority = '' or coalesce(j.entries, 0) <> 1
            """),
        new(2, "An order under a lease is for that lease's locker, and was given while it was live",
            """
            select c.id::text
            from command c left join lease l on l.id = c.lease_id
            where c.authority like 'lease:%' and not c.presented and (
              l.id is null or c.authority <> 'lease:' || l.id or (c.locker_id <> l.locker_id and not exists (select 1 from journal m where m.lease_id = l.id and m.kind = 'lease-left' and m.locker_id = c.locker_id)) or c.person_id <> l.person_id or c.created_at > l.ended_at)
            """),
        // Whose card or code it was, a bank tells with the outcome, in a report of its own behind the door's: within a second, or when it has its network again.
        new(2, "A door that opened by an order opened by one for that door",
            """
            select j.id::text from journal j left join command c on c.id = j.command_id
            where j.kind = 'door-opened' and j.command_id is not null and (c.locker_id <> j.locker_id or c.device_id <> j.device_id
              or (c.id is null and j.at < @now - interval '30 seconds' and exists (select 1 from device d where d.id = j.device_id and d.online)
                and not exists (select 1 from journal o where o.device_id = j.device_id and o.kind = 'device-online' and o.at > @now - interval '30 seconds')))
            """),
        new(3, "An order has one final outcome",
            """
            select command_id::text from journal where kind = 'command-settled' and data ->> 'state' <> 'unconfirmed' group by command_id having count(*) > 1
            """),
        new(3, "An order stands as the journal says",
            """
            select c.id::text || ' ' || c.state
            from command c left join (
              select distinct on (command_id) command_id, data ->> 'state' as state from journal where kind = 'command-settled' order by command_id, id desc
            ) j on j.command_id = c.id
            where case when c.state in ('pending', 'sent') then j.state is not null else c.state is distinct from j.state end
            """),
        new(3, "No order is under way long after its expiry",
            "select id::text from command where state in ('pending', 'sent') and expires_at < @now - interval '60 seconds'"),
        .. MoneyInvariants.List,
        new(4, "A key that was used has its answer", "select owner::text || ' ' || left(key, 8) from idempotency where body is null or status is null"),
        new(5, "The database keeps what it has acknowledged",
            "select name || ' = ' || setting from pg_settings where name in ('fsync', 'full_page_writes', 'synchronous_commit') and setting = 'off'"),
        new(5, "The journal's next entries come after its last (the first start after a dump was loaded mends this: see docs/operating.md)",
            "select 'entries up to transaction ' || max(xid)::text from journal having max(xid) >= pg_snapshot_xmax(pg_current_snapshot())"),
        new(6, "Who is shown online was heard of within a minute", "select id::text from device where online and last_seen < @now - interval '60 seconds'"),
        new(7, "Each entry of the journal is as it was linked",
            """
            select 'link ' || l.position
            from journal_link l left join journal j on j.id = l.journal_id left join journal_link p on p.position = l.position - 1
            where j.id is null or (l.position > 1 and p.position is null) or l.hash <> sha256(coalesce(p.hash, '') || journal_leaf(j))
            order by l.position
            """),
        new(7, "No entry was put into the journal's past, and none was taken off its end",
            """
            select 'entry ' || j.id from journal j, journal_chain c where (j.xid, j.id) <= (c.xid, c.id) and not exists (select 1 from journal_link l where l.journal_id = j.id)
            union all
            select 'the chain ends at ' || coalesce(l.position, 0) || ' and should at ' || greatest(c.position, s.position)
            from journal_chain c, (select max(position) as position from journal_link) l, (select coalesce(max(position), 0) as position from journal_checkpoint) s
            where coalesce(l.position, 0) <> c.position or c.position < s.position
            """),
        new(7, "What was signed is what the chain says",
            "select 'checkpoint ' || c.position from journal_checkpoint c left join journal_link l on l.position = c.position where l.hash is distinct from c.hash"),
        new SignedCheckpoints(),
        new(7, "A session has one refresh token that can be used, and none after it was ended",
            """
            select family::text from refresh_token where expires_at > @now group by family
            having count(*) filter (where used_at is null and revoked_at is null) > 1 or count(revoked_at) not in (0, count(*))
            """),
    ];
}
