-- The clock of the ledger. Tests replace it in their own database.
create function gateway_now() returns timestamptz language sql volatile as 'select clock_timestamp()';
-- Rows that change with every batch: leave room for the new version on the same page.
alter table ledger set (fillfactor = 10);
alter table quota_window set (fillfactor = 50);
alter table counter set (fillfactor = 50);
alter table reservation set (fillfactor = 70);
insert into ledger (id, epoch, high_water) values (1, gen_random_uuid(), 0);
