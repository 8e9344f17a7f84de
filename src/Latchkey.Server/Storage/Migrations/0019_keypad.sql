-- A locker that is asked for on the web is held until its bank has it on its disk; only then is its code made and sent.

alter table lease
  add phone_to text,                       -- E.164, with a locker asked for on the web: where its code goes, until it is sent
  drop constraint keypad_has_its_phone,
  add constraint keypad_has_its_phone check (kind <> 'keypad' or state not in ('held', 'active') or (phone is not null and (state = 'held' or (salt is not null and code is not null)))),
  add constraint keypad_is_forgotten check (kind <> 'keypad' or state in ('held', 'active') or (phone is null and phone_to is null and code is null));
create index keypad_held on lease (hold_until) where kind = 'keypad' and state = 'held';
