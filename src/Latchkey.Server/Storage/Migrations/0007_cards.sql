-- Cards that open a lease's locker, and whether a site takes those that only tell their number: such a number is copied in seconds.

alter table site add uid_cards boolean not null default false;
alter table lease add cards jsonb not null default '[]';   -- at most two: [{"uid": "04a1b2c3", "least": "signed"}]
