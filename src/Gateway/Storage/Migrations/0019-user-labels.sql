-- Which person a request names, for usage reports (X-User-Label), and what finds it in logs and traces. None of them is in an index of reservations.
alter table reservation add column user_label text;         -- null: none was named
alter table reservation add column request_id text;         -- X-Request-Id; null: made before this step
alter table reservation add column trace_id uuid;           -- the traceId of problems
alter table generation add column user_label text;          -- kept longer than the reservation
