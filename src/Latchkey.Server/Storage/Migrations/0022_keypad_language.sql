-- In which language the SMS of a locker taken on the web is written; and the cards of visits that are over are forgotten.

alter table lease
  add phone_language text check (phone_language in ('en', 'hi')),
  drop constraint visit_has_its_card,
  add constraint visit_has_its_card check (kind <> 'visit' or ((card is not null or state = 'ended') and size_priced is not null and tariff is not null and paid_from is not null));
create index visit_with_card on lease (ended_at) where kind = 'visit' and card is not null and state = 'ended';
create index tap_with_card on tap (at) where length(card) > 4;
