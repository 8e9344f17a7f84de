-- Planned while a site was new, the questions about a card that is inside were answered from this one, over all visits the site had had. Only who asks for an end may use it.
drop index visit_ended;
create index visit_ended on lease (ended_at, site_id) where kind = 'visit' and ended_at is not null;
