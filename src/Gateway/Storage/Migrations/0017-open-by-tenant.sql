-- Who waits for a slot is counted by tenant, with every admission to an account of few slots: without reading the rows.
drop index reservation_open;
create index reservation_open on reservation (instance, tenant, state) where state in ('R', 'F');
