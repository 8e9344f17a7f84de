-- A visit is paid at the desk before its card goes out. Whoever stays on after that pays the rest as a part of its own.

alter table payment add part int not null default 0, add constraint payment_part check (part = 0 or (provider = 'desk' and part between 1 and 1000));
drop index one_good_payment_per_lease;
create unique index one_good_payment_per_lease on payment (lease_id, part) where state in ('authorised', 'captured') and change_id is null;
