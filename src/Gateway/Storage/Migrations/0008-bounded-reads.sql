-- No list, count or periodic statement reads rows in proportion to the size of the store.

-- Deleted generations stay as rows: a tenant's history must not read through them.
drop index generation_tenant;
create index generation_history on generation (tenant, created_at, id) where deleted_at is null;

-- Generations whose retention ends, oldest first.
create index generation_ended on generation (ended_at) where ended_at is not null and deleted_at is null;
create index generation_stuck on generation (stuck_at) where status = 'PENDING' and stuck_at is not null;
create index reconciliation_next on reconciliation (next_at);

-- Usage reports of all tenants, by day.
create index quota_window_period on quota_window (period, tenant);

-- Written off reservations are few, and operators look for them among all.
create index reservation_written_off on reservation (id) where state = 'W';
