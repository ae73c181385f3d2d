-- The row of an image that was deleted, or is past its retention, stays without its address: the id can never become another tenant's reference.
alter table image add column deleted_at bigint;
