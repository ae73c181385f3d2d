-- One more state: queued, a job that waits for its turn. Rows that exist cannot break the wider constraint.
alter table reservation drop constraint reservation_state_check;
alter table reservation add constraint reservation_state_check check (state in ('Q', 'R', 'F', 'S', 'V', 'U', 'W')) not valid;
