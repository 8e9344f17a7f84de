-- What is still open when its time is up is found each second.
create index on payment (created_at) where state in ('pending', 'declined');
create index on lease_change (expires_at) where state = 'waiting';

-- Nothing asks by these, and each is written with every lease, tap, pass or code.
drop index lease_paid_until_idx;
drop index lease_pass_lease_id_idx;
drop index tap_lease_id_idx;
drop index one_time_code_address_idx;
alter table lease drop column tries, drop column tried_at;

-- A person's own are looked up when they take their data with them, or leave.
create index on lease_pass (person_id);
create index on message (person_id);

-- Two nodes may hear two states of one bank, and write down how far it holds its grants in the other order: the older word changes nothing.
alter table device add grants_boot bigint not null default -1, add grants_seq bigint not null default -1;
