-- Written for each sighting, order and tap: half of a page is left for the rows' next versions, which then need no word in an index, and are cleared away by whoever reads the page.
alter table device set (fillfactor = 50);
alter table locker set (fillfactor = 50);
