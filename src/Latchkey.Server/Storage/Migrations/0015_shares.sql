-- Somebody else may open a locker: once or for a time, with a link. They need no account.

create table share (
  id uuid primary key,
  lease_id uuid not null references lease,
  secret bytea not null unique,            -- SHA-256 of what the link carries; the link itself is never stored
  name text not null default '' check (length(name) <= 40),   -- for whom, as the holder calls them
  once boolean not null,
  begins_at timestamptz not null,
  ends_at timestamptz,                     -- null: as long as the rental
  salt text not null,                      -- of the hash of its PIN, which follows from the link
  pin_at uuid references locker,           -- for which locker its PIN was told to the bank, and which device has it
  pin_device uuid references device,
  token text not null unique,              -- the name of its pass
  made_at timestamptz not null,
  ended_at timestamptz,
  ended_by text check (ended_by in ('holder', 'used', 'rental')),
  check ((ended_at is null) = (ended_by is null))
);
create index on share (lease_id);

alter table command add share_id uuid references share;
create index on command (share_id) where share_id is not null;
alter table lease_pass add share_id uuid references share;
alter table device_grant add share_id uuid references share;
create index on device_grant (share_id, revision) where share_id is not null;
