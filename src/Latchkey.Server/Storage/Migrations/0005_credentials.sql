-- What a bank may grant without the server, and what it is told of it.

alter table bank add number bigint generated always as identity unique;   -- the bank in passes
alter table locker add generation int not null default 0;                 -- rises with each lease: passes of an older one are refused
alter table lease add generation int, add pin_set_at timestamptz;

-- How far the device's chain of changes goes, and how far it is on the device's disk.
alter table device add grants_revision bigint not null default 0, add grants_held bigint not null default 0;

create table device_grant (
  device_id uuid not null references device,
  revision bigint not null,
  lease_id uuid references lease,
  kind text not null check (kind in ('reset', 'bank', 'lease', 'ended')),
  body text not null,                      -- the message's body as JSON; of a PIN only a hash under the device's own key
  created_at timestamptz not null,
  primary key (device_id, revision)
);
create index on device_grant (lease_id, revision) where lease_id is not null;

-- Which lease a pass was made for. The pass itself is not kept.
create table lease_pass (
  token text primary key,                  -- 16 hexadecimal digits
  lease_id uuid not null references lease,
  person_id uuid not null references person,
  issued_at timestamptz not null,
  expires_at timestamptz not null
);
create index on lease_pass (lease_id);

-- A credential used at the bank leaves a row like a command's: nobody ordered it from afar.
alter table command add presented boolean not null default false;
create index command_recent on command (created_at) where not presented;  -- the breaker counts the last minutes
