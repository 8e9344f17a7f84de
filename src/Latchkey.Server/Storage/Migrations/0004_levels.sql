-- What latched locks, occupancy sensors and batteries tell.

alter table locker drop constraint locker_door_check;
alter table locker add constraint locker_door_check check (door in ('unknown', 'closed', 'open', 'jammed', 'locked', 'unlocked'));
alter table locker add latched boolean not null default false;   -- as its controller says
alter table locker add occupied boolean;                         -- null: nobody can tell

alter table device add battery int check (battery between 0 and 100);

alter table command drop constraint command_state_check;
alter table command add constraint command_state_check check (state in ('pending', 'sent', 'opened', 'locked', 'unlocked', 'pulsed', 'not-opened',
  'not-locked', 'refused', 'expired', 'unknown', 'unconfirmed'));
