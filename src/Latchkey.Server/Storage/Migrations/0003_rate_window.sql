-- How much each caller has asked of all nodes together. Not logged: after a crash everybody begins anew, and until then a count costs no flush.
create unlogged table rate_window (
  kind text not null,
  caller bytea not null,       -- a keyed hash: no address and no person can be read from it
  started bigint not null,     -- number of the window since 1970
  used int not null,           -- permits given in this window
  before int not null,         -- permits given in the window before it
  granted int not null,        -- permits given to whoever asked last; what the upsert returns
  until timestamptz not null,  -- forgotten after this
  primary key (kind, caller)
) with (fillfactor = 50);      -- rows change all the time and stay on their page
