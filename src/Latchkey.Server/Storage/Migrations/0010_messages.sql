-- Messages to people -------------------------------------------------------------------------------------------------

-- One row for each message and channel: written from the journal (or at once, for what may not stand in a journal), sent by any node.
create table message (
  id uuid primary key,
  kind text not null,
  channel text not null check (channel in ('email', 'sms', 'push', 'app')),
  person_id uuid references person,        -- null: an address that has no account yet
  address text,                            -- e-mail address, number (E.164) or push token; null for the list in the application
  language text not null,
  zone text not null default 'UTC',        -- the site's, where it speaks of a time there
  words jsonb not null,                    -- what its text is made of; emptied of secrets once it was sent
  lease_id uuid references lease,
  journal_id bigint,                       -- the entry it was written for
  state text not null default 'waiting' check (state in ('waiting', 'sent', 'dead', 'dropped')),
  reason text,                             -- why it is dead or was dropped, or why the last try failed
  created_at timestamptz not null,
  due_at timestamptz not null,             -- when it is sent, or tried again
  expires_at timestamptz not null,         -- later it is of no use to anybody
  attempts int not null default 0,
  sent_at timestamptz,
  read_at timestamptz                      -- in the application only
);
-- Two nodes that read the same entry, or one that read it twice after a crash, write one message.
create unique index one_message_per_entry on message (journal_id, kind, channel, person_id, coalesce(address, '')) where journal_id is not null;
create index message_due on message (due_at) where state = 'waiting';
create index message_of_person on message (person_id, sent_at desc, id desc) where channel = 'app' and state = 'sent';
create index message_sms on message (created_at) where channel = 'sms';
create index message_dead on message (id desc) where state = 'dead';

-- How far the journal was read for messages. What happened before there were any is nobody's news.
create table message_cursor (
  one boolean primary key default true check (one),
  xid xid8 not null,
  id bigint not null
);
insert into message_cursor (xid, id) select (pg_snapshot_xmin(pg_current_snapshot())::text::numeric - 1)::text::xid8, 9223372036854775807;

-- What a person has chosen differently from what is usual.
create table message_choice (
  person_id uuid not null references person,
  kind text not null,
  channel text not null check (channel in ('email', 'sms', 'push', 'app')),
  wanted boolean not null,
  primary key (person_id, kind, channel)
);

-- Where push messages go: one row for each browser or telephone that asked for them.
create table push_address (
  token text primary key,
  person_id uuid not null references person,
  created_at timestamptz not null
);
create index on push_address (person_id);

-- A cap that has tripped is told once in an hour.
create table sms_alert (
  cap text not null,
  hour timestamptz not null,
  primary key (cap, hour)
);
