-- Who owes the answer to a request without an Idempotency-Key. Null: it was delivered, or no repeat may get it.
-- A replica: a caller is connected there. All zeros: nobody, so the next equal request gets it.
alter table reservation add column owed_by uuid;
alter table reservation add column owed_at bigint;          -- since when that is so; different for each caller
create index reservation_owed on reservation (tenant, body_hash, reserved_at) where owed_by is not null;
