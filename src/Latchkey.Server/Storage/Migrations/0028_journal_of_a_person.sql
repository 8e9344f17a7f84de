-- Who takes their data with them asks for their newest entries; without this all of the journal was walked for whoever has few.
create index journal_of_person on journal (person_id, id desc) where person_id is not null;
