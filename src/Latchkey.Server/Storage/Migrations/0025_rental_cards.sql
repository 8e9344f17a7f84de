-- The desk finds a rental by a card that opens it (two at most), and a month after its end the numbers are forgotten like those of visits.
create index rental_of_card on lease (right(cards -> 0 ->> 'uid', 4), site_id) where kind <> 'visit' and cards <> '[]';
create index rental_of_second_card on lease (right(cards -> 1 ->> 'uid', 4), site_id) where kind <> 'visit' and cards <> '[]';
create index rental_with_cards on lease (ended_at) where kind <> 'visit' and cards <> '[]';
