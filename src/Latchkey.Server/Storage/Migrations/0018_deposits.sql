-- Somebody leaves a thing in a locker for somebody else, who need not have an account.

create table deposit (
  lease_id uuid primary key references lease,
  stage text not null check (stage in ('placing', 'stored', 'collecting', 'returning', 'collected', 'returned', 'cancelled', 'cleared')),
  pays text not null check (pays in ('sender', 'receiver')),
  -- For whom it is. Emptied a month after it was over.
  email text check (email = lower(email)),
  phone text,
  name text not null default '' check (length(name) <= 80),
  language text not null,
  stored_at timestamptz,                   -- the door was seen closed after it: from now on it costs
  taken_at timestamptz,                    -- the door was proven open for whoever took it out: it costs no more
  over_at timestamptz,
  -- What is paid before the door opens: by whom, until when that checkout is good, up to when it is billed, and when it was paid.
  payer text check (payer in ('sender', 'receiver')),
  pay_until timestamptz,
  billed_until timestamptz,
  paid_at timestamptz
);
create index deposit_live on deposit (lease_id) where over_at is null;
create index deposit_over on deposit (over_at) where email is not null or phone is not null;

-- Who may take it out has a share for one opening: the receiver, whom they name, or the sender who takes it back.
alter table share
  add role text check (role in ('receiver', 'delegate', 'return')),
  add code_hash bytea,                     -- of the six digits, with this locker
  add pin_hash text,                       -- the bank's hash of them; told to it once nothing is owed
  add tries int not null default 0,        -- wrong codes since it was made
  drop constraint share_ended_by_check,
  add constraint share_ended_by_check check (ended_by in ('holder', 'used', 'rental', 'replaced'));

-- What storing costs for each started hour, in minor units of the site's currency.
alter table site add storage_minor bigint not null default 5000 check (storage_minor between 0 and 1000000000);

-- People without an account are told of an entry once too.
create unique index one_message_per_entry_and_address on message (journal_id, kind, channel, address) where journal_id is not null and person_id is null;

-- Places are managed through the API. A locker that somebody has had is never deleted, because receipts name it: it is taken away.

alter table locker add removed_at timestamptz;
