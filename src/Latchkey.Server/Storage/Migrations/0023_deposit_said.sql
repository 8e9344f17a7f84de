-- A bank that cannot see its doors: there the sender's word says that the thing is inside. The receiver is reminded by a ladder, and finds what waits when they are signed in. Banks are taken away.

alter table deposit
  add said boolean not null default false, -- stored by the sender's word, and by no sensor
  add remind_at timestamptz;               -- of what is stored: when the receiver is reminded next
create index deposit_remind on deposit (remind_at) where remind_at is not null and stage = 'stored';
create index deposit_for_email on deposit (email) where stage = 'stored';
create index deposit_for_phone on deposit (phone) where stage = 'stored';

-- Leases and receipts name it for ever.
alter table bank add removed_at timestamptz;
