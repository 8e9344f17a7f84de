-- Planned while a site was new, the question whether anybody has a locker was answered from this one, over all leases the locker had had. Only who asks for an end may use it.
drop index lease_of_locker;
create index lease_of_locker on lease (locker_id, ended_at) where ended_at is not null;
