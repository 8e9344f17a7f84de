-- A rental becomes longer or gets a larger locker, moves to another locker because its own fails, and is opened once more after its end.

-- What its holder asked for. It counts once what it costs more is reserved.
create table lease_change (
  id uuid primary key,
  lease_id uuid not null references lease,
  kind text not null check (kind in ('extend', 'swap')),
  hours int check (hours > 0),             -- of an extension: how many more
  size text check (size in ('S', 'M', 'L', 'XL')),   -- of a swap
  minor bigint not null check (minor >= 0),
  currency text not null,
  state text not null check (state in ('waiting', 'done', 'gone')),
  created_at timestamptz not null,
  expires_at timestamptz not null,
  settled_at timestamptz,
  check ((kind = 'extend') = (hours is not null) and (kind = 'swap') = (size is not null))
);
create unique index one_waiting_change_per_lease on lease_change (lease_id) where state = 'waiting';

alter table payment add change_id uuid references lease_change;
create index on payment (change_id) where change_id is not null;
-- A lease is paid for once, and each of its changes once.
drop index one_good_payment_per_lease;
create unique index one_good_payment_per_lease on payment (lease_id) where state in ('authorised', 'captured') and change_id is null;
create unique index one_good_payment_per_change on payment (change_id) where state in ('authorised', 'captured') and change_id is not null;

alter table ledger_entry drop constraint ledger_entry_kind_check;
alter table ledger_entry add constraint ledger_entry_kind_check check (kind in ('charge', 'overdue', 'waiver', 'tax', 'payment', 'refund'));
alter table ledger_entry add change_id uuid references lease_change;
-- Its hours are charged once; what a change of hours that were charged in advance adds, once for each.
drop index one_charge_per_lease;
create unique index one_charge_per_lease on ledger_entry (lease_id) where kind = 'charge' and change_id is null;
create unique index one_charge_per_change on ledger_entry (change_id) where kind = 'charge' and change_id is not null;

alter table lease
  add earlier jsonb not null default '[]',          -- what was priced as a smaller locker before, see SizedHours
  add substitutes int not null default 0,           -- how many lockers it was given because one failed
  add waived boolean not null default false,        -- nothing is charged: the locker failed and there was no other
  add reopens uuid references lease,                -- of kind reopen: which rental's locker is opened once more
  drop constraint lease_kind_check,
  add constraint lease_kind_check check (kind in ('rental', 'assignment', 'keypad', 'visit', 'deposit', 'reopen')),
  drop constraint lease_has_its_price,
  add constraint lease_has_its_price check (kind in ('assignment', 'reopen') or (hours is not null and size_priced is not null and tariff is not null and hold_until is not null)),
  add constraint lease_reopens check ((kind = 'reopen') = (reopens is not null));
create index lease_reopened on lease (reopens) where reopens is not null;
create index lease_of_locker on lease (locker_id, ended_at);   -- who has had it since

-- Something is wrong with a locker, as its holder says. Staff look and close it.
create table ticket (
  id uuid primary key,
  site_id uuid not null references site,
  bank_id uuid not null references bank,
  locker_id uuid not null references locker,
  lease_id uuid not null references lease,
  what text not null check (what in ('stuck', 'not-empty', 'dirty', 'broken', 'other')),
  inside boolean not null,                 -- the holder's things may be behind the door
  locked boolean not null,                 -- the locker was taken out of service with it
  opened_at timestamptz not null,
  closed_at timestamptz,
  closed_by uuid references person
);
create index on ticket (site_id, id desc);
create index on ticket (lease_id);
create index on ticket (locker_id) where closed_at is null;
