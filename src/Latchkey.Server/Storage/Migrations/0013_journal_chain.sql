-- The journal cannot be edited unseen. Each entry, in the order of its readers, has a link that hashes it together with the link before; every now and
-- then the last link is signed, and what was signed is also written outside of the database.

create table journal_link (
  position bigint primary key,             -- 1, 2, 3, ... without a gap
  journal_id bigint not null unique,
  hash bytea not null check (length(hash) = 32)
);

create table journal_checkpoint (
  position bigint primary key,
  hash bytea not null,
  at timestamptz not null,
  signature bytea not null                 -- ECDSA P-256 over the text in docs/security.md
);

-- How far the chain has come. It begins with the first entry there ever was.
create table journal_chain (
  one boolean primary key default true check (one),
  xid xid8 not null,
  id bigint not null,
  position bigint not null,
  hash bytea not null
);
insert into journal_chain (xid, id, position, hash) values ('0', 0, 0, '');

-- What of an entry is hashed: a line for each thing, the time in microseconds. Not the transaction's number, which is another one after a restore. No value
-- but the last can have an end of line in it, and that one is written by the database, which writes none.
create function journal_leaf(j journal) returns bytea language sql stable as $$
  select convert_to(concat_ws(E'\n', 'latchkey-journal-1', j.id, (extract(epoch from j.at) * 1000000)::bigint, j.kind, j.authority, coalesce(j.person_id::text, ''), coalesce(j.site_id::text, ''),
    coalesce(j.bank_id::text, ''), coalesce(j.locker_id::text, ''), coalesce(j.lease_id::text, ''), coalesce(j.device_id::text, ''), coalesce(j.command_id::text, ''), coalesce(j.data::text, '')), 'UTF8')
$$;
