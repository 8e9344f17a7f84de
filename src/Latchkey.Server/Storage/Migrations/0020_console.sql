-- What the people at a desk need: what somebody must act on, and the record of everything by site and by locker.

-- A page of history is read off one of these, newest first.
create index journal_of_site on journal (site_id, at desc, id desc) where site_id is not null;
create index journal_of_locker on journal (locker_id, at desc, id desc) where locker_id is not null;
create index tap_of_locker on tap (locker_id, at desc) where locker_id is not null;
-- A person reads the end of a card's number to the desk, or the whole of it.
create index tap_of_card_end on tap (site_id, right(card, 4), at desc);
create index visit_of_card_end on lease (site_id, right(card, 4)) where card is not null;

-- Raised once for each cause and door until it is resolved, by a person or by the world.
create table alert (
  id uuid primary key,
  kind text not null check (kind in ('offline', 'held-open', 'forced', 'tamper', 'jam', 'low-battery', 'fault', 'ticket', 'called', 'overdue')),
  site_id uuid not null references site,
  bank_id uuid not null references bank,
  locker_id uuid references locker,        -- null: the bank as a whole
  lease_id uuid references lease,
  ticket_id uuid references ticket,
  detail text,                             -- words of the device, or why staff are called
  raised_at timestamptz not null,
  acknowledged_at timestamptz,
  acknowledged_by uuid references person,
  resolved_at timestamptz,
  resolved_by uuid references person,      -- null with resolved_at: the world came right
  check ((acknowledged_at is null) = (acknowledged_by is null)),
  check (resolved_by is null or resolved_at is not null)
);
create unique index one_alert_per_cause on alert (kind, bank_id, locker_id) nulls not distinct where resolved_at is null;
create index on alert (site_id, id desc);
create index alert_of_bank on alert (bank_id, kind, raised_at desc);

-- How far the journal was read for alerts. What happened before there were any is nobody's to act on.
create table alert_cursor (
  one boolean primary key default true check (one),
  xid xid8 not null,
  id bigint not null
);
insert into alert_cursor (xid, id) select (pg_snapshot_xmin(pg_current_snapshot())::text::numeric - 1)::text::xid8, 9223372036854775807;
