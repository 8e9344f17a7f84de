-- Lockers without an account: by a phone number and a code at a keypad bank, by a card at a pool. A gate is a device whose two doors, in and out, are no lockers.

alter table bank
  add mode text not null default 'rental' check (mode in ('rental', 'keypad', 'visit', 'gate')),
  add code_digits int not null default 6 check (code_digits in (4, 6));   -- of codes at the keypad; four only where somebody watches

alter table lease
  alter person_id drop not null,
  add card text,                           -- of a visit, in lower-case hexadecimal
  add phone text,                          -- of a locker taken with a phone number, E.164
  add salt text,                           -- with code: what is kept of the code, a hash under the bank's own key
  add code text,
  add code_locker int,                     -- which door it was hashed for
  add tries int not null default 0,        -- wrong codes on the web since the last right one
  add tried_at timestamptz,
  add called_at timestamptz,               -- staff are asked to look: since when, and why
  add called_for text,
  add left_at timestamptz,                 -- the gate let them out while it was off line
  drop constraint lease_has_its_price,
  add constraint lease_has_its_price check (kind <> 'rental' or (hours is not null and size_priced is not null and tariff is not null and hold_until is not null)),
  add constraint lease_has_its_holder check (person_id is not null or kind in ('keypad', 'visit', 'deposit')),
  add constraint visit_has_its_card check (kind <> 'visit' or (card is not null and size_priced is not null and tariff is not null and paid_from is not null)),
  add constraint keypad_has_its_phone check (kind <> 'keypad' or state not in ('held', 'active') or (phone is not null and salt is not null and code is not null));
-- A card has one visit at a site, whatever happens at once.
create unique index one_visit_per_card on lease (site_id, card) where kind = 'visit' and state = 'active';
create index visit_of_card on lease (site_id, card, ended_at desc) where kind = 'visit';
create index visit_ended on lease (site_id, ended_at) where kind = 'visit';
create index keypad_of_phone on lease (bank_id, phone) where kind = 'keypad' and state in ('held', 'active');

-- Each card that was held to a reader, and what the reader was answered: asked again it gets the same answer. The entries and exits of a site.
create table tap (
  device_id uuid not null references device,
  boot bigint not null,
  seq bigint not null,
  site_id uuid not null references site,
  bank_id uuid not null references bank,
  way text not null check (way in ('in', 'out', 'bank', 'finish')),
  card text not null,
  said text not null,
  lease_id uuid references lease,
  locker_id uuid references locker,
  open int,                                -- the door that the device opens then
  minor bigint,                            -- what the visit cost
  currency text,
  tapped_at timestamptz not null,          -- as the device knows the time, which it has from the server
  at timestamptz not null,
  primary key (device_id, boot, seq)
);
create index on tap (site_id, at desc);
create index on tap (site_id, card, at desc);
create index on tap (lease_id) where lease_id is not null;
