-- Money: tariffs over time, what providers were told, and what they have confirmed.

create table site_tariff (
  site_id uuid not null references site,
  begins timestamptz not null,
  tariff jsonb not null,
  set_by uuid references person,           -- null: the site's first
  set_at timestamptz not null,
  primary key (site_id, begins)
);
insert into site_tariff (site_id, begins, tariff, set_at) select id, '2000-01-01Z', tariff, '2000-01-01Z' from site;
alter table site drop column tariff;
alter table site add desk boolean not null default false;          -- whether staff take money there

alter table payment rename checkout_token to reference;            -- what the provider calls it; null until its checkout is open
alter table payment
  alter reference drop not null,
  add provider text not null default 'sandbox' check (provider in ('sandbox', 'stripe', 'desk', 'none')),
  add checkout_url text,
  add refunded_minor bigint not null default 0,
  add desk_code text,                      -- what a person tells at the desk
  add ask_at timestamptz,                  -- when the provider is asked next how it stands; null: it is known
  add asks int not null default 0,
  add constraint payment_refunded check (refunded_minor between 0 and coalesce(captured_minor, 0)),
  drop constraint payment_state_check,
  add constraint payment_state_check check (state in ('pending', 'processing', 'declined', 'authorised', 'captured', 'voided', 'refunded'));
alter table payment alter provider drop default;
create index on payment (ask_at) where ask_at is not null;
create unique index one_open_payment_per_desk_code on payment (desk_code) where state = 'pending';

-- What a provider is told to do, in the transaction of what it follows from, and told again under the same id until it has answered.
create table payment_order (
  id uuid primary key,                     -- its name at the provider: the same twice has one effect there
  payment_id uuid not null references payment,
  kind text not null check (kind in ('close', 'capture', 'void', 'refund')),
  minor bigint check (minor > 0),          -- of captures and refunds
  state text not null default 'waiting' check (state in ('waiting', 'done', 'refused')),
  tries int not null default 0,
  due_at timestamptz not null,             -- not before
  taken_until timestamptz,                 -- a node is at it; when that has died, another one may after this
  answer text,
  created_at timestamptz not null,
  answered_at timestamptz,
  check ((kind in ('capture', 'refund')) = (minor is not null))
);
create unique index one_capture_or_void_per_payment on payment_order (payment_id) where kind in ('capture', 'void');
create unique index one_close_per_payment on payment_order (payment_id) where kind = 'close';
create index on payment_order (payment_id);
create index on payment_order (due_at) where state = 'waiting';

alter table ledger_entry drop constraint ledger_entry_kind_check;
alter table ledger_entry add constraint ledger_entry_kind_check check (kind in ('charge', 'overdue', 'tax', 'payment', 'refund'));
create unique index one_overdue_fee_per_lease on ledger_entry (lease_id) where kind = 'overdue';

alter table lease
  add replaced_by uuid references lease,   -- paid for too late; the payment got this one instead
  add ladder int not null default 0,       -- the furthest step of the overdue ladder that was journalled
  add ladder_at timestamptz,               -- when the next one can come
  add charge_at timestamptz;               -- paid in advance: charged from then on, once the door was proven open
update lease set ladder_at = paid_until where state in ('active', 'overdue');
create index on lease (ladder_at) where ladder_at is not null;
create index on lease (charge_at) where charge_at is not null and opened_ever;

-- The sandbox provider's own books. It plays another party: nothing but its own code reads or writes them, and the check that holds them against ours.
create table sandbox_payment (
  token text primary key,
  merchant_key uuid not null unique,       -- the same order again is the same checkout
  minor bigint not null check (minor >= 0),
  currency text not null,
  description text not null,
  return_url text not null,
  expires_at timestamptz not null,
  state text not null check (state in ('open', 'challenge', 'processing', 'declined', 'authorised', 'captured', 'closed')),
  card text,
  decline_reason text,
  outcome_at timestamptz,                  -- of one that is processing: when it will be authorised
  captured_minor bigint not null default 0 check (captured_minor between 0 and minor),
  refunded_minor bigint not null default 0 check (refunded_minor between 0 and captured_minor),
  created_at timestamptz not null
);
create table sandbox_operation (
  key uuid primary key,                    -- the merchant's: the same again has no second effect
  token text not null references sandbox_payment,
  kind text not null,
  minor bigint not null,
  at timestamptz not null
);
insert into sandbox_payment (token, merchant_key, minor, currency, description, return_url, expires_at, state, card, captured_minor, created_at)
  select p.reference, p.id, p.minor, p.currency, 'Locker', '/lease/' || p.lease_id, l.hold_until,
    case p.state when 'authorised' then 'authorised' when 'captured' then 'captured' when 'voided' then 'closed' when 'declined' then 'declined' else 'open' end, right(p.method, 4),
    coalesce(p.captured_minor, 0), p.created_at
  from payment p join lease l on l.id = p.lease_id where p.reference is not null;
update payment set checkout_url = '/checkout/' || reference || '?return=/lease/' || lease_id;
update payment set ask_at = created_at where state in ('pending', 'declined');
insert into payment_order (id, payment_id, kind, due_at, created_at)
  select gen_random_uuid(), p.id, 'close', p.created_at, p.created_at
  from payment p join lease l on l.id = p.lease_id where p.state in ('pending', 'declined') and l.state in ('cancelled', 'expired');
