-- An image that its owner deleted, or that was kept long enough, leaves its row behind without its address: it can never become another tenant's reference.
alter table image add column deleted_at bigint;
