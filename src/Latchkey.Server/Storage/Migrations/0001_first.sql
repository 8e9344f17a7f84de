-- Places -----------------------------------------------------------------------------------------------------------

create table state (
  id uuid primary key,
  name text not null unique
);

create table city (
  id uuid primary key,
  state_id uuid not null references state,
  name text not null,
  unique (state_id, name)
);

create table site (
  id uuid primary key,
  city_id uuid not null references city,
  name text not null,
  address text not null,
  latitude double precision not null check (latitude between -90 and 90),
  longitude double precision not null check (longitude between -180 and 180),
  time_zone text not null,
  opening_hours jsonb not null,
  tariff jsonb not null
);

create table device (
  id uuid primary key,
  model text not null,
  public_key bytea not null,               -- SubjectPublicKeyInfo, P-256
  firmware text,
  -- What the device said last; (boot, seq) orders its reports, link names its newest connection.
  boot bigint not null default 0,
  seq bigint not null default 0,
  link_boot bigint not null default 0,
  link_seq bigint not null default 0,
  online boolean,                          -- null: nothing was ever heard of it
  last_seen timestamptz,
  gone_at timestamptz,                     -- when its last will came
  issue text
);

create table bank (
  id uuid primary key,
  site_id uuid not null references site,
  device_id uuid not null unique references device,
  name text not null,
  columns int not null check (columns between 1 and 100),
  position int not null
);

create table locker (
  id uuid primary key,
  bank_id uuid not null references bank,
  number int not null check (number between 1 and 200),   -- the door's number at its controller
  label text not null,
  size text not null check (size in ('S', 'M', 'L', 'XL')),
  features text[] not null default '{}',
  col int not null,
  row int not null,
  row_span int not null default 1,
  in_service boolean not null default true,
  door text not null default 'unknown' check (door in ('unknown', 'closed', 'open', 'jammed')),
  door_since timestamptz,
  unique (bank_id, number)
);

-- People -----------------------------------------------------------------------------------------------------------

create table person (
  id uuid primary key,
  email text not null unique check (email = lower(email)),
  name text not null,
  password_hash text not null,
  role text not null check (role in ('customer', 'courier', 'operator', 'admin')),
  created_at timestamptz not null
);

create table refresh_token (
  hash bytea primary key,                  -- SHA-256 of the token; the token itself is never stored
  family uuid not null,
  person_id uuid not null references person,
  created_at timestamptz not null,
  expires_at timestamptz not null,
  used_at timestamptz,
  revoked_at timestamptz
);
create index on refresh_token (family);
create index on refresh_token (expires_at);

-- Leases and money ---------------------------------------------------------------------------------------------------

create table lease (
  id uuid primary key,
  kind text not null check (kind in ('rental', 'assignment', 'keypad', 'visit', 'deposit')),
  state text not null check (state in ('held', 'active', 'overdue', 'ended', 'cancelled', 'expired')),
  person_id uuid not null references person,
  site_id uuid not null references site,
  bank_id uuid not null references bank,
  locker_id uuid not null references locker,
  hours int not null check (hours > 0),
  size_priced text not null check (size_priced in ('S', 'M', 'L', 'XL')),
  tariff jsonb not null,                   -- frozen at the hold
  hold_until timestamptz not null,
  paid_from timestamptz,
  paid_until timestamptz,
  ended_at timestamptz,
  opened_ever boolean not null default false,
  receipt_number bigint unique,
  created_at timestamptz not null
);
-- Promise 1: the database itself refuses a second live lease.
create unique index one_live_lease_per_locker on lease (locker_id) where state in ('held', 'active', 'overdue');
create index on lease (person_id, id desc);
create index on lease (hold_until) where state = 'held';
create index on lease (paid_until) where state = 'active';

create sequence receipt_number;

create table payment (
  id uuid primary key,
  lease_id uuid not null references lease,
  state text not null check (state in ('pending', 'authorised', 'captured', 'declined', 'voided', 'refunded')),
  minor bigint not null check (minor >= 0),
  currency text not null,
  captured_minor bigint check (captured_minor between 0 and minor),
  checkout_token text not null unique,
  method text,
  decline_reason text,
  created_at timestamptz not null
);
-- A lease is paid for once.
create unique index one_good_payment_per_lease on payment (lease_id) where state in ('authorised', 'captured');
create index on payment (lease_id);

-- Double entry in one row: what is debited in one account is credited in the other, so a history always balances.
create table ledger_entry (
  id bigint generated always as identity primary key,
  at timestamptz not null,
  lease_id uuid not null references lease,
  payment_id uuid references payment,
  kind text not null check (kind in ('charge', 'payment', 'refund')),
  debit text not null,
  credit text not null,
  minor bigint not null check (minor > 0),
  currency text not null,
  check (debit <> credit)
);
create index on ledger_entry (lease_id);
create unique index one_charge_per_lease on ledger_entry (lease_id) where kind = 'charge';

-- Doors --------------------------------------------------------------------------------------------------------------

create table command (
  id uuid primary key,
  device_id uuid not null references device,
  locker_id uuid not null references locker,
  lease_id uuid references lease,
  person_id uuid references person,
  kind text not null check (kind in ('open', 'lock', 'unlock')),
  authority text not null,
  state text not null check (state in ('pending', 'sent', 'opened', 'locked', 'unlocked', 'pulsed', 'not-opened', 'refused',
    'expired', 'unknown', 'unconfirmed')),
  reason text,
  created_at timestamptz not null,
  expires_at timestamptz not null,
  settled_at timestamptz
);
create index on command (lease_id, id desc);
create index on command (expires_at) where state in ('pending', 'sent');

-- A report is applied once: its name is taken here, in the transaction that applies it.
create table device_report (
  device_id uuid not null,
  boot bigint not null,
  seq bigint not null,
  at timestamptz not null,
  primary key (device_id, boot, seq)
);
create index on device_report (at);

-- The journal -------------------------------------------------------------------------------------------------------

-- Ids only, never names, phones or codes: a person can be forgotten without touching it.
create table journal (
  id bigint generated always as identity,
  xid xid8 not null default pg_current_xact_id(),
  at timestamptz not null,
  kind text not null,
  authority text not null,                 -- who or what made it happen: person:ID, device:ID, server
  person_id uuid,                          -- whose business it is
  site_id uuid,
  bank_id uuid,
  locker_id uuid,
  lease_id uuid,
  device_id uuid,
  command_id uuid,
  data jsonb,
  primary key (id)
);
-- Readers go by (xid, id) below the oldest running transaction, so that none skips an entry that commits late.
create index journal_order on journal (xid, id);
create index on journal (lease_id, id) where lease_id is not null;

-- House keeping -------------------------------------------------------------------------------------------------------

create table idempotency (
  owner uuid not null,
  key text not null,
  fingerprint bytea not null,              -- SHA-256 of method, path and body: the same key with another request is refused
  status int,
  body text,
  created_at timestamptz not null,
  primary key (owner, key)
);
create index on idempotency (created_at);

-- Keys of this installation, shared by its nodes through the database.
create table server_key (
  name text primary key,
  private_key bytea not null,
  created_at timestamptz not null
);
