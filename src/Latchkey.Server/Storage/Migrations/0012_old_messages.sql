-- What is old is looked for by its age.
create index message_age on message (created_at) where state <> 'waiting';
