-- A message that was on its way while its reader was erased would bring their address back. Whoever writes one waits for the erasing and then writes nothing.

create function message_for_somebody() returns trigger language plpgsql as $$
begin
  if new.person_id is not null then
    perform 1 from person where id = new.person_id and erased_at is null for key share;
    if not found then
      return null;
    end if;
  end if;
  return new;
end $$;

create trigger message_for_somebody before insert on message for each row execute function message_for_somebody();
