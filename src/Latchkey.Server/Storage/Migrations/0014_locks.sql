-- Locks that somebody owns: a bank with one latched door, and a lease of kind assignment. Nobody pays for it by the hour and it has no end.

alter table bank add owned boolean not null default false;

alter table lease
  alter hours drop not null,
  alter size_priced drop not null,
  alter tariff drop not null,
  alter hold_until drop not null,
  add constraint lease_has_its_price check (kind = 'assignment' or (hours is not null and size_priced is not null and tariff is not null and hold_until is not null));
create index lease_of_bank on lease (bank_id) where kind = 'assignment' and state = 'active';

-- Who came with the code of a lock's label. They are its owner once its device is confirmed, or at once where it is.
alter table device_claim add owner_id uuid references person, add registered_at timestamptz;
create index on device_claim (owner_id) where owner_id is not null;
